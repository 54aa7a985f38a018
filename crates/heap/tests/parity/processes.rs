//! Snapshots of real processes: Node.js of several majors, Deno, and a page in Chromium, taken in
//! every way there is.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::compare::{Kept, check};
use crate::devtools::{Series, installed, source};

/// Nodes of each snapshot whose retainers and references are compared too.
const SOME_NODES: usize = 50;

/// Set where no Chromium can be had; says so to whoever reads the test's output.
const WITHOUT_CHROMIUM: &str = "LEAKSCOPE_WITHOUT_CHROMIUM";

#[test]
fn node_18() {
    check_runtime("node", &installed("node/node_modules/node-18/bin/node"));
}

#[test]
fn node_of_this_machine() {
    check_runtime("node", Path::new("node"));
}

#[test]
fn node_22() {
    check_runtime("node", &installed("node/node_modules/node-22/bin/node"));
}

#[test]
fn node_24() {
    check_runtime("node", &installed("node/node_modules/node-24/bin/node"));
}

#[test]
fn node_26() {
    check_runtime("node", &installed("node/node_modules/node-26/bin/node"));
}

#[test]
fn deno() {
    check_runtime("deno", &installed("node/node_modules/deno/deno"));
}

#[test]
fn detached_trees_in_chromium() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|dir| dir.join("chromium"));
    match found.find(|program| program.is_file()) {
        Some(program) => {
            let kept = check_runtime("chromium", &program);
            assert!(kept.values().all(|&objects| objects > 0), "{kept:?}");
        }
        None => assert!(
            std::env::var_os(WITHOUT_CHROMIUM).is_some(),
            "there is no `chromium`: `cargo xtask test` installs it; {WITHOUT_CHROMIUM}=1 goes without"
        ),
    }
}

/// Takes snapshots of a process of its own, and compares them all.
fn check_runtime(runtime: &str, program: &Path) -> Kept {
    let dir = TempDir::new().unwrap();
    let output = Command::new(installed("node/node_modules/node-24/bin/node"))
        .arg(source("processes/take.mjs"))
        .arg(runtime)
        .args([program, dir.path()])
        .env_remove("NODE_OPTIONS")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no snapshots of {runtime}: {stderr}"
    );
    let series: Vec<Series> = serde_json::from_slice::<Vec<Vec<PathBuf>>>(&output.stdout).unwrap();
    assert!(series.iter().all(|taken| !taken.is_empty()), "{series:?}");
    check(&series, SOME_NODES)
}
