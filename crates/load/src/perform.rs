//! Starting sessions when they are due, and waiting until the last has ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use scenario::{Arrival, Arrivals, Script, Target};
use tokio::task::JoinSet;

use crate::alarm::Alarm;
use crate::cause::Cause;
use crate::session::Session;
use crate::{Meter, Outcome, Segment, SessionFacts, SessionLog, Surroundings, Transport};

/// A load to be performed.
#[derive(Debug, Clone)]
pub struct Job {
    /// What sessions do.
    pub script: Arc<Script>,
    /// Where they do it.
    pub target: Target,
    /// How connections get there.
    pub transport: Arc<Transport>,
    /// What sessions share besides: functions, files.
    pub surroundings: Surroundings,
    /// When they start.
    pub arrivals: Arrivals,
    /// Which of the arrivals are ours.
    pub segment: Segment,
    /// At most so many at once; later ones wait, and are counted as late. None is dropped.
    pub max_in_flight: Option<usize>,
    /// The number of the first session.
    pub session_offset: u64,
    /// What each session draws follows from this and its number alone.
    pub seed: u64,
    /// Told of every session's end.
    pub log: Option<Arc<SessionLog>>,
}

impl Job {
    /// How many sessions are ours.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.segment.share_of(self.arrivals.sessions())
    }
}

/// Performs a load to its end: every session was started or skipped, and has ended.
///
/// Dropping the future ends all sessions at once; the meter counts them as failed. Needs a Tokio
/// runtime.
pub async fn perform(job: Job, meter: Arc<Meter>) -> Outcome {
    perform_until(job, meter, std::future::pending()).await
}

/// As [`perform`]; but when `stop` is ready nobody starts any more, and whoever is on the way
/// fails as `interrupted`.
pub async fn perform_until(job: Job, meter: Arc<Meter>, stop: impl Future<Output = ()>) -> Outcome {
    let job = Arc::new(job);
    job.transport.warm_up(&job.target);
    let planned = job.planned();
    let mut in_flight = JoinSet::new();
    let finished = tokio::select! {
        biased;
        () = stop => false,
        () = start_all(&job, &meter, &mut in_flight) => true,
    };
    if !finished {
        in_flight.shutdown().await;
    }
    Outcome::of(&meter, planned, job.segment)
}

async fn start_all(job: &Arc<Job>, meter: &Arc<Meter>, in_flight: &mut JoinSet<()>) {
    let mut alarm = Alarm::new();
    let started_at = Instant::now();
    meter.begin();
    let ours = job.arrivals.iter().filter(|a| job.segment.has(a.index));
    for Arrival { index, at, phase } in ours {
        let due = started_at + at;
        alarm.wait_until(due).await;
        while in_flight.len() >= job.max_in_flight.unwrap_or(usize::MAX).max(1) {
            in_flight.join_next().await;
        }
        while in_flight.try_join_next().is_some() {}
        if job
            .most_at_once(phase)
            .is_some_and(|most| in_flight.len() as u64 >= most)
        {
            meter.session_skipped();
            continue;
        }
        let one = One {
            job: Arc::clone(job),
            meter: Arc::clone(meter),
            number: job.session_offset + index,
            due,
            planned_at: at,
            lag: Duration::ZERO,
            scenario: None,
            result: Err(Cause::interrupted()),
        };
        meter.session_started();
        in_flight.spawn(one.perform());
    }
    while in_flight.join_next().await.is_some() {}
}

impl Job {
    /// Our share of the phase's `maxVusers`.
    fn most_at_once(&self, phase: usize) -> Option<u64> {
        let phase = self.script.phases.get(phase)?;
        phase.max_vusers.map(|most| self.segment.share_of(most))
    }
}

/// One session on its way. However it goes away, its end is counted: also when it is dropped in
/// the middle, or panics.
struct One {
    job: Arc<Job>,
    meter: Arc<Meter>,
    number: u64,
    due: Instant,
    planned_at: Duration,
    lag: Duration,
    /// The scenario's name, where it is logged.
    scenario: Option<String>,
    result: Result<(), Cause>,
}

impl One {
    async fn perform(mut self) {
        self.lag = self.due.elapsed();
        self.meter.session_lagged(self.lag);
        let job = Arc::clone(&self.job);
        let meter = Arc::clone(&self.meter);
        let mut session = Session::new(&job, &meter, self.number, self.due);
        if job.log.is_some() {
            self.scenario.clone_from(&session.scenario.name);
        }
        self.result = session.perform().await;
    }
}

impl Drop for One {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.result = Err(Cause("a bug in leakscope".into()));
        }
        let length = self.due.elapsed().max(Duration::from_micros(1));
        let result = std::mem::replace(&mut self.result, Ok(()));
        if let Some(log) = &self.job.log {
            log.note(&SessionFacts {
                number: self.number,
                scenario: self.scenario.as_deref(),
                planned_at: self.planned_at,
                lag: self.lag,
                length,
                failure: result.as_ref().err().map(|cause| cause.0.as_str()),
            });
        }
        self.meter.session_ended(result, length);
    }
}
