//! Servers that answer as a test wants, and remember what they were asked; and a load against them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use load::{
    Job, Meter, Outcome, ProcessorKind, Segment, Surroundings, Transport, TransportOptions,
};
use scenario::{Arrivals, Inputs};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub line: String,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection it came over, from 0.
    pub connection: usize,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What is answered: head lines after the status line, and a body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

pub fn answer(status: u16, headers: &[&str], body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        status,
        headers: headers.iter().map(|h| (*h).to_owned()).collect(),
        body: body.into(),
    }
}

pub fn json(body: &str) -> Answer {
    answer(200, &["content-type: application/json"], body)
}

type Handler = dyn Fn(&Seen) -> Answer + Send + Sync;

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (all, handler) = (Arc::clone(&seen), Arc::new(handler));
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let (all, handler) = (Arc::clone(&all), Arc::clone(&handler));
                tokio::spawn(async move { serve(stream, connection, &all, &*handler).await });
                connection += 1;
            }
        });
        Self { port, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn serve(
    stream: TcpStream,
    connection: usize,
    all: &Mutex<Vec<Seen>>,
    handler: &Handler,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut seen = Seen {
            connection,
            ..Seen::default()
        };
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        seen.line = line.trim().strip_suffix(" HTTP/1.1")?.to_owned();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            let Some((name, value)) = line.trim().split_once(':') else {
                break;
            };
            let header = (name.to_ascii_lowercase(), value.trim().to_owned());
            seen.headers.push(header);
        }
        let length = seen.header("content-length");
        seen.body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut seen.body).await.ok()?;
        let Answer {
            status,
            headers,
            body,
        } = handler(&seen);
        all.lock().unwrap().push(seen);
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            head += &format!("{header}\r\n");
        }
        let whole = [head.as_bytes(), b"\r\n", &body].concat();
        stream.write_all(&whole).await.ok()?;
    }
}

/// Runs a script once, `PORT` in it being the server's.
pub async fn run(script: &str, port: u16) -> Outcome {
    run_in(Path::new("."), script, port, 1).await
}

/// Runs so many sessions of a script whose files are in `directory`.
pub async fn run_in(directory: &Path, script: &str, port: u16, sessions: u64) -> Outcome {
    let (outcome, _) = run_heard(directory, script, port, sessions, ProcessorKind::Embedded).await;
    outcome
}

/// As [`run_in`], with what the script said.
pub async fn run_heard(
    directory: &Path,
    script: &str,
    port: u16,
    sessions: u64,
    kind: ProcessorKind,
) -> (Outcome, Vec<String>) {
    let text = script.replace("PORT", &port.to_string());
    let directory = std::path::absolute(directory).unwrap();
    let files = Files(directory.clone());
    let env = std::collections::BTreeMap::from([("COLOR".to_owned(), "red".to_owned())]);
    let inputs = Inputs {
        env: &env,
        environment: Some("test"),
        test_id: "t1",
        files: &files,
        ..Inputs::new("load.yml", &text)
    };
    let parsed = scenario::parse_with(&inputs);
    let script = parsed.script;
    let script = script.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics));
    let mut job = Job {
        target: script.target.clone(),
        surroundings: Surroundings::new(&directory),
        transport: Transport::new(TransportOptions::default()).unwrap(),
        arrivals: Arrivals::paced(sessions, f64::INFINITY),
        segment: Segment::WHOLE,
        log: None,
        max_in_flight: Some(1),
        session_offset: 0,
        seed: 1,
        script: Arc::new(script),
    };
    let heard = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&heard);
    let say: load::Say = Arc::new(move |text: &str| said.lock().unwrap().push(text.to_owned()));
    job.set_up(kind, Some(say)).await.unwrap();
    let outcome = load::perform(job.clone(), Arc::new(Meter::default())).await;
    job.tear_down().await.unwrap();
    let heard = heard.lock().unwrap().clone();
    (outcome, heard)
}

struct Files(std::path::PathBuf);

impl scenario::ReadFile for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// Runs a flow of YAML over HTTP against a server that answers everything with 200.
pub async fn lines_of(flow: &str) -> Vec<String> {
    let server = Server::start(|_| answer(200, &[], "")).await;
    let outcome = run(&http_script(flow), server.port).await;
    assert_eq!(outcome.ledger().failures, Default::default(), "{flow}");
    server.lines()
}

/// A script with this flow.
pub fn http_script(flow: &str) -> String {
    format!("config:\n  target: http://127.0.0.1:PORT\nscenarios:\n  - flow:\n{flow}")
}

/// Why the only session failed.
pub fn failure(outcome: &Outcome) -> String {
    let ledger = outcome.ledger();
    assert_eq!(ledger.failed, 1, "{ledger:?}");
    let (cause, _) = ledger.main_failure().unwrap();
    cause.to_owned()
}
