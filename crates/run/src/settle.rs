//! When a service has come to rest: nothing moves any more, so what it holds, it keeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use recording::Reading;

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
struct Rest {
    baseline_sockets: u64,
    heaps: Vec<u64>,
    sockets: Option<(u64, Instant)>,
}

impl Rest {
    /// `baseline_sockets`: how many the service had open before any load.
    fn new(baseline_sockets: u64) -> Self {
        Self {
            baseline_sockets,
            heaps: Vec::new(),
            sockets: None,
        }
    }

    /// Takes a reading; `None` if the service is at rest, else what is being waited for.
    fn wait_for(&mut self, heap: u64, sockets: u64, now: Instant) -> Option<String> {
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

    /// Flat: the last readings agree, or their lowest agrees with the lowest of those before.
    ///
    /// V8 drops what it compiled for questions asked rarely, and compiles it again: a heap at
    /// rest may go up and down for ever, with a period of two or three collections.
    fn heap_is_flat(&self) -> bool {
        let n = self.heaps.len();
        let Some(last) = self.heaps.get(n.wrapping_sub(FLAT_READINGS)..) else {
            return false;
        };
        if agree(lowest(last), last.iter().copied().max().unwrap_or(0)) {
            return true;
        }
        let before = n.wrapping_sub(2 * FLAT_READINGS)..n - FLAT_READINGS;
        let before = self.heaps.get(before);
        before.is_some_and(|before| agree(lowest(before), lowest(last)))
    }
}

/// The readings of one isolate on its way to rest.
#[derive(Debug)]
pub(crate) struct Watch {
    rest: Rest,
    last: VecDeque<Reading>,
}

impl Watch {
    /// As [`Rest::new`].
    pub(crate) fn new(baseline_sockets: u64) -> Self {
        Self {
            rest: Rest::new(baseline_sockets),
            last: VecDeque::new(),
        }
    }

    /// Takes a reading; `None` if the isolate is at rest, else what is being waited for.
    pub(crate) fn take(&mut self, mut reading: Reading, now: Instant) -> Option<String> {
        let sockets = reading.memory.sockets.unwrap_or(0);
        let waiting = self.rest.wait_for(heap_size(&reading), sockets, now);
        reading.at_rest = waiting.is_none();
        self.last.truncate(FLAT_READINGS - 1);
        self.last.push_front(reading);
        waiting
    }

    /// The lowest of the last readings, at rest if the last one was: what is above it, V8 was about
    /// to drop.
    pub(crate) fn lowest(&self) -> Option<Reading> {
        let at_rest = self.last.front()?.at_rest;
        let mut lowest = *self.last.iter().min_by_key(|reading| heap_size(reading))?;
        lowest.at_rest = at_rest;
        Some(lowest)
    }
}

/// What V8 holds after a collection, inside its heap and outside.
pub(crate) fn heap_size(reading: &Reading) -> u64 {
    reading.heap.heap_used + reading.heap.external
}

fn lowest(heaps: &[u64]) -> u64 {
    heaps.iter().copied().min().unwrap_or(0)
}

/// Within a thousandth of each other, or within 16 KiB.
fn agree(a: u64, b: u64) -> bool {
    a.abs_diff(b) <= (a.max(b) / 1000).max(16 << 10)
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
    fn a_heap_that_swings_between_the_same_heights_is_at_rest() {
        let swinging = [
            7_262_000, 7_014_000, 7_262_100, 7_014_100, 7_262_000, 7_014_000,
        ];
        let readings: Vec<_> = (0..).map(|i| i * 200).zip(swinging).collect();
        let readings: Vec<_> = readings.iter().map(|&(at, heap)| (at, heap, 2)).collect();
        check(&readings, Some(6));
        let falling: Vec<_> = readings
            .iter()
            .enumerate()
            .map(|(i, &(at, heap, sockets))| (at, heap - 20_000 * i as u64, sockets))
            .collect();
        check(&falling, None);
    }

    #[test]
    fn the_lowest_of_the_last_readings_counts() {
        let start = Instant::now();
        let mut watch = Watch::new(2);
        assert_eq!(watch.lowest(), None);
        for (i, heap) in (0..).zip([1_000, 9_000_300, 9_000_100, 9_000_200]) {
            let mut reading = Reading::default();
            reading.heap.heap_used = heap;
            watch.take(reading, start + i * POLL);
        }
        let lowest = watch.lowest().unwrap();
        assert_eq!((lowest.heap.heap_used, lowest.at_rest), (9_000_100, true));
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
