//! What is promised is documented: every option of the command line, every exit code; and lock
//! files name no registry host, so that they hold behind a mirror too.

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::root;

pub(super) fn check() -> Vec<String> {
    [check_options(), check_exit_codes(), check_lock_files()].concat()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// The texts of the files in and below a folder, one after another.
fn all_texts(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let text = |path: PathBuf| match path.is_dir() {
        true => all_texts(&path),
        false => fs::read_to_string(&path).unwrap_or_default(),
    };
    entries.map(|entry| text(entry.path())).collect()
}

/// Every `--option` of the command line stands in a document.
fn check_options() -> Vec<String> {
    let args = root().join("crates/leakscope/src/args");
    let documented = all_texts(&root().join("docs")) + &read("README.md");
    options(&all_texts(&args))
        .into_iter()
        .filter(|option| !documented.contains(&format!("--{option}")))
        .map(|option| format!("docs/, README.md: `--{option}` is not documented"))
        .collect()
}

/// The long options that a file with clap's derive declares.
fn options(args: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_option = false;
    let mut given = None;
    for line in args.lines().map(str::trim) {
        if line.starts_with("#[arg(") {
            is_option = line.contains("long");
            given = line
                .split_once("long = \"")
                .and_then(|(_, rest)| rest.split('"').next());
        } else if let Some(field) = line.strip_prefix("pub(crate) ") {
            let name = field.split(':').next().unwrap_or_default();
            if is_option {
                found.push(given.unwrap_or(name).replace('_', "-"));
            }
            is_option = false;
        }
    }
    found
}

fn check_exit_codes() -> Vec<String> {
    let exits = read("crates/leakscope/src/exit.rs");
    let codes = exits.lines().filter_map(|line| {
        let (_, code) = line.trim().strip_suffix(',')?.split_once(" = ")?;
        code.parse::<u8>().ok()
    });
    let mut findings = Vec::new();
    for code in codes {
        if !read("docs/json.md").contains(&format!("\n| {code} | ")) {
            findings.push(format!("docs/json.md: exit code {code} is not documented"));
        }
        if !read("crates/leakscope/src/args.rs").contains(&format!("\n  {code:<4} ")) {
            findings.push(format!("args.rs: exit code {code} is not in the help"));
        }
    }
    findings
}

/// No `package-lock.json` of the project says where a package was once loaded from.
fn check_lock_files() -> Vec<String> {
    let mut findings = Vec::new();
    for folder in ["examples", "crates"] {
        for path in lock_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            if names_a_host(&text) {
                let path = path.strip_prefix(root()).unwrap_or(&path).display();
                findings.push(format!(
                    "{path}: names a registry host; leave `resolved` out"
                ));
            }
        }
    }
    findings
}

fn names_a_host(lock: &str) -> bool {
    lock.contains("\"resolved\"") || lock.contains("registry.")
}

fn lock_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name == "package-lock.json" {
            found.push(entry.path());
        } else if name != "node_modules" && entry.path().is_dir() {
            found.extend(lock_files(&entry.path()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_lock_file_with_a_host_is_found() {
        assert!(super::names_a_host("\"resolved\": \"somewhere\""));
        assert!(!super::names_a_host("\"integrity\": \"sha512-abc\""));
        let all = super::lock_files(&super::root().join("examples"));
        assert_eq!(all.len(), 1, "{all:?}");
    }

    #[test]
    fn long_options_are_found_and_positionals_are_not() {
        let args = "#[arg(long, value_name = \"N\")]\n    pub(crate) max_settle: f64,\n\
            #[arg(long = \"for\", value_name = \"TIME\")]\npub(crate) duration: u8,\n\
            #[arg(value_name = \"DIR\")]\npub(crate) run: PathBuf,\n\
            #[command(flatten)]\npub(crate) table: TableArgs,\n";
        assert_eq!(super::options(args), ["max-settle", "for"]);
    }
}
