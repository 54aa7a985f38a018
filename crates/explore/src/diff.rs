//! The classes between two snapshots of one process: DevTools' Comparison view.

use std::cmp::Ordering;

use heap::ClassDiff;
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::Heap;

/// What came, went and stayed, by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The classes that changed, by size delta if nothing else was asked for.
    pub classes: Vec<ClassChange>,
    /// Which of the classes these are.
    pub page: PageOf,
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
pub fn diff(base: Heap<'_>, newer: Heap<'_>, listing: &Listing<ClassChange>) -> Diff {
    let changes = heap::compare(
        (base.snapshot, base.analysis),
        (newer.snapshot, newer.analysis),
    );
    let page = listing.page(changes.into_iter().map(ClassChange::of));
    Diff {
        classes: page.rows,
        page: page.of,
    }
}

impl ClassChange {
    fn of(change: ClassDiff) -> Self {
        Self {
            class: change.name,
            new: change.added,
            deleted: change.removed,
            delta: change.delta,
            alloc_size: change.alloc_size,
            freed_size: change.freed_size,
            size_delta: change.size_delta,
        }
    }
}

impl Listed for ClassChange {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("size-delta", |a, b| a.size_delta.cmp(&b.size_delta)),
            Column::descending("alloc", |a, b| a.alloc_size.cmp(&b.alloc_size)),
            Column::descending("freed", |a, b| a.freed_size.cmp(&b.freed_size)),
            Column::descending("new", |a, b| a.new.cmp(&b.new)),
            Column::descending("deleted", |a, b| a.deleted.cmp(&b.deleted)),
            Column::descending("delta", |a, b| a.delta.cmp(&b.delta)),
            Column::ascending("class", |a, b| a.class.cmp(&b.class)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.class)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.class.cmp(&other.class)
    }
}
