//! A reference between two objects where it lies: how it is named and in which order DevTools
//! shows it.

use std::cmp::Ordering;

use heap::{NO_DISTANCE, PathStep};

use crate::listing::{Column, Filter, Listed};
use crate::object::{Heap, HeapObject, edge_text, kind_text};

/// What nothing leads to comes last among retainers.
const UNREACHED: i64 = 200_000_000;

/// A reference to an object, listed as one of its retainers: DevTools' order is by distance, then
/// by name.
#[derive(Debug, Clone, Copy)]
pub struct Retainer<'h> {
    /// Its place in DevTools' numbering of the object's retainers.
    place: usize,
    step: PathStep,
    heap: Heap<'h>,
}

/// A reference of an object, listed as one of those that it has: DevTools' order is by retained
/// size, then by name.
#[derive(Debug, Clone, Copy)]
pub struct Contained<'h> {
    /// Its place among the object's references.
    place: usize,
    step: PathStep,
    heap: Heap<'h>,
}

impl<'h> Retainer<'h> {
    pub(crate) fn new(heap: Heap<'h>, place: usize, step: PathStep) -> Self {
        Self { place, step, heap }
    }

    /// The object that refers.
    pub(crate) fn from(&self) -> HeapObject<'h> {
        self.heap.object(self.step.from)
    }

    pub(crate) fn step(&self) -> PathStep {
        self.step
    }

    pub(crate) fn text(&self) -> String {
        edge_text(self.heap.snapshot, self.step.edge)
    }

    pub(crate) fn kind(&self) -> &'static str {
        kind_text(self.step.edge.kind)
    }

    fn far(&self) -> i64 {
        match self.from().distance() {
            NO_DISTANCE => UNREACHED,
            distance => distance,
        }
    }

    /// DevTools' order.
    fn order(&self, other: &Self) -> Ordering {
        let snapshot = self.heap.snapshot;
        self.far()
            .cmp(&other.far())
            .then_with(|| snapshot.shown_name_order(self.step.from, other.step.from))
            .then_with(|| self.place.cmp(&other.place))
    }
}

impl Listed for Retainer<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::ascending("distance", |a, b| a.far().cmp(&b.far())),
            Column::descending("retained", |a, b| {
                a.from().retained_size().cmp(&b.from().retained_size())
            }),
            Column::descending("shallow", |a, b| {
                a.from().shallow_size().cmp(&b.from().shallow_size())
            }),
            Column::ascending("reference", |a, b| a.text().cmp(&b.text())),
            Column::ascending("class", |a, b| a.from().class().cmp(b.from().class())),
            Column::ascending("id", |a, b| a.from().id().cmp(&b.from().id())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        self.from().passes(filter) || filter.passes(&self.text())
    }

    fn size(&self) -> Option<u64> {
        Some(self.from().retained_size())
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.order(other)
    }
}

impl<'h> Contained<'h> {
    pub(crate) fn new(heap: Heap<'h>, place: usize, step: PathStep) -> Self {
        Self { place, step, heap }
    }

    /// The object referred to.
    pub(crate) fn to(&self) -> HeapObject<'h> {
        self.heap.object(self.step.edge.to)
    }

    pub(crate) fn text(&self) -> String {
        edge_text(self.heap.snapshot, self.step.edge)
    }

    pub(crate) fn kind(&self) -> &'static str {
        kind_text(self.step.edge.kind)
    }

    /// Names before indexes, the prototype last; DevTools compares indexes as texts.
    fn name_order(&self, other: &Self) -> Ordering {
        let snapshot = self.heap.snapshot;
        snapshot.edge_name_order(self.step.edge, other.step.edge)
    }
}

impl Listed for Contained<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("retained", |a, b| {
                a.to().retained_size().cmp(&b.to().retained_size())
            }),
            Column::descending("shallow", |a, b| {
                a.to().shallow_size().cmp(&b.to().shallow_size())
            }),
            Column::ascending("distance", |a, b| a.to().distance().cmp(&b.to().distance())),
            Column::ascending("reference", Self::name_order),
            Column::ascending("class", |a, b| a.to().class().cmp(b.to().class())),
            Column::ascending("id", |a, b| a.to().id().cmp(&b.to().id())),
            Column::ascending("file", |a, b| a.place.cmp(&b.place)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        self.to().passes(filter) || filter.passes(&self.text())
    }

    fn size(&self) -> Option<u64> {
        Some(self.to().retained_size())
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.name_order(other)
            .then_with(|| self.place.cmp(&other.place))
    }
}
