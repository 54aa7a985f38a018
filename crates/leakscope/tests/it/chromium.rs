//! A page in a browser, through the same door as Node.js.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Done;
use crate::running::leakscope;

/// Its garbage is what only a collection lets go; what it keeps can be counted.
const PAGE: &str = "<title>shop</title><script>
    class Kept {} globalThis.kept = Array.from({ length: 321 }, () => new Kept());
    let junk = []; for (let i = 0; i < 2e5; i++) junk.push({ i }); junk = null;
    document.title = 'shop is open';
    </script>";

/// A browser of this test, with a folder of its own; ended with it.
struct Browser {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl Browser {
    fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let page = dir.path().join("shop.html");
        std::fs::write(&page, PAGE).unwrap();
        let profile = dir.path().join("profile");
        let mut command = Command::new("chromium");
        command
            .args(["--headless", "--remote-debugging-port=0", "--no-sandbox"])
            .args(["--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}", page.display()))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let mut browser = Self {
            child,
            dir,
            port: 0,
        };
        browser.port = browser.wait_for_port(&profile.join("DevToolsActivePort"));
        // Its script has run when the page has its second title.
        while !browser.ask("GET", "/json/list").contains("shop is open") {
            browser.check_alive();
        }
        browser
    }

    fn wait_for_port(&mut self, file: &Path) -> u16 {
        loop {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            // The path of the browser stands below, so that the port is whole.
            if let Some((port, _)) = text.split_once('\n') {
                return port.parse().unwrap();
            }
            self.check_alive();
            std::thread::yield_now();
        }
    }

    fn check_alive(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
    }

    /// An answer of its HTTP door.
    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let host = format!("127.0.0.1:{}", self.port);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        // It keeps the connection open, whatever it is told.
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{line}");
            let line = line.trim_end().to_lowercase();
            match line.strip_prefix("content-length:") {
                Some(value) => length = value.trim().parse().unwrap(),
                None if line.is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }

    fn run(&self, words: &[&str]) -> Done {
        let mut command = leakscope(words[0]);
        command.args(&words[1..]).current_dir(self.dir.path());
        Done::of(&command.output().unwrap())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

#[test]
fn a_page_is_collected_and_captured_and_one_of_several_is_asked_for() {
    if std::env::var_os("LEAKSCOPE_WITHOUT_CHROMIUM").is_some() {
        println!("not tested: there is no Chromium");
        return;
    }
    let browser = Browser::start();
    let address = format!(":{}", browser.port);

    let collected = browser.run(&["gc", &address, "--json"]);
    collected.check_code(0);
    let json: Value = serde_json::from_str(&collected.stdout).unwrap();
    let heap = &json["isolates"][0]["heap"];
    assert!(heap["freed"].as_i64().unwrap() > 1_000_000, "{heap}");

    // By its process id too, since its own command line tells the port.
    let pid = browser.child.id().to_string();
    for (target, file) in [
        (&address, "a.heapsnapshot.zst"),
        (&pid, "b.heapsnapshot.zst"),
    ] {
        browser
            .run(&["snapshot", target, "--zstd", "-o", file])
            .check_code(0);
        let summary = browser.run(&["summary", "--json", "--no-cache", file]);
        summary.check_code(0);
        let json: Value = serde_json::from_str(&summary.stdout).unwrap();
        let classes = json["classes"].as_array().unwrap();
        let kept = classes.iter().find(|row| row["class"] == "Kept").unwrap();
        assert_eq!(kept["count"], 321);
    }

    // `ws://` addresses of both are told then, and each can be given.
    browser.ask("PUT", "/json/new?about:blank");
    let several = browser.run(&["gc", &address]);
    several.check_error(2, &["2 things can be inspected", "shop is open", "hint: "]);
    let mut words = several.stderr.split_whitespace();
    let page = words.find(|word| word.starts_with("ws://")).unwrap();
    browser.run(&["gc", page]).check_code(0);
}
