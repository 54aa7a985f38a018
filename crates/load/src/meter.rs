//! What is counted and timed while load is performed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use recording::Ledger;

use crate::cause::Cause;
use crate::transport::ResponseFacts;

/// A day: longer times count as this, so that no stray value makes a histogram large.
const LONGEST_MICROS: u64 = 24 * 3600 * 1_000_000;

/// Counts and times that anyone may read while the load lasts.
#[derive(Debug, Default)]
pub struct Meter {
    counts: Mutex<Counts>,
}

/// Everything that is counted. Times are in microseconds, to three significant digits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) ledger: Ledger,
    pub(crate) codes: BTreeMap<u16, u64>,
    pub(crate) downloaded_bytes: u64,
    pub(crate) session_length: Times,
    /// From when a request should have begun to the first byte of its response.
    pub(crate) response_time: Times,
    /// From when it was handed to the system: without waiting for a connection, or for us.
    pub(crate) service_time: Times,
    pub(crate) start_lag: Times,
}

/// A distribution of times.
#[derive(Debug, Clone)]
pub(crate) struct Times(pub(crate) Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        // Three digits are always a valid precision.
        #[expect(
            clippy::unwrap_used,
            reason = "the argument is a constant within its range"
        )]
        Self(Histogram::new(3).unwrap())
    }
}

impl Times {
    fn note(&mut self, time: Duration) {
        // Resizes itself up to the longest: the value is never out of range.
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let _ = self.0.record(micros.min(LONGEST_MICROS));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both resize themselves: no value is out of range.
        let _ = self.0.add(&other.0);
    }
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.ledger.add(&other.ledger);
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        self.downloaded_bytes += other.downloaded_bytes;
        self.session_length.add(&other.session_length);
        self.response_time.add(&other.response_time);
        self.service_time.add(&other.service_time);
        self.start_lag.add(&other.start_lag);
    }
}

impl Meter {
    /// The sessions so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.counts().ledger.clone()
    }

    pub(crate) fn snapshot(&self) -> Counts {
        self.counts().clone()
    }

    pub(crate) fn session_started(&self, lag: Duration) {
        let mut counts = self.counts();
        counts.ledger.created += 1;
        counts.start_lag.note(lag);
    }

    pub(crate) fn session_ended(&self, result: Result<(), Cause>, length: Duration) {
        let mut counts = self.counts();
        match result {
            Ok(()) => {
                counts.ledger.completed += 1;
                counts.session_length.note(length);
            }
            Err(Cause(cause)) => {
                counts.ledger.failed += 1;
                *counts.ledger.failures.entry(cause).or_default() += 1;
            }
        }
    }

    pub(crate) fn request_sent(&self) {
        self.counts().ledger.requests += 1;
    }

    pub(crate) fn response_came(&self, facts: &ResponseFacts) {
        let mut counts = self.counts();
        *counts.codes.entry(facts.status).or_default() += 1;
        counts.downloaded_bytes += facts.body_bytes;
        counts.response_time.note(facts.since_intended);
        counts.service_time.note(facts.times.first_byte);
    }

    pub(crate) fn message_sent(&self) {
        self.counts().ledger.messages_sent += 1;
    }

    pub(crate) fn message_received(&self) {
        self.counts().ledger.messages_received += 1;
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A count is whole at every moment, whoever panicked.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
