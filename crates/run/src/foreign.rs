//! What is not ours: a service that somebody else started, the load of another tool or of real users.
//! What arrives is counted inside the service.
//!
//! Owns the command's process and the arithmetic between two snapshots. A session is a request, or
//! a connection where there are no requests: what divides growth is what was counted from one
//! snapshot to the next. Invariant: the command's process ends with its round, whatever happens.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use probe::{Inspector, Process, Traffic};
use recording::{Event, Ledger};
use tokio::process::Command;
use tokio::time::Instant;

use crate::Error;
use crate::conduct::{Before, Setting};
use crate::settle::POLL;
use crate::stages::Conductor;

/// Whose load it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadSource {
    /// Ours: the script's.
    Script,
    /// A command's, which is run again and again; its output goes to our stderr.
    Command(Vec<OsString>),
    /// Whoever comes.
    Traffic,
}

impl LoadSource {
    /// Whether somebody else makes it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        *self != Self::Script
    }
}

/// Runs of the command in one round at most.
const MOST_RUNS: u64 = 5;

/// Without a single arrival for so long, there is no traffic.
const PATIENCE: Duration = Duration::from_secs(120);

impl<'a, 'r> Conductor<'a, 'r> {
    /// Runs all stages on a service that was running before.
    pub(crate) async fn perform_on_running(
        setting: Setting<'a, 'r>,
        inspector: Inspector,
        process: &Process,
        before: Before,
    ) -> Result<(), Error> {
        Self::perform_until(setting, inspector, Some(before), async || {
            while process.is_alive() {
                tokio::time::sleep(POLL).await;
            }
        })
        .await
    }
}

impl Conductor<'_, '_> {
    /// Waits until somebody else's load of about so many sessions has come, and tells what did.
    pub(crate) async fn foreign_load(&self, sessions: u64) -> Result<Ledger, Error> {
        match &self.order.load {
            LoadSource::Command(words) => {
                let least = self.order.rounds.measured.first().copied().unwrap_or(1);
                // Rounds of different sizes: growth with time must not pass for growth by session.
                let runs = (sessions + least / 2) / least.max(1);
                for _ in 0..runs.clamp(1, MOST_RUNS) {
                    self.run_command(words).await?;
                }
            }
            _ => self.wait_for_traffic(sessions).await?,
        }
        let ledger = self.count().await?;
        match ledger.created {
            0 => Err(Error::NothingArrived),
            _ => Ok(ledger),
        }
    }

    async fn run_command(&self, words: &[OsString]) -> Result<(), Error> {
        let shown = || words.join(" ".as_ref()).to_string_lossy().into_owned();
        let failed = |how: String| Error::LoadCommand {
            command: shown(),
            how,
        };
        let (program, args) = words
            .split_first()
            .ok_or_else(|| failed("it is empty".into()))?;
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            // stdout is the verdict's.
            .stdout(std::io::stderr())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.map_err(|error| failed(error.to_string()))?,
                () = tokio::time::sleep(POLL) => {
                    self.count().await?;
                }
            }
        };
        match status.success() {
            true => Ok(()),
            false => {
                // Tools fail for their own thresholds too: what arrived has arrived.
                self.tell(&Event::Warning(format!(
                    "`{}` ended with {status}",
                    shown()
                )))
            }
        }
    }

    async fn wait_for_traffic(&self, sessions: u64) -> Result<(), Error> {
        let mut last = 0;
        let mut since = Instant::now();
        loop {
            let arrived = self.count().await?.created;
            if arrived >= sessions {
                return Ok(());
            }
            if arrived > last {
                (last, since) = (arrived, Instant::now());
            } else if since.elapsed() > PATIENCE {
                return Err(Error::NothingArrived);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Begins to count what arrives at the service and at the processes that it has started.
    pub(crate) async fn begin_counting(&self) -> Result<(), Error> {
        self.inspector.begin_counting().await?;
        let mut isolates = self.isolates.take();
        isolates.begin_counting(self.pid).await;
        self.isolates.replace(isolates);
        Ok(())
    }

    async fn counted(&self) -> Result<Traffic, Error> {
        let mut counted = self.inspector.counted().await?;
        let mut isolates = self.isolates.take();
        counted.add(&isolates.counted().await);
        self.isolates.replace(isolates);
        Ok(counted)
    }

    /// Tells what has arrived since the last snapshot.
    pub(crate) async fn count(&self) -> Result<Ledger, Error> {
        let now = self.counted().await?;
        let ledger = ledger(&self.counted.borrow(), &now);
        self.tell(&Event::LoadProgress(ledger.clone()))?;
        Ok(ledger)
    }

    /// From here on counts what arrives for the next snapshot.
    pub(crate) async fn count_until_snapshot(&self) -> Result<(), Error> {
        if self.order.load.is_foreign() {
            let now = self.counted().await?;
            let ledger = ledger(&self.counted.borrow(), &now);
            self.sessions_before
                .set(self.sessions_before.get() + ledger.created);
            self.tell(&Event::LoadProgress(ledger))?;
            self.counted.replace(now);
        }
        Ok(())
    }
}

/// What came between two counts. Where requests come, they are the sessions; else connections are.
fn ledger(before: &Traffic, now: &Traffic) -> Ledger {
    let requests = now.requests.saturating_sub(before.requests);
    let connections = now.connections.saturating_sub(before.connections);
    let created = if now.requests > 0 {
        requests
    } else {
        connections
    };
    let responses = now.responses.iter().map(|(&status, &count)| {
        let earlier = before.responses.get(&status).copied().unwrap_or(0);
        (status, count.saturating_sub(earlier))
    });
    Ledger {
        created,
        completed: created,
        requests,
        messages_sent: now.messages.saturating_sub(before.messages),
        responses: responses.filter(|&(_, count)| count > 0).collect(),
        ..Ledger::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(requests: u64, connections: u64, messages: u64) -> Traffic {
        Traffic {
            requests,
            connections,
            messages,
            responses: [(200, requests)].into(),
        }
    }

    #[test]
    fn requests_are_sessions_and_connections_are_where_there_are_none() {
        let http = ledger(&traffic(10, 4, 0), &traffic(111, 9, 0));
        assert_eq!(
            (http.created, http.completed, http.requests),
            (101, 101, 101)
        );
        assert_eq!(http.responses, [(200, 101)].into());
        let sockets = ledger(&traffic(0, 7, 70), &traffic(0, 108, 1080));
        assert_eq!((sockets.created, sockets.messages_sent), (101, 1010));
    }
}
