//! The facts that a verdict is made from.

use heap::{Analysis, Growth, Snapshot};
use recording::{Recording, Stage};
use source::SourceFile;

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
}

/// The texts of the service's scripts by V8's script id, and the functions whose allocations were
/// alive at the end.
#[derive(Debug, Default)]
pub struct Sources {
    scripts: Vec<Script>,
    allocators: Vec<Allocator>,
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
            })
            .collect();
        Self {
            scripts,
            allocators,
        }
    }

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

    /// The name of the installed package that it belongs to.
    #[must_use]
    pub fn package(&self) -> Option<String> {
        let (_, inside) = self.file.rsplit_once("node_modules/")?;
        let mut parts = inside.split('/');
        let first = parts.next()?;
        if first.starts_with('@') {
            return Some(format!("{first}/{}", parts.next()?));
        }
        Some(first.to_owned())
    }
}

/// A script's URL as a path, without the working directory in front where it lies within.
pub(crate) fn relative_path(url: &str, working_dir: &str) -> String {
    let path = url.strip_prefix("file://").unwrap_or(url);
    let path = percent_decoded(path);
    let dir = working_dir.trim_end_matches('/');
    match path
        .strip_prefix(dir)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        Some(inside) => inside.to_owned(),
        None => path,
    }
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
        let script = |file: &str| Script {
            id: 1,
            file: file.into(),
            text: SourceFile::parse("", "a.js"),
        };
        assert_eq!(
            script("node_modules/ws/lib/a.js").package().as_deref(),
            Some("ws")
        );
        let scoped = script("x/node_modules/@a/b/c.js").package();
        assert_eq!(scoped.as_deref(), Some("@a/b"));
        assert_eq!(script("lib/a.js").package(), None);
    }
}
