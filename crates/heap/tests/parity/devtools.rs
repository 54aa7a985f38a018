//! DevTools' engine, run on a batch of snapshots in one Node.js process.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

/// Snapshots of one process in the order they were taken; neighbors are compared.
pub(crate) type Series = Vec<PathBuf>;

/// What DevTools says of one batch.
pub(crate) struct Said {
    dir: TempDir,
}

impl Said {
    /// Its words on snapshot `i` of series `s`.
    pub(crate) fn summary(&self, s: usize, i: usize) -> serde_json::Value {
        read_json(&self.dir.path().join(format!("{s}.{i}.json")))
    }

    /// One line for each node of that snapshot.
    pub(crate) fn nodes(&self, s: usize, i: usize) -> String {
        read(&self.dir.path().join(format!("{s}.{i}.tsv")))
    }

    /// The comparison of that snapshot with the one before.
    pub(crate) fn diff(&self, s: usize, i: usize) -> serde_json::Value {
        read_json(&self.dir.path().join(format!("{s}.{i}.diff.json")))
    }
}

/// Asks DevTools about all series, and about the retainers and references of so many nodes of each
/// snapshot.
pub(crate) fn ask(all: &[Series], some: usize) -> Said {
    let dir = TempDir::new().unwrap();
    let jobs: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(s, snapshots)| {
            json!({"snapshots": snapshots, "out": dir.path().join(s.to_string()), "some": some})
        })
        .collect();
    let list = dir.path().join("jobs.json");
    std::fs::write(&list, serde_json::to_vec(&jobs).unwrap()).unwrap();
    let output = Command::new(installed("node/node_modules/node-24/bin/node"))
        .arg("--max-old-space-size=16000")
        .arg(source("devtools/engine.mjs"))
        .arg(installed("devtools/worker.mjs"))
        .arg(&list)
        .env_remove("NODE_OPTIONS")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "DevTools' engine failed: {stderr}");
    Said { dir }
}

/// A file beside these tests.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity")
        .join(path)
}

/// A file that `cargo xtask test` puts below `target`.
pub(crate) fn installed(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join(path);
    let hint = "`cargo xtask test` installs it";
    assert!(path.is_file(), "{} is missing: {hint}", path.display());
    path
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&read(path)).unwrap()
}
