//! What a snapshot's memory is used for: DevTools' Statistics view.

use heap::{Overview, Statistics};
use serde::Serialize;

/// DevTools' Statistics view, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StatisticsRow {
    /// Everything.
    pub total: u64,
    /// Memory outside V8's heap.
    pub native_total: u64,
    /// Of it, the contents of array buffers.
    pub typed_arrays: u64,
    /// V8's own heap.
    pub v8heap_total: u64,
    /// Compiled code.
    pub code: u64,
    /// Arrays with their elements.
    pub js_arrays: u64,
    /// Strings of every kind.
    pub strings: u64,
    /// The engine's own objects.
    pub system: u64,
}

/// The Statistics view of a snapshot.
#[must_use]
pub fn statistics(overview: &Overview) -> StatisticsRow {
    StatisticsRow::of(&overview.statistics)
}

impl StatisticsRow {
    pub(crate) fn of(statistics: &Statistics) -> Self {
        Self {
            total: statistics.total,
            native_total: statistics.native_total,
            typed_arrays: statistics.typed_arrays,
            v8heap_total: statistics.v8heap_total,
            code: statistics.code,
            js_arrays: statistics.js_arrays,
            strings: statistics.strings,
            system: statistics.system,
        }
    }

    /// Objects of the program that are neither arrays nor strings: what DevTools calls other
    /// JavaScript objects.
    #[must_use]
    pub fn other_objects(&self) -> u64 {
        let named = self.code + self.js_arrays + self.strings + self.system;
        self.v8heap_total.saturating_sub(named)
    }

    /// Memory outside the heap that is in no array buffer.
    #[must_use]
    pub fn other_native(&self) -> u64 {
        self.native_total.saturating_sub(self.typed_arrays)
    }
}
