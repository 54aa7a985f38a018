//! So many sessions as the plan says, and so many messages as they send: as the server counts them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStderr, Stdio};

use serde_json::json;

use crate::servers::{HELLO, answering, echoing, serve};
use crate::{Load, gets, script};

/// The calculator's own script, on another port.
fn calculator(port: u16) -> Load {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let load = Load::of_file(
        tempfile::TempDir::new().unwrap(),
        &examples.join("load.json"),
    );
    load.args(&["-t", &format!("ws://127.0.0.1:{port}")])
}

#[test]
fn the_calculators_script_in_a_hurry() {
    let (port, seen) = echoing();
    let phases = json!({"config": {"phases": [{"duration": 3, "arrivalRate": 100}]}});
    let done = calculator(port)
        .args(&["--overrides", &phases.to_string()])
        .run();
    done.check(0);
    assert_eq!(seen.counts(), (300, 900));
    assert_eq!(done.ours("completed"), 300);
    assert_eq!(done.counter("websocket.messages_sent"), 900);
}

#[test]
#[ignore = "takes two minutes: the script as it is"]
fn the_calculators_script_unchanged() {
    let (port, seen) = echoing();
    let done = calculator(port).run();
    done.check(0);
    assert_eq!(seen.counts(), (1200, 3600));
    assert_eq!(done.ours("completed"), 1200);
    assert!(done.stderr.contains("1,200 sessions"), "{}", done.stderr);
}

#[test]
fn every_kind_of_phase_has_its_exact_total() {
    let port = answering(HELLO);
    let mut script = gets(port, 1);
    script["config"]["phases"] = json!([
        {"duration": 1, "arrivalRate": 30, "name": "level"},
        {"duration": 1, "arrivalRate": 10, "rampTo": 50, "name": "ramp"},
        {"pause": 1},
        {"duration": "1s", "arrivalCount": 17},
    ]);
    let done = Load::of(&script).run();
    done.check(0);
    assert_eq!(done.ours("started"), 30 + 30 + 17);
    assert_eq!(done.counter("http.codes.200"), 77);
    for told in ["77 sessions", "level", "30 sessions", "17 sessions"] {
        assert!(done.stderr.contains(told), "{}", done.stderr);
    }
}

#[test]
fn the_apdex_is_printed_where_the_script_asks_for_it() {
    let mut script = gets(answering(HELLO), 5);
    let done = Load::of(&script).run();
    assert!(!done.stdout.contains("Apdex"), "{}", done.stdout);
    script["config"]["plugins"] = json!({"apdex": {"threshold": 60_000}});
    let done = Load::of(&script).run();
    done.check(0);
    let last = "\nApdex score: 1 (excellent)\nLog file: ";
    assert!(done.stdout.contains(last), "{}", done.stdout);
    let counters = &done.report["aggregate"]["counters"];
    assert_eq!(counters["apdex.satisfied"], 5);
    assert_eq!(counters["apdex.frustrated"], 0);
}

#[test]
fn an_expectation_that_is_not_met_is_the_load_s_failure() {
    let port = answering(HELLO);
    let get = json!({"get": {"url": "/", "expect": [{"statusCode": 200}, {"statusCode": 404}]}});
    let mut script = script(
        &format!("http://127.0.0.1:{port}"),
        "http",
        3,
        &json!([get]),
    );
    script["config"]["plugins"] = json!({"expect": {}});
    let done = Load::of(&script).run();
    done.check(5);
    assert_eq!(done.ours("completed"), 3);
    let said = "3 of 6 expectations were not met\n  statusCode: 3\n";
    assert!(done.stderr.contains(said), "{}", done.stderr);
    assert_eq!(done.counter("vusers.created_by_name.0"), 3);
}

#[test]
fn a_poisson_plan_follows_from_its_seed() {
    let total = |seed: &str| {
        let load = Load::of(&gets(1, 1)).args(&[
            "--overrides",
            r#"{"config":{"phases":[{"duration":100,"arrivalRate":50}]}}"#,
            "--arrivals",
            "poisson",
            "--seed",
            seed,
        ]);
        let mut words = load.args.clone();
        words.retain(|word| word != "-o" && !word.ends_with("report.json"));
        words.insert(0, "check".into());
        let checked = Load {
            args: words,
            ..load
        }
        .run();
        assert_eq!(checked.code, Some(0), "{checked:#?}");
        checked.stdout
    };
    assert_eq!(total("1"), total("1"));
    assert_ne!(total("1"), total("2"));
}

#[test]
fn arrivals_beyond_max_vusers_are_skipped_and_counted() {
    let port = serve(crate::servers::hold);
    let mut script = gets(port, 50);
    script["config"]["phases"][0]["maxVusers"] = 5.into();
    let done = Load::of(&script).run();
    done.check(5);
    assert!(done.ours("skipped") >= 40, "{done:#?}");
    assert_eq!(done.counter("vusers.skipped"), done.ours("skipped"));
}

#[test]
fn quick_makes_so_many_requests() {
    let port = answering(HELLO);
    let url = format!("http://127.0.0.1:{port}/x");
    let load = Load::of(&json!({}));
    let words = ["quick", &url, "-c", "4", "-n", "25", "-o", "report.json"];
    let args = words.map(str::to_owned).to_vec();
    let done = Load { args, ..load }.run();
    done.check(0);
    assert_eq!(done.ours("started"), 4);
    assert_eq!(done.counter("http.requests"), 100);
    assert_eq!(done.counter("http.codes.200"), 100);
}

#[test]
fn checks_of_ensure_decide_the_exit_code() {
    let port = answering(HELLO);
    let mut script = gets(port, 5);
    script["config"]["ensure"] = json!({
        "thresholds": [{"http.response_time.p99": 60_000}],
        "conditions": [{"expression": "vusers.created == 5 and http.codes.200 == 5"}],
        "maxErrorRate": 0,
    });
    let done = Load::of(&script).run();
    done.check(0);
    assert!(
        done.stdout.contains("ok: http.response_time.p99 < 60000"),
        "{}",
        done.stdout
    );
    script["config"]["ensure"]["conditions"][0]["expression"] = "vusers.created < 5".into();
    let done = Load::of(&script).run();
    done.check(5);
    assert!(
        done.stdout.contains("fail: vusers.created < 5"),
        "{}",
        done.stdout
    );
    assert!(
        done.stderr.contains("vusers.created < 5"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_script_that_is_wrong_sends_nothing() {
    let load = Load::of(&json!({"config": {"target": "http://127.0.0.1:1"}, "scenarios": []}));
    let done = load.run();
    assert_eq!(done.code, Some(2), "{done:#?}");
    assert!(done.stderr.contains("script.json:1:"), "{}", done.stderr);
}

/// Reads what is told until the address of the metrics is in it.
fn metrics_address(stderr: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    while !line.starts_with("Metrics: ") {
        line.clear();
        assert!(
            stderr.read_line(&mut line).unwrap() > 0,
            "no address was told"
        );
    }
    let (_, address) = line.trim().split_once("http://").unwrap();
    address.split('/').next().unwrap().to_owned()
}

#[test]
fn metrics_are_served_while_the_load_lasts() {
    let port = serve(crate::servers::hold);
    let mut script = gets(port, 10);
    script["config"]["timeout"] = 600.into();
    let load = Load::of(&script).args(&["--metrics", "127.0.0.1:0"]);
    let mut child = load.command().stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let address = metrics_address(&mut stderr);
    let mut text = String::new();
    while !text.contains("leakscope_vusers_created_total 10") {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        text.clear();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    }
    assert!(
        text.contains("leakscope_start_lag_seconds_count 10"),
        "{text}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_report_on_stdout_is_all_there_is() {
    let port = answering(HELLO);
    let load = Load::of(&gets(port, 3));
    let args = vec![load.args[0].clone(), "-o".into(), "-".into()];
    let done = Load { args, ..load }.run();
    let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["leakscope"]["completed"], 3);
    assert_eq!(
        report["aggregate"]["summaries"]["http.response_time"]["count"],
        3
    );
}

#[test]
fn large_and_fragmented_messages_are_taken_in() {
    let port = serve(|mut stream| {
        let Some(mut reader) = crate::servers::open_websocket(&mut stream) else {
            return;
        };
        crate::servers::read_frame(&mut reader);
        let mut frames = vec![0x02, 3, 1, 2, 3, 0x89, 1, 9, 0x80, 127];
        frames.extend((5u64 << 20).to_be_bytes());
        frames.resize(frames.len() + (5 << 20), 7);
        stream.write_all(&frames).unwrap();
        // The ping is answered, then the client closes.
        assert_eq!(
            crate::servers::read_frame(&mut reader).unwrap(),
            (0x8a, vec![9])
        );
        let (first, code) = crate::servers::read_frame(&mut reader).unwrap();
        assert_eq!((first, &code[..]), (0x88, &1000u16.to_be_bytes()[..]));
        stream.write_all(&[0x88, 2, code[0], code[1]]).unwrap();
    });
    let flow = json!([{"send": "more"}, {"think": 0.5}]);
    let done = Load::of(&script(&format!("ws://127.0.0.1:{port}"), "ws", 3, &flow)).run();
    done.check(0);
    assert_eq!(done.counter("websocket.messages_received"), 3);
}
