//! The strings of a heap: those that are there twice, the largest, and long ones that are kept for
//! a part of them.

use std::cmp::Ordering;
use std::sync::Arc;

use heap::{Edge, EdgeKind, EdgeName, NodeIx, NodeType, Repeated};
use serde::Serialize;

use crate::desk::Desk;
use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow};

/// The place of a string that no other is made of.
const NOWHERE: u32 = u32::MAX;

/// What there is to say of a snapshot's strings. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strings {
    /// Strings of every kind.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// What would be saved if every text were there once.
    pub wasted: u64,
    /// Texts that several strings have, by what would be saved if nothing else was asked for.
    pub duplicates: Vec<DuplicateRow>,
    /// Which of the texts these are.
    pub duplicates_page: PageOf,
    /// Single strings, by retained size if nothing else was asked for.
    pub largest: Vec<ObjectRow>,
    /// Which of the strings these are.
    pub largest_page: PageOf,
    /// Strings that slices or concatenations refer to, by their size if nothing else was asked
    /// for.
    pub pinned: Vec<PinnedRow>,
    /// Which of the strings these are.
    pub pinned_page: PageOf,
}

/// A text that several strings have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicateRow {
    /// The text, as far as the snapshot has it.
    pub value: String,
    /// How many strings there are.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// Their retained sizes.
    pub retained_size: u64,
    /// What would be saved if only the largest were there.
    pub wasted: u64,
    /// One of them, by its id.
    pub example: u64,
}

/// A string that slices or concatenations refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PinnedRow {
    /// The string.
    pub object: ObjectRow,
    /// Slices of it: each keeps the whole string, however short it is itself.
    pub slices: u64,
    /// Concatenations that it is a part of.
    pub concatenations: u64,
    /// Whether nothing else refers to it: then it is kept for them alone.
    pub alone: bool,
    /// One of those that refer to it, by its id.
    pub example: u64,
}

/// Which rows of each list are wanted.
#[derive(Debug)]
pub struct StringsListing<'h> {
    /// Of the texts that are there twice.
    pub duplicates: Listing<Duplicate<'h>>,
    /// Of all strings.
    pub largest: Listing<HeapObject<'h>>,
    /// Of the strings that others are a part of.
    pub pinned: Listing<Pinned<'h>>,
}

/// Strings of one text, where they lie.
#[derive(Debug, Clone)]
pub struct Duplicate<'h> {
    heap: Heap<'h>,
    strings: Arc<Repeated>,
}

/// A string that others are a part of, where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Pinned<'h> {
    object: HeapObject<'h>,
    slices: u64,
    concatenations: u64,
    alone: bool,
    example: NodeIx,
}

/// The strings of a snapshot.
#[must_use]
pub fn strings<'h>(heap: Heap<'h>, listing: &StringsListing<'h>) -> Strings {
    Desk::of(heap).strings(listing)
}

impl<'h> Desk<'h> {
    /// The strings of a snapshot.
    #[must_use]
    pub fn strings(&self, listing: &StringsListing<'h>) -> Strings {
        let heap = self.heap();
        let lists = self.string_lists();
        let duplicates = listing.duplicates.page(lists.duplicates.iter().cloned());
        let largest = listing
            .largest
            .page(lists.all.iter().map(|&node| heap.object(node)));
        let pinned = listing.pinned.page(lists.pinned.iter().copied());
        Strings {
            count: lists.all.len() as u64,
            shallow_size: lists.shallow_size,
            wasted: lists.wasted,
            duplicates: duplicates.rows.iter().map(Duplicate::row).collect(),
            duplicates_page: duplicates.of,
            largest: largest.rows.iter().map(HeapObject::row).collect(),
            largest_page: largest.of,
            pinned: pinned.rows.iter().map(Pinned::row).collect(),
            pinned_page: pinned.of,
        }
    }
}

/// The three lists, whole and in no order.
#[derive(Debug)]
pub(crate) struct StringLists<'h> {
    duplicates: Vec<Duplicate<'h>>,
    /// What would be saved if every text were there once.
    wasted: u64,
    all: Vec<NodeIx>,
    shallow_size: u64,
    pinned: Vec<Pinned<'h>>,
}

impl<'h> StringLists<'h> {
    pub(crate) fn of(heap: Heap<'h>) -> Self {
        let repeated = heap::repeated_strings(heap.snapshot, heap.analysis);
        let wasted = repeated.iter().map(|group| group.wasted).sum();
        let duplicate = |strings| Duplicate {
            heap,
            strings: Arc::new(strings),
        };
        let all: Vec<NodeIx> = heap
            .snapshot
            .nodes()
            .filter(|&node| is_string(heap, node))
            .collect();
        let size = |&node: &NodeIx| heap.analysis.shallow_size(node);
        Self {
            duplicates: repeated.into_iter().map(duplicate).collect(),
            wasted,
            shallow_size: all.iter().map(size).sum(),
            all,
            pinned: pinned(heap),
        }
    }
}

fn is_string(heap: Heap<'_>, node: NodeIx) -> bool {
    matches!(
        heap.snapshot.node_type(node),
        NodeType::String | NodeType::ConsString | NodeType::SlicedString
    )
}

/// The strings that slices and concatenations refer to.
fn pinned(heap: Heap<'_>) -> Vec<Pinned<'_>> {
    let snapshot = heap.snapshot;
    let mut found: Vec<Pinned<'_>> = Vec::new();
    let mut place_of = vec![NOWHERE; snapshot.n_nodes()];
    for object in heap.objects() {
        let is_slice = match snapshot.node_type(object.node) {
            NodeType::SlicedString => true,
            NodeType::ConsString => false,
            _ => continue,
        };
        let parts = snapshot
            .edges(object.node)
            .filter(|edge| is_part(heap, *edge));
        for edge in parts.filter(|edge| is_string(heap, edge.to)) {
            let place = &mut place_of[edge.to.index()];
            if *place == NOWHERE {
                *place = found.len() as u32;
                found.push(Pinned {
                    object: heap.object(edge.to),
                    slices: 0,
                    concatenations: 0,
                    alone: true,
                    example: object.node,
                });
            }
            let pinned = &mut found[*place as usize];
            match is_slice {
                true => pinned.slices += 1,
                false => pinned.concatenations += 1,
            }
        }
    }
    if found.is_empty() {
        return found;
    }
    for from in snapshot.nodes().filter(|&node| !is_joint(heap, node)) {
        for edge in snapshot.edges(from) {
            let place = place_of[edge.to.index()];
            if place != NOWHERE && edge.kind != EdgeKind::Weak {
                found[place as usize].alone = false;
            }
        }
    }
    found
}

/// A string made of parts of others.
fn is_joint(heap: Heap<'_>, node: NodeIx) -> bool {
    let kind = heap.snapshot.node_type(node);
    matches!(kind, NodeType::ConsString | NodeType::SlicedString)
}

fn is_part(heap: Heap<'_>, edge: Edge) -> bool {
    let is_named = |name: &str| matches!(name, "parent" | "first" | "second");
    edge.kind == EdgeKind::Internal
        && match heap.snapshot.edge_name(edge) {
            EdgeName::Name(name) => is_named(&name),
            EdgeName::Index(_) => false,
        }
}

impl Duplicate<'_> {
    fn value(&self) -> std::borrow::Cow<'_, str> {
        self.heap.snapshot.shown_name(self.strings.strings[0])
    }

    fn row(&self) -> DuplicateRow {
        DuplicateRow {
            value: self.value().into_owned(),
            count: self.strings.strings.len() as u64,
            shallow_size: self.strings.shallow_size,
            retained_size: self.strings.retained_size,
            wasted: self.strings.wasted,
            example: self.heap.object(self.strings.strings[0]).id(),
        }
    }
}

impl Listed for Duplicate<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("wasted", |a, b| a.strings.wasted.cmp(&b.strings.wasted)),
            Column::descending("count", |a, b| {
                a.strings.strings.len().cmp(&b.strings.strings.len())
            }),
            Column::descending("shallow", |a, b| {
                a.strings.shallow_size.cmp(&b.strings.shallow_size)
            }),
            Column::descending("retained", |a, b| {
                a.strings.retained_size.cmp(&b.strings.retained_size)
            }),
            Column::ascending("value", |a, b| a.value().cmp(&b.value())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.value())
    }

    fn size(&self) -> Option<u64> {
        Some(self.strings.wasted)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.strings.strings.cmp(&other.strings.strings)
    }
}

impl Pinned<'_> {
    fn row(&self) -> PinnedRow {
        PinnedRow {
            object: self.object.row(),
            slices: self.slices,
            concatenations: self.concatenations,
            alone: self.alone,
            example: self.object.heap.object(self.example).id(),
        }
    }
}

impl Listed for Pinned<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("shallow", |a, b| {
                a.object.shallow_size().cmp(&b.object.shallow_size())
            }),
            Column::descending("slices", |a, b| a.slices.cmp(&b.slices)),
            Column::descending("concatenations", |a, b| {
                a.concatenations.cmp(&b.concatenations)
            }),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        self.object.passes(filter)
    }

    fn size(&self) -> Option<u64> {
        Some(self.object.shallow_size())
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.object.tie(&other.object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    const HEAP: &str = "
        root  -> list:Array 16                             property list
        list  -> same*3:string/same 24                     element
        list  -> once:string/once 24                       element
        list  -> cons:concatenated-string/\"\" 32          element
        cons  -> sa:string/sa 8                            internal first
        cons  -> me:string/me 8                            internal second
        list  -> slice*2:sliced-string/\"(sliced string)\" 20 element
        slice -> parent:string/\"a long text\" 4000        internal parent
        list  -> other:sliced-string/\"(sliced string)\" 20 element
        other -> once                                      internal parent";

    fn view(opened: &Opened) -> Strings {
        let listing = StringsListing {
            duplicates: all(),
            largest: all(),
            pinned: all(),
        };
        strings(opened.heap(), &listing)
    }

    #[test]
    fn copies_are_found_however_they_are_put_together() {
        let opened = Opened::of(HEAP);
        let view = view(&opened);
        let [same] = view.duplicates.as_slice() else {
            panic!("{:?}", view.duplicates);
        };
        assert_eq!((&*same.value, same.count), ("same", 4));
        assert_eq!((same.shallow_size, same.wasted), (3 * 24 + 32, 3 * 24));
        assert_eq!((view.wasted, view.count), (72, 11));
    }

    #[test]
    fn a_parent_that_only_slices_need_is_told_from_one_that_is_used() {
        let opened = Opened::of(HEAP);
        let view = view(&opened);
        let pinned: Vec<_> = view
            .pinned
            .iter()
            .map(|p| (&*p.object.name, p.slices, p.concatenations, p.alone))
            .collect();
        assert_eq!(
            pinned,
            [
                ("a long text", 2, 0, true),
                ("once", 1, 0, false),
                ("sa", 0, 1, true),
                ("me", 0, 1, true),
            ]
        );
        assert_eq!(view.largest[0].name, "a long text");
    }
}
