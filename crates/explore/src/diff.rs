//! The classes between two snapshots of one process: DevTools' Comparison view.

use heap::{Analysis, Snapshot};
use serde::Serialize;

/// What came, went and stayed, by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The classes that changed, by size delta, descending.
    pub classes: Vec<ClassChange>,
}

/// One class of the Comparison view. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    /// The name as DevTools shows it.
    pub class: String,
    /// Objects in the newer snapshot only.
    pub new: u64,
    /// Objects in the base only.
    pub deleted: u64,
    /// New less deleted.
    pub delta: i64,
    /// Own sizes of the new objects.
    pub alloc_size: u64,
    /// Own sizes of the deleted objects.
    pub freed_size: u64,
    /// Allocated less freed.
    pub size_delta: i64,
}

/// The Comparison view of two snapshots.
#[must_use]
pub fn diff(base: (&Snapshot, &Analysis), newer: (&Snapshot, &Analysis)) -> Diff {
    let mut classes: Vec<ClassChange> = heap::compare(base, newer)
        .into_iter()
        .map(|change| ClassChange {
            class: change.name,
            new: change.added,
            deleted: change.removed,
            delta: change.delta,
            alloc_size: change.alloc_size,
            freed_size: change.freed_size,
            size_delta: change.size_delta,
        })
        .collect();
    classes.sort_by(|a, b| {
        b.size_delta
            .cmp(&a.size_delta)
            .then_with(|| a.class.cmp(&b.class))
    });
    Diff { classes }
}
