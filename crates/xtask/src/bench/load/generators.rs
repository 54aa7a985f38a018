//! Who is measured, and how each is told what to do.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::parity;
use crate::steps::{Result, cargo, root, say, step, target};

use super::servers::{self, Servers};

/// The generators that may be left out.
pub(super) const PEERS: [&str; 4] = ["wrk", "oha", "autocannon", "artillery"];

/// Connections, or sessions at once.
const USERS: u64 = 50;

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A GET over a connection that is kept.
    Get,
    /// The same with a header and a URL that are filled in, and a value kept of the response.
    RichGet,
    /// The calculator's session: connect, three messages, close.
    Session,
    /// A message and its echo.
    Echo,
}

impl Unit {
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Get => "A keep-alive GET, 50 connections",
            Self::RichGet => "A GET with a template, a header and a JSON capture, 50 connections",
            Self::Session => "A WebSocket session of three messages",
            Self::Echo => "A WebSocket message and its echo, 50 connections",
        }
    }
}

/// A program that does units of work.
pub(super) struct Generator {
    pub(super) name: String,
    /// How many units make a long run.
    pub(super) units: u64,
    /// The command that does so many.
    pub(super) command: fn(&Servers, u64) -> Result<Command>,
    /// How many it says it has done, where it is told a time instead.
    pub(super) counted: Option<fn(&str) -> Option<u64>>,
}

/// Builds what is measured.
pub(super) fn build() -> Result {
    let build = ["build", "--release", "--package", "leakscope"];
    step("build leakscope", &mut cargo(&build))?;
    let build = [
        "build",
        "--release",
        "--package",
        "leakscope-load",
        "--examples",
    ];
    step("build floors and servers", &mut cargo(&build))?;
    let build = ["build", "--release", "--package", "calc-server-rust"];
    step("build the calculator", &mut cargo(&build))
}

pub(super) fn program() -> PathBuf {
    target().join("release/leakscope")
}

fn folder() -> PathBuf {
    target().join("bench/load")
}

/// A script in a file; the same text has the same name.
pub(super) fn script(text: &str) -> Result<PathBuf> {
    let failed = |error: std::io::Error| format!("cannot write a script: {error}");
    fs::create_dir_all(folder()).map_err(failed)?;
    let digest = text.bytes().fold(5381u64, |hash, byte| {
        hash.wrapping_mul(33) ^ u64::from(byte)
    });
    let path = folder().join(format!("{digest:016x}.json"));
    fs::write(&path, text).map_err(failed)?;
    Ok(path)
}

/// leakscope on the generator's core, with a script.
pub(super) fn leakscope(script: &Path) -> Command {
    let mut command = servers::generator(program());
    command.args([OsStr::new("load"), script.as_os_str()]);
    command
}

fn floor(what: &str, port: u16, first: u64, second: u64) -> Result<Command> {
    let mut command = servers::generator(target().join("release/examples/floor"));
    let words = [port.to_string(), first.to_string(), second.to_string()];
    command.arg(what).args(words);
    Ok(command)
}

/// A script of `USERS` sessions that share so many rounds of a loop.
fn loops(target: &str, engine: &str, steps: &str, units: u64) -> Result<PathBuf> {
    let rounds = units / USERS;
    script(&format!(
        r#"{{"config":{{"target":"{target}","phases":[{{"duration":1,"arrivalCount":{USERS}}}],
            "variables":{{"who":["me"]}}}},
            "scenarios":[{{"engine":"{engine}","flow":[{{"loop":[{steps}],"count":{rounds}}}]}}]}}"#
    ))
}

const GET: &str = r#"{"get":{"url":"/"}}"#;
const RICH_GET: &str = r#"{"get":{"url":"/{{ who }}/{{ $loopCount }}","headers":{"x-who":"{{ who }}"},
    "capture":{"json":"$.id","as":"id"}}}"#;
const ECHO: &str =
    r#"{"send":{"payload":"sixteen bytes it","match":{"regexp":"sixteen","value":"sixteen"}}}"#;

fn http(servers: &Servers) -> String {
    format!("http://127.0.0.1:{}", servers.http())
}

fn get_script(servers: &Servers, units: u64) -> Result<PathBuf> {
    loops(&http(servers), "http", GET, units)
}

/// Sessions a second that are more than one core can do: as the floor, a generator is then never
/// woken for a single event.
const SATURATED: f64 = 20_000.0;

/// Sessions a second that Artillery can just not do.
const ARTILLERY_SATURATED: f64 = 2_000.0;

fn session_script(servers: &Servers, sessions: u64, rate: f64, least: f64) -> Result<PathBuf> {
    script(&format!(
        r#"{{"config":{{"target":"ws://127.0.0.1:{}","phases":[{{"duration":{},"arrivalCount":{sessions}}}]}},
            "scenarios":[{{"engine":"ws","flow":[{{"send":"1"}},{{"send":"2"}},{{"send":"+"}}]}}]}}"#,
        servers.calculator(),
        (sessions as f64 / rate).max(least),
    ))
}

/// Everybody who can do this unit, the floor first, then leakscope.
pub(super) fn of(unit: Unit, peers: &[String]) -> Result<Vec<Generator>> {
    let new = |name: &str, units, command: fn(&Servers, u64) -> Result<Command>| Generator {
        name: name.to_owned(),
        units,
        command,
        counted: None,
    };
    let raw = new("floor: raw socket", 200_000, |servers, units| {
        floor("get", servers.http(), USERS, units)
    });
    let mut generators = match unit {
        Unit::Get => vec![
            raw,
            new("leakscope", 200_000, |servers, units| {
                Ok(leakscope(&get_script(servers, units)?))
            }),
        ],
        Unit::RichGet => vec![
            raw,
            new("leakscope", 200_000, |servers, units| {
                Ok(leakscope(&loops(&http(servers), "http", RICH_GET, units)?))
            }),
        ],
        Unit::Session => vec![
            new("floor: fastwebsockets", 8_000, |servers, units| {
                floor("session", servers.calculator(), units, USERS)
            }),
            new("leakscope", 8_000, |servers, units| {
                let script = session_script(servers, units, SATURATED, 0.0)?;
                Ok(leakscope(&script))
            }),
        ],
        Unit::Echo => vec![
            new("floor: fastwebsockets", 200_000, |servers, units| {
                floor("echo", servers.echo(), USERS, units)
            }),
            new("leakscope", 200_000, |servers, units| {
                let target = format!("ws://127.0.0.1:{}", servers.echo());
                Ok(leakscope(&loops(&target, "ws", ECHO, units)?))
            }),
        ],
    };
    for peer in peers {
        let peer = match (peer.as_str(), unit) {
            ("wrk", Unit::Get) => found("wrk").map(|_| Generator {
                counted: Some(|text| number_before(text, " requests in ")),
                ..new("wrk", 200_000, |servers, units| {
                    let seconds = (units / 40_000).max(1);
                    let mut command = servers::generator("wrk");
                    command.args(["-t1", "-c50", &format!("-d{seconds}s"), &http(servers)]);
                    Ok(command)
                })
            }),
            ("oha", Unit::Get | Unit::RichGet) => oha().map(|_| {
                new("oha", 200_000, |servers, units| {
                    let oha = oha().ok_or_else(|| "oha is gone".to_owned())?;
                    let mut command = servers::generator(oha);
                    let n = units.to_string();
                    command.args(["--no-tui", "-c", "50", "-n", &n, &http(servers)]);
                    Ok(command)
                })
            }),
            ("autocannon", Unit::Get) => {
                install()?;
                Some(new("autocannon", 200_000, |servers, units| {
                    let mut command = servers::generator("node");
                    command.arg(package("autocannon/autocannon.js"));
                    command.args(["-c", "50", "-a", &units.to_string(), &http(servers)]);
                    Ok(command)
                }))
            }
            ("artillery", Unit::Get) => {
                install_artillery()?;
                Some(new("artillery", 20_000, |servers, units| {
                    Ok(artillery(&get_script(servers, units)?))
                }))
            }
            ("artillery", Unit::Session) => {
                install_artillery()?;
                Some(new("artillery", 4_000, |servers, units| {
                    let script = session_script(servers, units, ARTILLERY_SATURATED, 1.0)?;
                    Ok(artillery(&script))
                }))
            }
            _ => None,
        };
        generators.extend(peer);
    }
    Ok(generators)
}

fn packages() -> PathBuf {
    folder().join("peers")
}

fn package(file: &str) -> PathBuf {
    packages().join("node_modules").join(file)
}

fn install() -> Result {
    let from = root().join("crates/xtask/bench/load");
    parity::install_packages("the generators that npm has", &from, &packages()).map(drop)
}

/// Artillery needs a newer Node.js than leakscope does.
fn install_artillery() -> Result {
    parity::install()?;
    install()
}

fn artillery(script: &Path) -> Command {
    let mut command = servers::generator(target().join("node/node_modules/node-24/bin/node"));
    command
        .arg(package("artillery/bin/run"))
        .arg("run")
        .arg(script);
    command.env("ARTILLERY_DISABLE_TELEMETRY", "true");
    command
}

fn oha() -> Option<PathBuf> {
    let ours = target().join("bench/oha/bin/oha");
    match ours.is_file() {
        true => Some(ours),
        false => found("oha"),
    }
}

/// A program on the path; where it is not, that is said, and what to do.
fn found(name: &str) -> Option<PathBuf> {
    let status = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if status.is_ok() {
        return Some(name.into());
    }
    let hint = match name {
        "oha" => "`cargo install --locked oha --root target/bench/oha` installs it",
        _ => "most systems have a package of that name",
    };
    say(&format!("`{name}` is not here and is left out: {hint}"));
    None
}

/// The number that stands before some words.
fn number_before(text: &str, words: &str) -> Option<u64> {
    let before = text.split(words).next()?;
    before.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_says_how_many_requests_it_made() {
        let text = "Running 1s test\n  44213 requests in 1.00s, 5.1MB read\nRequests/sec: 44";
        assert_eq!(number_before(text, " requests in "), Some(44_213));
        assert_eq!(number_before("nothing", " requests in "), None);
    }
}
