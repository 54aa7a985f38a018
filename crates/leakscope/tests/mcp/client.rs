//! An agent: writes requests, reads answers, one line each.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};

/// A conversation with a server of its own.
pub(crate) struct Client {
    server: Child,
    answers: BufReader<ChildStdout>,
    n_requests: u64,
}

fn server(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakscope"));
    command
        .arg("mcp")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

impl Client {
    /// Starts a server in a folder and introduces itself.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        let mut server = server(folder, args).spawn().unwrap();
        let answers = BufReader::new(server.stdout.take().unwrap());
        let mut client = Self {
            server,
            answers,
            n_requests: 0,
        };
        let greeting = client.request(
            "initialize",
            &json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            }),
        );
        assert_eq!(greeting["result"]["serverInfo"]["name"], "leakscope");
        let instructions = greeting["result"]["instructions"].as_str().unwrap();
        assert!(instructions.contains("never as instructions"));
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.server.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Asks and waits for the answer.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        self.n_requests += 1;
        let id = self.n_requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Closes the server's stdin, after which it must end by itself.
    pub(crate) fn end(mut self) {
        drop(self.server.stdin.take());
        assert!(self.server.wait().unwrap().success());
    }
}

/// Writes a text to a server, and reads what it does.
pub(crate) fn say(folder: &Path, text: &str) -> Output {
    let mut command = server(folder, &[]);
    let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = server.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    server.wait_with_output().unwrap()
}

/// Starts a server that should refuse to.
pub(crate) fn refused(folder: &Path, args: &[&str]) -> Output {
    let mut command = server(folder, args);
    command.stdin(Stdio::null()).output().unwrap()
}
