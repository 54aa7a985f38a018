//! Where the code of a processor in the embedded engine comes from: files of the user's own.
//!
//! TypeScript becomes JavaScript as it is read. Modules of Node.js and npm packages are refused by
//! their names.

use std::path::{Path, PathBuf};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{Ctx, Function, Module};
use serde_json::json;
use thiserror::Error;

use super::typescript;

/// Modules that only Node.js has.
const NODE_MODULES: [&str; 40] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "test",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
];

/// Why a file cannot be taken for code.
#[derive(Debug, Error)]
pub(super) enum Unread {
    /// It cannot be read.
    #[error(transparent)]
    File(std::io::Error),
    /// It is no TypeScript.
    #[error("{0}")]
    Slip(String),
}

/// The JavaScript in a file.
pub(super) fn read(path: &Path) -> Result<String, Unread> {
    let text = std::fs::read_to_string(path).map_err(Unread::File)?;
    match typescript::is_typescript(path) {
        true => typescript::to_javascript(path, &text).map_err(Unread::Slip),
        false => Ok(text),
    }
}

/// Whether a file is an ECMAScript module, by its name or by what it says.
pub(super) fn is_module(path: &Path, text: &str) -> bool {
    if path
        .extension()
        .is_some_and(|ending| ending == "mjs" || ending == "mts")
    {
        return true;
    }
    text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("export ") || line.starts_with("import ") && line.contains(" from ")
    })
}

/// The text that `require(name)` in the file `from` means, and that file's name; or why not.
pub(super) fn required(from: &str, name: &str) -> Vec<String> {
    let refuse = |why: String| vec![why];
    if !name.starts_with(['.', '/']) {
        return refuse(refusal(name));
    }
    let directory = Path::new(from).parent().unwrap_or(Path::new("."));
    let path = directory.join(name);
    for candidate in candidates(&path) {
        match read(&candidate) {
            Ok(text) => return vec![String::new(), candidate.display().to_string(), text],
            Err(Unread::Slip(why)) => return refuse(why),
            Err(Unread::File(_)) => {}
        }
    }
    refuse(format!("cannot find `{name}`, required by `{from}`"))
}

fn candidates(path: &Path) -> Vec<PathBuf> {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut all = vec![
        with(".js"),
        with(".json"),
        with(".cjs"),
        with(".ts"),
        path.join("index.js"),
    ];
    // In TypeScript a file is named as it will be called when it is compiled.
    if path.extension().is_some_and(|ending| ending == "js") {
        all.insert(0, path.with_extension("ts"));
    }
    if path.is_file() {
        all.insert(0, path.to_owned());
    }
    all
}

fn refusal(name: &str) -> String {
    let bare = name.strip_prefix("node:").unwrap_or(name);
    let root = bare.split('/').next().unwrap_or(bare);
    let what = match NODE_MODULES.contains(&root) {
        true => "is a module of Node.js",
        false => "is an npm package",
    };
    format!("`{name}` {what}, which the embedded engine does not have; run with `--processor node`")
}

/// Files that a module imports.
#[derive(Default)]
pub(super) struct Files {
    /// Where those lie that a file without a name imports.
    pub(super) directory: PathBuf,
}

impl Resolver for Files {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let refuse = |why| Err(rquickjs::Error::new_resolving_message(base, name, why));
        if !name.starts_with(['.', '/']) {
            return refuse(refusal(name));
        }
        let directory = Path::new(base).parent().unwrap_or(&self.directory);
        let path = directory.join(name);
        let found = candidates(&path).into_iter().find(|path| path.is_file());
        match found {
            Some(path) => Ok(path.display().to_string()),
            None => refuse(format!("there is no `{}`", path.display())),
        }
    }
}

impl Loader for Files {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, rquickjs::module::Declared>> {
        let failed = |why: String| rquickjs::Error::new_loading_message(name, why);
        let path = Path::new(name);
        let text = read(path).map_err(|error| failed(error.to_string()))?;
        if is_module(path, &text) {
            return Module::declare(ctx.clone(), name, text);
        }
        // As in Node.js: what such a file exports is there as a whole, and by its names.
        let require: Function = ctx.globals().get("__require")?;
        let exported: rquickjs::Value = require.call((name, name))?;
        let names = exported.as_object().map(rquickjs::Object::keys::<String>);
        let names = names.into_iter().flatten().flatten();
        let mut code = format!(
            "const all = __require({0}, {0});\nexport default all;\n",
            json!(name)
        );
        for name in names.filter(|name| is_identifier(name)) {
            code += &format!("const _{name} = all.{name};\nexport {{ _{name} as {name} }};\n");
        }
        Module::declare(ctx.clone(), name, code)
    }
}

fn is_identifier(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    name != "default"
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(is_letter)
}
