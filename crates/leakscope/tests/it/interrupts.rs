//! Ctrl-C at any moment, and worse: the service and its children end, what was recorded stays.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Done, Hunt, service};

/// Starts a hunt and reads its stderr until it has told the stage before the wanted one.
fn hunt_until(hunt: &Hunt, line: &str) -> (Child, BufReader<ChildStderr>) {
    let mut child = hunt.command(&hunt.words()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.lines().any(|told| told.trim_start().starts_with(line)) {
        let n = stderr.read_line(&mut text).unwrap();
        assert!(n > 0, "ended before `{line}`: {text}");
    }
    (child, stderr)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn check_interrupted(hunt: &Hunt, after: &str, signal: Signal) {
    let (mut child, mut stderr) = hunt_until(hunt, after);
    send(&child, signal);
    let mut rest = String::new();
    while stderr.read_line(&mut rest).unwrap() > 0 {}
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(
        rest.contains("interrupted") && rest.contains("what was recorded"),
        "{rest}"
    );
    hunt.check_nothing_is_left();
    assert_eq!(hunt.recording()["exit"]["end"], "interrupted");
}

/// Through a shell, and with a child of its own that does not listen to SIGTERM.
fn stubborn() -> Hunt {
    let command = format!("node '{}' & wait", service("stubborn.js"));
    Hunt::on(&["sh", "-c", &command]).http_load()
}

#[test]
fn ctrl_c_before_the_service_is_ready() {
    let hunt = Hunt::on(&["node", "-e", "setInterval(() => {}, 1000)"]).http_load();
    check_interrupted(&hunt, "folder", Signal::INT);
}

#[test]
fn ctrl_c_in_the_warm_up() {
    check_interrupted(&stubborn(), "start", Signal::INT);
}

#[test]
fn ctrl_c_in_the_idle_round() {
    check_interrupted(&stubborn(), "warm-up", Signal::INT);
}

#[test]
fn sigterm_in_a_round() {
    check_interrupted(&stubborn(), "idle round", Signal::TERM);
}

#[test]
fn one_round_is_not_enough_to_judge_by() {
    let hunt = stubborn();
    check_interrupted(&hunt, "round 1", Signal::INT);
    let judged = std::process::Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["judge", hunt.run_dir().to_str().unwrap(), "--json", "-"])
        .output()
        .unwrap();
    let judged = Done::of(&judged);
    judged.check_code(3);
    let verdict: serde_json::Value = serde_json::from_str(&judged.stdout).unwrap();
    assert_eq!(verdict["rule"], "enough_data", "{verdict}");
    assert_eq!(verdict["rounds"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_killed_leakscope_leaves_no_service_behind() {
    let command = ["node", &service("stubborn.js")];
    let hunt = Hunt::on(&command).http_load();
    let (mut child, _stderr) = hunt_until(&hunt, "start");
    send(&child, Signal::KILL);
    child.wait().unwrap();
    // The kernel ends the service when its parent is gone; that it has done so is waited for.
    while hunt
        .processes()
        .iter()
        .any(|(_, command)| !command.contains("child-of-stubborn"))
    {
        std::thread::yield_now();
    }
    for (pid, _) in hunt.processes() {
        // A child of the service is the service's own to end, which it was given no time for.
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        let _ = kill_process(pid, Signal::KILL);
    }
    assert_eq!(hunt.recording()["stages"][0]["stage"], "start");
}
