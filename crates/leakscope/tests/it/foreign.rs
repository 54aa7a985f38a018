//! Hunts in a service that somebody else started, under load that somebody else makes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Keeps an entry of each request; says where it listens, and answers what is asked on stdin.
const LEAKING: &str = "
class Visit { constructor(url) { this.url = url; } }
const visits = [];
const server = require('node:http').createServer((request, response) => {
  visits.push(new Visit(request.url));
  response.end('ok');
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('data', () => console.log(
  Symbol.for('leakscope.traffic') in globalThis, require('node:inspector').url()));
";

/// Sends so many requests, one after another.
const LOADER: &str = "
const [url, n] = process.argv.slice(2);
(async () => { for (let i = 0; i < n; i++) await (await fetch(`${url}/${i}`)).text(); })();
";

/// People who never stop: one after another, with a moment in between.
const PEOPLE: &str = "
const [url] = process.argv.slice(2);
(async () => {
  for (let i = 0; ; i++) {
    await (await fetch(`${url}/${i}`)).text();
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
})().catch(() => process.exit(0));
";

struct Service {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Service {
    fn start(dir: &TempDir) -> Self {
        let inspect = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inspect_port = inspect.local_addr().unwrap().port();
        drop(inspect);
        let path = dir.path().join("visits.js");
        std::fs::write(&path, LEAKING).unwrap();
        let mut child = Command::new("node")
            // A port of its own: others may be inspected meanwhile.
            .arg(format!("--inspect-port={inspect_port}"))
            .arg(&path)
            .current_dir(dir.path())
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut service = Self {
            child,
            stdin,
            stdout,
            port: 0,
        };
        service.port = service.line().parse().unwrap();
        service
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_service_that_runs_is_hunted_under_the_load_of_another_tool() {
    let dir = TempDir::new().unwrap();
    let mut service = Service::start(&dir);
    let loader = dir.path().join("loader.js");
    std::fs::write(&loader, LOADER).unwrap();
    let load = format!(
        "node '{}' http://127.0.0.1:{} 97",
        loader.display(),
        service.port
    );
    let pid = service.child.id().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["hunt", "--attach", &pid, "--load-cmd", &load, "--json", "-"])
        .args(["--max-settle", "3", "--out", "run"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict["outcome"], "leaking");
    let sessions: Vec<u64> = verdict["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|round| round["sessions"].as_u64().unwrap())
        .collect();
    // What the command sends, once, twice, three times.
    assert_eq!(sessions[..3], [97, 194, 291], "{verdict}");
    let suspect = &verdict["suspects"][0];
    let classes = suspect["classes"].to_string();
    assert!(
        classes.contains("Visit") || suspect["class"] == "Visit",
        "{suspect}"
    );
    assert_eq!(suspect["per_session"], 1.0, "{suspect}");
    assert!(suspect.to_string().contains("visits.js"), "{suspect}");

    // It goes on as it was.
    service.stdin.write_all(b"?\n").unwrap();
    assert_eq!(service.line(), "false undefined");
}

#[test]
fn a_service_is_hunted_under_the_traffic_of_whoever_comes() {
    let dir = TempDir::new().unwrap();
    let mut service = Service::start(&dir);
    let people = dir.path().join("people.js");
    std::fs::write(&people, PEOPLE).unwrap();
    let mut people = Command::new("node")
        .arg(&people)
        .arg(format!("http://127.0.0.1:{}", service.port))
        .env_remove("NODE_OPTIONS")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let pid = service.child.id().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["hunt", "--attach", &pid, "--traffic", "--json", "-"])
        .args(["--sessions", "200", "--max-settle", "1", "--out", "run"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output();
    people.kill().unwrap();
    people.wait().unwrap();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["class"], "Visit", "{suspect}");
    assert_eq!(suspect["holder"]["name"], "visits", "{suspect}");
    // Some come while the service is being read.
    let rate = suspect["per_session"].as_f64().unwrap();
    assert!((0.9..1.1).contains(&rate), "{suspect}");
    service.stdin.write_all(b"?\n").unwrap();
    assert_eq!(service.line(), "false undefined");
}

#[test]
fn load_that_cannot_be_made_is_an_error_of_the_load() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(&dir);
    let pid = service.child.id().to_string();
    for (load, words) in [
        ("no-such-load-tool --fast", "no-such-load-tool"),
        ("true", "nothing arrived"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
            .args(["hunt", "--attach", &pid, "--load-cmd", load])
            .args(["--max-settle", "1", "--out", "run", "--overwrite"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        assert!(
            stderr.contains(words) && stderr.contains("hint: "),
            "{stderr}"
        );
    }
}
