//! Conversations with processes that were there before the run: whatever ends it, they are left as they
//! were.
//!
//! Invariant: an inspector is opened only while [`Visits::stopped`] waits for it, so that each that was
//! opened is known here, and closed by [`Visits::end`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use probe::{Attached, Error, Process, Woken};
use tokio_util::sync::CancellationToken;

use crate::settle::POLL;

/// All of them.
pub(crate) struct Visits {
    /// Whom the opening of the service's own inspector has woken.
    woken: Woken,
    open: RefCell<Vec<Rc<Attached>>>,
    is_under_way: Cell<bool>,
}

impl Visits {
    /// None so far, beside the conversation with the service itself.
    pub(crate) fn beside(own: &Attached) -> Self {
        Self {
            woken: own.woken(),
            open: RefCell::default(),
            is_under_way: Cell::new(false),
        }
    }

    /// Gets into conversation with a process, on a port that hinders no other.
    pub(super) async fn begin(&self, process: &Process) -> Result<Rc<Attached>, Error> {
        self.is_under_way.set(true);
        let attached = probe::attach_beside(process, &self.woken).await;
        self.is_under_way.set(false);
        let attached = Rc::new(attached?);
        self.open.borrow_mut().push(Rc::clone(&attached));
        Ok(attached)
    }

    /// Waits until the run is told to stop, and may be broken off.
    pub(crate) async fn stopped(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        while self.is_under_way.get() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Leaves all processes as they were; nobody else may be in conversation with them any more.
    pub(crate) async fn end(&self) {
        for attached in self.open.take() {
            let process = attached.process();
            if !process.is_some_and(Process::is_alive) {
                continue;
            }
            // Best effort: it may be about to end.
            let _ = attached.inspector().end_counting().await;
            if let Some(attached) = Rc::into_inner(attached) {
                let _ = attached.detach().await;
            }
        }
    }
}
