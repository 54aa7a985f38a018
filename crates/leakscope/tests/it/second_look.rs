//! A second look at a snapshot is served from the cache folder, and never with a wrong answer.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A root, an object and a string that it refers to; `NAME` is the object's class.
const SNAPSHOT: &str = r#"{"snapshot":{"meta":{
"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["hidden","object","string","synthetic"],"string","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["element","property"],"string_or_number","node"]},
"node_count":3,"edge_count":2},
"nodes":[3,0,1,0,1, 1,1,3,40,1, 2,2,5,16,0],
"edges":[0,1,5, 1,3,10],
"strings":["","NAME","text","name"]}
"#;

struct Scene {
    dir: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        scene.write("Session");
        scene
    }

    fn snapshot(&self) -> PathBuf {
        self.dir.path().join("a.heapsnapshot")
    }

    fn write(&self, class: &str) {
        fs::write(self.snapshot(), SNAPSHOT.replace("NAME", class)).unwrap();
    }

    /// The answer of `leakscope summary`, with this as the folder for caches.
    fn summary_in(&self, caches: &Path, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
            .arg("summary")
            .arg(self.snapshot())
            .args(words)
            .env("XDG_CACHE_HOME", caches)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    fn summary(&self, words: &[&str]) -> String {
        self.summary_in(self.dir.path(), words)
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.dir.path().join("leakscope")) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn the_second_answer_is_the_first_and_comes_from_the_cache() {
    let scene = Scene::new();
    let first = scene.summary(&[]);
    assert!(first.contains("Session"), "{first}");
    let [entry] = &scene.entries()[..] else {
        panic!("{:?}", scene.entries());
    };
    // An entry that is used becomes the youngest: that is how its use shows.
    let long_ago = SystemTime::now() - Duration::from_secs(1_000_000);
    let file = File::options().append(true).open(entry).unwrap();
    file.set_modified(long_ago).unwrap();
    let modified = || entry.metadata().unwrap().modified().unwrap();
    assert_eq!(scene.summary(&["--no-cache"]), first);
    assert_eq!(modified(), long_ago);
    assert_eq!(scene.summary(&[]), first);
    assert!(modified() > long_ago);
    let json = scene.summary(&["--json"]);
    assert_eq!(scene.summary(&["--json", "--no-cache"]), json);
}

#[test]
fn a_changed_snapshot_is_read_again() {
    let scene = Scene::new();
    scene.summary(&[]);
    scene.write("Request");
    let summary = scene.summary(&[]);
    assert!(
        summary.contains("Request") && !summary.contains("Session"),
        "{summary}"
    );
}

#[test]
fn a_damaged_entry_does_not_reach_the_answer() {
    let scene = Scene::new();
    let first = scene.summary(&[]);
    for damage in [&b""[..], b"\0\0\0\0", &[0xff; 4096]] {
        fs::write(&scene.entries()[0], damage).unwrap();
        assert_eq!(scene.summary(&[]), first);
    }
}

#[test]
fn no_cache_keeps_nothing_and_a_folder_that_cannot_be_made_hinders_nobody() {
    let scene = Scene::new();
    let first = scene.summary(&["--no-cache"]);
    assert!(scene.entries().is_empty());
    assert_eq!(scene.summary_in(&scene.snapshot(), &[]), first);
}
