//! Who may ask the server, tried as one who may not: each check by a request that breaks it alone.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

use heap::Analysis;
use tokio_util::sync::CancellationToken;
use web::{Opened, Server, SnapshotFile, Workbench};

/// A server of its own for each test, which ends with it.
struct Served {
    port: u16,
    token: String,
    launch: String,
    stop: CancellationToken,
}

/// An answer as it came.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Served {
    fn start() -> Self {
        let (tell, told) = mpsc::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(workbench(), 0).await.unwrap();
                tell.send((server.url(), server.launch_url().unwrap()))
                    .unwrap();
                server.run(stopped).await.unwrap();
            });
        });
        let (url, launch) = told.recv().unwrap();
        let (address, token) = url.split_once("/?token=").unwrap();
        let port = address.strip_prefix("http://127.0.0.1:").unwrap();
        Self {
            port: port.parse().unwrap(),
            token: token.to_owned(),
            launch: launch.split_once("token=").unwrap().1.to_owned(),
            stop,
        }
    }

    /// Sends a request with the server's own name as its host.
    fn get(&self, target: &str, headers: &[&str]) -> Answer {
        let host = format!("Host: 127.0.0.1:{}", self.port);
        self.send("GET", target, &[&[&*host], headers].concat())
    }

    fn send(&self, method: &str, target: &str, headers: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        for header in headers {
            request += &format!("{header}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// The cookie that the token is exchanged for, as a header.
    fn cookie(&self) -> String {
        let answer = self.get(&format!("/?token={}", self.token), &[]);
        let set = answer.header("set-cookie").unwrap();
        format!("Cookie: {}", set.split(';').next().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

fn workbench() -> Workbench {
    let bytes = testkit::heap("root -> evil:\"<img src=x onerror=alert(1)>\" 48  property x");
    Workbench {
        title: "<script>alert(1)</script>".into(),
        version: "0.0.0",
        run: None,
        snapshots: vec![SnapshotFile {
            path: "/tmp/<b>.heapsnapshot".into(),
            bytes: bytes.len() as u64,
        }],
        open: Box::new(move |_| {
            let snapshot = heap::parse(bytes.as_slice(), None).unwrap();
            let analysis = Analysis::of(&snapshot);
            Ok(Opened { snapshot, analysis })
        }),
    }
}

const SUMMARY: &str = "/api/snapshots/0/summary";

#[test]
fn without_the_cookie_nothing_is_told() {
    let served = Served::start();
    for target in ["/", "/summary/0", "/api/workbench", SUMMARY, "/icon.svg"] {
        let answer = served.get(target, &[]);
        assert_eq!(answer.status, 401, "{target}");
        assert!(!answer.body.contains("alert"), "{target}: {}", answer.body);
    }
    let forged = format!("Cookie: leakscope-{}=0", served.port);
    assert_eq!(served.get(SUMMARY, &[&forged]).status, 401);
    // The token is no cookie: a history that was leaked opens nothing by itself.
    let token = format!("Cookie: leakscope-{}={}", served.port, served.token);
    assert_eq!(served.get(SUMMARY, &[&token]).status, 401);
    let answer = served.get(SUMMARY, &[&served.cookie()]);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("\"rows\""), "{}", answer.body);
}

#[test]
fn the_token_is_exchanged_for_a_cookie_that_scripts_cannot_read() {
    let served = Served::start();
    let token = &served.token;
    let answer = served.get(&format!("/summary/0?o=@3&token={token}&q=a%20b"), &[]);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/summary/0?o=@3&q=a%20b"));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(token.as_str()), "{cookie}");
    let wrong = format!("/?token={}", token.replace(|c: char| c.is_numeric(), "f"));
    for target in [&*wrong, "/?token=", "/?token=%00"] {
        let answer = served.get(target, &[]);
        assert_eq!(answer.status, 401, "{target}");
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[test]
fn the_exchange_leads_nowhere_else() {
    let served = Served::start();
    for path in [
        "//evil.example/",
        "///evil.example/",
        "/%2f%2fevil.example/",
    ] {
        let answer = served.get(&format!("{path}?token={}", served.token), &[]);
        let to = answer.header("location").unwrap_or("/");
        assert!(to.starts_with('/') && !to.starts_with("//"), "{path}: {to}");
    }
}

#[test]
fn the_address_on_a_command_line_opens_once() {
    let served = Served::start();
    let target = format!("/?token={}", served.launch);
    assert_eq!(served.get(&target, &[]).status, 303);
    assert_eq!(served.get(&target, &[]).status, 401);
    let printed = format!("/?token={}", served.token);
    assert_eq!(served.get(&printed, &[]).status, 303);
    assert_eq!(served.get(&printed, &[]).status, 303);
}

#[test]
fn another_name_of_this_machine_is_not_answered() {
    let served = Served::start();
    let (port, cookie) = (served.port, served.cookie());
    let status = |host: &str| served.send("GET", SUMMARY, &[host, &cookie]).status;
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "localhost.evil",
    ] {
        assert_eq!(status(&format!("Host: {host}:{port}")), 421, "{host}");
    }
    assert_eq!(status("Host: 127.0.0.1"), 421, "without the port");
    assert_eq!(status("Host: 127.0.0.1:1"), 421, "another port");
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(status(&format!("Host: {host}:{port}")), 200, "{host}");
    }
}

#[test]
fn another_page_of_the_browser_may_not_ask() {
    let served = Served::start();
    let (port, cookie) = (served.port, served.cookie());
    let status = |headers: &[&str]| served.get(SUMMARY, &[&[&*cookie], headers].concat()).status;
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "https://127.0.0.1",
    ] {
        assert_eq!(status(&[&format!("Origin: {origin}")]), 403, "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        assert_eq!(status(&[&site, "Sec-Fetch-Mode: cors"]), 403, "{site}");
        assert_eq!(status(&[&site, "Sec-Fetch-Mode: no-cors"]), 403, "{site}");
        assert_eq!(status(&[&site]), 403, "{site}");
    }
    let own = format!("Origin: http://127.0.0.1:{port}");
    assert_eq!(status(&[&own, "Sec-Fetch-Site: same-origin"]), 200);
    // A link from a ticket leads to the page, which holds no data.
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    let entry = served.get(&format!("/?token={}", served.token), &link);
    assert_eq!(entry.status, 303);
}

#[test]
fn nothing_can_be_changed_and_nobody_else_is_allowed_in() {
    let served = Served::start();
    let (port, cookie) = (served.port, served.cookie());
    let host = format!("Host: 127.0.0.1:{port}");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = served.send(method, SUMMARY, &[&host, &cookie]);
        assert_eq!(answer.status, 405, "{method}");
        assert!(!answer.head.to_lowercase().contains("access-control"));
    }
    let answer = served.get(SUMMARY, &[&cookie]);
    assert!(!answer.head.to_lowercase().contains("access-control"));
}

#[test]
fn every_answer_binds_the_page() {
    let served = Served::start();
    let cookie = served.cookie();
    let entry = format!("/?token={}", served.token);
    for (target, headers) in [
        ("/", vec![]),
        ("/", vec![&*cookie]),
        (&entry, vec![]),
        (SUMMARY, vec![&*cookie]),
        ("/api/nothing", vec![&*cookie]),
        ("/assets/nothing.js", vec![&*cookie]),
        ("/", vec![&*cookie, "Origin: http://evil.example"]),
    ] {
        let answer = served.get(target, &headers);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for allowed in ["unsafe-inline", "unsafe-eval", "*", "http:", "https:"] {
            assert!(!policy.contains(allowed), "{policy}");
        }
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
    }
}

#[test]
fn what_a_heap_holds_is_never_a_page() {
    let served = Served::start();
    let cookie = served.cookie();
    for target in [
        SUMMARY,
        "/api/workbench",
        "/api/snapshots/0/object?id=%3Cb%3E",
    ] {
        let answer = served.get(target, &[&cookie]);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_ok());
    }
}

#[test]
fn questions_that_make_no_sense_are_answered_with_what_to_do() {
    let served = Served::start();
    let cookie = served.cookie();
    for (target, word) in [
        ("/api/snapshots/99/summary", "no snapshot 99"),
        ("/api/snapshots/0/summary?sort=-nonsense", "the columns are"),
        ("/api/snapshots/0/summary?filter=/[/", "regular expression"),
        (
            "/api/snapshots/0/summary?only=nonsense",
            "duplicatedStrings",
        ),
        ("/api/snapshots/0/object?id=@77777", "@77777"),
        ("/api/snapshots/0/class?class=Nobody", "no class"),
        ("/api/verdict", "without a run"),
        ("/api/nothing", "no such question"),
    ] {
        let answer = served.get(target, &[&cookie]);
        assert_eq!(answer.status, 422, "{target}: {}", answer.body);
        assert!(answer.body.contains(word), "{target}: {}", answer.body);
    }
    for target in [
        "/../../Cargo.toml",
        "/assets/../../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        let answer = served.get(target, &[&cookie]);
        assert!(!answer.body.contains("[package]"), "{target}");
    }
}
