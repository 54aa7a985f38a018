//! Files that are no snapshots, packed snapshots, and snapshots that are not whole.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Scene {
    dir: TempDir,
}

struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Answer {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// A refusal with these words on stderr, and nothing on stdout.
    #[track_caller]
    fn check_refused(&self, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(2), ""), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is not in {}",
                self.stderr
            );
        }
    }
}

/// A service with a map of ten sessions.
fn snapshot() -> Vec<u8> {
    testkit::heap(
        "root -> server:Server 48 property app
         server -> sessions:Map 64 property sessions
         sessions -> session*10:Session 96 element
         session ~> server weak",
    )
}

impl Scene {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, words: &[&str], path: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leakscope"));
        command
            .args(words)
            .arg(path)
            .env("XDG_CACHE_HOME", self.dir.path());
        command
    }

    fn summary(&self, path: &Path) -> Answer {
        Answer::of(&mut self.command(&["summary"], path))
    }

    /// Packed by a program that everybody has.
    fn packed(&self, program: &str, bytes: &[u8]) -> Vec<u8> {
        let path = self.file("to-pack", bytes);
        let output = Command::new(program).arg("-c").arg(path).output().unwrap();
        assert!(output.status.success());
        output.stdout
    }
}

#[test]
fn what_is_no_file_of_a_snapshot_is_refused_at_once() {
    let scene = Scene::new();
    let file = |name, bytes: &[u8]| scene.summary(&scene.file(name, bytes));
    file("empty", b"").check_refused(&["it is empty", "hint: "]);
    file("text", b"hello\n").check_refused(&["at byte 0", "hint: ", "heapsnapshot"]);
    file("nul", &[0; 5000]).check_refused(&["at byte 0", "hint: "]);
    file("list", b"[1,2,3]").check_refused(&["at byte 0", "hint: "]);
    file("other", b"{\"a\":1}").check_refused(&["`snapshot`", "hint: "]);
    scene
        .summary(scene.dir.path())
        .check_refused(&["directory", "hint: "]);
    scene
        .summary(Path::new("/dev/zero"))
        .check_refused(&["a device", "hint: "]);
    scene
        .summary(&scene.dir.path().join("none"))
        .check_refused(&["No such file"]);
    let pipe = scene.dir.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    scene.summary(&pipe).check_refused(&["it is empty"]);
}

#[test]
fn a_packed_snapshot_reads_like_a_plain_one_whatever_its_name() {
    let scene = Scene::new();
    let path = scene.file("a.heapsnapshot", &snapshot());
    let json = |path: &Path| Answer::of(&mut scene.command(&["summary", "--json"], path)).stdout;
    let plain = json(&path);
    assert!(plain.contains("\"Session\""), "{plain}");
    let packed = scene.packed("gzip", &snapshot());
    assert_eq!(json(&scene.file("b.heapsnapshot", &packed)), plain);
    let half = scene.file("half.gz", &packed[..packed.len() / 2]);
    scene
        .summary(&half)
        .check_refused(&["it is cut short", "at byte ", "hint: "]);
    let bomb = scene.packed("gzip", &[b"{\"a\":\"", &vec![b'0'; 100 << 20][..]].concat());
    scene
        .summary(&scene.file("bomb.gz", &bomb))
        .check_refused(&["250 times", "hint: "]);
}

#[test]
fn a_snapshot_may_come_through_a_pipe() {
    let scene = Scene::new();
    let mut child = scene
        .command(&["summary"], Path::new("/dev/stdin"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&snapshot()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Session")
    );
}

#[test]
fn a_damaged_snapshot_names_the_place_and_is_recovered_on_demand() {
    let scene = Scene::new();
    let whole = snapshot();
    let edges = whole
        .windows(8)
        .position(|part| part == b"\"edges\":")
        .unwrap();
    let cut = scene.file("cut.heapsnapshot", &whole[..edges + 40]);
    let place = format!("in `edges`, at byte {}", edges + 40);
    scene
        .summary(&cut)
        .check_refused(&[&place, "hint: ", "--recover"]);
    let answer = Answer::of(&mut scene.command(&["summary", "--recover", "--json"], &cut));
    assert_eq!(answer.code, Some(0));
    for words in ["warning: ", &place, "nodes: 13 of 13", "edges: "] {
        assert!(
            answer.stderr.contains(words),
            "`{words}` is not in {}",
            answer.stderr
        );
    }
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(summary["nodes"], 13);
    assert_eq!(summary["classes"][0]["class"], "(missing)");
    let header = scene.file("header.heapsnapshot", &whole[..40]);
    let answer = Answer::of(&mut scene.command(&["summary", "--recover"], &header));
    answer.check_refused(&["`snapshot`", "hint: "]);
}

#[test]
fn a_whole_snapshot_is_recovered_without_a_word() {
    let scene = Scene::new();
    let path = scene.file("a.heapsnapshot", &snapshot());
    let answer = Answer::of(&mut scene.command(&["summary", "--recover"], &path));
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""));
    assert_eq!(answer.stdout, scene.summary(&path).stdout);
}

#[test]
fn a_record_that_refers_to_nothing_is_named_with_its_byte() {
    let scene = Scene::new();
    let text = String::from_utf8(snapshot()).unwrap();
    let (before, nodes) = text.split_once("\"nodes\":[").unwrap();
    let start = before.len() + "\"nodes\":[".len();
    // The name is the second number of a record.
    let (kind, rest) = nodes.split_once(',').unwrap();
    let (_, rest) = rest.split_once(',').unwrap();
    let wrong = format!("{before}\"nodes\":[{kind},9999,{rest}");
    let start = start + kind.len() - kind.trim_start().len();
    let answer = scene.summary(&scene.file("wrong.heapsnapshot", wrong.as_bytes()));
    answer.check_refused(&[
        "record 0 of `nodes`",
        "a string",
        &format!("stands at byte {start}\n"),
    ]);
}
