//! The facts that a verdict is made from.

use heap::{Analysis, Growth, Snapshot};
use recording::{Recording, Stage};
use source::maps::{self, SourceMap};
use source::{Position, SourceFile};

use crate::SourceLine;

/// Everything that is known of one run.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The run's own facts.
    pub recording: &'a Recording,
    /// What grew over each stage that has a snapshot before it, in order.
    pub growth: &'a [(Stage, Growth)],
    /// The last two snapshots, for names and paths.
    pub snapshots: Option<Snapshots<'a>>,
    /// The texts of the service's scripts.
    pub sources: &'a Sources,
}

/// Two successive snapshots of the service.
#[derive(Debug, Clone, Copy)]
pub struct Snapshots<'a> {
    /// The earlier one.
    pub base: &'a Snapshot,
    /// The later one.
    pub last: &'a Snapshot,
    /// What is computed from the later one.
    pub analysis: &'a Analysis,
    /// The part of all growth that is in them: less than 1 where several isolates are judged as
    /// one, and these are of one of them.
    pub share: f64,
}

/// The texts of the service's scripts by V8's script id, and the functions whose allocations were
/// alive at the end.
#[derive(Debug, Default)]
pub struct Sources {
    scripts: Vec<Script>,
    allocators: Vec<Allocator>,
    frames: Vec<Frame>,
    packages: Vec<Package>,
    working_dir: String,
}

/// A function on one of the stacks by which something was allocated that is still alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// V8's id of the script.
    pub script_id: u32,
    /// The function's name; empty if anonymous.
    pub function: String,
    /// Where the function starts.
    pub start: Position,
    /// Which of the frames called it.
    pub caller: Option<usize>,
    /// Bytes allocated in it and below it on this stack that are alive.
    pub live_bytes: u64,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its folder's path.
    pub folder: String,
    /// Its name and version: `ws@8.18.0`.
    pub name: String,
}

/// One script of the service.
#[derive(Debug)]
pub struct Script {
    /// V8's id.
    pub id: u32,
    /// Path relative to the service's working directory where it lies within.
    pub file: String,
    /// The parsed text.
    pub text: SourceFile,
    /// Where its text was generated from.
    map: Option<SourceMap>,
}

/// A function that allocated objects which are still alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocator {
    /// V8's id of the script.
    pub script_id: u32,
    /// The function's name; empty if anonymous.
    pub function: String,
    /// Where the function starts, zero-based.
    pub line: u32,
    /// Likewise, in UTF-16 units.
    pub column: u32,
    /// Live bytes allocated in it and what it called, as the sampling profiler estimates.
    pub live_bytes: u64,
    /// The functions that it called, with the bytes allocated in each of them that are alive; most
    /// first.
    pub callees: Vec<(String, u64)>,
}

impl Sources {
    /// Parses the scripts given as id, URL and text; paths become relative to `working_dir`.
    #[must_use]
    pub fn parse<'t>(
        scripts: impl IntoIterator<Item = (u32, &'t str, &'t str)>,
        working_dir: &str,
        allocators: Vec<Allocator>,
    ) -> Self {
        let scripts = scripts
            .into_iter()
            .map(|(id, url, text)| Script {
                id,
                file: relative_path(url, working_dir),
                text: SourceFile::parse(text, url),
                map: None,
            })
            .collect();
        Self {
            scripts,
            allocators,
            frames: Vec::new(),
            packages: Vec::new(),
            working_dir: working_dir.to_owned(),
        }
    }

    /// With the stacks of what is alive.
    #[must_use]
    pub fn with_frames(mut self, frames: Vec<Frame>) -> Self {
        self.frames = frames;
        self
    }

    /// With the maps of generated scripts, by the scripts' URLs, and the packages that are known.
    #[must_use]
    pub fn with_origins(
        mut self,
        maps: impl IntoIterator<Item = (String, SourceMap)>,
        packages: Vec<Package>,
    ) -> Self {
        for (url, map) in maps {
            let file = relative_path(&url, &self.working_dir);
            let of_file = self.scripts.iter_mut().find(|script| script.file == file);
            if let Some(script) = of_file {
                script.map = Some(map);
            }
        }
        self.packages = packages;
        for package in &mut self.packages {
            package.folder = relative_path(&package.folder, &self.working_dir) + "/";
        }
        // The innermost folder is found first.
        self.packages
            .sort_by_key(|package| std::cmp::Reverse(package.folder.len()));
        self
    }

    /// The installed package that a file belongs to, with its version where that is known.
    #[must_use]
    pub fn package_of(&self, file: &str) -> Option<String> {
        let of_file = |package: &&Package| file.starts_with(&package.folder);
        let known = self.packages.iter().find(of_file);
        known
            .map(|package| package.name.clone())
            .or_else(|| package_in_path(file))
    }

    /// A place in a script as its authors know it: in the file that it was generated from.
    pub(crate) fn place(&self, script: &Script, at: Position) -> (String, u32) {
        let original = script.map.as_ref().and_then(|map| map.original(at));
        match original {
            Some(original) => (
                relative_path(&original.file, &self.working_dir),
                original.position.line + 1,
            ),
            None => (script.file.clone(), at.line + 1),
        }
    }

    /// The line at a place in a script, likewise. `known` is that of the script itself.
    pub(crate) fn line(&self, script: &Script, at: Position, known: SourceLine) -> SourceLine {
        let Some(original) = script.map.as_ref().and_then(|map| map.original(at)) else {
            return known;
        };
        let file = relative_path(&original.file, &self.working_dir);
        let text = original.text.map(|text| SourceFile::parse(text, &file));
        let found = text.and_then(|text| text.line_at(original.position));
        let (text, function) = match found {
            Some(site) => (site.text, site.function),
            None => (known.text, known.function),
        };
        SourceLine {
            file,
            line: original.position.line + 1,
            function,
            text,
        }
    }

    /// Whether some script was generated from another text.
    pub(crate) fn have_maps(&self) -> bool {
        self.scripts.iter().any(|script| script.map.is_some())
    }

    /// What a function was called, of which V8 says that it starts there, and which the generated
    /// text calls `name`.
    pub(crate) fn function(&self, script: &Script, start: Position, name: &str) -> Option<String> {
        let map = script.map.as_ref()?;
        if let Some(name) = map.name_before(start, name) {
            return Some(name.to_owned());
        }
        let original = map.original(start)?;
        let text = SourceFile::parse(original.text?, &original.file);
        text.function_at(original.position)
    }
}

impl Script {
    /// What a variable was called that the generated text declares there.
    pub(crate) fn original_name(&self, declared: Position) -> Option<&str> {
        self.map.as_ref()?.original(declared)?.name
    }
}

impl Sources {
    /// The script with this id.
    #[must_use]
    pub fn script(&self, id: u32) -> Option<&Script> {
        self.scripts.iter().find(|script| script.id == id)
    }

    /// The scripts that the service's authors wrote, those of installed packages last.
    #[must_use]
    pub fn own_first(&self) -> Vec<&Script> {
        let mut scripts: Vec<_> = self.scripts.iter().collect();
        scripts.sort_by_key(|script| script.is_of_package());
        scripts
    }

    /// The stacks of live allocations, callers by their index.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Functions with live allocations, those with most bytes first.
    #[must_use]
    pub fn allocators(&self) -> &[Allocator] {
        &self.allocators
    }
}

impl Script {
    /// Whether it belongs to an installed package.
    #[must_use]
    pub fn is_of_package(&self) -> bool {
        self.file.contains("node_modules/")
    }
}

/// The name of the installed package that a path leads into.
pub(crate) fn package_in_path(file: &str) -> Option<String> {
    let (_, inside) = file.rsplit_once("node_modules/")?;
    let mut parts = inside.split('/');
    let first = parts.next()?;
    if first.starts_with('@') {
        return Some(format!("{first}/{}", parts.next()?));
    }
    Some(first.to_owned())
}

/// A script's URL as a path, without the working directory in front where it lies within.
pub(crate) fn relative_path(url: &str, working_dir: &str) -> String {
    let path = url.strip_prefix("file://").unwrap_or(url);
    let path = maps::percent_decoded(path);
    let dir = working_dir.trim_end_matches('/');
    match path
        .strip_prefix(dir)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        Some(inside) => inside.to_owned(),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_service_and_packages_are_known() {
        let file = relative_path("file:///srv/my%20app/lib/a.js", "/srv/my app");
        assert_eq!(file, "lib/a.js");
        assert_eq!(relative_path("/other/a.js", "/srv"), "/other/a.js");
        assert_eq!(relative_path("/srv2/a.js", "/srv"), "/srv2/a.js");
        let packages = vec![Package {
            folder: "/srv/my app/node_modules/ws".into(),
            name: "ws@8.18.0".into(),
        }];
        let sources = Sources::parse([], "/srv/my app", Vec::new());
        let sources = sources.with_origins([], packages);
        let package = |file: &str| sources.package_of(file);
        assert_eq!(
            package("node_modules/ws/a.js").as_deref(),
            Some("ws@8.18.0")
        );
        assert_eq!(package("node_modules/wsx/a.js").as_deref(), Some("wsx"));
        assert_eq!(package("x/node_modules/@a/b/c.js").as_deref(), Some("@a/b"));
        assert_eq!(package("lib/a.js"), None);
    }
}
