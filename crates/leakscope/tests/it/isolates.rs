//! Worker threads and cluster children are judged each for itself.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Done, Hunt, free_port, read_json, service};
use crate::running::{Running, check_nothing_listens, leakscope};

fn hunt(file: &str, keep: &str) -> Hunt {
    Hunt::on(&["node", &service(file)])
        .http_load()
        .arg("--quick")
        .arg("--json")
        .arg("verdict.json")
        .env("KEEP", Path::new(keep))
}

fn verdict(hunt: &Hunt, code: i32) -> (serde_json::Value, String) {
    let done = hunt.run();
    done.check_code(code);
    hunt.check_nothing_is_left();
    let verdict = read_json(&hunt.dir.path().join("verdict.json"));
    (verdict, done.stdout)
}

/// The same again from the folder alone.
fn check_judged_again(hunt: &Hunt, verdict: &serde_json::Value) {
    let words = [
        env!("CARGO_BIN_EXE_leakscope"),
        "judge",
        "run",
        "--json",
        "again.json",
    ];
    let output = hunt.command(&words.map(Into::into)).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code <= 1));
    assert_eq!(read_json(&hunt.dir.path().join("again.json")), *verdict);
}

fn outcomes(verdict: &serde_json::Value) -> Vec<(&str, &str, &str)> {
    let isolates = verdict["isolates"].as_array().unwrap().iter();
    isolates
        .map(|isolate| {
            let file = isolate["script"].as_str().unwrap_or_default();
            let file = file.rsplit('/').next().unwrap_or_default();
            let field = |name: &str| isolate[name].as_str().unwrap_or_default();
            (field("kind"), file, field("outcome"))
        })
        .collect()
}

#[test]
fn the_worker_thread_that_leaks_is_named_and_its_neighbor_is_not() {
    let hunt = hunt("workers/server.js", "yes");
    let (verdict, text) = verdict(&hunt, 1);
    let all = outcomes(&verdict);
    assert_eq!(
        all,
        [
            ("main", "", "clean"),
            ("worker", "keeper.js", "leaking"),
            ("worker", "echo.js", "clean"),
        ]
    );
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["isolate"], "worker-1");
    assert_eq!(suspect["holder"]["name"], "jobs");
    assert_eq!(suspect["holder"]["gains_per_session"], 1.0, "{suspect:#}");
    assert_eq!(
        suspect["writer"]["text"],
        "jobs.push({ job, at: new Date() });"
    );
    assert!(verdict["suspects"].as_array().unwrap().len() == 1);
    assert!(text.contains(" per session in worker 1 ("), "{text}");
    let files = hunt.run_dir();
    assert!(files.join("2-round-1.worker-1.heapsnapshot").is_file());
    assert!(files.join("allocations.worker-1.heapprofile").is_file());
    check_judged_again(&hunt, &verdict);
}

#[test]
fn worker_threads_that_let_go_are_clean() {
    let hunt = hunt("workers/server.js", "no");
    let (verdict, text) = verdict(&hunt, 0);
    assert!(
        outcomes(&verdict)
            .iter()
            .all(|(_, _, outcome)| *outcome == "clean")
    );
    assert_eq!(outcomes(&verdict).len(), 3);
    assert!(text.contains("  isolates   main, worker 1 ("), "{text}");
}

#[test]
fn cluster_children_are_judged_as_one_however_the_kernel_spreads_the_load() {
    let hunt = hunt("cluster.js", "yes");
    let (verdict, text) = verdict(&hunt, 1);
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["holder"]["class"], "Map");
    assert_eq!(suspect["holder"]["name"], "served");
    assert_eq!(suspect["holder"]["gains_per_session"], 1.0, "{suspect:#}");
    assert!(
        suspect["writer"]["text"]
            .as_str()
            .unwrap()
            .contains("served.set(")
    );
    assert_eq!(suspect["isolates"][0]["kind"], "cluster-child");
    assert!(text.contains("cluster"), "{text}");
    assert!(outcomes(&verdict).contains(&("main", "", "clean")));
    check_judged_again(&hunt, &verdict);
}

#[test]
fn the_forked_child_that_leaks_is_named_and_its_neighbor_is_not() {
    let hunt = hunt("forked.js", "yes");
    let (verdict, text) = verdict(&hunt, 1);
    let all = outcomes(&verdict);
    // A quick hunt may not decide about the parent.
    assert!(all[0].0 == "main" && all[0].2 != "leaking", "{all:?}");
    let children = [
        ("child", "forked.js", "leaking"),
        ("child", "forked.js", "clean"),
    ];
    assert_eq!(all[1..], children);
    let isolate = verdict["isolates"][1]["name"].as_str().unwrap();
    let pid = isolate.strip_prefix("child-").unwrap();
    let suspects = verdict["suspects"].as_array().unwrap();
    let [suspect] = suspects.as_slice() else {
        panic!("{suspects:#?}");
    };
    assert_eq!(suspect["isolate"], isolate);
    assert_eq!(suspect["holder"]["name"], "orders");
    assert_eq!(suspect["holder"]["gains_per_session"], 1.0, "{suspect:#}");
    assert!(
        suspect["writer"]["text"]
            .as_str()
            .unwrap()
            .contains("orders.push({ order, at: new Date() });")
    );
    assert!(
        text.contains(&format!(" per session in child {pid} (")),
        "{text}"
    );
    let snapshot = format!("2-round-1.{isolate}.heapsnapshot");
    assert!(hunt.run_dir().join(snapshot).is_file());
    check_judged_again(&hunt, &verdict);
}

/// The processes that a service has started, as the kernel lists them.
fn children(pid: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let pids = listed.unwrap();
    pids.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

#[test]
fn the_forked_children_of_a_service_that_runs_are_judged_too_and_left_as_they_were() {
    let port = free_port();
    let script = include_str!("../services/forked.js")
        .replace("Number(process.env.PORT)", &port.to_string());
    // All three would open their inspectors on one port.
    let mut running = Running::script(&script);
    let load = running.dir.path().join("load.json");
    let text = format!(
        r#"{{"config":{{"target":"http://127.0.0.1:{port}","phases":[{{"duration":10,
           "arrivalRate":50}}]}},"scenarios":[{{"flow":[{{"get":{{"url":"/"}}}}]}}]}}"#
    );
    std::fs::write(&load, text).unwrap();
    let (pid, dir) = (running.pid(), running.dir.path().to_owned());
    let begin = |out: &str| -> Child {
        let mut hunt = leakscope("hunt");
        hunt.args(["--attach", &pid.to_string(), "--load"])
            .arg(&load)
            .args(["--quick", "--json", "-", "--out", out])
            .current_dir(&dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        hunt.spawn().unwrap()
    };
    let children = children(pid);

    // In the middle of its warm-up, when it is in conversation with all of them.
    let mut interrupted = begin("interrupted");
    let mut stderr = BufReader::new(interrupted.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().contains("the service is ready")));
    kill_process(Pid::from_child(&interrupted), Signal::INT).unwrap();
    stderr.for_each(|line| drop(line.unwrap()));
    assert_eq!(interrupted.wait().unwrap().code(), Some(130));
    running.check_left_alone();
    children.iter().copied().for_each(check_nothing_listens);

    let done = Done::of(&begin("run").wait_with_output().unwrap());
    done.check_code(1);
    running.check_left_alone();
    children.iter().copied().for_each(check_nothing_listens);
    let verdict: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["isolate"], format!("child-{}", children[0]));
    assert_eq!(suspect["holder"]["name"], "orders");
    assert_eq!(suspect["holder"]["gains_per_session"], 1.0, "{suspect:#}");
    assert_eq!(outcomes(&verdict)[2].2, "clean", "{verdict:#}");
}

#[test]
fn workers_that_wait_block_and_end_make_no_leak_and_do_not_stop_a_hunt() {
    let hunt = hunt("restless.js", "no");
    let (verdict, _) = verdict(&hunt, 0);
    let warnings = verdict["warnings"].to_string();
    assert!(
        warnings.contains("did not answer within 10 s"),
        "{warnings}"
    );
    let judged = outcomes(&verdict);
    assert!(
        judged.contains(&("worker", "restless.js", "clean")),
        "{judged:?}"
    );
}
