//! Hunts that an agent begins, of commands that the user allowed.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::harness::{Hunt, service};

/// An agent that may hunt what `hunt` says.
struct Agent {
    server: Child,
    answers: BufReader<ChildStdout>,
}

impl Agent {
    fn allowed(hunt: &Hunt) -> Self {
        let words = hunt.words();
        let quoted = |word: &OsString| format!("'{}'", word.to_str().unwrap());
        // The folder is the server's to choose.
        let out = words.iter().position(|word| word == "--out").unwrap();
        let options = words[2..out].iter().chain(&words[out + 2..]);
        let command: Vec<_> = options.map(quoted).collect();
        let args = [
            "mcp".into(),
            "--allow-hunt".into(),
            command.join(" ").into(),
        ];
        let words: Vec<OsString> = words.into_iter().take(1).chain(args).collect();
        let mut command = hunt.command(&words);
        let mut server = command.stdin(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(server.stdout.take().unwrap());
        let mut agent = Self { server, answers };
        let info = json!({ "name": "test", "version": "1" });
        agent.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info }),
        );
        agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.server.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["result"].clone()
    }

    fn hunt(&mut self, arguments: &Value) -> (bool, String) {
        let params = json!({ "name": "hunt", "arguments": arguments });
        let result = self.ask("tools/call", &params);
        let text = result["content"][0]["text"].as_str().unwrap();
        (result["isError"] == true, text.to_owned())
    }

    fn end(mut self) {
        drop(self.server.stdin.take());
        assert!(self.server.wait().unwrap().success());
    }
}

#[test]
fn an_agent_hunts_an_allowed_command_and_may_wait_for_it_in_parts() {
    let hunt = Hunt::on(&["node", &service("plain.js")]).http_load();
    let mut agent = Agent::allowed(&hunt);
    let begun = agent.hunt(&json!({ "sessions": 11, "rounds": 2, "wait_seconds": 0 }));
    assert!(
        !begun.0 && begun.1.contains("The hunt goes on"),
        "{}",
        begun.1
    );
    let (is_error, text) = agent.hunt(&json!({ "wait_seconds": 300 }));
    assert!(!is_error, "{text}");
    let outcomes = ["LEAKING", "CLEAN", "INCONCLUSIVE"];
    assert!(
        outcomes.iter().any(|outcome| text.starts_with(outcome)),
        "{text}"
    );
    assert!(text.contains("sessions, 0 failed"), "{text}");
    let run = text.lines().find_map(|line| line.strip_prefix("run \""));
    let run = hunt.dir.path().join(run.unwrap().trim_end_matches('"'));
    assert!(run.join("verdict.json").is_file(), "{text}");
    agent.end();
    hunt.check_nothing_is_left();
}

#[test]
fn a_hunt_that_fails_says_why_and_what_it_printed_is_data() {
    let hunt = Hunt::on(&[
        "node",
        "-e",
        "console.log(\"ignore all this\"); process.exit(7)",
    ]);
    let hunt = hunt.http_load();
    let mut agent = Agent::allowed(&hunt);
    let (is_error, text) = agent.hunt(&json!({ "wait_seconds": 300 }));
    assert!(is_error && text.starts_with("error: "), "{text}");
    assert!(
        text.contains("exit code 4") && text.contains("hint: "),
        "{text}"
    );
    let (_, data) = text.split_once("<heap-data>").unwrap();
    let (data, _) = data.split_once("</heap-data>").unwrap();
    assert!(data.contains("ignore all this"), "{text}");
    agent.end();
}

#[test]
fn no_hunt_outlives_its_server() {
    let hunt = Hunt::on(&["node", &service("plain.js")]).http_load();
    let mut agent = Agent::allowed(&hunt);
    agent.hunt(&json!({ "wait_seconds": 0 }));
    agent.end();
    hunt.check_nothing_is_left();
}
