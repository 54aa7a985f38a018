//! DevTools' own heap-snapshot engine, and other runtimes of V8: what the parity tests need, and
//! the comparison of files that somebody names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::{self, Result, cargo, program, root, step, target};

/// Where the sources of the parity tests are.
const SOURCES: &str = "crates/heap/tests/parity/devtools";

/// `cargo xtask parity FILE…`: files of one process in the order they were taken are also compared
/// with one another, as the Comparison view does.
pub(crate) fn given(files: &[&str]) -> Result {
    steps::check_node()?;
    install()?;
    let paths = files.iter().map(|file| {
        fs::canonicalize(file).map_err(|error| format!("cannot open `{file}`: {error}"))
    });
    let paths = paths.collect::<std::result::Result<Vec<PathBuf>, String>>()?;
    let paths = std::env::join_paths(paths)
        .map_err(|error| format!("cannot pass the files on: {error}"))?;
    let words = [
        "test",
        "-p",
        "leakscope-heap",
        "--test",
        "parity",
        "--",
        "--ignored",
        "given::",
    ];
    step(
        "compare with DevTools",
        cargo(&words).env("LEAKSCOPE_PARITY_FILES", paths),
    )
}

/// Installs DevTools' engine, the runtimes and the tests' tools below `target`.
pub(crate) fn install() -> Result {
    let devtools = target().join("devtools");
    let is_new = install_packages(
        "DevTools' heap-snapshot engine",
        &root().join(SOURCES),
        &devtools,
    )?;
    // It finds the packages beside itself.
    copy(
        &root().join(SOURCES).join("build.mjs"),
        &devtools.join("build.mjs"),
    )?;
    if is_new || !devtools.join("worker.mjs").is_file() {
        step("bundle it", &mut program(&["node", "build.mjs"], &devtools))?;
    }
    let nodes = root().join("crates/leakscope/tests/node");
    install_packages("other runtimes of V8", &nodes, &target().join("node"))?;
    let tools = root().join("crates/leakscope/tests/tools");
    let what = "what documents are checked against";
    install_packages(what, &tools, &target().join("tools")).map(drop)
}

/// Finds a Chromium, or installs Debian's; whether there is one now.
pub(crate) fn install_chromium() -> bool {
    let runs = |words: &[&str]| {
        let output = program(words, &root()).output();
        output.is_ok_and(|output| output.status.success())
    };
    let is_there = || runs(&["chromium", "--version"]);
    if is_there() {
        return true;
    }
    let apt_get = |words: &[&str]| {
        let mut command = program(&["apt-get", "--yes", "--quiet"], &root());
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        step("install Chromium", &mut command)
    };
    let can_install = runs(&["apt-get", "--version"]) && runs(&["sh", "-c", "test $(id -u) = 0"]);
    let installed = can_install
        && apt_get(&["update"]).is_ok()
        && apt_get(&["install", "--no-install-recommends", "chromium"]).is_ok();
    if !(installed && is_there()) {
        steps::say(
            "note: no Chromium, so nothing is tried with one; install the program `chromium`",
        );
        return false;
    }
    true
}

/// Installs the packages of the lock file in `from` into `to`, unless that has been done; whether
/// it had to be done.
pub(crate) fn install_packages(what: &str, from: &Path, to: &Path) -> Result<bool> {
    const LOCK: &str = "package-lock.json";
    let installed = to.join("node_modules/installed-from.json");
    let wanted = read(&from.join(LOCK))?;
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(false);
    }
    fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
    for file in ["package.json", LOCK] {
        copy(&from.join(file), &to.join(file))?;
    }
    let words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    step(&format!("install {what}"), &mut program(&words, to))?;
    fs::write(&installed, wanted).map_err(|error| failed(&installed, &error))?;
    Ok(true)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    Ok(fs::read(path).map_err(|error| failed(path, &error))?)
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result {
    fs::copy(from, to).map_err(|error| failed(to, &error))?;
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("cannot prepare `{}`: {error}", path.display())
}
