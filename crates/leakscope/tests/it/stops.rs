//! Told to stop in the middle, or left by the service: no half file, the exit code that is promised,
//! and the service as it was.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Done;
use crate::running::{Running, leakscope};

/// Its snapshot takes long enough to be in the middle of it.
const LARGE: &str = "const kept = globalThis.kept = [];
    for (let i = 0; i < 6e5; i++) kept.push({ i });
    console.log('up'); setInterval(() => {}, 1e3);";

const IDLE: &str = "console.log('up'); setInterval(() => {}, 1e3);";

fn begin(command: &mut Command) -> Child {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

/// The end of a command that was told to stop.
fn stop(child: Child, signal: Signal) -> Done {
    kill_process(Pid::from_child(&child), signal).unwrap();
    Done::of(&child.wait_with_output().unwrap())
}

/// Waits until the command listens to signals: what comes then is no matter of luck.
fn wait_until_listening(child: &mut Child) {
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
        let wanted = [Signal::INT, Signal::TERM].map(|signal| 1 << (signal.as_raw() - 1));
        caught.is_some_and(|caught| wanted.iter().all(|bit| caught & bit != 0))
    };
    while !listens() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::yield_now();
    }
}

/// The files in a folder but the service's own.
fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name != "service.js").collect()
}

/// Waits until a file is being written, of which so many bytes are there.
fn wait_for_half_a_file(dir: &Path, least: u64, child: &mut Child) {
    let is_half = |name: &String| {
        let size = dir.join(name).metadata().map(|metadata| metadata.len());
        name.ends_with(".part") && size.is_ok_and(|size| size >= least)
    };
    while !files(dir).iter().any(is_half) {
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::yield_now();
    }
}

#[test]
fn a_snapshot_that_is_interrupted_leaves_no_file() {
    for (signal, options) in [(Signal::INT, &[][..]), (Signal::TERM, &["--zstd"])] {
        let mut service = Running::script(LARGE);
        let mut child = begin(&mut service.command("snapshot", options));
        wait_for_half_a_file(service.dir.path(), 1, &mut child);
        let done = stop(child, signal);
        done.check_error(130, &["interrupted"]);
        assert_eq!(
            (done.stdout.as_str(), files(service.dir.path()).len()),
            ("", 0)
        );
        service.check_left_alone();
    }
}

#[test]
fn a_service_that_is_killed_in_its_snapshot_leaves_no_file() {
    let service = Running::script(LARGE);
    let mut child = begin(&mut service.command("snapshot", &[]));
    wait_for_half_a_file(service.dir.path(), 1, &mut child);
    service.signal(Signal::KILL);
    let done = Done::of(&child.wait_with_output().unwrap());
    let pid = format!("process {} has ended during its snapshot", service.pid());
    done.check_error(4, &[&pid, "hint: "]);
    assert_eq!(
        (done.stdout.as_str(), files(service.dir.path()).len()),
        ("", 0)
    );
}

#[test]
fn collecting_is_interrupted_though_the_service_does_not_answer() {
    let busy = "console.log('up'); setTimeout(() => { for (;;) {} });";
    let mut service = Running::with("node", &["--inspect=127.0.0.1:0"], busy);
    let mut child = begin(&mut service.command("gc", &[]));
    wait_until_listening(&mut child);
    let done = stop(child, Signal::TERM);
    done.check_error(130, &["interrupted"]);
    assert_eq!(done.stdout, "");
    service.check_left_alone();
}

#[test]
fn a_profile_that_is_interrupted_leaves_no_file() {
    let mut service = Running::script(IDLE);
    let mut child = begin(&mut service.command("profile", &["--for", "1h"]));
    wait_until_listening(&mut child);
    let done = stop(child, Signal::INT);
    done.check_error(130, &["interrupted"]);
    assert_eq!(
        (done.stdout.as_str(), files(service.dir.path()).len()),
        ("", 0)
    );
    service.check_left_alone();
}

#[test]
fn a_watch_that_is_stopped_leaves_whole_lines() {
    let mut service = Running::script(IDLE);
    let dir = service.dir.path().to_owned();
    let file = |name: &str| dir.join(name);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    for signal in [Signal::INT, Signal::TERM] {
        // What the watch before has written is no sign of this one.
        for name in ["out.csv", "out.jsonl"] {
            let _ = std::fs::remove_file(file(name));
        }
        let options = ["--every", "50ms", "--csv", "out.csv", "--json", "out.jsonl"];
        let mut child = begin(&mut service.command("watch", &options));
        wait_until_listening(&mut child);
        while read("out.csv").lines().count() < 3 {
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
            std::thread::yield_now();
        }
        let done = stop(child, signal);
        done.check_code(0);
        assert!(read("out.csv").ends_with('\n'));
        let lines = read("out.jsonl");
        assert!(lines.ends_with('\n'), "{lines}");
        for line in lines.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
    service.check_left_alone();
}

#[test]
fn redacting_that_is_interrupted_leaves_no_file() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("service.js");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let key = key(dir.path());
    // It is opened for reading too, so that nobody waits for the other side; the end never comes.
    let mut options = std::fs::OpenOptions::new();
    let mut writer = options.read(true).write(true).open(&path).unwrap();
    writer.write_all(b"{\"snapshot\":{\"meta\":{").unwrap();
    let mut command = leakscope("redact");
    command
        .args([path.as_os_str(), "--key-file".as_ref(), key.as_os_str()])
        .args(["--output", "out.heapsnapshot"])
        .current_dir(dir.path());
    let mut child = begin(&mut command);
    wait_for_half_a_file(dir.path(), 0, &mut child);
    let done = stop(child, Signal::INT);
    done.check_error(130, &["interrupted"]);
    assert_eq!(
        (done.stdout.as_str(), files(dir.path())),
        ("", vec!["key".to_owned()])
    );
}

/// A secret of the test's own.
fn key(dir: &Path) -> std::path::PathBuf {
    let path = dir.join("key");
    std::fs::write(&path, [7; 32]).unwrap();
    path
}

#[test]
fn a_file_that_ends_too_early_is_redacted_to_nothing() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("service.js");
    std::fs::write(&path, "{\"snapshot\":{\"meta\":{").unwrap();
    let mut command = leakscope("redact");
    command.arg(&path).args(["--output", "out.heapsnapshot"]);
    let key = key(dir.path());
    command.args(["--key-file".as_ref(), key.as_os_str()]);
    let done = Done::of(&command.current_dir(dir.path()).output().unwrap());
    done.check_error(2, &["cannot redact heap snapshot", "hint: "]);
    assert_eq!(files(dir.path()), ["key"]);
}

#[test]
fn a_full_disk_leaves_no_half_file_of_redacting_and_profiling() {
    if !rustix::process::geteuid().is_root() {
        // Only root can make such a disk.
        return;
    }
    let service = Running::script(IDLE);
    let dir = service.dir.path();
    service
        .run("snapshot", &["-o", "whole.heapsnapshot"])
        .check_code(0);
    key(dir);
    let pid = service.pid();
    for command in [
        "redact whole.heapsnapshot --key-file key --output small/out.heapsnapshot",
        &format!("profile {pid} --for 100ms --output small/out.heapprofile"),
    ] {
        let line = format!(
            "mkdir -p small && mount -t tmpfs -o size=16k tmpfs small && \
             head -c 16384 /dev/zero > small/full; {} {command}; code=$?; ls -A small; exit $code",
            env!("CARGO_BIN_EXE_leakscope")
        );
        let mut unshared = Command::new("unshare");
        unshared
            .args(["--mount", "sh", "-c", &line])
            .current_dir(dir);
        let done = Done::of(&unshared.output().unwrap());
        done.check_error(6, &["cannot write `small/out.", "No space left"]);
        assert_eq!(done.stdout, "full\n", "something is left on the disk");
    }
}
