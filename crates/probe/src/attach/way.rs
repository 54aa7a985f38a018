//! Out of the way: an inspector that was opened for us moves to a port that nobody else wants.
//!
//! `child_process.fork` gives a child the options of its parent, and so the port of its inspector too:
//! while one of them has it open, none of the others can. Node.js' own `inspector.open` takes any port;
//! what SIGUSR1 opens at another time is set back to the usual one when we leave.

use tokio::time::{Instant, sleep};

use super::network::Network;
use super::{
    Attached, CLOSED_WITHIN, Opening, POLL, Stirred, Unreachable, attach, inspect_port,
    try_attach_to, wait_until_closed,
};
use crate::process::Process;
use crate::{Error, procfs};

impl Process {
    /// Whether it has started processes that would open their inspectors on its own port: forked
    /// ones, and a cluster's if nothing was said of a port.
    #[must_use]
    pub fn shares_inspector_port(&self) -> bool {
        let port = inspect_port(self);
        let wants_same = |child: &Self| inspect_port(child) == port;
        port != Some(0) && self.script_children().iter().any(wants_same)
    }
}

/// The processes that Node.js has told to open their inspectors when a cluster's primary opened its own
/// for us: what they have opened since is ours to close.
#[derive(Debug, Clone, Default)]
pub struct Woken(Vec<Stirred>);

/// Connects to a process that another has started, beside the conversation with that one, on a port
/// that hinders no third. Must not be broken off: what it opens would stay open.
///
/// # Errors
/// As [`super::attach`] and [`Attached::make_way`].
pub async fn attach_beside(process: &Process, woken: &Woken) -> Result<Attached, Error> {
    let mut attached = attach(process, Opening::BySignal).await?;
    let stirred = woken.0.iter().find(|stirred| stirred.process == *process);
    if let (Some(stirred), Some(listener)) = (stirred, attached.listener)
        && !stirred.before.contains(&listener)
    {
        attached.opened = Some(listener);
    }
    match attached.was_opened() {
        true => attached.make_way().await,
        false => Ok(attached),
    }
}

impl Attached {
    /// Whom the opening of this one has woken.
    #[must_use]
    pub fn woken(&self) -> Woken {
        Woken(self.stirred.clone())
    }

    /// Moves an inspector that was opened for us from its usual port to a free one of loopback, in
    /// a new conversation; one that was open before stays where it is. Must not be broken off.
    ///
    /// # Errors
    /// If the service does not do so in time; its inspector is closed then, or closes soon.
    pub async fn make_way(self) -> Result<Self, Error> {
        let (Some(listener), Some(process)) = (self.opened, self.process.clone()) else {
            return Ok(self);
        };
        let before = procfs::listeners_of(process.pid).unwrap_or_default();
        let port = self.inspector.move_inspector().await?;
        drop(self.inspector);
        wait_until_closed(&process, &listener).await?;
        let network = Network::of(&process)?;
        let mut asked = before;
        let deadline = Instant::now() + CLOSED_WITHIN;
        loop {
            let mut new = procfs::listeners_of(process.pid).unwrap_or_default();
            new.retain(|l| l.is_on_loopback() && !asked.contains(l));
            for listener in new {
                asked.push(listener);
                if let Some(attached) = try_attach_to(&process, &network, &listener).await? {
                    return Ok(Self {
                        opened: Some(listener),
                        moved_from: Some(port),
                        stirred: self.stirred,
                        ..attached
                    });
                }
            }
            if !process.is_alive() {
                return Err(Unreachable::gone(process.pid).into());
            }
            if Instant::now() >= deadline {
                return Err(Unreachable::DidNotOpen {
                    pid: process.pid,
                    limit: CLOSED_WITHIN.into(),
                }
                .into());
            }
            sleep(POLL).await;
        }
    }
}
