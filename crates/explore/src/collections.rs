//! How full the collections of a heap are: the largest, and those with most room for nothing.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use heap::{Collection, CollectionKind};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow};

/// A collection is sparse if less than this share of its room is used.
const SPARSE: f64 = 0.25;

/// Room below which nobody cares how sparse it is.
const SMALL: u64 = 16;

/// The collections of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Collections {
    /// Sums by kind.
    pub kinds: Vec<CollectionKindRow>,
    /// The collections, by unused bytes if nothing else was asked for.
    pub collections: Vec<CollectionRow>,
    /// Which of the collections these are.
    pub page: PageOf,
}

/// All collections of one kind. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectionKindRow {
    /// `map`, `set`, `weak`, `array`, or `object` for one whose properties are in a table.
    pub kind: &'static str,
    /// How many there are.
    pub count: u64,
    /// Of them, those with nothing in them.
    pub empty: u64,
    /// Of them, those that use less than a quarter of room for 16 entries or more.
    pub sparse: u64,
    /// Their backing stores.
    pub store_size: u64,
    /// What of these is not used.
    pub unused_size: u64,
}

/// One collection. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CollectionRow {
    /// The collection.
    pub object: ObjectRow,
    /// `map`, `set`, `weak`, `array`, or `object` for one whose properties are in a table.
    pub kind: &'static str,
    /// Entries that it has room for.
    pub capacity: u64,
    /// Entries that refer to something: small integers do not, so there may be more.
    pub used: u64,
    /// The share of its room that is used; `None` if it may hold numbers alone.
    pub fill: Option<f64>,
    /// Its backing store.
    pub store_size: u64,
    /// What of this is not used.
    pub unused_size: u64,
}

/// Which collections are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// All of them.
    Any,
    /// Those with nothing in them.
    Empty,
    /// Those that use less than a quarter of room for 16 entries or more.
    Sparse,
}

/// A collection where it lies.
#[derive(Debug, Clone, Copy)]
pub struct CollectionIn<'h> {
    object: HeapObject<'h>,
    collection: Collection,
}

/// The collections of a snapshot.
#[must_use]
pub fn collections<'h>(
    heap: Heap<'h>,
    fill: Fill,
    listing: &Listing<CollectionIn<'h>>,
) -> Collections {
    let mut kinds: BTreeMap<CollectionKind, CollectionKindRow> = BTreeMap::new();
    let all = heap::collections(heap.snapshot).inspect(|collection| {
        let kind = kinds
            .entry(collection.kind)
            .or_insert_with(|| CollectionKindRow {
                kind: kind_text(collection.kind),
                count: 0,
                empty: 0,
                sparse: 0,
                store_size: 0,
                unused_size: 0,
            });
        kind.count += 1;
        kind.empty += u64::from(collection.is_empty());
        kind.sparse += u64::from(is_sparse(collection));
        kind.store_size += collection.store_size;
        kind.unused_size += collection.unused_size();
    });
    let is_listed = |collection: &Collection| match fill {
        Fill::Any => true,
        Fill::Empty => collection.is_empty(),
        Fill::Sparse => is_sparse(collection),
    };
    let page = listing.page(all.filter(is_listed).map(|collection| CollectionIn {
        object: heap.object(collection.node),
        collection,
    }));
    Collections {
        kinds: kinds.into_values().collect(),
        collections: page.rows.iter().map(CollectionIn::row).collect(),
        page: page.of,
    }
}

fn is_sparse(collection: &Collection) -> bool {
    let fill = collection.fill();
    collection.capacity >= SMALL && fill.is_some_and(|fill| fill < SPARSE)
}

fn kind_text(kind: CollectionKind) -> &'static str {
    match kind {
        CollectionKind::Map => "map",
        CollectionKind::Set => "set",
        CollectionKind::Weak => "weak",
        CollectionKind::Array => "array",
        CollectionKind::Object => "object",
    }
}

impl CollectionIn<'_> {
    fn row(&self) -> CollectionRow {
        CollectionRow {
            object: self.object.row(),
            kind: kind_text(self.collection.kind),
            capacity: self.collection.capacity,
            used: self.collection.used,
            fill: self.collection.fill(),
            store_size: self.collection.store_size,
            unused_size: self.collection.unused_size(),
        }
    }
}

impl Listed for CollectionIn<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("unused", |a, b| {
                let unused = |c: &Self| c.collection.unused_size();
                unused(a).cmp(&unused(b))
            }),
            Column::descending("store", |a, b| {
                a.collection.store_size.cmp(&b.collection.store_size)
            }),
            Column::descending("capacity", |a, b| {
                a.collection.capacity.cmp(&b.collection.capacity)
            }),
            Column::descending("used", |a, b| a.collection.used.cmp(&b.collection.used)),
            Column::ascending("fill", |a, b| {
                // What may hold numbers alone counts as full.
                let fill = |c: &Self| c.collection.fill().unwrap_or(1.0);
                fill(a).total_cmp(&fill(b))
            }),
            Column::descending("retained", |a, b| {
                a.object.retained_size().cmp(&b.object.retained_size())
            }),
            Column::ascending("kind", |a, b| a.collection.kind.cmp(&b.collection.kind)),
            Column::ascending("id", |a, b| a.object.id().cmp(&b.object.id())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(kind_text(self.collection.kind)) || self.object.passes(filter)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.object.tie(&other.object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    /// Words of 8 bytes: a `Map` with room for 8 has 3 + 4 + 24 slots behind map and length, a
    /// `Set` with room for 4 has 3 + 2 + 8.
    const HEAP: &str = "
        root  -> map:Map 32             property map
        map   -> table:array/\"\" 264  internal table
        table -> a:A 8                  internal 7
        table -> b:B 8                  internal 8
        table -> a                      internal 13
        root  -> set:Set 32             property set
        set   -> empty:array/\"\" 120  internal table
        root  -> list:Array 16          property list
        list  -> store:array/\"\" 816  internal elements
        list  -> a                      element 90
        store -> a                      internal 90
        root  -> none:Array 16          property none
        root  -> numbers:Array 16       property numbers
        numbers -> smis:array/\"\" 96  internal elements";

    fn rows(fill: Fill) -> Vec<(&'static str, u64, u64, Option<f64>)> {
        let opened = Opened::of(HEAP);
        let view = collections(opened.heap(), fill, &all());
        let row = |c: &CollectionRow| (c.kind, c.used, c.capacity, c.fill);
        view.collections.iter().map(row).collect()
    }

    #[test]
    fn room_and_use_are_read_from_the_stores() {
        assert_eq!(
            rows(Fill::Any),
            [
                ("array", 1, 100, Some(0.01)),
                // Key and value of one entry, and the key of another.
                ("map", 2, 8, Some(0.25)),
                ("set", 0, 4, Some(0.0)),
                ("array", 0, 0, Some(0.0)),
                // It has room, and may be full of numbers.
                ("array", 0, 10, None),
            ]
        );
    }

    #[test]
    fn empty_and_sparse_ones_are_told_apart() {
        assert_eq!(rows(Fill::Sparse), [("array", 1, 100, Some(0.01))]);
        let empty: Vec<_> = rows(Fill::Empty).iter().map(|row| row.0).collect();
        assert_eq!(empty, ["set", "array"]);
        let opened = Opened::of(HEAP);
        let kinds = collections(opened.heap(), Fill::Any, &all()).kinds;
        let kinds: Vec<_> = kinds
            .iter()
            .map(|k| (k.kind, k.count, k.empty, k.sparse, k.unused_size))
            .collect();
        assert_eq!(
            kinds,
            [
                ("map", 1, 0, 0, 198),
                ("set", 1, 1, 0, 120),
                ("array", 3, 1, 1, 807),
            ]
        );
    }
}
