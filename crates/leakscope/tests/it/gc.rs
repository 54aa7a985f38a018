//! `leakscope gc` on services that run already, and on their other heaps.

use crate::harness::Done;
use crate::running::{Running, check_nothing_listens, leakscope};

/// Holds garbage that only a collection lets go, then idles.
const GARBAGE: &str = "let junk = []; for (let i = 0; i < 2e5; i++) junk.push({ i });
    globalThis.junk = junk; junk = null;
    setTimeout(() => { globalThis.junk = null; console.log('up'); setInterval(() => {}, 1e3); });";

/// Two workers, one with a name; each says when it is up.
const WORKERS: &str = "const { Worker, isMainThread, parentPort } = require('worker_threads');
    if (isMainThread) {
        let up = 0;
        const count = () => { if (++up === 2) console.log('up'); };
        new Worker(__filename, { name: 'mailer' }).on('message', count);
        new Worker(__filename).on('message', count);
    } else parentPort.postMessage('up');
    setInterval(() => {}, 1e3);";

/// A cluster of two.
const CLUSTER: &str = "const cluster = require('cluster');
    if (cluster.isPrimary) {
        // Else each takes the port after the one before, which may be another test's.
        cluster.setupPrimary({ inspectPort: 0 });
        let up = 0;
        const count = () => { if (++up === 2) console.log('up'); };
        for (let i = 0; i < 2; i++) cluster.fork().on('message', count);
    } else process.send('up');
    setInterval(() => {}, 1e3);";

fn isolates(done: &Done) -> Vec<serde_json::Value> {
    done.check_code(0);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    json["isolates"].as_array().unwrap().clone()
}

fn names(isolates: &[serde_json::Value]) -> Vec<&str> {
    isolates
        .iter()
        .map(|one| one["isolate"].as_str().unwrap())
        .collect()
}

#[test]
fn what_is_freed_is_told_by_space() {
    let mut service = Running::script(GARBAGE);
    let all = isolates(&service.run("gc", &["--json"]));
    let [one] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(one["pid"], service.pid());
    // 2e5 objects of 20 bytes at least.
    assert!(one["heap"]["freed"].as_i64().unwrap() > 4_000_000, "{one}");
    let spaces = one["spaces"].as_array().unwrap();
    let old = spaces
        .iter()
        .find(|space| space["name"] == "old_space")
        .unwrap();
    for change in [old, &one["heap"], &one["external"], &one["rss"]] {
        let bytes = |name: &str| change[name].as_i64().unwrap();
        assert_eq!(bytes("before") - bytes("after"), bytes("freed"));
    }
    let done = service.run("gc", &[]);
    done.check_code(0);
    for word in [
        "old_space",
        "before",
        "after",
        "freed",
        "all of the heap",
        "RSS",
    ] {
        assert!(done.stdout.contains(word), "{}", done.stdout);
    }
    service.check_left_alone();
}

#[test]
fn each_worker_thread_is_collected_for_itself() {
    let mut service = Running::script(WORKERS);
    let all = isolates(&service.run("gc", &["--json", "--isolate", "all"]));
    assert_eq!(names(&all), ["main", "worker-1", "worker-2"]);
    let one = isolates(&service.run("gc", &["--json", "--isolate", "mailer"]));
    assert_eq!(names(&one), ["worker-1"]);
    let one = isolates(&service.run("gc", &["--json", "--isolate", "worker-2"]));
    assert_eq!(names(&one), ["worker-2"]);
    let done = service.run("gc", &[]);
    done.check_code(0);
    assert!(
        done.stderr.contains("worker-1, worker-2"),
        "{}",
        done.stderr
    );
    let unknown = service.run("gc", &["--isolate", "worker-9"]);
    unknown.check_error(2, &["no isolate `worker-9`", "hint: "]);
    service.check_left_alone();
}

#[test]
fn each_process_of_a_cluster_is_collected_for_itself() {
    let mut service = Running::script(CLUSTER);
    let all = isolates(&service.run("gc", &["--json", "--isolate", "all"]));
    assert_eq!(names(&all), ["main"; 3]);
    let pids: Vec<u64> = all.iter().map(|one| one["pid"].as_u64().unwrap()).collect();
    assert!(
        pids[0] == u64::from(service.pid()) && pids[1] < pids[2],
        "{pids:?}"
    );
    let child = pids[1].to_string();
    let one = isolates(&service.run("gc", &["--json", "--isolate", &child]));
    assert_eq!((one.len(), &one[0]["pid"]), (1, &pids[1].into()));
    service.check_left_alone();
    // Node.js passes the signal on to them, and they open inspectors of their own.
    for pid in pids {
        check_nothing_listens(pid as u32);
    }
}

#[test]
fn a_service_may_be_given_by_its_name_its_address_or_its_command() {
    let service = Running::script(GARBAGE);
    let path = service.dir.path().join("service.js");
    let by_name = leakscope("gc")
        .args(["--json", path.to_str().unwrap()])
        .output();
    assert_eq!(
        isolates(&Done::of(&by_name.unwrap()))[0]["pid"],
        service.pid()
    );

    let port = service.port.to_string();
    let options = [&*format!("--inspect=127.0.0.1:{port}")];
    let open = Running::with("node", &options, GARBAGE);
    let port = port.parse::<u16>().unwrap();
    let by_address = leakscope("gc")
        .args(["--json", &format!(":{port}")])
        .output();
    assert_eq!(
        isolates(&Done::of(&by_address.unwrap()))[0]["pid"],
        open.pid()
    );

    let script = path.to_str().unwrap();
    let by_command = leakscope("gc")
        .args(["--json", "--", "node", script])
        .output();
    let all = isolates(&Done::of(&by_command.unwrap()));
    let pid = all[0]["pid"].as_u64().unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn several_that_fit_are_listed_where_nobody_can_be_asked() {
    let mark = format!("twin-{}", std::process::id());
    let script = format!("/* {mark} */ {GARBAGE}");
    let twins = [(); 2].map(|()| Running::with("node", &["--title", &mark], &script));
    let done = Done::of(&leakscope("gc").arg(&mark).output().unwrap());
    done.check_error(2, &["2 processes fit", "hint: give the process id"]);
    for twin in &twins {
        assert!(
            done.stderr.contains(&twin.pid().to_string()),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn on_a_terminal_the_user_is_asked_which_one() {
    let mark = format!("asked-{}", std::process::id());
    let script = format!("/* {mark} */ {GARBAGE}");
    let twins = [(); 2].map(|()| Running::with("node", &["--title", &mark], &script));
    let line = format!("{} gc --json {mark}", env!("CARGO_BIN_EXE_leakscope"));
    let mut command = std::process::Command::new("script");
    // Gives the command a terminal, and that our words.
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut terminal = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut terminal, b"nonsense\n2\n").unwrap();
    let done = Done::of(&child.wait_with_output().unwrap());
    done.check_code(0);
    let chosen = twins.iter().map(Running::pid).max().unwrap();
    assert!(done.stdout.contains("which one? [1-2]"), "{}", done.stdout);
    assert!(
        done.stdout.contains(&format!("\"pid\": {chosen}")),
        "{}",
        done.stdout
    );
}

#[test]
fn what_cannot_be_asked_is_told_with_what_to_do() {
    let nothing = Done::of(
        &leakscope("gc")
            .arg("no-such-service-here")
            .output()
            .unwrap(),
    );
    nothing.check_error(2, &["no process fits", "hint: "]);
    let gone = Done::of(&leakscope("gc").arg("4194305").output().unwrap());
    gone.check_error(2, &["there is no process 4194305", ":4194305"]);
    let own = std::process::id().to_string();
    let no_node = Done::of(&leakscope("gc").arg(&own).output().unwrap());
    no_node.check_error(4, &["no Node.js process", "leakscope watch"]);
    let ended = leakscope("gc")
        .args(["--", "node", "-e", "process.exit(3)"])
        .output();
    Done::of(&ended.unwrap()).check_error(4, &["the service has ended: exit code 3"]);
}

#[test]
fn a_process_of_another_user_is_told() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        // Only root can become somebody else for this.
        return;
    }
    let service = Running::script(GARBAGE);
    let dir = tempfile::TempDir::new().unwrap();
    let copy = dir.path().join("leakscope");
    std::fs::copy(env!("CARGO_BIN_EXE_leakscope"), &copy).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let mut command = std::process::Command::new(&copy);
    command
        .args(["gc", &service.pid().to_string()])
        .uid(65534)
        .gid(65534);
    let done = Done::of(&command.output().unwrap());
    done.check_error(4, &["belongs to the user `root`", "sudo -u root"]);
}
