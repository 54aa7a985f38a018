//! Snapshots of a real process that is full of secrets: redacted, they tell the same numbers, and
//! no secret.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

struct Snapshots {
    dir: TempDir,
}

impl Snapshots {
    fn take() -> Self {
        let dir = TempDir::new().unwrap();
        let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/secrets.js");
        let status = Command::new("node")
            .arg(service)
            .args(["1.heapsnapshot", "2.heapsnapshot"])
            .current_dir(dir.path())
            .env_remove("NODE_OPTIONS")
            .status()
            .unwrap();
        assert!(status.success());
        Self { dir }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn leakscope(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
            .args(args)
            .current_dir(self.dir.path())
            .env("XDG_CACHE_HOME", self.dir.path().join("cache"))
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    fn answer(&self, args: &[&str]) -> String {
        let (code, stdout, stderr) = self.leakscope(args);
        assert_eq!(code, Some(0), "{args:?}: {stderr}");
        stdout
    }

    /// The numbers of a view, in an order that does not depend on names.
    fn numbers(&self, args: &[&str]) -> Value {
        let mut view: Value = serde_json::from_str(&self.answer(args)).unwrap();
        drop_texts(&mut view);
        view
    }
}

/// Leaves numbers only; the rows of a table in the order of their numbers.
fn drop_texts(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(drop_texts);
            items.sort_by_key(ToString::to_string);
        }
        Value::Object(entries) => {
            entries.retain(|_, value| !value.is_string());
            entries.values_mut().for_each(drop_texts);
        }
        Value::String(text) => text.clear(),
        _ => {}
    }
}

#[test]
fn numbers_are_the_same_and_no_secret_is_left() {
    let snapshots = Snapshots::take();
    let before = ["1.heapsnapshot", "2.heapsnapshot"];
    let after = ["1.redacted.heapsnapshot", "2.redacted.heapsnapshot"];
    // Apart: only the user's key is the same.
    for (before, after) in before.iter().zip(after) {
        assert_eq!(snapshots.answer(&["redact", before]).trim_end(), after);
    }
    check_no_secret(&std::fs::read(snapshots.path(after[1])).unwrap());

    for (before, after) in before.iter().zip(after) {
        assert_eq!(
            snapshots.numbers(&["summary", before, "--json"]),
            snapshots.numbers(&["summary", after, "--json"])
        );
        let nodes = |file| {
            let rows = snapshots.answer(&["nodes", file]);
            let without_class = |row: &str| {
                let mut cells: Vec<String> = row.split('\t').map(str::to_owned).collect();
                cells.remove(1);
                cells
            };
            rows.lines().map(without_class).collect::<Vec<_>>()
        };
        assert!(nodes(before) == nodes(after));
    }
    for view in ["diff", "holders"] {
        let numbers = |[base, newer]: [&str; 2]| snapshots.numbers(&[view, base, newer, "--json"]);
        let (expected, found) = (numbers(before), numbers(after));
        assert!(expected.to_string().len() > 100, "{expected}");
        assert_eq!(expected, found, "{view}");
    }
    let summary = snapshots.answer(&["summary", after[1], "--json"]);
    assert!(summary.contains("\"Session\""), "{summary}");
}

/// What the service planted, and what can be made of it.
fn check_no_secret(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let around = |at: usize| &text[at.saturating_sub(60)..(at + 60).min(text.len())];
    for planted in ["planted", "host.example", "-secret"] {
        if let Some(at) = text.find(planted) {
            panic!("`{planted}` is still there: {:?}", around(at));
        }
    }
    // Numbers of accounts begin so; within another number it is nobody's.
    for (at, _) in text.match_indices("4040404") {
        let is_within = text[..at].ends_with(|c: char| c.is_ascii_digit());
        assert!(is_within, "an account is still there: {:?}", around(at));
    }
    for name in ["Session", "openSession", "byToken", "registry"] {
        assert!(text.contains(&format!("\"{name}\"")), "{name} is gone");
    }
}
#[test]
fn packed_files_are_read_and_written_and_names_of_the_source_stay() {
    let snapshots = Snapshots::take();
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/secrets.js");
    let source = service.to_str().unwrap();
    let packed = snapshots.answer(&[
        "redact",
        "2.heapsnapshot",
        "-o",
        "packed.heapsnapshot.zst",
        "--source",
        source,
    ]);
    assert_eq!(packed, "packed.heapsnapshot.zst\n");
    snapshots.answer(&["redact", "packed.heapsnapshot.zst", "-o", "again.gz"]);
    let numbers = |file| snapshots.numbers(&["summary", file, "--json"]);
    assert_eq!(numbers("again.gz"), numbers("2.heapsnapshot"));
    let (code, plain, _) =
        snapshots.leakscope(&["redact", "2.heapsnapshot", "-o", "-", "--source", source]);
    assert_eq!(code, Some(0));
    check_no_secret(plain.as_bytes());
    assert!(plain.contains("\"displayName\"") && plain.contains("\"sessionToken\""));
}

#[test]
fn nothing_is_overwritten_and_no_half_file_stays() {
    let snapshots = Snapshots::take();
    let files = || std::fs::read_dir(snapshots.dir.path()).unwrap().count();
    let whole = std::fs::read(snapshots.path("1.heapsnapshot")).unwrap();
    std::fs::write(
        snapshots.path("cut.heapsnapshot"),
        &whole[..whole.len() / 2],
    )
    .unwrap();
    snapshots.answer(&["redact", "1.heapsnapshot"]);
    let n_files = files();
    for (args, words) in [
        (&["redact", "1.heapsnapshot"][..], "exists already"),
        (
            &["redact", "1.heapsnapshot", "-o", "1.heapsnapshot"],
            "replace itself",
        ),
        (&["redact", "cut.heapsnapshot"], "cut short"),
        (&["redact", "none.heapsnapshot"], "none.heapsnapshot"),
        (
            &["redact", "1.heapsnapshot", "2.heapsnapshot", "-o", "x"],
            "several snapshots",
        ),
    ] {
        let (code, stdout, stderr) = snapshots.leakscope(args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args:?}: {stderr}");
        assert!(
            stderr.contains(words) && stderr.contains("hint: ") | stderr.contains("none"),
            "{stderr}"
        );
    }
    assert_eq!(files(), n_files);
}
