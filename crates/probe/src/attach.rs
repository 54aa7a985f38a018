//! Getting to the inspector of a process that somebody else started, and leaving it as it was.
//!
//! Owns the way in: an inspector that is open already, else SIGUSR1, which Node.js opens one on.
//! Invariant: the signal goes only to a Node.js process that catches it (the kernel ends any
//! other), and an inspector that was opened for us is closed again by [`Attached::detach`]. Node.js
//! can do so since its version 8 at least: its own `process._debugEnd()`, tried on 18 to 26.

mod discovery;
mod network;
mod unreachable;
mod way;

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep, timeout};

use crate::process::{Process, Runtime};
use crate::procfs::{self, Listener};
use crate::target::Endpoint;
use crate::{Error, Inspector};
use discovery::Page;
use network::Network;

pub use unreachable::Unreachable;
pub use way::{Woken, attach_beside};

/// Where Node.js opens its inspector if nothing else was said.
const USUAL_PORT: u16 = 9229;

/// From SIGUSR1 until the inspector must listen: a thread of its own opens it, so that even a
/// blocked event loop is no reason to be late.
const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// An inspector that has not begun to listen by then was open before, or does not come.
const SOON: Duration = Duration::from_secs(2);

/// Until a worker process has opened an inspector that its primary told it to, or will not.
const STIRRED_WITHIN: Duration = Duration::from_millis(500);

/// From the request to close an inspector until its port must be free. A blocked event loop is.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);

/// How often a port is looked at that is expected to change.
const POLL: Duration = Duration::from_millis(20);

/// What may be done to get an inspector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing: only one that is open already.
    Never,
    /// SIGUSR1, where there is none and the process is a Node.js that listens to it.
    BySignal,
}

/// A conversation with a service that was running before us.
#[derive(Debug)]
pub struct Attached {
    inspector: Inspector,
    process: Option<Process>,
    /// Where it listens, if that is known.
    listener: Option<Listener>,
    /// Where it listens, if it does so because of us.
    opened: Option<Listener>,
    /// The port on which it would open anew, if it has moved away from there for us.
    moved_from: Option<u16>,
    stirred: Vec<Stirred>,
}

/// A worker process of a cluster, to which Node.js passes the signal on: it opens an inspector too.
#[derive(Debug, Clone)]
struct Stirred {
    process: Process,
    /// What it listened on before.
    before: Vec<Listener>,
}

impl Attached {
    /// The conversation.
    #[must_use]
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// The process; `None` if it runs on another machine.
    #[must_use]
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Whether the inspector was opened for us, and so will be closed again.
    #[must_use]
    pub fn was_opened(&self) -> bool {
        self.opened.is_some()
    }

    /// Ends the conversation, and closes the inspector if it was opened for it.
    ///
    /// # Errors
    /// [`Unreachable::LeftOpen`] if it does not close: its event loop is blocked, or the process
    /// has just ended.
    pub async fn detach(self) -> Result<(), Error> {
        let (Some(listener), Some(process)) = (self.opened, self.process) else {
            return Ok(());
        };
        close(self.inspector, &process, &listener, self.moved_from).await?;
        let deadline = Instant::now() + STIRRED_WITHIN;
        for stirred in self.stirred {
            stirred.close(deadline).await?;
        }
        Ok(())
    }
}

impl Stirred {
    /// The worker processes of a cluster, before its primary gets the signal.
    fn of(primary: &Process) -> Vec<Self> {
        // What `cluster` gives to its workers.
        let is_worker = |p: &Process| procfs::variable(p.pid, "NODE_UNIQUE_ID").is_some();
        let children = primary.script_children().into_iter();
        children
            .filter(is_worker)
            .map(|process| Self {
                before: procfs::listeners_of(process.pid).unwrap_or_default(),
                process,
            })
            .collect()
    }

    /// Closes the inspector that it has opened, if it has until `deadline`: the port may be taken.
    async fn close(self, deadline: Instant) -> Result<(), Error> {
        let mut asked = self.before;
        loop {
            let mut new = procfs::listeners_of(self.process.pid).unwrap_or_default();
            new.retain(|l| l.is_on_loopback() && !asked.contains(l));
            for listener in new {
                asked.push(listener);
                let network = Network::of(&self.process)?;
                if let Some(attached) = try_attach_to(&self.process, &network, &listener).await? {
                    return close(attached.inspector, &self.process, &listener, None).await;
                }
            }
            if Instant::now() >= deadline || !self.process.is_alive() {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }
}

/// Has a process close its inspector, and waits until it has.
async fn close(
    inspector: Inspector,
    process: &Process,
    listener: &Listener,
    port: Option<u16>,
) -> Result<(), Error> {
    // What it answers does not matter: the connection may go before the answer comes.
    let _ = timeout(CLOSED_WITHIN, inspector.close_inspector(port)).await;
    drop(inspector);
    wait_until_closed(process, listener).await
}

async fn wait_until_closed(process: &Process, listener: &Listener) -> Result<(), Error> {
    let is_open = || {
        let around = procfs::listeners_around(process.pid);
        around.iter().any(|l| l.inode == listener.inode)
    };
    let deadline = Instant::now() + CLOSED_WITHIN;
    while is_open() && process.is_alive() {
        if Instant::now() >= deadline {
            return Err(Unreachable::LeftOpen {
                pid: process.pid,
                port: listener.address.port(),
            }
            .into());
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// Connects to an inspector that is open. Needs a Tokio runtime.
///
/// # Errors
/// [`Unreachable::NoAnswer`] if nothing listens there or what does is no inspector,
/// [`Unreachable::SeveralPages`] if several things can be inspected there and none was named.
pub async fn attach_at(endpoint: &Endpoint) -> Result<Attached, Error> {
    let process = crate::Target::Inspector(endpoint.clone()).process()?;
    let pages = discovery::pages(&Network::Own, &endpoint.host, endpoint.port).await?;
    let page = match &endpoint.id {
        Some(id) => pages.into_iter().find(|page| page.has_id(id)),
        None => Some(discovery::only(endpoint, pages)?),
    };
    let page = page.ok_or_else(|| Unreachable::NoAnswer {
        address: endpoint.to_string(),
        reason: "an inspector listens there, but knows no such id".into(),
    })?;
    let inspector = page
        .connect(&Network::Own, &endpoint.host, endpoint.port)
        .await?;
    Ok(Attached {
        inspector,
        process,
        listener: None,
        opened: None,
        moved_from: None,
        stirred: Vec::new(),
    })
}

/// Connects to the inspector of a running process. Needs a Tokio runtime.
///
/// An inspector that is open already is used and stays open. Else, with [`Opening::BySignal`],
/// SIGUSR1 makes Node.js open one on its `--inspect-port` (9229), on loopback; Node.js says so in a
/// line on the service's stderr.
///
/// # Errors
/// [`Unreachable`], which says why and what can be done.
pub async fn attach(process: &Process, opening: Opening) -> Result<Attached, Error> {
    check_ours(process)?;
    let network = Network::of(process)?;
    if let Some(attached) = attach_to_open(process, &network).await? {
        return Ok(attached);
    }
    if opening == Opening::Never {
        return Err(Unreachable::NotOpen { pid: process.pid }.into());
    }
    check_listens_to_signal(process)?;
    let port = inspect_port(process).unwrap_or(USUAL_PORT);
    // A program that gives itself a title loses its command line, and with it the port.
    if process.command.len() > 1 {
        check_port_free(process, port)?;
    }
    let before = procfs::listeners_of(process.pid).unwrap_or_default();
    let stirred = Stirred::of(process);
    send_signal(process)?;
    let sent = Instant::now();
    let mut asked = before.clone();
    let mut doubted = false;
    loop {
        let mut new = procfs::listeners_of(process.pid).unwrap_or_default();
        new.retain(|l| l.is_on_loopback() && !asked.contains(l));
        for listener in new {
            asked.push(listener);
            if let Some(attached) = try_attach_to(process, &network, &listener).await? {
                let is_new = !before.contains(&listener);
                return Ok(Attached {
                    opened: is_new.then_some(listener),
                    stirred: if is_new { stirred } else { Vec::new() },
                    ..attached
                });
            }
        }
        if !process.is_alive() {
            return Err(Unreachable::gone(process.pid).into());
        }
        let waited = sent.elapsed();
        if waited >= SOON && !doubted {
            // It may have been open all along, where nothing told us.
            doubted = true;
            asked.retain(|l| !before.contains(l) || !l.address.ip().is_loopback());
        }
        if waited >= OPEN_WITHIN {
            check_port_free(process, port)?;
            return Err(Unreachable::DidNotOpen {
                pid: process.pid,
                limit: OPEN_WITHIN.into(),
            }
            .into());
        }
        sleep(POLL).await;
    }
}

/// As [`attach`], unless `stop` comes first: then there is none, and nothing is left open.
///
/// # Errors
/// As [`attach`], and [`Attached::detach`]'s.
pub async fn attach_until(
    process: &Process,
    opening: Opening,
    stop: impl Future<Output = ()>,
) -> Result<Option<Attached>, Error> {
    let attaching = attach(process, opening);
    tokio::pin!(attaching);
    tokio::select! {
        attached = &mut attaching => return attached.map(Some),
        () = stop => {}
    }
    // Broken off after its signal, it would leave the inspector open.
    if opening == Opening::BySignal
        && let Ok(attached) = attaching.await
    {
        attached.detach().await?;
    }
    Ok(None)
}

/// What needs no question to the process itself.
fn check_ours(process: &Process) -> Result<(), Error> {
    let pid = process.pid;
    if procfs::listeners_of(pid).is_none() {
        if !process.is_alive() {
            return Err(Unreachable::gone(pid).into());
        }
        return Err(Unreachable::OtherUser {
            pid,
            user: process.user(),
        }
        .into());
    }
    if procfs::is_stopped(pid) {
        return Err(Unreachable::Stopped { pid }.into());
    }
    match process.runtime {
        Runtime::Node | Runtime::Deno | Runtime::Chrome => Ok(()),
        Runtime::Bun | Runtime::Other => Err(Unreachable::NotNode {
            pid,
            program: process.command_line(),
            runtime: process.runtime,
        }
        .into()),
    }
}

/// The inspector that is open already: on the ports that it was told or that are usual, else, as
/// the service may have opened one itself, on any of its ports on this machine's loopback.
async fn attach_to_open(process: &Process, network: &Network) -> Result<Option<Attached>, Error> {
    let mut own = procfs::listeners_of(process.pid).unwrap_or_default();
    own.retain(Listener::is_on_loopback);
    let told = inspect_port(process);
    if told == Some(0) {
        // What it shares with its parent, as a cluster does, is what it serves.
        let shared = procfs::listeners_of(process.parent).unwrap_or_default();
        own.retain(|l| !shared.iter().any(|of_parent| of_parent.inode == l.inode));
    }
    own.retain(|l| {
        let port = l.address.port();
        let is_likely = Some(port) == told || port == USUAL_PORT;
        // A question to a port of the service's own stands in its access log: only if it was
        // told to choose any port is every one asked.
        is_likely
            || (told == Some(0) && l.address.ip().is_loopback())
            || (process.runtime == Runtime::Chrome && l.address.ip().is_loopback())
    });
    for listener in own {
        if let Some(attached) = try_attach_to(process, network, &listener).await? {
            return Ok(Some(attached));
        }
    }
    Ok(None)
}

/// `None` if what listens there is no inspector.
async fn try_attach_to(
    process: &Process,
    network: &Network,
    listener: &Listener,
) -> Result<Option<Attached>, Error> {
    match attach_to(process, network, listener).await {
        Err(Error::Unreachable(Unreachable::NoAnswer { .. })) => Ok(None),
        attached => attached.map(Some),
    }
}

async fn attach_to(
    process: &Process,
    network: &Network,
    listener: &Listener,
) -> Result<Attached, Error> {
    let ip = listener.address.ip();
    let host = match ip.is_unspecified() {
        true => "127.0.0.1".to_owned(),
        false => ip.to_string(),
    };
    let port = listener.address.port();
    let pages = discovery::pages(network, &host, port).await?;
    let endpoint = Endpoint {
        host: host.clone(),
        port,
        id: None,
    };
    let page: Page = discovery::only(&endpoint, pages)?;
    let inspector = page.connect(network, &host, port).await?;
    Ok(Attached {
        inspector,
        process: Some(process.clone()),
        listener: Some(*listener),
        opened: None,
        moved_from: None,
        stirred: Vec::new(),
    })
}

/// SIGUSR1 ends a process that does not catch it. Node.js does, unless told not to.
fn check_listens_to_signal(process: &Process) -> Result<(), Error> {
    let pid = process.pid;
    if process.runtime != Runtime::Node {
        return Err(Unreachable::NoSignal {
            pid,
            runtime: process.runtime,
        }
        .into());
    }
    match procfs::catches(pid, Signal::USR1.as_raw()) {
        Some(true) => Ok(()),
        Some(false) => Err(Unreachable::Disabled { pid }.into()),
        // Where this cannot be known, no signal is sent.
        None if process.is_alive() => Err(Unreachable::NotOpen { pid }.into()),
        None => Err(Unreachable::gone(pid).into()),
    }
}

fn check_port_free(process: &Process, port: u16) -> Result<(), Error> {
    let around = procfs::listeners_around(process.pid);
    let Some(taken) = around.iter().find(|l| port != 0 && l.blocks(port)) else {
        return Ok(());
    };
    let owner = procfs::holders_of(taken.inode, &procfs::pids());
    let owner = owner.first().and_then(|&pid| Process::of(pid).ok());
    Err(Unreachable::PortTaken {
        pid: process.pid,
        port,
        owner: owner.map(Box::new),
    }
    .into())
}

fn send_signal(process: &Process) -> Result<(), Error> {
    let pid = process.pid;
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let raw = raw.ok_or_else(|| Unreachable::gone(pid))?;
    kill_process(raw, Signal::USR1).map_err(|error| {
        let unreachable = match error {
            rustix::io::Errno::PERM => Unreachable::OtherUser {
                pid,
                user: process.user(),
            },
            _ => Unreachable::gone(pid),
        };
        unreachable.into()
    })
}

/// Whether the port is free that a process was told for its inspector, if it was told one: not even
/// the end of a connection that has just been closed may have it.
#[must_use]
pub fn could_open_inspector(process: &Process) -> bool {
    let port = inspect_port(process).filter(|&port| port != 0);
    port.is_none_or(|port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok())
}

/// The port that a process was told for its inspector, on its command line or in NODE_OPTIONS.
fn inspect_port(process: &Process) -> Option<u16> {
    let options = procfs::variable(process.pid, "NODE_OPTIONS").unwrap_or_default();
    let words = options.split_whitespace().map(str::to_owned);
    // Those of the command line come later, and win.
    let words: Vec<String> = words.chain(process.command.iter().cloned()).collect();
    port_in(&words)
}

fn port_in(words: &[String]) -> Option<u16> {
    const OPTIONS: [&str; 6] = [
        "--inspect",
        "--inspect-brk",
        "--inspect-wait",
        "--inspect-port",
        "--debug-port",
        "--remote-debugging-port",
    ];
    let mut port = None;
    for (at, word) in words.iter().enumerate() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if !OPTIONS.contains(&name) {
            continue;
        }
        let value = match (value, name.ends_with("-port")) {
            (None, true) => words.get(at + 1).map(String::as_str),
            (value, _) => value,
        };
        // `HOST:PORT`, `PORT` or a host alone.
        let last = value.map(|value| value.rsplit(':').next().unwrap_or(value));
        port = last.and_then(|last| last.parse().ok()).or(Some(USUAL_PORT));
    }
    port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_options() {
        let cases = [
            ("node server.js", None),
            ("node --inspect server.js", Some(9229)),
            ("node --inspect=0 server.js", Some(0)),
            ("node --inspect=127.0.0.1:4000 server.js", Some(4000)),
            ("node --inspect-port 4001 server.js", Some(4001)),
            (
                "node --inspect=[::1]:4002 --inspect-port=4003 s.js",
                Some(4003),
            ),
            ("chromium --remote-debugging-port=9222", Some(9222)),
        ];
        for (command, port) in cases {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(port_in(&words), port, "{command}");
        }
    }
}
