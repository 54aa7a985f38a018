//! Why a process cannot be found or asked, and what to do then.

use thiserror::Error;
use units::Elapsed;

use crate::process::{Process, Runtime};

/// Why a service that runs cannot be attached to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// No such process.
    #[error("there is no process {pid}")]
    Gone {
        /// The id.
        pid: u32,
        /// Processes of containers that see themselves under it.
        inside: Vec<Process>,
    },
    /// No process fits a pattern.
    #[error("no process fits `{pattern}`")]
    NotFound {
        /// As given.
        pattern: String,
    },
    /// More processes than one fit a pattern.
    #[error("{} processes fit `{pattern}`", found.len())]
    Several {
        /// As given.
        pattern: String,
        /// Those that do.
        found: Vec<Process>,
    },
    /// It belongs to somebody else.
    #[error("process {pid} belongs to the user `{user}`")]
    OtherUser {
        /// The process.
        pid: u32,
        /// Whose it is.
        user: String,
    },
    /// It stands still.
    #[error("process {pid} is stopped")]
    Stopped {
        /// The process.
        pid: u32,
    },
    /// It runs no V8.
    #[error("process {pid} is no Node.js process: `{program}`")]
    NotNode {
        /// The process.
        pid: u32,
        /// Its command line.
        program: String,
        /// What it runs instead.
        runtime: Runtime,
    },
    /// It runs V8, but opens its inspector only when it starts.
    #[error("process {pid} ({runtime}) has no inspector open")]
    NoSignal {
        /// The process.
        pid: u32,
        /// What it runs.
        runtime: Runtime,
    },
    /// It does not listen to SIGUSR1.
    #[error("the inspector of process {pid} is disabled: it does not listen to SIGUSR1")]
    Disabled {
        /// The process.
        pid: u32,
    },
    /// It has no inspector open, and none was to be opened.
    #[error("process {pid} has no inspector open")]
    NotOpen {
        /// The process.
        pid: u32,
    },
    /// It got SIGUSR1 and opened nothing.
    #[error("process {pid} did not open its inspector within {limit} after SIGUSR1")]
    DidNotOpen {
        /// The process.
        pid: u32,
        /// How long was waited.
        limit: Elapsed,
    },
    /// The port that it would open its inspector on is in use.
    #[error("process {pid} cannot open its inspector: port {port} is in use{}", by(owner.as_deref()))]
    PortTaken {
        /// The process.
        pid: u32,
        /// The port.
        port: u16,
        /// Who listens there, where it can be told.
        owner: Option<Box<Process>>,
    },
    /// It lives in a network of its own that we cannot enter.
    #[error("process {pid} has a network of its own, which cannot be entered: {source}")]
    OtherNetwork {
        /// The process.
        pid: u32,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing at an address speaks as an inspector does.
    #[error("no inspector at {address}: {reason}")]
    NoAnswer {
        /// Host and port.
        address: String,
        /// What happened instead.
        reason: String,
    },
    /// Several things can be inspected at one address.
    #[error("{} things can be inspected at {address}", pages.len())]
    SeveralPages {
        /// Host and port.
        address: String,
        /// The addresses and titles of each.
        pages: Vec<(String, String)>,
    },
    /// The inspector that was opened did not close.
    #[error("the inspector of process {pid} is still open on port {port}")]
    LeftOpen {
        /// The process.
        pid: u32,
        /// The port.
        port: u16,
    },
}

fn by(owner: Option<&Process>) -> String {
    owner.map_or(String::new(), |owner| {
        format!(" by process {} (`{}`)", owner.pid, owner.command_line())
    })
}

impl Unreachable {
    /// That a process is not there, with those of containers that go by the same number.
    pub(crate) fn gone(pid: u32) -> Self {
        let all = crate::procfs::pids();
        let inside = all
            .into_iter()
            .filter(|&other| crate::procfs::inner_pid(other) == Some(pid) && other != pid)
            .filter_map(|other| Process::of(other).ok())
            .collect();
        Self::Gone { pid, inside }
    }

    /// The things among which a choice is needed: what to give instead, and what it is.
    #[must_use]
    pub fn choices(&self) -> Vec<(String, String)> {
        let row = |process: &Process| (process.pid.to_string(), process.command_line());
        match self {
            Self::Several { found, .. } => found.iter().map(row).collect(),
            Self::Gone { inside, .. } => inside.iter().map(row).collect(),
            Self::SeveralPages { pages, .. } => pages.clone(),
            _ => Vec::new(),
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Gone { pid, inside } if inside.is_empty() => {
                return Some(format!(
                    "leakscope sees the processes of its own container only; if {pid} is an \
                     inspector's port, write `:{pid}`"
                ));
            }
            Self::Gone { .. } => {
                "that is its number inside a container: give the one outside, as listed"
            }
            Self::NotFound { .. } => {
                "give a process id, the `host:port` of an inspector, or a part of the command \
                 line as it was started"
            }
            Self::Several { .. } => "give the process id, or a longer part of the command line",
            Self::OtherUser { user, .. } => {
                return Some(format!(
                    "run leakscope as `{user}` or as root: `sudo -u {user} leakscope …`"
                ));
            }
            Self::Stopped { pid } => {
                return Some(format!("let it go on first: `kill -CONT {pid}`"));
            }
            Self::NotNode {
                runtime: Runtime::Bun,
                ..
            } => "Bun has no V8 inside, so there is no V8 heap to look at",
            Self::NotNode { .. } => {
                "only its memory can be watched: `leakscope watch` needs no inspector"
            }
            Self::NoSignal {
                runtime: Runtime::Deno,
                ..
            } => "start it again with `deno run --inspect=127.0.0.1:9229 …`",
            Self::NoSignal { .. } => {
                "start it again with `--remote-debugging-port=9222` (Electron: also `--inspect`)"
            }
            Self::Disabled { .. } => {
                "it was started with `--disable-sigusr1` or `--permission`, or built without an \
                 inspector: start it again with `node --inspect=127.0.0.1:9229 …` or without that \
                 option; beside `--permission` it needs `--allow-inspector`"
            }
            Self::NotOpen { .. } => "start it with `--inspect=127.0.0.1:9229`",
            Self::DidNotOpen { .. } => {
                "its own code may have taken SIGUSR1 over: start it with \
                 `--inspect=127.0.0.1:9229`, and give that address"
            }
            Self::PortTaken { pid, owner, .. } => {
                let who = owner.as_ref().map_or("that process".into(), |owner| {
                    format!("process {}", owner.pid)
                });
                return Some(format!(
                    "end the debugging of {who}, or start the service with `--inspect-port=0`: \
                     then {pid} will take any free port"
                ));
            }
            Self::OtherNetwork { pid, .. } => {
                return Some(format!(
                    "run leakscope as root, or inside that network: \
                     `sudo nsenter -t {pid} -n leakscope …`"
                ));
            }
            Self::NoAnswer { .. } => {
                "check the port: Node.js prints `Debugger listening on ws://HOST:PORT/…`"
            }
            Self::SeveralPages { .. } => "give one of the addresses listed",
            Self::LeftOpen { .. } => {
                "its event loop is blocked; only processes of this machine can reach the port"
            }
        };
        Some(hint.to_owned())
    }
}
