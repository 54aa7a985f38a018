//! The files that are measured: made once by the generator with a real Node.js, then kept.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::steps::{self, Result, program, root, target};

use super::peers::Task;

/// Two snapshots of one process.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// What was asked for, in millions of bytes.
    pub(crate) megabytes: u32,
    pub(crate) base: PathBuf,
    /// A later one, a tenth larger.
    pub(crate) later: PathBuf,
    /// The first one's.
    pub(crate) bytes: u64,
    pub(crate) n_nodes: u64,
    pub(crate) n_edges: u64,
}

/// Where snapshots and peers are kept.
pub(crate) fn folder() -> PathBuf {
    target().join("bench").join("heap")
}

/// The snapshots of a size; those that are missing are made. The later one is made only if it is
/// wanted, since it takes as long again.
pub(crate) fn pair(megabytes: u32, tasks: &[Task]) -> Result<Pair> {
    let folder = folder();
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    let base = folder.join(format!("s{megabytes}.heapsnapshot"));
    let later = folder.join(format!("s{megabytes}b.heapsnapshot"));
    let wants_later = tasks.contains(&Task::Diff);
    if !base.exists() || (wants_later && !later.exists()) {
        let script = root().join("crates/xtask/bench/heap/generate.js");
        let size = megabytes.to_string();
        let words = [
            "node",
            "--max-old-space-size=24000",
            &*script.to_string_lossy(),
            &size,
            &*base.to_string_lossy(),
        ];
        let mut command = program(&words, &folder);
        if wants_later {
            command.arg(&later);
        }
        steps::step(
            &format!("make snapshots of about {megabytes} MB"),
            &mut command,
        )?;
    }
    let failed = |error| format!("cannot read `{}`: {error}", base.display());
    let bytes = fs::metadata(&base).map_err(failed)?.len();
    let head = head(&base).map_err(failed)?;
    Ok(Pair {
        megabytes,
        bytes,
        n_nodes: count(&head, "node_count"),
        n_edges: count(&head, "edge_count"),
        base,
        later,
    })
}

fn head(path: &Path) -> std::io::Result<String> {
    const LONG_ENOUGH: u64 = 8192;
    let mut head = Vec::new();
    File::open(path)?.take(LONG_ENOUGH).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A number of the header by its name; 0 if it is not there.
fn count(head: &str, name: &str) -> u64 {
    let after = head.split_once(&format!("\"{name}\":"));
    let digits = after.map(|(_, rest)| rest.trim_start().split(|c: char| !c.is_ascii_digit()));
    digits
        .and_then(|mut digits| digits.next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Reads a file once, so that every tool finds it in the page cache.
pub(crate) fn warm(path: &Path) -> Result {
    let read = File::open(path).and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
    read.map(drop)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn the_header_tells_its_counts() {
        let head = r#"{"snapshot":{"node_count":12,"edge_count": 345,"x":1}"#;
        assert_eq!(count(head, "node_count"), 12);
        assert_eq!(count(head, "edge_count"), 345);
        assert_eq!(count(head, "trace_function_count"), 0);
    }
}
