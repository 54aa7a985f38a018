//! What a run is asked to do: everything is known before anything starts.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use load::{ProcessorKind, Surroundings, Transport};
use probe::{Process, Ready};
use recording::Plan;
use scenario::{Script, Target};

use crate::LoadSource;

/// A run, wholly specified: the script is checked, nothing has been started.
#[derive(Debug, Clone)]
pub struct Order {
    /// The service's program and arguments.
    pub command: Vec<OsString>,
    /// The service, if it runs already: it is attached to, and goes on after the run.
    pub running: Option<Process>,
    /// Whose load it is.
    pub load: LoadSource,
    /// The folder that the service runs in.
    pub working_dir: PathBuf,
    /// The checked load script.
    pub script: Arc<Script>,
    /// The script's path as the user gave it.
    pub script_name: String,
    /// Where the load goes; the script's target unless overridden.
    pub target: Target,
    /// How connections get there.
    pub transport: Arc<Transport>,
    /// Where the files are that the script names.
    pub surroundings: Surroundings,
    /// Where the script's functions run.
    pub processor: ProcessorKind,
    /// How the service says that it is ready.
    pub ready: Ready,
    /// The measured rounds.
    pub rounds: Rounds,
    /// Bounds of time and concurrency.
    pub limits: Limits,
    /// Whether the load is the script's own, without a pause, and captured at the start, halfway and
    /// after; [`Rounds::measured`] are its halves.
    pub walkthrough: bool,
    /// Whether snapshots are taken even where there may be no room for them.
    pub force: bool,
    /// Which scenario each session takes follows from this number alone.
    pub seed: u64,
    /// The version of leakscope, for the recording.
    pub version: &'static str,
}

impl Order {
    /// The order as the recording keeps it.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan {
            command: self
                .command
                .iter()
                .map(|w| w.to_string_lossy().into_owned())
                .collect(),
            working_dir: self.working_dir.clone(),
            script: self.script_name.clone(),
            base_url: self.target.to_string(),
            rounds: self.rounds.measured.clone(),
            arrival_rate: self.rounds.arrival_rate,
            walkthrough: self.walkthrough,
        }
    }
}

/// How many sessions run, and how fast they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds {
    /// Sessions of each portion of the warm-up.
    pub warm_up: u64,
    /// Portions of the warm-up at most.
    pub warm_up_portions: u32,
    /// Sessions that come fast in the warm-up, so that caches with a bound are full before
    /// anything is measured.
    pub fill: u64,
    /// Sessions of each measured round.
    pub measured: Vec<u64>,
    /// Arrivals per second.
    pub arrival_rate: f64,
}

/// Bounds that keep a run from waiting for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// From the start of the process until it is ready.
    pub ready: Duration,
    /// From the last session's end until the heap must be at rest.
    pub settle: Duration,
    /// From SIGTERM until SIGKILL.
    pub stop_grace: Duration,
    /// Sessions in flight at once; later arrivals wait, none is dropped.
    pub in_flight: usize,
    /// Time between two readings of the service's memory.
    pub sample_every: Duration,
    /// Average distance between two allocations that V8's sampling profiler notes, in bytes: large
    /// enough to cost little, small enough to see a leak within some thousand sessions.
    pub sampling_interval: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ready: Duration::from_secs(30),
            settle: Duration::from_secs(10),
            stop_grace: Duration::from_secs(3),
            in_flight: 64,
            sample_every: Duration::from_millis(500),
            sampling_interval: 64 << 10,
        }
    }
}

impl Rounds {
    /// Rounds of three to nine different prime sizes around `sessions` each, so that no growth by
    /// time, by batch or by a power of two can pass for growth by session.
    ///
    /// The sizes are the primes nearest above 1, 2, 3, … times a base; with the default of 101 and
    /// three rounds: 101, 211, 307.
    #[must_use]
    pub fn of_primes(rounds: u32, sessions: u64, arrival_rate: f64) -> Self {
        let measured = (1..=u64::from(rounds))
            .map(|i| next_prime(sessions.saturating_mul(i)))
            .collect();
        Self {
            warm_up: next_prime((sessions / 2).max(29)),
            warm_up_portions: 5,
            fill: sessions.saturating_mul(100),
            measured,
            arrival_rate,
        }
    }
}

/// The smallest prime not below `n`.
fn next_prime(n: u64) -> u64 {
    let is_prime = |n: u64| {
        n >= 2
            && (2..)
                .take_while(|d| d * d <= n)
                .all(|d| !n.is_multiple_of(d))
    };
    (n.max(2)..).find(|&n| is_prime(n)).unwrap_or(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_different_primes_not_below_what_was_asked_for() {
        assert_eq!(Rounds::of_primes(3, 101, 50.0).measured, [101, 211, 307]);
        assert_eq!(Rounds::of_primes(4, 10, 50.0).measured, [11, 23, 31, 41]);
        assert_eq!(Rounds::of_primes(1, 0, 50.0).measured, [2]);
    }
}
