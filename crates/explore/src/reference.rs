//! A reference between two objects where it lies: how it is named and in which order DevTools
//! shows it.

use std::cmp::Ordering;

use heap::{EdgeName, NO_DISTANCE, PathStep};

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
        let name = |r: &Self| r.heap.snapshot.shown_name(r.step.from);
        self.far()
            .cmp(&other.far())
            .then_with(|| utf16_order(&name(self), &name(other)))
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
        let name = |c: &Self| c.heap.snapshot.edge_name(c.step.edge);
        match (name(self), name(other)) {
            (EdgeName::Name(a), EdgeName::Name(b)) => {
                let is_last = |name: &str| name == "__proto__";
                let by_kind = is_last(&a).cmp(&is_last(&b));
                by_kind.then_with(|| utf16_order(&a, &b))
            }
            (EdgeName::Index(a), EdgeName::Index(b)) => decimal_order(a, b),
            (EdgeName::Name(name), EdgeName::Index(_)) if name == "__proto__" => Ordering::Greater,
            (EdgeName::Index(_), EdgeName::Name(name)) if name == "__proto__" => Ordering::Less,
            (EdgeName::Name(_), EdgeName::Index(_)) => Ordering::Less,
            (EdgeName::Index(_), EdgeName::Name(_)) => Ordering::Greater,
        }
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

    fn tie(&self, other: &Self) -> Ordering {
        self.name_order(other)
            .then_with(|| self.place.cmp(&other.place))
    }
}

/// Order of two numbers by their decimal digits, as texts.
fn decimal_order(a: u32, b: u32) -> Ordering {
    let n_digits = |number: u32| number.checked_ilog10().unwrap_or(0);
    let widened = |number: u32, other: u32| {
        let missing = n_digits(other).saturating_sub(n_digits(number));
        u64::from(number) * 10_u64.pow(missing)
    };
    let by_digits = widened(a, b).cmp(&widened(b, a));
    by_digits.then_with(|| n_digits(a).cmp(&n_digits(b)))
}

/// Order by UTF-16 units, as JavaScript compares strings.
fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::decimal_order;

    #[test]
    fn indexes_come_in_the_order_of_their_digits() {
        let mut numbers: Vec<u32> = (0..2000).chain([u32::MAX, u32::MAX - 1]).collect();
        let mut texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        numbers.sort_by(|&a, &b| decimal_order(a, b));
        texts.sort();
        let sorted: Vec<String> = numbers.iter().map(u32::to_string).collect();
        assert_eq!(sorted, texts);
    }
}
