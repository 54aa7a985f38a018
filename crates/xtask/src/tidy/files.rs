//! Rules for single files: a module comment, a size, a name that says something; and in the pure
//! crates, no touch of the world.

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::root;

/// Lines of a file, tests not counted: what a reader can keep in view.
const LONGEST: usize = 500;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "util", "common", "shared", "types", "misc", "helpers", "manager",
];

/// Crates that take bytes, readers, seeds and times as arguments and touch nothing themselves.
const PURE: [&str; 8] = [
    "units",
    "heap",
    "scenario",
    "recording",
    "source",
    "verdict",
    "explore",
    "report",
];

/// What a pure crate must not name outside its tests.
const WORLD: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env::",
    "std::thread::sleep",
    "SystemTime",
    "Instant::now",
    "tokio::",
];

pub(super) fn check() -> Vec<String> {
    let mut findings = Vec::new();
    for path in sources(&root().join("crates"))
        .into_iter()
        .chain(sources(&root().join("examples")))
    {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let shown = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string();
        let mut say = |what: String| findings.push(format!("{shown}: {what}"));
        if !text.starts_with("//!") {
            say("the module comment is missing: what it owns, what it must not know".into());
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if EMPTY_NAMES.contains(&&*stem) || stem == "mod" {
            say("name the file after what is in it; no mod.rs".into());
        }
        let code = text
            .split("\n#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default();
        let n_lines = code.lines().count();
        if n_lines > LONGEST {
            say(format!(
                "{n_lines} lines without tests, over {LONGEST}: split it by its nouns"
            ));
        }
        let is_pure = PURE
            .iter()
            .any(|name| shown.starts_with(&format!("crates/{name}/src/")));
        for word in WORLD.iter().filter(|_| is_pure && !is_test(&path)) {
            if code
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word))
            {
                say(format!("a pure crate must not use `{word}`"));
            }
        }
    }
    findings
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path
            .file_stem()
            .is_some_and(|stem| stem == "tests" || stem == "fixture")
}

/// Every Rust file below a folder, packages and builds aside.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "node_modules" && name != "target" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
