//! The servers that are loaded, each on the first core; the generators have the second.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::steps::{Result, target};

const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// HTTP on this port, echoes on the next.
const HTTP: u16 = 18_480;
const FREEZING: u16 = 18_490;
const CALCULATOR: u16 = 18_500;

/// Servers that run until this is dropped.
pub(super) struct Servers {
    _running: Vec<Server>,
}

/// A server that runs until this is dropped.
pub(super) struct Server {
    child: Child,
    /// What it goes on to say; who wants to know takes it.
    pub(super) stdout: Option<BufReader<ChildStdout>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Servers {
    pub(super) fn start() -> Result<Self> {
        let calculator = target().join("release/calc-server-rust");
        let port = CALCULATOR.to_string();
        Ok(Self {
            _running: vec![
                start(pinned(SERVER_CORE, "release/examples/target").arg(HTTP.to_string()))?,
                start(
                    Command::new("taskset")
                        .args(["-c", SERVER_CORE])
                        .arg(calculator)
                        .args(["--port", &port]),
                )?,
            ],
        })
    }

    pub(super) fn http(&self) -> u16 {
        HTTP
    }

    pub(super) fn echo(&self) -> u16 {
        HTTP + 1
    }

    pub(super) fn calculator(&self) -> u16 {
        CALCULATOR
    }
}

/// A server that freezes again and again, its port, and what it says.
pub(super) fn start_freezing() -> Result<(u16, Server)> {
    let mut command = pinned(SERVER_CORE, "release/examples/target");
    command.arg(FREEZING.to_string()).arg("--freeze");
    Ok((FREEZING, start(&mut command)?))
}

/// A program of ours on the generator's core.
pub(super) fn generator(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    // Ten thousand connections are ten thousand descriptors.
    command.args(["-c", GENERATOR_CORE]).arg(program);
    command
}

fn pinned(core: &str, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(target().join(program));
    command
}

fn start(command: &mut Command) -> Result<Server> {
    let failed = |error: std::io::Error| format!("cannot start a server: {error}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdout = child.stdout.take();
    let stdout = stdout.ok_or_else(|| "a server without stdout".to_owned())?;
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    let read = stdout.read_line(&mut line).map_err(failed);
    let server = Server {
        child,
        stdout: Some(stdout),
    };
    read?;
    match line.contains("listening") {
        true => Ok(server),
        false => Err("a server ended before it listened: is its port taken?"
            .to_owned()
            .into()),
    }
}
