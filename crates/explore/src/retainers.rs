//! What keeps one object alive: its retainers, and one way from the roots to it.

use std::cmp::Ordering;

use heap::{NodeIx, PathStep, RetainingPaths};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow, edge_text, kind_text};

/// One object with the references that keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retainers {
    /// The object asked for.
    pub object: ObjectRow,
    /// How many objects of its class there are.
    pub of_class: u64,
    /// One way from the roots to it, the root first; empty if only weak references lead to it.
    pub path: Vec<PathRow>,
    /// The references to it, in DevTools' order if nothing else was asked for.
    pub retainers: Vec<RetainerRow>,
    /// Which of the references these are.
    pub page: PageOf,
}

/// One reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetainerRow {
    /// The reference's name or index.
    pub edge: String,
    /// Its kind, as the snapshot calls it.
    pub kind: &'static str,
    /// The object that refers.
    pub from: ObjectRow,
}

/// One step of the way from the roots: the reference, and the object it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathRow {
    /// The reference's name or index; `None` for the root itself.
    pub edge: Option<String>,
    /// The object.
    pub object: ObjectRow,
}

/// A reference to an object where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Retainer<'h> {
    /// Its place in DevTools' order.
    place: usize,
    step: PathStep,
    from: HeapObject<'h>,
}

/// What keeps an object alive.
#[must_use]
pub fn retainers<'h>(heap: Heap<'h>, node: NodeIx, listing: &Listing<Retainer<'h>>) -> Retainers {
    let steps = heap.analysis.retainers(heap.snapshot, node);
    let page = listing.page(steps.into_iter().enumerate().map(|(place, step)| Retainer {
        place,
        step,
        from: heap.object(step.from),
    }));
    let class = heap.class(node);
    Retainers {
        object: heap.object(node).row(),
        of_class: heap.objects().filter(|o| o.class() == class).count() as u64,
        path: path(heap, node),
        page: page.of,
        retainers: page.rows.iter().map(Retainer::row).collect(),
    }
}

fn path(heap: Heap<'_>, node: NodeIx) -> Vec<PathRow> {
    let root = PathRow {
        edge: None,
        object: heap.object(heap.snapshot.root()).row(),
    };
    let step = |step: PathStep| PathRow {
        edge: Some(edge_text(heap.snapshot, step.edge)),
        object: heap.object(step.edge.to).row(),
    };
    match RetainingPaths::of(heap.snapshot).to(node) {
        Some(steps) => std::iter::once(root)
            .chain(steps.into_iter().map(step))
            .collect(),
        None => Vec::new(),
    }
}

impl Retainer<'_> {
    fn row(&self) -> RetainerRow {
        RetainerRow {
            edge: edge_text(self.from.heap.snapshot, self.step.edge),
            kind: kind_text(self.step.edge.kind),
            from: self.from.row(),
        }
    }
}

impl Listed for Retainer<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::ascending("distance", |a, b| a.place.cmp(&b.place)),
            Column::descending("retained", |a, b| {
                a.from.retained_size().cmp(&b.from.retained_size())
            }),
            Column::descending("shallow", |a, b| {
                a.from.shallow_size().cmp(&b.from.shallow_size())
            }),
            Column::ascending("reference", |a, b| {
                let text = |r: &Self| edge_text(r.from.heap.snapshot, r.step.edge);
                text(a).cmp(&text(b))
            }),
            Column::ascending("class", |a, b| a.from.class().cmp(b.from.class())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        let snapshot = self.from.heap.snapshot;
        self.from.passes(filter) || filter.passes(&edge_text(snapshot, self.step.edge))
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}
