//! The readings so far, in bounded memory.
//!
//! Invariant: at most twice [`MOST`] readings are held. Older ones are thinned out: of two neighbors
//! the later stays, so that a day's watch still has its beginning.

use std::collections::VecDeque;

use crate::{Figures, Metric};

/// Readings after which the older half is thinned out.
const MOST: usize = 7200;

/// Readings in the order of their times.
#[derive(Debug, Clone, Default)]
pub struct History {
    readings: VecDeque<(f64, Figures)>,
}

impl History {
    /// Adds a reading, so many seconds after the first one.
    pub fn push(&mut self, at: f64, figures: Figures) {
        self.readings.push_back((at, figures));
        if self.readings.len() > 2 * MOST {
            let older = self.readings.len() - MOST;
            let mut number = 0;
            self.readings.retain(|_| {
                number += 1;
                number > older || number % 2 == 1
            });
        }
    }

    /// Forgets all: the process is another one now.
    pub fn clear(&mut self) {
        self.readings.clear();
    }

    /// The number of readings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.readings.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// The latest reading.
    #[must_use]
    pub fn last(&self) -> Option<&Figures> {
        self.readings.back().map(|(_, figures)| figures)
    }

    /// A figure over the last so many seconds: times and amounts, in order.
    #[must_use]
    pub fn series(&self, metric: Metric, seconds: f64) -> Vec<(f64, f64)> {
        let end = self.readings.back().map_or(0.0, |&(at, _)| at);
        let from = self.readings.partition_point(|&(at, _)| at < end - seconds);
        let known = |&(at, ref figures): &(f64, Figures)| Some((at, figures.get(metric)?));
        self.readings.range(from..).filter_map(known).collect()
    }

    /// How many seconds the readings span.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match (self.readings.front(), self.readings.back()) {
            (Some(&(first, _)), Some(&(last, _))) => last - first,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_watch_keeps_its_beginning_in_bounded_memory() {
        let mut history = History::default();
        for second in 0..100_000_u32 {
            let mut figures = Figures::default();
            figures.set_whole(Metric::Rss, Some(u64::from(second)));
            history.push(f64::from(second), figures);
        }
        assert!(history.len() <= 2 * MOST);
        let all = history.series(Metric::Rss, f64::INFINITY);
        assert_eq!((all[0].0, all[all.len() - 1].0), (0.0, 99_999.0));
        assert!(all.iter().all(|&(at, amount)| at == amount));
        assert_eq!(history.series(Metric::Rss, 10.0).len(), 11);
        assert_eq!(history.series(Metric::Vsz, 10.0), []);
    }
}
