//! The main job: the leaking calculator is found out, the repaired one is not accused.

use std::sync::OnceLock;

use crate::harness::{Done, Hunt, examples, node_of_major, read_json};

#[test]
fn the_leak_of_the_calculator_is_found_and_named() {
    let (hunt, done) = leaking();
    check_leaking(hunt, done);
    check_proof(hunt, done);
}

/// Cutting the holder takes with it all that it led to: the leak hangs on nothing else.
fn check_proof(hunt: &Hunt, done: &Done) {
    let verdict = read_json(&hunt.run_dir().join("verdict.json"));
    let proof = &verdict["suspects"][0]["proof"];
    assert_eq!(proof["proved"], true, "{proof:#}");
    assert_eq!(proof["done"], "length = 0");
    let count = |name: &str| proof[name].as_u64().unwrap();
    // A WebSocket, its socket and what belongs to them, for each session of the last round.
    assert!(count("cohort") >= 2 * 307, "{proof:#}");
    assert!(count("gone") * 10 >= count("cohort") * 9, "{proof:#}");
    assert!(done.stdout.contains("     proved "), "{}", done.stdout);
}

#[test]
fn the_repaired_calculator_is_clean_and_the_leak_is_fixed() {
    let hunt = calculator(Hunt::on, "node", "fixed.js")
        .arg("--compare")
        .arg(leaking().0.run_dir().to_str().unwrap());
    let (done, verdict) = check_clean(&hunt);
    let comparison = &verdict["comparison"];
    assert_eq!(comparison["outcome"], "fixed", "{comparison:#}");
    assert_eq!(comparison["leaks"][0]["class"], "WebSocket");
    assert_eq!(comparison["leaks"][0]["before"], 1.0);
    assert!(done.stdout.contains("\nFIXED   "), "{}", done.stdout);
}

#[test]
fn the_leak_of_the_calculator_is_found_and_named_on_a_newer_node() {
    let hunt = calculator(Hunt::on, &node_of_major(24), "server.js");
    let done = hunt.run();
    check_leaking(&hunt, &done);
}

#[test]
fn the_repaired_calculator_is_clean_on_a_newer_node() {
    check_clean(&calculator(Hunt::on, &node_of_major(24), "fixed.js"));
}

/// One hunt of the leaking calculator, which all tests share that only read what it left behind.
pub(crate) fn leaking() -> &'static (Hunt, Done) {
    static LEAKING: OnceLock<(Hunt, Done)> = OnceLock::new();
    LEAKING.get_or_init(|| {
        let hunt = calculator(Hunt::kept, "node", "server.js").arg("--prove");
        let done = hunt.run();
        (hunt, done)
    })
}

fn calculator(on: fn(&[&str]) -> Hunt, node: &str, file: &str) -> Hunt {
    let server = examples().join("calc-server").join(file);
    on(&[node, server.to_str().unwrap()])
        .calculator_load()
        .arg("--json")
        .arg("verdict.json")
}

fn check_leaking(hunt: &Hunt, done: &Done) {
    done.check_code(1);
    hunt.check_nothing_is_left();
    let verdict = read_json(&hunt.dir.path().join("verdict.json"));
    assert_eq!(verdict["schema"], "leakscope.verdict/1");
    assert_eq!(verdict["outcome"], "leaking");
    assert_eq!(verdict["sessions"]["created"], 101 + 211 + 307);
    assert_eq!(verdict["sessions"]["failed"], 0);
    let suspects = verdict["suspects"].as_array().unwrap();
    assert_eq!(
        suspects.len(),
        1,
        "one leak is reported once: {suspects:#?}"
    );
    let suspect = &suspects[0];
    assert_eq!(suspect["class"], "WebSocket");
    for rate in suspect["per_round"].as_array().unwrap() {
        assert!((rate.as_f64().unwrap() - 1.0).abs() < 0.005, "{suspect:#}");
    }
    assert_eq!(suspect["holder"]["class"], "Array");
    assert_eq!(suspect["holder"]["name"], "clients");
    check_path(suspect);
    check_lines(suspect);
    let first_line = done.stdout.lines().next().unwrap();
    assert!(
        first_line.starts_with("LEAKING   ")
            && first_line
                .contains("exactly 1 WebSocket per session (3 of 3 rounds: 1.000, 1.000, 1.000)"),
        "{first_line}"
    );
    assert!(
        done.stdout
            .contains("Array `clients`   +1 element per session"),
        "{}",
        done.stdout
    );
    check_folder(hunt);
}

fn check_path(suspect: &serde_json::Value) {
    let path = suspect["path_text"].as_str().unwrap();
    assert!(path.starts_with("process"), "{path}");
    for step in [
        "'SIGINT', 'SIGTERM' listener",
        "cleanup (",
        "closure variable `clients`",
        "Array",
        "[n]",
        "WebSocket",
    ] {
        assert!(path.contains(step), "`{step}` is not in {path}");
    }
}

/// The lines are looked up in the file itself, so that they stay right when it is edited.
fn check_lines(suspect: &serde_json::Value) {
    let server = examples().join("calc-server/server.js");
    let text = std::fs::read_to_string(&server).unwrap();
    let line = |line: &serde_json::Value| {
        let number = line["line"].as_u64().unwrap() as usize;
        assert!(
            line["file"].as_str().unwrap().ends_with("server.js"),
            "{line:#}"
        );
        let expected = text.lines().nth(number - 1).unwrap().trim();
        assert_eq!(line["text"], expected);
        expected.to_owned()
    };
    assert!(
        line(&suspect["source"]).contains("clients = []"),
        "{suspect:#}"
    );
    assert!(
        line(&suspect["writer"]).starts_with("clients["),
        "{suspect:#}"
    );
    assert_eq!(suspect["writer"]["function"], "onConnection");
}

fn check_folder(hunt: &Hunt) {
    let recording = hunt.recording();
    assert_eq!(recording["exit"]["end"], "finished");
    let stages: Vec<_> = recording["stages"].as_array().unwrap().iter().collect();
    let names: Vec<_> = stages
        .iter()
        .map(|s| s["stage"].as_str().unwrap())
        .filter(|&stage| stage != "proof")
        .collect();
    assert_eq!(
        names,
        [
            "start", "warm-up", "idle", "round", "round", "round", "drain", "stop"
        ]
    );
    for (stage, sessions) in stages[3..6].iter().zip([101, 211, 307]) {
        let ledger = &stage["ledger"];
        assert_eq!(ledger["created"], sessions);
        assert_eq!(ledger["completed"], sessions);
        let snapshot = stage["snapshot"]["file"].as_str().unwrap();
        assert!(hunt.run_dir().join(snapshot).is_file());
    }
    for file in [
        "samples.csv",
        "service.log",
        "load.json",
        "verdict.json",
        "report.html",
    ] {
        let size = hunt.run_dir().join(file).metadata().map(|m| m.len());
        assert!(
            size.as_ref()
                .is_ok_and(|&size| size > 0 || file == "service.log"),
            "{file}: {size:?}"
        );
    }
    let again = std::process::Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["judge", hunt.run_dir().to_str().unwrap(), "--json", "-"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    let judged: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(judged, read_json(&hunt.run_dir().join("verdict.json")));
    crate::views::check_views(&hunt.run_dir());
}

fn check_clean(hunt: &Hunt) -> (Done, serde_json::Value) {
    let done = hunt.run();
    done.check_code(0);
    hunt.check_nothing_is_left();
    let verdict = read_json(&hunt.dir.path().join("verdict.json"));
    assert_eq!(verdict["outcome"], "clean");
    assert_eq!(verdict["suspects"].as_array().map(Vec::len), Some(0));
    assert!(done.stdout.starts_with("CLEAN   "), "{}", done.stdout);
    (done, verdict)
}
