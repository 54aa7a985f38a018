//! When sessions arrive.

use std::time::Duration;

/// A stretch of a script's own plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// How long it lasts.
    pub duration: Duration,
    /// Arrivals a second at its start.
    pub arrival_rate: f64,
    /// Arrivals a second at its end, where it differs.
    pub ramp_to: Option<f64>,
}

impl Phase {
    /// The highest rate within the phase.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.arrival_rate.max(self.ramp_to.unwrap_or(0.0))
    }
}

/// A known number of arrivals, each at a known time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrivals {
    sessions: u64,
    per_second: f64,
}

impl Arrivals {
    /// `sessions` arrivals, `per_second` of them a second, the first at once.
    #[must_use]
    pub fn paced(sessions: u64, per_second: f64) -> Self {
        Self {
            sessions,
            per_second,
        }
    }

    /// How many sessions arrive.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// When the arrival with this number, from 0, comes: `index / rate` after the start. All come
    /// at once where the rate is no positive number.
    #[must_use]
    pub fn at(&self, index: u64) -> Duration {
        Duration::try_from_secs_f64(index as f64 / self.per_second).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_spread_evenly_from_the_start() {
        let arrivals = Arrivals::paced(101, 50.0);
        assert_eq!(arrivals.sessions(), 101);
        assert_eq!(arrivals.at(0), Duration::ZERO);
        assert_eq!(arrivals.at(1), Duration::from_millis(20));
        assert_eq!(arrivals.at(100), Duration::from_secs(2));
    }

    #[test]
    fn a_rate_that_is_none_does_not_stop_the_clock() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Arrivals::paced(3, rate).at(0), Duration::ZERO, "{rate}");
            assert_eq!(Arrivals::paced(3, rate).at(2), Duration::ZERO, "{rate}");
        }
    }
}
