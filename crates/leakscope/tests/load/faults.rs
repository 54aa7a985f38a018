//! Whatever the target does, every session is counted under its cause, and the load ends.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::servers::{answering_once, hold, nobody, open_websocket, read_frame, read_head, serve};
use crate::{Done, Load, gets, script};

const SESSIONS: u64 = 20;

/// Fails unless all sessions failed by `cause`, which the summary explains in one line.
fn check_cause(done: &Done, sessions: u64, cause: &str) {
    assert_eq!(
        done.counter(&format!("errors.{cause}")),
        sessions,
        "{done:#?}"
    );
    let line = format!("{sessions} × {cause}");
    let lines = done
        .stdout
        .lines()
        .filter(|told| told.contains(&line))
        .count();
    assert_eq!(lines, 1, "`{line}` is not told once: {done:#?}");
}

fn check_all_fail(port: u16, cause: &str) {
    let done = Load::of(&gets(port, SESSIONS)).run();
    done.check(5);
    check_cause(&done, SESSIONS, cause);
}

fn websockets(port: u16) -> Load {
    let flow = json!([{"send": "1"}, {"think": 5}]);
    Load::of(&script(
        &format!("ws://127.0.0.1:{port}"),
        "ws",
        SESSIONS,
        &flow,
    ))
}

fn check_all_websockets_fail(port: u16, cause: &str) {
    let done = websockets(port).run();
    done.check(5);
    check_cause(&done, SESSIONS, cause);
}

#[test]
fn a_target_that_refuses() {
    check_all_fail(nobody(), "ECONNREFUSED");
    check_all_websockets_fail(nobody(), "ECONNREFUSED");
}

/// Closes a connection with a reset rather than an end.
fn reset(stream: &TcpStream) {
    let at_once = std::time::Duration::ZERO;
    rustix::net::sockopt::set_socket_linger(stream, Some(at_once)).unwrap();
}

#[test]
fn a_target_that_resets() {
    let port = serve(|stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut reader);
        reset(&stream);
    });
    check_all_fail(port, "ECONNRESET");
}

#[test]
fn a_target_that_resets_websockets() {
    let port = serve(|mut stream| {
        if let Some(mut reader) = open_websocket(&mut stream) {
            read_frame(&mut reader);
            reset(&stream);
        }
    });
    check_all_websockets_fail(port, "ECONNRESET");
}

#[test]
fn a_target_that_stalls() {
    check_all_fail(serve(hold), "ETIMEDOUT");
    check_all_websockets_fail(serve(hold), "ETIMEDOUT");
}

#[test]
fn a_target_that_stalls_within_a_body() {
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut reader);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal")
            .unwrap();
        hold(stream);
    });
    check_all_fail(port, "ETIMEDOUT");
}

#[test]
fn a_target_that_sends_without_end() {
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut reader);
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut sent = stream.write_all(head);
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        while sent.is_ok() {
            sent = stream.write_all(chunk.as_bytes());
        }
    });
    let done = Load::of(&gets(port, 3)).limited("ulimit -v 500000").run();
    done.check(5);
    check_cause(&done, 3, "ETIMEDOUT");
}

#[test]
fn a_target_that_answers_garbage() {
    check_all_fail(
        answering_once(&b"\x16\x03\x01\0garbage\r\n\r\n"[..]),
        "the response is no HTTP",
    );
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n";
    check_all_fail(answering_once(chunked), "the response is no HTTP");
}

#[test]
fn a_target_whose_head_never_ends() {
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut reader);
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
        while sent.is_ok() {
            sent = stream.write_all(&[b'x'; 4096]);
        }
    });
    check_all_fail(port, "the response's head is too long");
}

#[test]
fn a_target_that_closes_without_an_answer() {
    check_all_fail(answering_once(""), "ECONNRESET");
}

#[test]
fn a_target_that_closes_within_a_body() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort";
    check_all_fail(answering_once(cut), "ECONNRESET");
    let cut = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n5\r\nsh";
    check_all_fail(answering_once(cut), "ECONNRESET");
}

#[test]
fn a_target_that_closes_within_a_frame() {
    let port = serve(|mut stream| {
        if let Some(mut reader) = open_websocket(&mut stream) {
            read_frame(&mut reader);
            stream.write_all(&[0x81, 100, b'a', b'b']).unwrap();
        }
    });
    check_all_websockets_fail(port, "the server closed the connection");
}

#[test]
fn a_target_that_closes_a_websocket_with_a_code() {
    let port = serve(|mut stream| {
        if let Some(mut reader) = open_websocket(&mut stream) {
            read_frame(&mut reader);
            stream.write_all(&[0x88, 2, 0x03, 0xf3]).unwrap();
            hold(stream);
        }
    });
    check_all_websockets_fail(port, "the server closed the connection (code 1011)");
}

#[test]
fn a_target_that_announces_more_than_there_is_memory() {
    let port = serve(|mut stream| {
        if let Some(mut reader) = open_websocket(&mut stream) {
            read_frame(&mut reader);
            let head = [0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
            stream.write_all(&head).unwrap();
            hold(stream);
        }
    });
    check_all_websockets_fail(port, "a message of more than 100 MiB");
}

#[test]
fn a_target_that_speaks_another_protocol() {
    let ssh = serve(|mut stream| {
        stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").unwrap();
        hold(stream);
    });
    check_all_fail(ssh, "the response is no HTTP");
    check_all_websockets_fail(ssh, "the response is no HTTP");
    let http = answering_once("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    check_all_websockets_fail(http, "the server refused the WebSocket (status 200)");
}

#[test]
fn a_target_without_tls_where_the_script_wants_it() {
    let port = answering_once("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let target = format!("https://127.0.0.1:{port}");
    let flow = json!([{"get": {"url": "/"}}]);
    let done = Load::of(&script(&target, "http", 3, &flow))
        .args(&["-k"])
        .run();
    done.check(5);
    assert_eq!(done.ours("failed"), 3);
}

#[test]
fn a_response_of_100_mb() {
    const LENGTH: usize = 100 << 20;
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut reader);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
        let mut sent = stream.write_all(head.as_bytes());
        for _ in 0..LENGTH >> 16 {
            sent = sent.and_then(|()| stream.write_all(&[b'x'; 1 << 16]));
        }
        sent.unwrap();
    });
    let mut script = gets(port, 4);
    script["config"]["timeout"] = 120.into();
    // Four at once, in less memory than one of them is long.
    let done = Load::of(&script).limited("ulimit -v 90000").run();
    done.check(0);
    assert_eq!(done.counter("http.downloaded_bytes"), 4 * LENGTH as u64);
}

#[test]
fn running_out_of_file_descriptors() {
    let port = serve(hold);
    let done = Load::of(&gets(port, 100)).limited("ulimit -n 40").run();
    done.check(5);
    let without = done.counter("errors.EMFILE");
    assert!((20..100).contains(&without), "{done:#?}");
    assert_eq!(done.counter("errors.ETIMEDOUT"), 100 - without);
    assert!(done.stdout.contains("ulimit -n"), "{}", done.stdout);
}

/// Says that a test runs where it may change what the network is like.
const ALONE: &str = "LEAKSCOPE_TEST_HAS_ITS_OWN_NETWORK";

#[test]
fn running_out_of_ports() {
    // In a network of its own, with a loopback of its own and few ports to connect from.
    let test = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net"])
        .arg(test)
        .args(["--exact", "faults::running_out_of_few_ports", "--ignored"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("1 passed"), "{output:#?}");
}

#[test]
#[ignore = "changes the ports of the machine: `running_out_of_ports` runs it in a network of its own"]
fn running_out_of_few_ports() {
    assert!(std::env::var_os(ALONE).is_some(), "this is not alone");
    raise_loopback();
    let range = "/proc/sys/net/ipv4/ip_local_port_range";
    std::fs::write(range, "40000 40019").unwrap();
    let done = Load::of(&gets(serve(hold), 100)).run();
    done.check(5);
    let without = done.counter("errors.EADDRNOTAVAIL");
    assert!((80..100).contains(&without), "{done:#?}");
    assert_eq!(done.counter("errors.ETIMEDOUT"), 100 - without);
    assert!(
        done.stdout.contains("ip_local_port_range"),
        "{}",
        done.stdout
    );
}

/// A new network has a loopback that is down.
fn raise_loopback() {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    // SAFETY: all of its fields may be zero.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the descriptor is open, and the request is what this control reads.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn some_sessions_fail_and_others_do_not() {
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let head = read_head(&mut reader).unwrap_or_default();
        let is_good = head.first().is_some_and(|line| line.contains("/good"));
        let answer = if is_good {
            "HTTP/1.1 204 No Content\r\n\r\n"
        } else {
            ""
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let mut script = gets(port, 40);
    script["scenarios"] = json!([
        {"name": "good", "flow": [{"get": {"url": "/good"}}]},
        {"name": "bad", "flow": [{"get": {"url": "/bad"}}]},
    ]);
    let done = Load::of(&script).run();
    done.check(0);
    let bad = done.counter("vusers.created_by_name.bad");
    assert!(bad > 0 && bad < 40, "{bad}");
    check_cause(&done, bad, "ECONNRESET");
}

#[test]
fn ctrl_c_ends_a_load_with_its_summary() {
    let (third_came, connections) = std::sync::mpsc::channel();
    let count = AtomicU64::new(0);
    let port = serve(move |stream| {
        if count.fetch_add(1, Ordering::SeqCst) == 2 {
            third_came.send(()).unwrap();
        }
        hold(stream);
    });
    let mut script = gets(port, 1);
    script["config"]["timeout"] = 600.into();
    script["config"]["phases"] = json!([{"duration": 600, "arrivalRate": 20}]);
    let load = Load::of(&script).args(&["--log-sessions", "sessions.jsonl"]);
    let mut child = load.command().stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("Phase: ") {
        assert!(stderr.read_line(&mut told).unwrap() > 0, "{told}");
    }
    // The third session is there.
    connections.recv().unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    while stderr.read_line(&mut told).unwrap() > 0 {}
    let output = child.wait_with_output().unwrap();
    let done = load.done(&output);
    done.check(130);
    assert!(told.contains("error: interrupted"), "{told}");
    assert!(
        done.stdout.contains("12000 sessions planned"),
        "{}",
        done.stdout
    );
    let started = done.ours("started");
    assert!(started >= 3, "{done:#?}");
    assert_eq!(done.counter("errors.interrupted"), started);
    let log = std::fs::read_to_string(load.file("sessions.jsonl")).unwrap();
    assert_eq!(log.lines().count() as u64, started);
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let port = crate::servers::answering(crate::servers::HELLO);
    let load = Load::of(&gets(port, 1));
    let args = vec![
        load.args[0].clone(),
        "-o".into(),
        "no/such/folder/report.json".into(),
    ];
    let done = Load { args, ..load }.run();
    assert_eq!(done.code, Some(6), "{done:#?}");
    assert!(done.stderr.contains("no/such/folder"), "{}", done.stderr);
}
