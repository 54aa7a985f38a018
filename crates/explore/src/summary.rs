//! The classes of one snapshot: DevTools' Summary view, and its Statistics.

use heap::{Analysis, Snapshot};
use serde::Serialize;

/// What a snapshot holds, in all and by class. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Nodes of the graph.
    pub nodes: u64,
    /// Edges of the graph.
    pub edges: u64,
    /// What everything that can be reached takes, memory outside the heap included.
    pub total_size: u64,
    /// The total by kind.
    pub statistics: StatisticsRow,
    /// The classes, by retained size, descending.
    pub classes: Vec<ClassRow>,
}

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

/// One class of the Summary view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassRow {
    /// The name as DevTools shows it.
    pub class: String,
    /// Objects.
    pub count: u64,
    /// The least distance from a root; −5 if none is reached.
    pub distance: i64,
    /// The objects' own sizes.
    pub shallow_size: u64,
    /// What would be freed with all of them.
    pub retained_size: u64,
}

/// The Summary view of a snapshot.
#[must_use]
pub fn summary(snapshot: &Snapshot, analysis: &Analysis) -> Summary {
    let mut classes: Vec<ClassRow> = analysis
        .aggregates()
        .iter()
        .map(|aggregate| ClassRow {
            class: aggregate.name.to_string(),
            count: aggregate.count,
            distance: aggregate.distance,
            shallow_size: aggregate.shallow_size,
            retained_size: aggregate.retained_size,
        })
        .collect();
    classes.sort_by(|a, b| {
        b.retained_size
            .cmp(&a.retained_size)
            .then_with(|| a.class.cmp(&b.class))
    });
    let statistics = analysis.statistics();
    Summary {
        nodes: snapshot.n_nodes() as u64,
        edges: snapshot.n_edges() as u64,
        total_size: statistics.total,
        statistics: StatisticsRow {
            total: statistics.total,
            native_total: statistics.native_total,
            typed_arrays: statistics.typed_arrays,
            v8heap_total: statistics.v8heap_total,
            code: statistics.code,
            js_arrays: statistics.js_arrays,
            strings: statistics.strings,
            system: statistics.system,
        },
        classes,
    }
}
