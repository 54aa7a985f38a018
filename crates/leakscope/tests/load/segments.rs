//! Four machines together do what one does, arrival by arrival.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::servers::{HELLO, answering};
use crate::{Done, Load, gets};

const SEGMENTS: u64 = 4;

fn plan(port: u16) -> Value {
    let mut script = gets(port, 1);
    script["config"]["phases"] = json!([
        {"duration": 1, "arrivalRate": 41},
        {"duration": 1, "arrivalRate": 5, "rampTo": 60},
    ]);
    script["config"]["mode"] = "poisson".into();
    script["scenarios"] = json!([
        {"name": "a", "weight": 3, "flow": [{"get": {"url": "/{{ $randomString(8) }}"}}]},
        {"name": "b", "flow": [{"get": {"url": "/b"}}, {"get": {"url": "/b"}}]},
    ]);
    script["config"]["ensure"] = json!({"maxErrorRate": 0});
    script
}

/// Runs a segment, in a folder of its own as on a machine of its own.
fn segment(script: &Value, segment: &str) -> (Load, Done) {
    let load = Load::of(script).args(&["--segment", segment, "--log-sessions", "sessions.jsonl"]);
    let done = load.run();
    (load, done)
}

/// Every session's planned start and outcome, by its number.
fn sessions(load: &Load) -> BTreeMap<u64, (u64, Value)> {
    let text = std::fs::read_to_string(load.file("sessions.jsonl")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| {
            let number = |name: &str| line[name].as_u64().unwrap();
            let what = json!([line["scenario"], line["outcome"]]);
            (number("session"), (number("planned_ns"), what))
        })
        .collect()
}

#[test]
fn four_segments_are_the_whole_arrival_by_arrival() {
    let port = answering(HELLO);
    let script = plan(port);
    let (alone, whole) = segment(&script, "1/1");
    whole.check(0);
    let runs = (1..=SEGMENTS).map(|i| segment(&script, &format!("{i}/{SEGMENTS}")));
    let runs: Vec<(Load, Done)> = runs.collect();
    let mut together = BTreeMap::new();
    for (i, (load, done)) in (0..).zip(&runs) {
        done.check(0);
        for (number, session) in sessions(load) {
            assert_eq!(number % SEGMENTS, i);
            assert_eq!(
                together.insert(number, session),
                None,
                "session {number} ran twice"
            );
        }
    }
    assert_eq!(together, sessions(&alone));
    assert_eq!(together.len() as u64, whole.ours("planned"));

    let merged = merge(&runs.iter().map(|(load, _)| load).collect::<Vec<_>>());
    merged.check(0);
    for name in ["planned", "started", "completed"] {
        assert_eq!(merged.ours(name), whole.ours(name), "{name}");
    }
    for name in [
        "vusers.created",
        "vusers.created_by_name.a",
        "http.requests",
        "http.codes.200",
    ] {
        assert_eq!(merged.counter(name), whole.counter(name), "{name}");
    }
    check_buckets_add_up(&merged, &runs);
    assert!(
        merged.stdout.contains("ok: maxErrorRate"),
        "{}",
        merged.stdout
    );
}

fn check_buckets_add_up(merged: &Done, runs: &[(Load, Done)]) {
    let buckets = |done: &Done| -> BTreeMap<u64, u64> {
        let histogram = &done.report["leakscope"]["histograms"]["http.response_time"];
        let pairs = histogram.as_array().unwrap().iter();
        pairs
            .map(|p| (p[0].as_u64().unwrap(), p[1].as_u64().unwrap()))
            .collect()
    };
    let mut sum = BTreeMap::new();
    for (_, done) in runs {
        for (micros, count) in buckets(done) {
            *sum.entry(micros).or_insert(0) += count;
        }
    }
    assert_eq!(buckets(merged), sum);
}

fn merge(parts: &[&Load]) -> Done {
    let load = Load::of(&json!({}));
    let mut args = vec!["merge".to_owned()];
    let reports = parts
        .iter()
        .map(|part| part.file("report.json").display().to_string());
    args.extend(reports);
    args.extend([
        "-o".to_owned(),
        load.file("report.json").display().to_string(),
    ]);
    Load { args, ..load }.run()
}

#[test]
fn what_is_no_whole_plan_is_not_merged() {
    let port = answering(HELLO);
    let script = plan(port);
    let (first, _) = segment(&script, "1/2");
    let (second, _) = segment(&script, "2/2");
    let (other, _) = segment(&gets(port, 7), "2/2");
    for (parts, said) in [
        (vec![&first], "segment 2/2 missing"),
        (vec![&first, &first], "are both segment 1/2"),
        (vec![&first, &other], "are not of one plan"),
    ] {
        let done = merge(&parts);
        assert_eq!(done.code, Some(2), "{done:#?}");
        assert!(
            done.stderr.contains(said),
            "`{said}` is not in {}",
            done.stderr
        );
        assert_eq!(done.report, Value::Null);
    }
    merge(&[&second, &first]).check(0);
}
