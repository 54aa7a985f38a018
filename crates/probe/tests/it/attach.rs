//! Attaching to a process that runs already, and every reason why that cannot be.

use std::net::TcpListener;

use probe::{Error, Opening, Packing, Process, Target, Unreachable};
use rustix::process::{Pid, Signal, kill_process};

use crate::child::{IDLE, Running, free_port, is_open, node_of_major};

/// A Node.js that opens its inspector on a port of its own when it is told to.
fn idle_node(node: &str, port: u16) -> Running {
    Running::start(&[node, &format!("--inspect-port={port}"), "-e", IDLE])
}

async fn unreachable(process: &Process) -> Unreachable {
    match probe::attach(process, Opening::BySignal).await {
        Err(Error::Unreachable(unreachable)) => {
            assert!(unreachable.hint().is_some(), "{unreachable}");
            unreachable
        }
        other => panic!("attached, or failed otherwise: {other:?}"),
    }
}

#[tokio::test]
async fn every_major_opens_its_inspector_and_closes_it_again() {
    let others = [18, 22, 24, 26].map(node_of_major);
    for node in ["node"]
        .into_iter()
        .chain(others.iter().map(String::as_str))
    {
        let port = free_port();
        let running = idle_node(node, port);
        // Twice: what was closed can be opened again.
        for _ in 0..2 {
            let attached = probe::attach(&running.process(), Opening::BySignal).await;
            let attached = attached.unwrap();
            assert!(attached.was_opened() && is_open(port));
            let facts = attached.inspector().facts().await.unwrap();
            assert_eq!(facts.pid, running.pid());
            attached.detach().await.unwrap();
            assert!(!is_open(port), "{node} left its inspector open");
        }
        assert!(running.process().is_alive());
    }
}

#[tokio::test]
async fn every_major_makes_way_for_a_child_with_the_same_port() {
    let others = [18, 22, 24, 26].map(node_of_major);
    for node in ["node"]
        .into_iter()
        .chain(others.iter().map(String::as_str))
    {
        let port = free_port();
        let forks = "const { fork } = require('child_process');
            const path = require('path').join(require('os').tmpdir(), `forked-${process.pid}.js`);
            require('fs').writeFileSync(path, \"process.send('up'); setInterval(() => {}, 1000)\");
            fork(path).on('message', () => { require('fs').unlinkSync(path); console.log('up'); });";
        let option = format!("--inspect-port={port}");
        let running = Running::start(&[node, &option, "-e", forks]);
        let parent = running.process();
        assert!(parent.shares_inspector_port(), "{node}");
        let [child] = parent.script_children().try_into().unwrap();
        // Twice: both are as they were.
        for _ in 0..2 {
            let attached = probe::attach(&parent, Opening::BySignal).await.unwrap();
            assert!(is_open(port), "{node}");
            let of_parent = attached.make_way().await.unwrap();
            assert!(!is_open(port), "{node}");
            let attached = probe::attach(&child, Opening::BySignal).await.unwrap();
            let of_child = attached.make_way().await.unwrap();
            for (attached, pid) in [(&of_parent, parent.pid), (&of_child, child.pid)] {
                assert_eq!(attached.inspector().facts().await.unwrap().pid, pid);
            }
            of_parent.detach().await.unwrap();
            of_child.detach().await.unwrap();
            assert!(!is_open(port), "{node}");
        }
        assert!(parent.is_alive() && child.is_alive());
    }
}

#[tokio::test]
async fn a_blocked_event_loop_is_attached_to_all_the_same() {
    let port = free_port();
    let option = format!("--inspect-port={port}");
    // The clock goes on; the event loop does not.
    let block = "console.log('up'); const end = Date.now() + 3000; while (Date.now() < end);\
                 setInterval(() => {}, 1000)";
    let running = Running::start(&["node", &option, "-e", block]);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    let attached = attached.unwrap();
    assert_eq!(
        attached.inspector().facts().await.unwrap().pid,
        running.pid()
    );
    attached.detach().await.unwrap();
    assert!(!is_open(port));
}

#[tokio::test]
async fn an_inspector_that_was_open_stays_open() {
    let port = free_port();
    let option = format!("--inspect=127.0.0.1:{port}");
    let running = Running::start(&["node", &option, "-e", IDLE]);
    let attached = probe::attach(&running.process(), Opening::Never).await;
    let attached = attached.unwrap();
    assert!(!attached.was_opened());
    assert_eq!(attached.process(), Some(&running.process()));
    attached.detach().await.unwrap();
    assert!(is_open(port));
    let target: Target = format!("localhost:{port}").parse().unwrap();
    let Target::Inspector(endpoint) = &target else {
        panic!("{target}");
    };
    let attached = probe::attach_at(endpoint).await.unwrap();
    assert_eq!(attached.process(), Some(&running.process()));
    let error = probe::attach(&idle_node("node", free_port()).process(), Opening::Never).await;
    assert!(matches!(
        error,
        Err(Error::Unreachable(Unreachable::NotOpen { .. }))
    ));
}

#[tokio::test]
async fn any_port_is_found_where_any_was_asked_for() {
    for option in ["--inspect=0", "--inspect-port=0"] {
        let running = Running::start(&["node", option, "-e", IDLE]);
        let attached = probe::attach(&running.process(), Opening::BySignal).await;
        let attached = attached.unwrap();
        assert_eq!(
            attached.inspector().facts().await.unwrap().pid,
            running.pid()
        );
        assert_eq!(attached.was_opened(), option == "--inspect-port=0");
    }
}

#[tokio::test]
async fn a_program_that_titles_itself_is_attached_to_all_the_same() {
    // The title takes the place of the command line, so that nothing tells the port.
    let port = free_port();
    let by_signal = format!("process.title = 'worker bee'; {IDLE}");
    let option = format!("--inspect-port={port}");
    let running = Running::start(&["node", &option, "-e", &by_signal]);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    let attached = attached.unwrap();
    assert!(attached.was_opened());
    attached.detach().await.unwrap();

    let by_itself = format!("require('inspector').open({port}); {by_signal}");
    let running = Running::start(&["node", "-e", &by_itself]);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    assert!(!attached.unwrap().was_opened());
    assert!(is_open(port));
}

#[tokio::test]
async fn a_taken_port_is_told_with_its_owner_and_no_signal_is_sent() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let running = idle_node("node", port);
    let error = unreachable(&running.process()).await;
    let Unreachable::PortTaken { owner, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(owner.as_ref().unwrap().pid, std::process::id());
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    drop(taken);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    assert!(attached.unwrap().was_opened(), "the first try left nothing");
}

#[tokio::test]
async fn what_is_no_node_is_not_sent_a_signal_that_would_end_it() {
    let running = Running::start(&["sh", "-c", "echo up; sleep 100; true"]);
    let error = unreachable(&running.process()).await;
    assert!(matches!(error, Unreachable::NotNode { .. }), "{error}");
    assert!(running.process().is_alive());
}

#[tokio::test]
async fn a_disabled_inspector_is_told_and_the_service_lives() {
    let node = node_of_major(24);
    let running = Running::start(&[&node, "--disable-sigusr1", "-e", IDLE]);
    let error = unreachable(&running.process()).await;
    assert!(matches!(error, Unreachable::Disabled { .. }), "{error}");
    assert!(running.process().is_alive());
}

#[tokio::test]
async fn a_service_with_the_signal_for_itself_is_told() {
    let code = format!("process.on('SIGUSR1', () => {{}}); {IDLE}");
    let option = format!("--inspect-port={}", free_port());
    let running = Running::start(&["node", &option, "-e", &code]);
    let error = unreachable(&running.process()).await;
    assert!(matches!(error, Unreachable::DidNotOpen { .. }), "{error}");
}

#[tokio::test]
async fn a_stopped_process_is_told() {
    let running = idle_node("node", free_port());
    let pid = Pid::from_raw(i32::try_from(running.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let error = loop {
        // The signal takes its time to arrive.
        match probe::attach(&running.process(), Opening::Never).await {
            Err(Error::Unreachable(Unreachable::NotOpen { .. })) => {}
            other => break other.map(drop).unwrap_err(),
        }
    };
    assert!(error.to_string().contains("is stopped"), "{error}");
    assert!(error.hint().unwrap().contains("kill -CONT"), "{error}");
}

#[tokio::test]
async fn a_process_in_a_container_of_its_own_is_attached_to() {
    let unshare = [
        "unshare",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ];
    let script = format!("ip link set lo up; exec node -e \"{IDLE}\"");
    let mut words = unshare.to_vec();
    words.extend(["sh", "-c", &script]);
    if !rustix::process::geteuid().is_root() {
        // Only root makes and enters such namespaces; for others this is the error.
        return;
    }
    let running = Running::start(&words);
    let children = format!("/proc/{0}/task/{0}/children", running.pid());
    let inner: u32 = std::fs::read_to_string(children)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let process = Process::of(inner).unwrap();
    assert_eq!(process.inner_pid, 1);
    let attached = probe::attach(&process, Opening::BySignal).await.unwrap();
    let facts = attached.inspector().facts().await.unwrap();
    assert_eq!(facts.pid, 1, "as it sees itself");
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("a.heapsnapshot");
    let inspector = attached.inspector();
    let piped = inspector.take_piped_snapshot(&path, Packing::Plain, |_| {});
    assert!(piped.await.unwrap().is_none(), "it has a /proc of its own");
    inspector.take_snapshot(&path, |_, _| {}).await.unwrap();
    assert!(path.is_file());
    attached.detach().await.unwrap();
    assert!(process.is_alive());
}

#[tokio::test]
async fn what_is_no_inspector_is_told() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    });
    for port in [port, free_port()] {
        let target: Target = format!(":{port}").parse().unwrap();
        let Target::Inspector(endpoint) = target else {
            panic!("{target}");
        };
        let error = probe::attach_at(&endpoint).await.unwrap_err();
        assert!(
            error.to_string().starts_with("no inspector at 127.0.0.1:"),
            "{error}"
        );
    }
    answering.join().unwrap();
}

#[test]
fn a_pattern_finds_the_service_and_not_the_shell_around_it() {
    let mark = format!("mark-{}", std::process::id());
    let script = format!("node -e \"{IDLE}\" {mark}-a & node -e \"{IDLE}\" {mark}-b & wait");
    let shell = Running::start(&["sh", "-c", &script]);
    let find = |pattern: &str| {
        let target: Target = pattern.parse().unwrap();
        target.process()
    };
    // Both have printed before both were looked for only if we wait for both.
    let both = loop {
        match find(&mark) {
            Err(Error::Unreachable(Unreachable::Several { found, .. })) => break found,
            other => assert!(other.is_ok(), "{other:?}"),
        }
    };
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both.iter().all(|p| p.parent == shell.pid()), "{both:?}");
    let one = find(&format!("node*{mark}-a").to_uppercase())
        .unwrap()
        .unwrap();
    assert!(one.command_line().ends_with("-a"));
    let error = find(&format!("{mark}-c")).unwrap_err();
    assert!(error.to_string().contains("no process fits"), "{error}");
}

#[test]
fn a_process_that_is_gone_is_told_with_what_else_the_number_may_be() {
    let target = Target::Pid(4_194_305);
    let error = target.process().unwrap_err();
    assert_eq!(error.to_string(), "there is no process 4194305");
    assert!(error.hint().unwrap().contains(":4194305"), "{error}");
}
