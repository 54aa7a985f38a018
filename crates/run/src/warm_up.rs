//! The warm-up: portions of load until the heap comes to a level or a slope, and in between as many
//! sessions as fill what has a bound.

use std::time::{Duration, Instant};

use recording::Stage;

use crate::Error;
use crate::stages::{Conductor, every_session_failed};

/// How much faster than measured sessions others come, at first.
const FASTER: f64 = 4.0;

/// Sessions a second at most, where they only have to be many.
const FASTEST: f64 = 4000.0;

/// A portion that takes this much longer than planned shows that the service is at its limit.
const AT_LIMIT: u32 = 3;

/// Bytes that the heap may grow by while caches are filled: a service that leaks must not come to
/// its end in the warm-up, and its snapshots stay small.
const FILL_BYTES: u64 = 4 << 20;

/// For how long caches are filled.
const FILL_TIME: Duration = Duration::from_secs(8);

impl Conductor<'_, '_> {
    /// Portions of load until the heap grows by no more, or by the same amount, from one to the
    /// next: a leaking service never comes to a level, but to a slope.
    pub(crate) async fn warm_up(&self) -> Result<(), Error> {
        let rounds = &self.order.rounds;
        self.begin_stage(Stage::WarmUp, Some(rounds.warm_up))?;
        let mut heaps = vec![self.settle().await?];
        self.foresee().await?;
        for portion in 0..rounds.warm_up_portions {
            let ledger = self.load(rounds.warm_up, rounds.arrival_rate).await?;
            every_session_failed(Stage::WarmUp, &ledger)?;
            if portion == 0 {
                // Telling its scripts makes V8 drop code that it must compile again: before anything
                // is measured. At the end they are asked for once more.
                self.keep_scripts().await?;
                // What is allocated once, at the first sessions, would only be in the way.
                self.start_sampling().await?;
                if !self.order.load.is_foreign() {
                    self.fill(heaps[0]).await?;
                }
            }
            heaps.push(self.settle().await?);
            if is_steady(&heaps) {
                break;
            }
        }
        self.check_room().await?;
        self.snapshot("warm-up").await?;
        self.end_stage()
    }

    /// Many sessions in a short time, faster and faster until the service is at its limit, or holds
    /// as much more as it may. `cold` is the heap before the first portion, which tells at most what
    /// a session adds.
    async fn fill(&self, cold: u64) -> Result<(), Error> {
        let rounds = &self.order.rounds;
        let mut left = rounds.fill;
        let begun = Instant::now();
        let mut rate = FASTER * rounds.arrival_rate;
        let first = self.collect().await?;
        let mut before = first;
        let a_session = first.saturating_sub(cold) / rounds.warm_up.max(1);
        let mut room = FILL_BYTES / a_session.max(1);
        while left > 0 && room > 0 && begun.elapsed() < FILL_TIME {
            rate = rate.min(FASTEST.max(rounds.arrival_rate));
            // A second's worth.
            let sessions = left.min(rate.ceil() as u64).min(room);
            let started = Instant::now();
            self.load(sessions, rate).await?;
            left -= sessions;
            if started.elapsed() < Duration::from_secs(1) * AT_LIMIT {
                rate *= 2.0;
            }
            let heap = self.collect().await?;
            // One portion alone can look free, because a collection after it found garbage of earlier ones.
            let each = |from: u64, sessions: u64| heap.saturating_sub(from) / sessions;
            let a_session = each(before, sessions)
                .max(each(first, rounds.fill - left))
                .max(1);
            room = (first + FILL_BYTES).saturating_sub(heap) / a_session;
            before = heap;
        }
        Ok(())
    }
}

/// Whether the last two steps of the heap's size differ by less than half a percent of it.
fn is_steady(heaps: &[u64]) -> bool {
    let [.., before, middle, last] = *heaps else {
        return false;
    };
    let step = |from: u64, to: u64| to as f64 - from as f64;
    (step(middle, last) - step(before, middle)).abs() < 0.005 * last as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_is_over_on_a_level_and_on_a_slope_but_not_while_it_falls_off() {
        assert!(is_steady(&[5_000_000, 5_400_000, 5_410_000, 5_411_000]));
        assert!(is_steady(&[5_000_000, 6_000_000, 7_000_000]));
        assert!(!is_steady(&[5_000_000, 5_400_000, 5_410_000]));
        assert!(!is_steady(&[5_000_000, 5_000_000]));
    }
}
