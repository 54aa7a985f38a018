//! `leakscope snapshot` and `leakscope profile`: files of services that run already.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Done, read_json};
use crate::running::{Running, check_nothing_listens, leakscope};

const IDLE: &str =
    "class Kept {} ; globalThis.kept = Array.from({ length: 321 }, () => new Kept());
    console.log('up'); setInterval(() => {}, 1e3);";

/// Two workers that keep something of their own, and a child process that does.
const FAMILY: &str = "const { Worker, isMainThread, parentPort } = require('worker_threads');
    const { fork } = require('child_process');
    class OfWorker {} class OfChild {} class OfMain {}
    if (!isMainThread) { globalThis.kept = [new OfWorker()]; parentPort.postMessage('up'); }
    else if (process.send) { globalThis.kept = [new OfChild()]; process.send('up'); }
    else {
        globalThis.kept = [new OfMain()];
        let up = 0;
        const count = () => { if (++up === 2) console.log('up'); };
        new Worker(__filename).on('message', count);
        fork(__filename, { execArgv: ['--inspect-port=0'] }).on('message', count);
    }
    setInterval(() => {}, 1e3);";

/// The files that a command named on stdout; each must be private.
fn files(done: &Done, service: &Running) -> Vec<PathBuf> {
    done.check_code(0);
    let paths = done
        .stdout
        .lines()
        .map(|line| service.dir.path().join(line));
    let paths: Vec<PathBuf> = paths.collect();
    for path in &paths {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    paths
}

/// How many objects of a class a snapshot has.
fn count(snapshot: &Path, class: &str) -> u64 {
    let output = leakscope("summary")
        .args(["--json", "--no-cache"])
        .arg(snapshot)
        .output();
    let done = Done::of(&output.unwrap());
    done.check_code(0);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let classes = json["classes"].as_array().unwrap();
    let found = classes.iter().find(|row| row["class"] == class);
    found.map_or(0, |row| row["count"].as_u64().unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name != "service.js").collect()
}

#[test]
fn a_snapshot_is_whole_private_and_named_as_heapdump_does() {
    let mut service = Running::script(IDLE);
    let done = service.run("snapshot", &[]);
    let [path] = files(&done, &service).try_into().unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let stamp = name.strip_prefix("heapdump-").unwrap();
    let stamp = stamp.strip_suffix(".heapsnapshot").unwrap();
    let (seconds, micros) = stamp.split_once('.').unwrap();
    assert!(
        seconds.parse::<u64>().is_ok() && micros.parse::<u32>().is_ok(),
        "{name}"
    );
    assert_eq!(count(&path, "Kept"), 321);
    assert_eq!(names(service.dir.path()), [name]);
    assert!(
        done.stderr.contains("objects: it needs up to"),
        "{}",
        done.stderr
    );
    service.check_left_alone();
}

#[test]
fn several_snapshots_come_packed_and_at_intervals() {
    let mut service = Running::script(IDLE);
    let done = service.run("snapshot", &["-n", "2", "--every", "300ms", "--zstd"]);
    let paths = files(&done, &service);
    assert_eq!(paths.len(), 2);
    for path in &paths {
        assert!(path.to_str().unwrap().ends_with(".heapsnapshot.zst"));
        assert_eq!(count(path, "Kept"), 321);
    }
    // They are of one conversation, so that what is in both has the same id in both.
    let diff = leakscope("diff")
        .args(["--json", "--no-cache"])
        .args(&paths)
        .output();
    let diff = Done::of(&diff.unwrap());
    diff.check_code(0);
    let json: serde_json::Value = serde_json::from_str(&diff.stdout).unwrap();
    let classes = json["classes"].as_array().unwrap();
    let n_new = |row: &serde_json::Value| row["new"].as_u64().unwrap();
    assert!(!classes.iter().any(|row| row["class"] == "Kept"), "{json}");
    assert!(classes.iter().map(n_new).sum::<u64>() < 1_000, "{json}");
    service.check_left_alone();

    let at_once = service.run("snapshot", &["-n", "2"]);
    at_once.check_error(2, &["show the same", "--every"]);
}

#[test]
fn sigusr2_takes_one_as_with_heapdump() {
    let mut service = Running::script(IDLE);
    let mut child = service
        .command("snapshot", &["--on-signal", "-n", "2", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let waits = stderr.find(|line| line.as_ref().unwrap().contains("kill -USR2"));
        assert!(waits.is_some());
        kill_process(Pid::from_child(&child), Signal::USR2).unwrap();
    }
    for line in stderr {
        line.unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let taken = json["snapshots"].as_array().unwrap();
    assert_eq!((taken.len(), names(service.dir.path()).len()), (2, 2));
    assert!(taken[0]["bytes"].as_u64().unwrap() > 100_000);
    service.check_left_alone();
}

#[test]
fn a_threshold_takes_one_when_it_is_passed() {
    // It grows when it is told to, which is after the wait has begun.
    let grows = "const kept = globalThis.kept = []; console.log('up');
        process.on('SIGWINCH', () => { for (let i = 0; i < 2e5; i++) kept.push({ i }); });
        setInterval(() => {}, 1e3);";
    let mut service = Running::script(grows);
    let mut child = service
        .command("snapshot", &["--when", "heap > 10MiB"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = stderr.find(|line| line.as_ref().unwrap().contains("`heap > 10MiB`"));
    assert!(waits.is_some() && names(service.dir.path()).is_empty());
    service.signal(Signal::WINCH);
    for line in stderr {
        line.unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(service.dir.path()).len(), 1);
    service.check_left_alone();

    let above = service.run("snapshot", &["--when", "rss > 1MiB"]);
    assert_eq!(files(&above, &service).len(), 1);
    let wrong = service.run("snapshot", &["--when", "rss > many"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn a_heap_near_its_limit_is_captured() {
    let full = "const v8 = require('v8'); const kept = globalThis.kept = [];
        const old = () => v8.getHeapSpaceStatistics()
            .filter((space) => !space.space_name.startsWith('new_'))
            .reduce((sum, space) => sum + space.space_used_size, 0);
        while (old() < 182 << 20)
            for (let i = 0; i < 100; i++) kept.push(new Array(100).fill(0.5));
        console.log('up'); setInterval(() => {}, 1e3);";
    let service = Running::with("node", &["--max-old-space-size=200"], full);
    let done = service.run("snapshot", &["--near-limit"]);
    assert_eq!(files(&done, &service).len(), 1);
}

#[test]
fn each_isolate_is_captured_for_itself() {
    let mut service = Running::script(FAMILY);
    let done = service.run("snapshot", &["--isolate", "all", "--dir", "."]);
    let paths = files(&done, &service);
    assert_eq!(paths.len(), 3, "{}", done.stdout);
    for (path, class) in paths.iter().zip(["OfMain", "OfWorker", "OfChild"]) {
        assert_eq!(count(path, class), 1, "{class} in {}", path.display());
    }
    assert!(
        paths[1]
            .to_str()
            .unwrap()
            .contains("-worker-1.heapsnapshot")
    );
    service.check_left_alone();
}

#[test]
fn a_cluster_on_one_port_is_captured_again_and_again_and_left_as_it_was() {
    let cluster = "const cluster = require('cluster');
        if (cluster.isPrimary) {
            // As where nothing was said of a port.
            cluster.setupPrimary({ inspectPort: process.debugPort });
            const pids = [];
            const up = (pid) => { if (pids.push(pid) === 2) console.log('up'); };
            for (let i = 0; i < 2; i++) cluster.fork().on('message', up);
        } else { globalThis.kept = [new (class OfChild {})()]; process.send(process.pid); }
        setInterval(() => {}, 1e3);";
    let mut service = Running::script(cluster);
    let pid = service.pid();
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let args = ["-n", "2", "--every", "100ms", "--isolate", "all"];
    let done = service.run("snapshot", &args);
    let paths = files(&done, &service);
    assert_eq!(paths.len(), 6, "{}", done.stdout);
    for path in [1, 2, 4, 5].map(|at| &paths[at]) {
        assert_eq!(count(path, "OfChild"), 1, "{}", path.display());
    }
    service.check_left_alone();
    for child in listed.split_whitespace() {
        check_nothing_listens(child.parse().unwrap());
    }
}

#[test]
fn a_full_disk_is_told_before_and_leaves_nothing_after() {
    if !rustix::process::geteuid().is_root() {
        // Only root can make such a disk.
        return;
    }
    let service = Running::script(IDLE);
    let on_small_disk = |size: &str, options: &str| {
        let line = format!(
            "mkdir -p small && mount -t tmpfs -o size={size} tmpfs small && \
             {} snapshot {} --dir small {options}; code=$?; ls -A small; exit $code",
            env!("CARGO_BIN_EXE_leakscope"),
            service.pid()
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &line]);
        Done::of(&command.current_dir(service.dir.path()).output().unwrap())
    };
    let refused = on_small_disk("1m", "");
    refused.check_error(4, &["on the disk, and", "are free", "--force"]);
    assert_eq!(refused.stdout, "");
    let failed = on_small_disk("1m", "--force");
    failed.check_error(6, &["cannot write the heap snapshot", "No space left"]);
    assert_eq!(failed.stdout, "", "something is left on the disk");
}

#[test]
fn a_service_that_ends_is_told() {
    let service = Running::script(IDLE);
    let mut child = service
        .command("snapshot", &["--on-signal"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().contains("kill -USR2")));
    service.signal(Signal::KILL);
    let rest: Vec<String> = stderr.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    assert!(
        rest.iter().any(|line| line.contains("has ended")),
        "{rest:?}"
    );
    assert!(names(service.dir.path()).is_empty());
}

#[test]
fn leakscope_stays_small_whatever_it_captures() {
    let large = "const kept = globalThis.kept = [];
        for (let i = 0; i < 2e5; i++) kept.push({ i });
        console.log('up'); setInterval(() => {}, 1e3);";
    let service = Running::script(large);
    let mut child = service
        .command("snapshot", &["-o", "large.heapsnapshot"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|p| p.split_whitespace().next()?.parse::<u64>().ok());
        peak_kib = peak_kib.max(kib.unwrap_or(0));
        std::thread::yield_now();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let bytes = service
        .dir
        .path()
        .join("large.heapsnapshot")
        .metadata()
        .unwrap()
        .len();
    assert!(bytes > 15 << 20, "{bytes}");
    assert!(
        peak_kib > 0 && peak_kib < 64 << 10,
        "{peak_kib} KiB for {bytes} bytes"
    );
}

#[test]
fn a_profile_says_where_each_isolate_allocates_what_it_keeps() {
    let allocates = "const { Worker, isMainThread, parentPort } = require('worker_threads');
        const kept = globalThis.kept = [];
        function keepMore() { for (let i = 0; i < 1e3; i++) kept.push({ i, more: [i] }); }
        setInterval(keepMore, 10);
        if (isMainThread) new Worker(__filename).on('message', () => console.log('up'));
        else parentPort.postMessage('up');";
    let mut service = Running::script(allocates);
    let done = service.run(
        "profile",
        &["--for", "500ms", "--interval", "4KiB", "--isolate", "all"],
    );
    let paths = files(&done, &service);
    assert_eq!(paths.len(), 2, "{}", done.stdout);
    for path in paths {
        assert!(path.to_str().unwrap().ends_with(".heapprofile"));
        let profile = read_json(&path);
        assert!(!profile["samples"].as_array().unwrap().is_empty());
        assert!(
            profile["head"].to_string().contains("keepMore"),
            "{}",
            path.display()
        );
    }
    service.check_left_alone();
}
