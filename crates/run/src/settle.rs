//! When a service has come to rest: nothing moves any more, so what it holds, it keeps.

use std::time::{Duration, Instant};

/// How often the service is asked whether it is at rest.
pub(crate) const POLL: Duration = Duration::from_millis(200);

/// Sockets that stay open longer than this without a change are not on their way out: it is
/// longer than the five seconds for which Node's HTTP server keeps an idle connection.
const SOCKETS_STUCK: Duration = Duration::from_millis(6_500);

/// Readings in a row that must agree.
const FLAT_READINGS: usize = 3;

/// Decides from one reading after another whether a service is at rest. Has no clock of its own:
/// every reading comes with its time.
#[derive(Debug)]
pub(crate) struct Rest {
    baseline_sockets: u64,
    heaps: Vec<u64>,
    sockets: Option<(u64, Instant)>,
}

impl Rest {
    /// `baseline_sockets`: how many the service had open before any load.
    pub(crate) fn new(baseline_sockets: u64) -> Self {
        Self {
            baseline_sockets,
            heaps: Vec::new(),
            sockets: None,
        }
    }

    /// Takes a reading; `None` if the service is at rest, else what is being waited for.
    pub(crate) fn wait_for(&mut self, heap: u64, sockets: u64, now: Instant) -> Option<String> {
        self.heaps.push(heap);
        let since = match self.sockets {
            Some((count, since)) if count == sockets => since,
            _ => now,
        };
        self.sockets = Some((sockets, since));
        let open = sockets.saturating_sub(self.baseline_sockets);
        if open > 0 && now.duration_since(since) < SOCKETS_STUCK {
            let plural = if open == 1 { "" } else { "s" };
            return Some(format!("{open} socket{plural} still open"));
        }
        if !self.heap_is_flat() {
            return Some("the heap still moves".into());
        }
        None
    }

    /// Flat: the last readings within a thousandth of each other, or within 16 KiB.
    fn heap_is_flat(&self) -> bool {
        let Some(last) = self.heaps.len().checked_sub(FLAT_READINGS) else {
            return false;
        };
        let last = &self.heaps[last..];
        let highest = last.iter().copied().max().unwrap_or(0);
        let lowest = last.iter().copied().min().unwrap_or(0);
        highest - lowest <= (highest / 1000).max(16 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(readings: &[(u64, u64, u64)], at_rest_after: Option<usize>) {
        let start = Instant::now();
        let mut rest = Rest::new(2);
        let found = readings.iter().position(|&(millis, heap, sockets)| {
            rest.wait_for(heap, sockets, start + Duration::from_millis(millis))
                .is_none()
        });
        assert_eq!(found.map(|i| i + 1), at_rest_after);
    }

    #[test]
    fn three_readings_that_agree_are_rest() {
        check(
            &[(0, 9_000_000, 2), (200, 9_000_100, 2), (400, 9_000_000, 2)],
            Some(3),
        );
        check(
            &[(0, 9_900_000, 2), (200, 9_000_100, 2), (400, 9_000_000, 2)],
            None,
        );
    }

    #[test]
    fn open_sockets_are_waited_for_until_they_are_stuck() {
        check(
            &[(0, 90, 5), (200, 90, 4), (400, 90, 3), (600, 90, 2)],
            Some(4),
        );
        check(&[(0, 90, 5), (3_000, 90, 5), (6_000, 90, 5)], None);
        check(&[(0, 90, 5), (3_000, 90, 5), (6_500, 90, 5)], Some(3));
    }
}
