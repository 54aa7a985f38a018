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
            "warning 16:9: unknown key `log` in a step (there are `jitter`, `think`)",
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

struct Files;

impl ReadFile for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "users.csv" => Ok("name;age\n\nAda;36\nGrace;007x\n".into()),
            "broken.csv" => Ok("a,\"b\n".into()),
            _ => Err("no such file".into()),
        }
    }
}

/// Files that are not there, but for one.
struct OneFile;

impl ReadFile for OneFile {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("no such file".into())
    }

    fn read_bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "client.p12" => Ok(vec![0x30, 0xff]),
            _ => self.read(path).map(String::into_bytes),
        }
    }

    fn is_there(&self, path: &str) -> bool {
        path == "there.mjs"
    }
}

#[test]
fn what_has_no_effect_says_what_has_and_files_are_looked_for_in_the_same_pass() {
    let text = "\
config:
  target: http://127.0.0.1:1
  engines: {x: {}}
  processor: there
  http: {maxSockets: 5, cookieJarOptions: {looseMode: true, rejectPublicSuffixes: false}}
  tls:
    ca: [no.pem, '-----BEGIN X']
    key: key.pem
    minVersion: TLSv1.3
    ciphers: all
  ws: {origin: x, tls: y}
scenarios:
  - flow:
      - post: {url: /, formData: {a: {fromFile: a.bin}, b: {fromFile: '{{ b }}'}}}
";
    let inputs = Inputs {
        files: &OneFile,
        ..Inputs::new("s.yml", text)
    };
    let found = parse_with(&inputs).diagnostics;
    let shown = |d: &Diagnostic| format!("{}:{} {}", d.line, d.column, d.message);
    let shown: Vec<String> = found.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "3:3 `engines` has no effect here",
            "5:10 `maxSockets` has no effect here",
            "5:61 `rejectPublicSuffixes` has no effect here",
            "7:10 `ca`: `no.pem` cannot be read: no such file",
            "8:10 `key`: `key.pem` cannot be read: no such file",
            "8:10 `cert` and `key` belong together",
            "9:5 `minVersion` has no effect here",
            "10:5 `ciphers` has no effect here",
            "11:8 `origin` has no effect here",
            "11:19 unknown key `tls` in `ws`",
            "14:49 there is no file `a.bin`",
        ]
    );
    assert!(found.iter().all(|d| d.hint.is_some()), "{found:#?}");
}

#[test]
fn a_client_may_be_somebody_by_one_file() {
    let text = "\
config:
  target: https://127.0.0.1:1
  http: {cookieJarOptions: {looseMode: true, prefixSecurity: unsafe-disabled}}
  tls: {pfx: client.p12, passphrase: '{{ $env.SECRET }}'}
scenarios: [{flow: [{get: {url: /}}]}]
";
    let env = BTreeMap::from([("SECRET".to_owned(), "s".to_owned())]);
    let settings = parsed(&Inputs {
        files: &OneFile,
        env: &env,
        ..Inputs::new("s.yml", text)
    })
    .settings;
    assert_eq!(settings.tls.pfx, Some(vec![0x30, 0xff]));
    assert_eq!(settings.tls.passphrase.as_deref(), Some("s"));
    assert!(settings.http.cookie_rules.is_loose);
    assert!(!settings.http.cookie_rules.checks_prefixes);
}

fn parsed(inputs: &Inputs<'_>) -> Script {
    let parsed = parse_with(inputs);
    let script = parsed.script;
    script.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics))
}

const BASE: &str = "\
config:
  target: '{{ $env.TARGET }}'
  phases: [{duration: '{{ seconds }}', arrivalRate: 1}, {duration: 5, arrivalRate: 9}]
  variables: {a: 1, b: {c: 2}}
  http: {defaults: {headers: {x-user: '{{ name }}', x-env: '{{ $environment }}'}}}
  environments:
    prod: {phases: [{arrivalRate: 7}], variables: {b: {d: 3}}}
scenarios:
  - flow: [{get: {url: /}}]
";

#[test]
fn everything_is_laid_over_in_order() {
    let env = BTreeMap::from([("TARGET".to_owned(), "http://127.0.0.1:1".to_owned())]);
    let overlays = [(
        "more.yml".to_owned(),
        "config: {variables: {e: 5}}".to_owned(),
    )];
    let inputs = Inputs {
        overlays: &overlays,
        environment: Some("prod"),
        overrides: Some(r#"{"scenarios": [{"name": "other", "flow": []}]}"#),
        variables: Some(r#"{"a": 6, "seconds": "2m"}"#),
        env: &env,
        ..Inputs::new("s.yml", BASE)
    };
    let script = parsed(&inputs);
    assert_eq!(script.target.port(), 1);
    assert_eq!(script.phases.len(), 2);
    assert_eq!(script.phases[0].duration, Duration::from_secs(120));
    assert_eq!(script.phases[0].arrival_rate, 7.0);
    let variables = &script.settings.variables;
    assert_eq!(variables["a"], [6]);
    assert_eq!(variables["b"], [serde_json::json!({ "c": 2, "d": 3 })]);
    assert_eq!(variables["e"], [5]);
    assert_eq!(script.scenarios[0].name.as_deref(), Some("other"));
    let headers = &script.settings.http.headers;
    // What only a session knows is left to it.
    assert_eq!(headers[0].1, Template::parse("{{ name }}").unwrap());
    assert_eq!(headers[1].1.as_fixed(), Some("prod"));
    let elsewhere = Inputs {
        target: Some("ws://localhost:9"),
        variables: Some("{\"seconds\": 1}"),
        ..Inputs::new("s.yml", BASE)
    };
    assert_eq!(parsed(&elsewhere).target.to_string(), "ws://localhost:9");
}

#[test]
fn findings_name_the_file_they_are_in() {
    let overlays = [(
        "more.yml".to_owned(),
        "config:\n  timeout: soon\n".to_owned(),
    )];
    let inputs = Inputs {
        overlays: &overlays,
        environment: Some("prud"),
        variables: Some("{\"seconds\": 1}"),
        overrides: Some("{nonsense"),
        ..Inputs::new("s.yml", BASE)
    };
    let found = parse_with(&inputs).diagnostics;
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        shown[0].starts_with("s.yml:2:3: the environment `prud` is not among"),
        "{shown:?}"
    );
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `prod`?"));
    assert!(shown[1].starts_with("--overrides:1:"), "{shown:?}");
    let inputs = Inputs {
        overrides: None,
        environment: None,
        ..inputs
    };
    let found = parse_with(&inputs).diagnostics;
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        shown
            .iter()
            .any(|s| s.starts_with("more.yml:2:12: `timeout` is a text")),
        "{shown:?}"
    );
    // Its environment does not have the variable.
    assert!(
        shown.iter().any(|s| s.contains("`config` has no `target`")),
        "{shown:?}"
    );
}

#[test]
fn payloads_are_read_and_what_is_wrong_with_them_is_said() {
    let script = "config:\n  target: http://localhost\n  payload:\n    - path: PATH\n      fields: [name, age]\n      delimiter: ';'\n      skipHeader: true\nscenarios: [{flow: []}]\n";
    let text = script.replace("PATH", "users.csv");
    let inputs = Inputs {
        files: &Files,
        ..Inputs::new("s.yml", &text)
    };
    let script_read = parsed(&inputs);
    let rows = &script_read.settings.payloads[0].rows;
    assert_eq!(
        serde_json::json!(rows),
        serde_json::json!([["Ada", 36], ["Grace", "007x"]])
    );
    let text = script.replace("PATH", "none.csv");
    let inputs = Inputs {
        files: &Files,
        ..Inputs::new("s.yml", &text)
    };
    let found = parse_with(&inputs).diagnostics;
    assert_eq!(
        found[0].to_string(),
        "s.yml:4:13: `none.csv` cannot be read: no such file"
    );
}

#[test]
fn slips_in_requests_have_their_places() {
    let text = "\
config: {target: 'http://localhost', plugins: {expct: {}}}
scenarios:
  - flow:
      - get:
          url: '/{{ $randmNumber(1,2) }}'
          capture:
            - {json: '$.a[', as: a}
            - {regexp: '(', as: b}
            - {selector: 'li[', as: c}
            - {xpath: '//', as: d}
            - {as: e}
            - {json: $.a}
          match: {json: $.a}
          ifTrue: a ==
          expect: {statuscode: 200}
          bdy: x
      - post: {url: /, json: {}, body: x}
      - loop: [{think: 1}]
        count: many
      - think: later
";
    check(
        text,
        &[
            "warning 1:48: the plug-in `expct` is not there and does nothing (did you mean `expect`?)",
            "error 5:16: `url`: `$randmNumber` is no function of templates; there are `$randomNumber`, `$randomString`, `$uuid` and `$template`",
            "error 7:22: `json`: `[` without `]`",
            "error 8:24: `regexp`: `(` is no regular expression: Unbalanced parenthesis",
            "error 9:26: `selector`: `li[` is no CSS selector: Unexpected EOL",
            "error 10:23: `xpath`: it ends where a name was expected",
            "error 11:15: a capture of nothing (find the value with `json`, `regexp`, `header`, `selector` or `xpath`)",
            "warning 12:15: a capture without `as` keeps nothing (say what variable it is kept in, as in `as: id`)",
            "warning 13:18: a match without `value` does nothing (say with `value` what it has to be)",
            "error 14:19: `ifTrue`: `a ==` is no condition: it ends where a value was expected",
            "warning 15:19: `expect` has no effect without its plug-in (switch it on with `plugins: {expect: {}}` in `config`)",
            "warning 15:20: unknown expectation `statuscode` (did you mean `statusCode`?)",
            "warning 16:11: unknown key `bdy` in a request (did you mean `body`?)",
            "warning 17:40: `body` has no effect beside `json`",
            "error 19:16: `count` is a text, not a whole number, or a range as `1-5`",
            "error 20:16: `think` is a text, not seconds, or a span such as `500ms` or `2m`",
        ],
    );
}

#[test]
fn yaml_is_read_as_artillery_reads_it() {
    let script = script(
        "x-headers: &h {n: '1', yes: no}\nconfig:\n  target: http://localhost\n  variables:\n    n: on\n    y: true\n\
         scenarios:\n  - flow:\n      - get: {url: /, headers: {<<: *h, b: c}}\n",
    );
    let variables = &script.settings.variables;
    assert_eq!(
        (&variables["n"][0], &variables["y"][0]),
        (&"on".into(), &true.into())
    );
    let Step::Request(request) = &script.scenarios[0].flow[0] else {
        panic!("{script:?}")
    };
    for (name, value) in [("n", "1"), ("yes", "no"), ("b", "c")] {
        let header = request.headers.iter().find(|(known, _)| known == name);
        assert_eq!(header.unwrap().1.as_fixed(), Some(value), "{name}");
    }
    let twice = "{\"config\": {\"target\": \"http://a\",\n\t\"target\": \"http://b\"}, \"scenarios\": [{\"flow\": []}]}";
    check(
        twice,
        &["warning 2:2: `target` stands twice in `config` (the second one counts)"],
    );
}
