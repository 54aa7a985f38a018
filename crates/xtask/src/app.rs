//! The page of `leakscope open`: built with npm, before the crate that embeds it, and tried in
//! Chromium against a real run.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::steps::{self, Result, cargo, program, root, say, step, target};

/// Where the page's sources are.
const APP: &str = "crates/web/app";

/// What the page is made of, below that folder.
const SOURCES: [&str; 7] = [
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

/// Tells from which sources the page was built; no file of the page.
const STAMP: &str = "dist/.built-from";

/// The oldest Node.js that Vite runs on, by major and minor.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Builds the page, unless it was built from the same sources already.
pub(crate) fn build() -> Result {
    let app = root().join(APP);
    let wanted = digest(&app)?;
    let stamp = app.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|built| built == wanted) {
        return Ok(());
    }
    install()?;
    step(
        "build the page",
        &mut program(&["npm", "run", "build"], &app),
    )?;
    fs::write(&stamp, wanted)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(())
}

/// Builds the page where Node.js is new enough; leakscope does without it elsewhere.
pub(crate) fn build_if_possible() -> Result {
    if steps::node_is_at_least(OLDEST_NODE) {
        return build();
    }
    let (major, minor) = OLDEST_NODE;
    say(&format!(
        "note: no page for `leakscope open`: building it takes Node.js {major}.{minor} or newer"
    ));
    Ok(())
}

fn install() -> Result {
    let app = root().join(APP);
    let lock = fs::read(app.join("package-lock.json")).unwrap_or_default();
    let installed = app.join("node_modules/.installed-from");
    if fs::read(&installed).is_ok_and(|from| from == lock) {
        return Ok(());
    }
    let words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    step("install the page's packages", &mut program(&words, &app))?;
    fs::write(&installed, lock)
        .map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(())
}

/// Tries the page in Chromium, on a run of the example calculator.
pub(crate) fn test() -> Result {
    install()?;
    step(
        "build leakscope with its page",
        &mut cargo(&["build", "--package", "leakscope"]),
    )?;
    let leakscope = target().join("debug/leakscope");
    let run = run(&leakscope)?;
    let mut tests = program(&["npm", "test"], &root().join(APP));
    tests.env("LEAKSCOPE", &leakscope).env("LEAKSCOPE_RUN", run);
    step("the page in Chromium", &mut tests)
}

/// A recorded run of the calculator; one is enough for all times.
fn run(leakscope: &Path) -> Result<PathBuf> {
    let run = target().join("web/run");
    if run.join("verdict.json").is_file() {
        return Ok(run);
    }
    let server = root().join("examples/calc-server");
    steps::npm_ci("install the example's packages", &server)?;
    let port = crate::demo::free_port()?;
    let url = format!("ws://127.0.0.1:{port}");
    let words = [
        &*leakscope.to_string_lossy(),
        "hunt",
        "--load",
        "../load.json",
        "--target",
        &url,
        "--sessions",
        "53",
        "--overwrite",
        "--out",
        &run.to_string_lossy(),
        "--",
        "node",
        "server.js",
    ];
    let mut command = program(&words, &server);
    command.env("PORT", port.to_string());
    match steps::code_of("record a run for the page's tests", &mut command)? {
        // That it leaks is what the page shows.
        Some(1) => Ok(run),
        code => Err(format!("the calculator's run ended with {code:?}, not with a leak").into()),
    }
}

/// A number that changes with any of the sources.
fn digest(app: &Path) -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&app.join(source), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for path in files {
        let contents = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let name = path.strip_prefix(app).unwrap_or(&path);
        hasher.write(name.to_string_lossy().as_bytes());
        hasher.write_usize(contents.len());
        hasher.write(&contents);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        collect(
            &entry.map_err(|error| unreadable(path, &error))?.path(),
            files,
        )?;
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sources_are_there_and_count() {
        let app = root().join(APP);
        assert_eq!(digest(&app).unwrap(), digest(&app).unwrap());
        let mut files = Vec::new();
        collect(&app.join("src"), &mut files).unwrap();
        assert!(files.iter().any(|file| file.ends_with("src/main.tsx")));
    }
}
