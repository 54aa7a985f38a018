//! The hunt as it is done by hand.

use tempfile::TempDir;

use crate::harness::{Hunt, examples, read_json, service};

/// The calculator's sessions, `rate` of them a second.
fn script(dir: &TempDir, seconds: u32, rate: u32) -> String {
    let text = format!(
        r#"{{"config": {{"target": "ws://localhost:1",
            "phases": [{{"duration": {seconds}, "arrivalRate": {rate}}}]}},
            "scenarios": [{{"engine": "ws", "flow": [{{"send": "1"}}, {{"send": "2"}}, {{"send": "+"}}]}}]}}"#
    );
    let path = dir.path().join("load.json");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_scripts_own_load_is_captured_at_the_start_halfway_and_after() {
    let dir = TempDir::new().unwrap();
    let server = examples().join("calc-server/server.js");
    let hunt = Hunt::on(&["node", server.to_str().unwrap()])
        .arg("--walkthrough")
        .arg("--load")
        .arg(&script(&dir, 12, 20));
    let done = hunt.run();
    done.check_code(1);
    let verdict = read_json(&hunt.run_dir().join("verdict.json"));
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["class"], "WebSocket", "{suspect:#}");
    assert!(done.stdout.contains("Array `clients`"), "{}", done.stdout);
    assert!(!done.stdout.contains("--max-settle"), "{}", done.stdout);
    let recording = hunt.recording();
    let stages = recording["stages"].as_array().unwrap();
    let captured = |stage: usize| stages[stage]["snapshot"]["file"].as_str().unwrap();
    // The start of the service is a stage of its own.
    assert_eq!(captured(1), "0-start.heapsnapshot");
    assert_eq!(captured(2), "1-halfway.heapsnapshot");
    assert_eq!(captured(3), "2-after.heapsnapshot");
    let sessions = |stage: usize| stages[stage]["ledger"]["created"].as_u64().unwrap();
    assert_eq!(sessions(1), 0);
    assert!(sessions(2) >= 120 && sessions(3) > 0, "{stages:#?}");
    assert_eq!(sessions(2) + sessions(3), 240);
    hunt.check_nothing_is_left();
}

#[test]
fn a_script_with_a_handful_of_sessions_is_not_walked_through() {
    let dir = TempDir::new().unwrap();
    let hunt = Hunt::on(&["node", &service("plain.js")])
        .arg("--walkthrough")
        .arg("--load")
        .arg(&script(&dir, 3, 5));
    let refused = hunt.run();
    refused.check_error(2, &["has 15 sessions by its phases", "20 or more"]);
    assert!(!hunt.run_dir().exists());
}
