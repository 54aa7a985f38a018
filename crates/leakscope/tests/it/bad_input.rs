//! What goes wrong is said, with the documented exit code; nothing is left running, and what was
//! recorded stays.

use std::net::TcpListener;

use crate::harness::{Done, Hunt, service};

#[test]
fn a_command_that_does_not_exist() {
    let hunt = Hunt::on(&["no-such-program-anywhere", "server.js"]).http_load();
    hunt.run()
        .check_error(4, &["no-such-program-anywhere", "hint: "]);
    hunt.check_nothing_is_left();
}

#[test]
fn a_service_that_exits_at_once() {
    let hunt = Hunt::on(&[
        "node",
        "-e",
        "console.error('no database'); process.exit(3)",
    ]);
    let hunt = hunt.http_load();
    hunt.run()
        .check_error(4, &["before it was ready", "exit code 3", "| no database"]);
    hunt.check_nothing_is_left();
    assert_eq!(hunt.recording()["exit"]["end"], "failed");
}

#[test]
fn a_service_that_never_gets_ready() {
    let hunt = Hunt::on(&[
        "node",
        "-e",
        "console.log('thinking'); setInterval(() => {}, 1000)",
    ])
    .http_load()
    .arg("--ready-timeout")
    .arg("1.5");
    let done = hunt.run();
    done.check_error(4, &["not ready", "1.5 s", &hunt.port.to_string(), "hint: "]);
    hunt.check_nothing_is_left();
}

#[test]
fn a_service_that_dies_in_the_middle_of_a_round() {
    let hunt = Hunt::on(&["node", &service("dies-in-a-round.js")]).http_load();
    let hunt = {
        let dir = hunt.run_dir();
        hunt.env("RUN_DIR", &dir)
    };
    hunt.run()
        .check_error(4, &["in the round 1", "exit code 7", "| out of luck"]);
    hunt.check_nothing_is_left();
    let recording = hunt.recording();
    let stages = recording["stages"].as_array().unwrap();
    assert_eq!(stages[1]["stage"], "warm-up");
    assert!(
        stages[1]["readings"]
            .as_array()
            .is_some_and(|r| r.len() >= 3),
        "{stages:#?}"
    );
    assert!(hunt.run_dir().join("0-warm-up.heapsnapshot").is_file());
    let samples = std::fs::read_to_string(hunt.run_dir().join("samples.csv")).unwrap();
    assert!(samples.lines().count() > 2, "{samples}");
}

#[test]
fn a_service_that_is_killed_during_a_snapshot() {
    let hunt = Hunt::on(&["node", &service("dies-in-snapshot.js")]).http_load();
    let hunt = {
        let dir = hunt.run_dir();
        hunt.env("RUN_DIR", &dir)
    };
    hunt.run().check_error(4, &["in the warm-up", "SIGKILL"]);
    hunt.check_nothing_is_left();
    let files: Vec<_> = std::fs::read_dir(hunt.run_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("heapsnapshot"))
        .collect();
    assert_eq!(files, [""; 0], "no half snapshot is left");
    assert_eq!(hunt.recording()["stages"][1]["stage"], "warm-up");
}

#[test]
fn a_script_that_is_neither_json_nor_yaml() {
    check_script(
        "config: [unclosed\n  \"",
        &["bad.json", "nothing was started"],
    );
}

#[test]
fn a_script_without_a_target() {
    let text = r#"{"config":{"phases":[{"duration":1,"arrivalRate":1}]},
        "scenarios":[{"flow":[{"get":{"url":"/"}}]}]}"#;
    check_script(text, &["bad.json:1:", "target"]);
}

#[test]
fn a_script_with_an_unknown_engine() {
    let text = "{\"config\":{\"target\":\"ws://127.0.0.1:1\",\"phases\":[{\"duration\":1,\n\
        \"arrivalRate\":1}]},\"scenarios\":[\n{\"engine\":\"wss\",\"flow\":[{\"send\":\"1\"}]}]}";
    check_script(
        text,
        &["bad.json:3:", "engine", "`wss`", "did you mean `ws`?"],
    );
}

fn check_script(text: &str, words: &[&str]) {
    let hunt = Hunt::on(&["node", &service("plain.js")])
        .arg("--load")
        .arg("bad.json");
    std::fs::write(hunt.dir.path().join("bad.json"), text).unwrap();
    hunt.run().check_error(2, words);
    hunt.check_nothing_is_left();
    assert!(!hunt.run_dir().exists(), "nothing ran, nothing is left");
}

#[test]
fn a_script_that_is_not_there() {
    let hunt = Hunt::on(&["node", "-e", ""])
        .arg("--load")
        .arg("nowhere.json");
    hunt.run().check_error(2, &["nowhere.json"]);
    let hunt = Hunt::on(&["node", "-e", ""]);
    hunt.run()
        .check_error(2, &["no load script given", "hint: "]);
}

#[test]
fn a_port_that_is_taken() {
    let hunt = Hunt::on(&["node", &service("plain.js")]).http_load();
    let _taken = TcpListener::bind(("127.0.0.1", hunt.port)).unwrap();
    let port = hunt.port.to_string();
    let own_pid = std::process::id().to_string();
    hunt.run()
        .check_error(4, &[&port, "in use", &own_pid, "hint: "]);
    hunt.check_nothing_is_left();
}

#[test]
fn a_full_disk_for_the_run_folder() {
    let refused = on_a_small_disk(&Hunt::on(&["node", &service("plain.js")]).http_load());
    let words = [
        "a heap snapshot needs ",
        " on the disk, and ",
        "hint: ",
        "--out DIR",
    ];
    refused.check_error(6, &words);
    let tried = Hunt::on(&["node", &service("plain.js")]).http_load();
    let tried = on_a_small_disk(&tried.arg("--force"));
    tried.check_error(6, &["heapsnapshot", "No space left", "hint: ", "--out DIR"]);
}

/// A hunt whose folder has room for all but a snapshot.
fn on_a_small_disk(hunt: &Hunt) -> Done {
    std::fs::create_dir(hunt.run_dir()).unwrap();
    let disk = hunt.run_dir().to_str().unwrap().to_owned();
    // A disk that only this command sees; what is on it is copied out at the end.
    let script = format!(
        "mount -t tmpfs -o size=3m none '{disk}' && {{ \"$@\"; code=$?; \
         cp '{disk}/run.json' kept.json; exit $code; }}"
    );
    let mut words: Vec<std::ffi::OsString> = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        &script,
        "sh",
    ]
    .map(Into::into)
    .into();
    words.extend(hunt.words());
    let done = Done::of(&hunt.command(&words).output().unwrap());
    hunt.check_nothing_is_left();
    let kept = crate::harness::read_json(&hunt.dir.path().join("kept.json"));
    assert_eq!(kept["stages"][1]["stage"], "warm-up");
    assert_eq!(kept["exit"]["end"], "failed");
    done
}

#[test]
fn a_folder_that_holds_something_already() {
    let hunt = Hunt::on(&["node", "-e", ""]).http_load();
    std::fs::create_dir(hunt.run_dir()).unwrap();
    std::fs::write(hunt.run_dir().join("precious.txt"), "mine").unwrap();
    hunt.run().check_error(2, &["not empty", "--overwrite"]);
    let hunt = hunt.arg("--overwrite");
    hunt.run().check_error(2, &["not empty"]);
    assert_eq!(
        std::fs::read_to_string(hunt.run_dir().join("precious.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn a_service_that_answers_nobody() {
    let refuse = "require('net').createServer(s => s.destroy()).listen({port})";
    let hunt = Hunt::on(&["node", "-e", refuse]).http_load();
    hunt.run()
        .check_error(5, &["all 5", "sessions of the warm-up failed", "hint: "]);
    hunt.check_nothing_is_left();
}

#[test]
fn a_target_elsewhere_is_not_put_under_load() {
    let hunt = Hunt::on(&["node", "-e", ""]).arg("--load").arg("far.json");
    let text = r#"{"config":{"target":"https://shop.example","phases":[{"duration":1,
        "arrivalRate":1}]},"scenarios":[{"flow":[{"get":{"url":"/"}}]}]}"#;
    std::fs::write(hunt.dir.path().join("far.json"), text).unwrap();
    let mut words = hunt.words();
    words.drain(2..4);
    let done = Done::of(&hunt.command(&words).output().unwrap());
    done.check_error(2, &["https://shop.example", "--target"]);
}

#[test]
fn a_run_folder_that_is_none() {
    let dir = tempfile::TempDir::new().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["judge", dir.path().to_str().unwrap()])
        .output()
        .unwrap();
    Done::of(&output).check_error(2, &["run.json", "hint: "]);
}
