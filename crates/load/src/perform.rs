//! Starting sessions when they are due, and waiting until the last has ended.

use std::sync::Arc;
use std::time::Duration;

use scenario::{Arrivals, Script, Target};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::session::Session;
use crate::{Meter, Outcome, Transport};

/// A load to be performed.
#[derive(Debug, Clone)]
pub struct Job {
    /// What sessions do.
    pub script: Arc<Script>,
    /// Where they do it.
    pub target: Target,
    /// How connections get there.
    pub transport: Arc<Transport>,
    /// When they start.
    pub arrivals: Arrivals,
    /// At most so many at once; later ones wait, and are counted as late. None is dropped.
    pub max_in_flight: Option<usize>,
    /// The number of the first session.
    pub session_offset: u64,
    /// What each session draws follows from this and its number alone.
    pub seed: u64,
}

/// Performs a load to its end: every session was started and has ended, one way or the other.
///
/// Dropping the future ends all sessions at once. Needs a Tokio runtime.
pub async fn perform(job: Job, meter: Arc<Meter>) -> Outcome {
    let job = Arc::new(job);
    job.transport.warm_up(&job.target);
    let started_at = Instant::now();
    let mut in_flight = JoinSet::new();
    let planned = job.arrivals.sessions();
    for index in 0..planned {
        let due = started_at + job.arrivals.at(index);
        sleep_until(due).await;
        while in_flight.len() >= job.max_in_flight.unwrap_or(usize::MAX).max(1) {
            in_flight.join_next().await;
        }
        while in_flight.try_join_next().is_some() {}
        meter.session_started(due.elapsed());
        let number = job.session_offset + index;
        let session = session(Arc::clone(&job), Arc::clone(&meter), number, due.into_std());
        in_flight.spawn(session);
    }
    while in_flight.join_next().await.is_some() {}
    Outcome {
        planned,
        counts: meter.snapshot(),
    }
}

async fn session(job: Arc<Job>, meter: Arc<Meter>, number: u64, due: std::time::Instant) {
    let mut session = Session::new(&job, &meter, number, due);
    let result = session.perform().await;
    meter.session_ended(result, due.elapsed().max(Duration::from_micros(1)));
}
