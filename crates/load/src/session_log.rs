//! One line for every session, as it ends.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

/// Where the lines go: JSON, one object a line.
pub struct SessionLog {
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    failure: Option<io::Error>,
}

/// What became of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionFacts<'a> {
    /// Its number in the whole plan.
    pub number: u64,
    /// The scenario's name, if it has one.
    pub scenario: Option<&'a str>,
    /// When it was to start, from the start of the plan.
    pub planned_at: Duration,
    /// How much later it did.
    pub lag: Duration,
    /// From when it was to start until its end.
    pub length: Duration,
    /// Why it failed, if it did.
    pub failure: Option<&'a str>,
}

impl SessionLog {
    /// A log that goes to `out`, which had better be buffered.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            state: Mutex::new(State { out, failure: None }),
        }
    }

    /// Adds a line. The first failure is kept for [`Self::finish`]; the load goes on.
    pub(crate) fn note(&self, facts: &SessionFacts<'_>) {
        let line = json!({
            "session": facts.number,
            "scenario": facts.scenario,
            "planned_ns": facts.planned_at.as_nanos() as u64,
            "lag_us": facts.lag.as_micros() as u64,
            "length_us": facts.length.as_micros() as u64,
            "outcome": if facts.failure.is_none() { "completed" } else { "failed" },
            "cause": facts.failure,
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failure.is_none()
            && let Err(error) = writeln!(state.out, "{line}")
        {
            state.failure = Some(error);
        }
    }

    /// Writes out what is still held back.
    ///
    /// # Errors
    /// The first thing that went wrong since the beginning.
    pub fn finish(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.failure.take() {
            Some(error) => Err(error),
            None => state.out.flush(),
        }
    }
}

impl fmt::Debug for SessionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLog").finish_non_exhaustive()
    }
}
