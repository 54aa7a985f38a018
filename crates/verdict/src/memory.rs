//! The parts of a process's memory, which add up to its resident set, and how each grows.
//!
//! V8's heap is committed as a whole, so what is free in it is a part of its own; buffers and what
//! else objects hold outside; everything else is native: code, stacks, the allocator's free lists,
//! what add-ons and Node.js itself allocate. A page that was reserved and never touched is in V8's
//! figures and not resident, so that the native part may come out a little low, even below zero.

use recording::{Reading, Recording, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rate::Rate;

/// The parts of the resident set in bytes; they add up to `rss_bytes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemorySplit {
    /// Resident set size.
    pub rss_bytes: i64,
    /// V8's heap in use.
    pub heap_used_bytes: i64,
    /// V8's heap that is free and not given back.
    pub heap_free_bytes: i64,
    /// `ArrayBuffer` contents.
    pub array_buffer_bytes: i64,
    /// What else objects hold outside the heap.
    pub other_external_bytes: i64,
    /// The rest.
    pub native_bytes: i64,
}

impl MemorySplit {
    /// The parts at one reading.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let heap = &reading.heap;
        let rss_bytes = bytes(reading.memory.rss);
        let heap_used_bytes = bytes(heap.heap_used);
        let heap_free_bytes = bytes(heap.heap_total) - heap_used_bytes;
        let array_buffer_bytes = bytes(heap.array_buffers);
        let other_external_bytes = bytes(heap.external) - array_buffer_bytes;
        let outside = array_buffer_bytes + other_external_bytes;
        Self {
            rss_bytes,
            heap_used_bytes,
            heap_free_bytes,
            array_buffer_bytes,
            other_external_bytes,
            native_bytes: rss_bytes - heap_used_bytes - heap_free_bytes - outside,
        }
    }

    /// By how much each part is more than in `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            rss_bytes: self.rss_bytes - earlier.rss_bytes,
            heap_used_bytes: self.heap_used_bytes - earlier.heap_used_bytes,
            heap_free_bytes: self.heap_free_bytes - earlier.heap_free_bytes,
            array_buffer_bytes: self.array_buffer_bytes - earlier.array_buffer_bytes,
            other_external_bytes: self.other_external_bytes - earlier.other_external_bytes,
            native_bytes: self.native_bytes - earlier.native_bytes,
        }
    }
}

/// The memory before the measured rounds, after them, and how it grew between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryGrowth {
    /// Before the first round.
    pub before: MemorySplit,
    /// After the last.
    pub after: MemorySplit,
    /// The difference, by part.
    pub growth: MemorySplit,
}

impl MemoryGrowth {
    /// Over all measured rounds; `None` if there is none.
    #[must_use]
    pub fn of(recording: &Recording) -> Option<Self> {
        let rounds = recording.rounds();
        let before = MemorySplit::of(rounds.first()?.before);
        let after = MemorySplit::of(rounds.last()?.after);
        let growth = after.since(&before);
        Some(Self {
            before,
            after,
            growth,
        })
    }
}

/// How the parts grow per session, round by round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Growths {
    pub(crate) external: Rate,
    pub(crate) native: Rate,
    /// Bytes by which the native part grew over the warm-up, and the sessions that it had.
    pub(crate) native_in_warm_up: (i64, u64),
}

impl Growths {
    pub(crate) fn of(recording: &Recording) -> Self {
        let rounds = recording.rounds();
        let sessions: Vec<u64> = rounds.iter().map(|r| r.ledger.created).collect();
        let rate = |part: fn(&MemorySplit) -> i64| {
            let changes = rounds.iter().map(|round| {
                let (before, after) = (MemorySplit::of(round.before), MemorySplit::of(round.after));
                part(&after.since(&before)) as f64
            });
            Rate::of(changes.collect(), &sessions)
        };
        Self {
            external: rate(|split| split.array_buffer_bytes + split.other_external_bytes),
            native: rate(|split| split.native_bytes),
            native_in_warm_up: Self::in_warm_up(recording).unwrap_or_default(),
        }
    }

    fn in_warm_up(recording: &Recording) -> Option<(i64, u64)> {
        let warm_up = recording.stage(Stage::WarmUp)?;
        let cold = MemorySplit::of(warm_up.readings.first()?);
        let warm = MemorySplit::of(warm_up.readings.last()?);
        Some((warm.since(&cold).native_bytes, warm_up.ledger.created))
    }
}

#[cfg(test)]
mod tests {
    use recording::{HeapFigures, MemoryFigures};

    use super::*;

    #[test]
    fn the_parts_add_up_to_the_resident_set() {
        let reading = Reading {
            memory: MemoryFigures {
                rss: 100,
                ..MemoryFigures::default()
            },
            heap: HeapFigures {
                heap_total: 40,
                heap_used: 25,
                external: 20,
                array_buffers: 13,
            },
            ..Reading::default()
        };
        let split = MemorySplit::of(&reading);
        let parts = [
            split.heap_used_bytes,
            split.heap_free_bytes,
            split.array_buffer_bytes,
            split.other_external_bytes,
            split.native_bytes,
        ];
        assert_eq!(parts, [25, 15, 13, 7, 40]);
        assert_eq!(parts.iter().sum::<i64>(), split.rss_bytes);
        assert_eq!(split.since(&split), MemorySplit::default());
    }
}
