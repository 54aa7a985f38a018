//! Rules for single files: a module comment, a size, a name that says something; and in the pure
//! crates, no touch of the world.

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::root;

/// Lines of a file, tests not counted: what a reader can keep in view.
const LONGEST: usize = 500;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 9] = [
    "utils", "util", "common", "shared", "types", "misc", "helpers", "manager", "mod",
];

/// Crates that take bytes, readers, seeds and times as arguments and touch nothing themselves.
const PURE: [&str; 9] = [
    "units",
    "heap",
    "scenario",
    "recording",
    "source",
    "verdict",
    "explore",
    "report",
    "watch",
];

/// What a pure crate must not name outside its tests: modules of the standard library, and
/// anything else by its text.
const WORLD: [&str; 6] = ["fs", "net", "process", "env", "os", "io::stdin"];
const WORLD_ELSEWHERE: [&str; 6] = [
    "SystemTime",
    "Instant",
    "tokio",
    "thread::sleep",
    "rustix",
    "rand::",
];

pub(super) fn check() -> Vec<String> {
    let mut findings = Vec::new();
    let folders = ["crates", "examples"].map(|folder| sources(&root().join(folder)));
    for path in folders.into_iter().flatten() {
        let shown = path.strip_prefix(root()).unwrap_or(&path);
        match fs::read_to_string(&path) {
            Ok(text) => findings.extend(check_file(shown, &text)),
            Err(error) => findings.push(format!("{}: {error}", shown.display())),
        }
    }
    findings
}

/// What is wrong with one file, whose path is relative to the checkout.
fn check_file(path: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !text.starts_with("//!") {
        wrong.push("the module comment is missing: what it owns, what it must not know".into());
    }
    let parts = path.with_extension("");
    for part in parts.iter().filter_map(|part| part.to_str()) {
        if EMPTY_NAMES.contains(&part) {
            wrong.push(format!(
                "`{part}` does not say what is in it; and no mod.rs"
            ));
        }
    }
    let code = without_tests(path, text);
    let n_lines = code.lines().count();
    if n_lines > LONGEST {
        wrong.push(format!(
            "{n_lines} lines without tests, over {LONGEST}: split it by its nouns"
        ));
    }
    if is_pure(path) {
        let touched = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let touched = touched.filter_map(world_in);
        wrong.extend(touched.map(|word| format!("a pure crate must not use `{word}`")));
    }
    wrong
        .into_iter()
        .map(|what| format!("{}: {what}", path.display()))
        .collect()
}

/// The first piece of the outer world that a line of code names.
fn world_in(line: &str) -> Option<String> {
    // An address is only a number; it is the sockets beside it that reach out.
    let line = &line.replace("std::net::IpAddr", "IpAddr");
    let of_std = |module: &&str| {
        let plain = contains_word(line, &format!("std::{module}"));
        let in_group = line.contains("std::{") && contains_word(line, module);
        plain || in_group
    };
    let std_module = WORLD.iter().find(|module| of_std(module));
    let elsewhere = || {
        WORLD_ELSEWHERE
            .iter()
            .find(|word| contains_word(line, word))
    };
    std_module
        .map(|module| format!("std::{module}"))
        .or_else(|| elsewhere().map(|w| (*w).into()))
}

/// Whether a word stands in a line, not merely as a part of a longer one.
fn contains_word(line: &str, word: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends = word.ends_with(':') || !after.is_some_and(is_of_word);
        !before.is_some_and(is_of_word) && ends
    })
}

fn is_pure(path: &Path) -> bool {
    PURE.iter()
        .any(|name| path.starts_with(Path::new("crates").join(name).join("src")))
}

fn without_tests<'t>(path: &Path, text: &'t str) -> &'t str {
    let is_test_folder = path.iter().any(|part| part == "tests");
    let is_test_file = path
        .file_stem()
        .is_some_and(|stem| stem == "tests" || stem == "fixture");
    match text.find("\n#[cfg(test)]\nmod ") {
        _ if is_test_folder || is_test_file => "",
        Some(end) => &text[..end],
        None => text,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn n_findings(path: &str, text: &str) -> usize {
        check_file(Path::new(path), text).len()
    }

    #[test]
    fn each_rule_finds_its_breach_and_lets_the_near_miss_pass() {
        let fine = "//! What it owns.\nfn f() {}\n";
        assert_eq!(n_findings("crates/heap/src/edges.rs", fine), 0);
        assert_eq!(n_findings("crates/heap/src/edges.rs", "fn f() {}"), 1);
        assert_eq!(n_findings("crates/heap/src/utils.rs", fine), 1);
        assert_eq!(n_findings("crates/heap/src/helpers/edges.rs", fine), 1);
        assert_eq!(n_findings("crates/heap/src/edges/mod.rs", fine), 1);
        let long = format!("//! x\n{}", "fn f() {}\n".repeat(LONGEST));
        assert_eq!(n_findings("crates/run/src/long.rs", &long), 1);
        let tested = format!(
            "//! x\n\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "\n".repeat(600)
        );
        assert_eq!(n_findings("crates/run/src/tested.rs", &tested), 0);
    }

    #[test]
    fn pure_crates_do_not_touch_the_world() {
        let touching = [
            "use std::fs;",
            "use std::fs::File;",
            "use std::{fmt, net::IpAddr};",
            "let t = std::time::Instant::now();",
            "let t = SystemTime::now();",
            "std::env::var(\"HOME\")",
            "tokio::spawn(f)",
            "thread::sleep(d)",
        ];
        for line in touching {
            let text = format!("//! x\n{line}\n");
            assert_eq!(n_findings("crates/verdict/src/rate.rs", &text), 1, "{line}");
            assert_eq!(n_findings("crates/probe/src/spawn.rs", &text), 0, "{line}");
            assert_eq!(
                n_findings("crates/verdict/src/rules/fixture.rs", &text),
                0,
                "{line}"
            );
        }
        let harmless = [
            "// no std::fs here",
            "use std::{fmt, io};",
            "let environment = 1;",
            "struct Instants;",
            "std::time::Duration::ZERO",
            "env!(\"CARGO_PKG_VERSION\")",
        ];
        for line in harmless {
            assert_eq!(
                n_findings("crates/verdict/src/rate.rs", &format!("//! x\n{line}\n")),
                0
            );
        }
    }
}
