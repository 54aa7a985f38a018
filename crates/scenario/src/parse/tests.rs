//! Scripts of both eras, and everything that can be wrong with one.

use super::*;
use crate::{Engine, Loop, Rounds, Span, Step, Think};

fn script(text: &str) -> Script {
    let parsed = parse(text, "load.json");
    parsed
        .script
        .unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics))
}

/// Every finding about `text`, one a line, as `line:column: message (hint)`.
fn check(text: &str, expected: &[&str]) {
    let parsed = parse(text, "s.yml");
    let shown: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|d| {
            let hint = d
                .hint
                .as_ref()
                .map(|h| format!(" ({h})"))
                .unwrap_or_default();
            let severity = if d.severity == Severity::Error {
                "error"
            } else {
                "warning"
            };
            format!("{severity} {d}{hint}").replace(" s.yml:", " ")
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
    let has_error = parsed
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    assert_eq!(parsed.script.is_none(), has_error, "{text}");
}

#[test]
fn the_original_script_is_understood() {
    let script = script(
        r#"{"config": {"target": "ws://localhost:8080",
             "phases": [{"duration": 120, "arrivalRate": 10}]},
            "scenarios": [{"engine": "ws", "flow": [{"send": "1"}, {"send": "2"}, {"send": "+"}]}]}"#,
    );
    assert_eq!(script.target.to_string(), "ws://localhost:8080");
    assert_eq!(script.peak_rate(), 10.0);
    let [scenario] = &script.scenarios[..] else {
        panic!("{script:#?}")
    };
    assert_eq!(scenario.engine, Engine::Ws);
    let sent = |text: &str| {
        let payload = JsonTemplate::text(Template::parse(text).unwrap());
        let reply = None;
        Step::Send(Box::new(crate::Send { payload, reply }))
    };
    assert_eq!(scenario.flow, [sent("1"), sent("2"), sent("+")]);
}

#[test]
fn a_script_of_today_is_understood() {
    let script = script(
        "config:\n  target: http://127.0.0.1:3000/api\n  phases:\n    - {duration: 1m, arrivalRate: 2, rampTo: '30'}\n\
         \x20 http: {timeout: 3}\n  variables: {user: [ada, grace]}\n\
         scenarios:\n  - weight: 3\n    flow:\n      - loop:\n          - get: {url: '/{{ user }}', headers: {X-A: 1}}\n\
         \x20           \n          - think: 500ms\n        count: 4\n      - post: {url: /x, json: {a: '{{ user }}'}}\n",
    );
    assert_eq!(script.target.path(), "/api");
    assert_eq!(script.peak_rate(), 30.0);
    assert_eq!(script.settings.timeout, Duration::from_secs(3));
    assert_eq!(script.settings.variables["user"].len(), 2);
    let [Step::Loop(repeated), Step::Request(post)] = &script.scenarios[0].flow[..] else {
        panic!("{script:#?}")
    };
    let Loop { rounds, steps, .. } = &**repeated;
    assert_eq!(*rounds, Rounds::Count(0, 4));
    assert!(matches!(&steps[0], Step::Request(get) if get.method == "GET"));
    let (span, jitter) = (Span::Fixed(Duration::from_millis(500)), None);
    assert_eq!(steps[1], Step::Think(Think { span, jitter }));
    assert!(matches!(post.body, Body::Json(_)));
}

use crate::Body;

#[test]
fn scenarios_are_taken_by_weight() {
    let script = script(
        "config: {target: 'http://localhost'}\nscenarios:\n- {name: a, weight: 1, flow: []}\n\
         - {name: b, weight: 3, flow: []}\n",
    );
    let name = |draw| script.pick(draw).name.as_deref().unwrap();
    assert_eq!(
        [name(0.0), name(0.24), name(0.25), name(0.999)],
        ["a", "a", "b", "b"]
    );
}

#[test]
fn what_is_missing_is_said_with_its_place() {
    check(
        "{}",
        &["error 1:1: `config` is missing (it names the target)"],
    );
    check(
        "config: {}\nscenarios: []\n",
        &[
            "error 1:9: `config` has no `target` (say where the load goes, as in `target: http://127.0.0.1:8080`)",
            "error 2:12: `scenarios` is empty (nothing would be sent)",
        ],
    );
}

#[test]
fn every_slip_is_found_in_one_pass() {
    let text = "\
config:
  target: localhost
  tagret: x
  phases:
    - duration: soon
      arrivalRate: -1
  processor: ./a.js
scenarios:
  - engine: wss
    flow: []
  - flow:
      - gett: {url: /}
      - send: hello
      - get: {headers: {A: b}}
      - think: 1
        log: x
      - loop: []
";
    check(
        text,
        &[
            "error 2:11: `localhost` is no target: it begins with none of `http://`, `https://`, `ws://`, `wss://` (write it as in `http://127.0.0.1:8080` or `ws://localhost:8080`)",
            "warning 3:3: unknown key `tagret` in `config` (did you mean `target`?)",
            "error 5:7: a phase without `duration` or `pause` (give it in seconds, or as `2m`)",
            "error 5:17: `duration` is a text, not seconds, or a span such as `500ms` or `2m`",
            "error 6:20: `arrivalRate` is a number, not a number of at least 0",
            "error 9:13: unknown engine `wss` (did you mean `ws`?)",
            "warning 12:9: unknown step `gett` is sent as the method GETT (did you mean `get`?)",
            "error 13:9: unknown step `send` for the engine `http` (give the scenario `engine: ws`)",
            "error 14:14: a request without `url` (write it as in `url: /path`)",
            "warning 16:9: unknown key `log` in a step",
            "warning 17:9: a loop without an end: the session lasts until the load is ended (say how often with `count`, `over` or `whileTrue`)",
        ],
    );
}

#[test]
fn text_that_is_no_script_is_refused() {
    for text in [
        "",
        "42",
        "[1, 2]",
        "config: [unclosed\n  \"",
        "{\"config\": ",
        "\u{0}\u{1}",
        "a: b: c",
    ] {
        let parsed = parse(text, "s.yml");
        assert_eq!(parsed.script, None, "{text:?}");
        assert!(
            parsed
                .diagnostics
                .iter()
                .any(|d| d.severity == Severity::Error),
            "{text:?}"
        );
    }
}

#[test]
fn a_script_cut_anywhere_or_with_any_byte_changed_never_panics() {
    let text = include_str!("../../../../examples/load.json");
    for end in 0..text.len() {
        let _ = parse(&text[..end], "load.json");
    }
    for (at, _) in text.char_indices() {
        for other in ["", "\"", "{", "[", ":", "\t", "&a ", "*a ", "\u{0}", "é"] {
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            let _ = parse(&changed, "load.json");
        }
    }
}
