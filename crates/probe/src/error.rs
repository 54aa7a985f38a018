//! What can go wrong with a service, its inspector and the files written from both.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use units::Elapsed;

use crate::attach::Unreachable;

/// A failure of the service, of its inspector, or of a file that was to be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No command was given.
    #[error("no command to start the service with")]
    NoCommand,
    /// No service was named.
    #[error("no service to look at")]
    NoTarget,
    /// The service runs, but cannot be attached to.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The program could not be started.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The first word of the command.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The file for the service's output could not be made.
    #[error("cannot write the service's output to `{}`: {source}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody listens already where the service is expected to.
    #[error("port {port} is in use{}", owner.as_ref().map(|o| format!(" by {o}")).unwrap_or_default())]
    PortTaken {
        /// The port.
        port: u16,
        /// The process that listens, where it can be told.
        owner: Option<String>,
    },
    /// A URL to wait for that is none, or not one over plain HTTP.
    #[error("`{url}` is not an `http://` URL")]
    ReadyUrl {
        /// As given.
        url: String,
    },
    /// The service lives, but does not get ready.
    #[error("the service is not ready after {limit}: {awaited}")]
    NotReady {
        /// How long was waited.
        limit: Elapsed,
        /// What did not happen.
        awaited: String,
        /// The last lines of its output.
        tail: Vec<String>,
    },
    /// The service's process has ended.
    #[error("the service has ended: {how}")]
    Ended {
        /// Exit code or signal, in words.
        how: String,
    },
    /// There is no inspector in the process that serves.
    #[error("no Node.js inspector in the service: {found}")]
    NoInspector {
        /// What was found instead.
        found: String,
    },
    /// The inspector cannot be talked to.
    #[error("cannot connect to the inspector at `{url}`: {source}")]
    Connect {
        /// Its WebSocket address.
        url: String,
        /// Why.
        source: tokio_websockets::Error,
    },
    /// The conversation with the inspector broke off.
    #[error("the inspector's connection closed during `{method}`")]
    Disconnected {
        /// What was being asked.
        method: &'static str,
    },
    /// What came is not what an inspector says.
    #[error("what came from the inspector during `{method}` cannot be read: {reason}")]
    Garbled {
        /// What was being asked.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The inspector did not answer.
    #[error("the inspector did not answer `{method}` within {limit}")]
    Silent {
        /// What was being asked.
        method: &'static str,
        /// How long was waited.
        limit: Elapsed,
    },
    /// The inspector said no.
    #[error("the inspector refused `{method}`: {message}")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// Its words.
        message: String,
    },
    /// The inspector's answer is not what the protocol says.
    #[error("the inspector's answer to `{method}` cannot be read: {source}")]
    Answer {
        /// What was asked.
        method: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The kernel's figures could not be read.
    #[error("cannot read the memory of process {pid}: {source}")]
    Memory {
        /// The process.
        pid: u32,
        /// Why.
        source: io::Error,
    },
    /// A snapshot could not be written.
    #[error("cannot write the heap snapshot `{}`: {source}", path.display())]
    SnapshotFile {
        /// Its final name.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What came is not a whole snapshot.
    #[error("the heap snapshot for `{}` came damaged: {what}", path.display())]
    SnapshotCut {
        /// The name it would have had.
        path: PathBuf,
        /// What is missing or wrong.
        what: String,
    },
    /// Not even SIGKILL ended these processes.
    #[error("processes of the service are still alive: {pids:?}")]
    StillAlive {
        /// Their ids.
        pids: Vec<u32>,
    },
}

impl Error {
    /// Whether a file of ours could not be written, as opposed to a failing service.
    #[must_use]
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Output { .. } | Self::SnapshotFile { .. })
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoTarget => {
                "give a process id, `host:port` of an inspector, or a part of its name"
            }
            Self::Unreachable(unreachable) => return unreachable.hint(),
            Self::NoCommand => "give the service's command after `--`, as in `-- node server.js`",
            Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the spelling, and that the program is on the PATH of this shell"
            }
            Self::Start { .. } => "check that the file is a program and may be executed",
            Self::Output { .. } | Self::SnapshotFile { .. } => {
                "free some space, or choose a folder on another disk with `--out DIR`"
            }
            Self::PortTaken { .. } => {
                "end that process, or let the service listen elsewhere and say where with \
                 `--target URL`"
            }
            Self::ReadyUrl { .. } => "give an address such as `http://127.0.0.1:8080/health`",
            Self::NotReady { .. } => {
                "check where the service listens: `--target URL` sends the load elsewhere; \
                 `--ready-port`, `--ready-url` or `--ready-line` say what to wait for, \
                 `--ready-timeout` how long"
            }
            Self::NoInspector { .. } => {
                "the service must be a Node.js process; a wrapper must pass NODE_OPTIONS on to it"
            }
            Self::Garbled { .. } => "check that the address is an inspector's, and nothing between",
            Self::Disconnected { .. } => {
                "the service has ended, or a debugger has closed its inspector: try again"
            }
            Self::Silent { .. } => {
                "its event loop is blocked: look for an endless loop or a synchronous call"
            }
            Self::StillAlive { .. } => "they belong to another user, or hang in the kernel",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
