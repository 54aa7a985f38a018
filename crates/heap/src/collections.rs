//! How full the collections of a program are: maps, sets, arrays, and objects with so many
//! properties that V8 keeps them in a table.
//!
//! A snapshot tells a backing store's size and which of its slots refer to something; a slot with
//! a small integer refers to nothing, unless the snapshot was taken with numeric values. So what is
//! used is a least number, and a store without any reference may be empty or hold numbers alone.
//!
//! Source: V8's `ordered-hash-table.h`, `dictionary.h` and `fixed-array.h`. Cost: one look at the
//! references of each collection and of its store.

use std::collections::HashSet;

use crate::snapshot::{Edge, EdgeKind, EdgeName, NodeIx, NodeType, Snapshot};

/// A collection with its backing store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// The collection itself.
    pub node: NodeIx,
    /// What it is.
    pub kind: CollectionKind,
    /// Entries that its store has room for.
    pub capacity: u64,
    /// Entries that refer to something.
    pub used: u64,
    /// The store's own size in bytes, as V8 wrote it.
    pub store_size: u64,
}

/// What a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionKind {
    /// A `Map`.
    Map,
    /// A `Set`.
    Set,
    /// A `WeakMap` or a `WeakSet`.
    Weak,
    /// An `Array`.
    Array,
    /// An object whose properties are in a table.
    Object,
}

/// A `Map` or `Set` that nothing was put into has this much room.
const FIRST_CAPACITY: u64 = 4;

impl Collection {
    /// Whether nothing is in it: a table as it was made first, or no store at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.kind {
            CollectionKind::Map | CollectionKind::Set => {
                self.used == 0 && self.capacity <= FIRST_CAPACITY
            }
            _ => self.capacity == 0,
        }
    }

    /// The share of its room that is used; `None` if it has room and may hold numbers alone.
    #[must_use]
    pub fn fill(&self) -> Option<f64> {
        match (self.used, self.is_empty()) {
            (_, true) => Some(0.0),
            (0, false) => None,
            (used, false) => Some(used as f64 / self.capacity as f64),
        }
    }

    /// Bytes of the store that are not used; none where it may hold numbers alone.
    #[must_use]
    pub fn unused_size(&self) -> u64 {
        let unused = 1.0 - self.fill().unwrap_or(1.0);
        (self.store_size as f64 * unused) as u64
    }
}

/// The collections of a snapshot, in file order.
pub fn collections(snapshot: &Snapshot) -> impl Iterator<Item = Collection> + '_ {
    let stores = Stores::of(snapshot);
    let objects = snapshot
        .nodes()
        .filter(|&node| snapshot.node_type(node) == NodeType::Object);
    objects.filter_map(move |node| stores.collection(node))
}

/// How stores are laid out in memory.
struct Stores<'a> {
    snapshot: &'a Snapshot,
    /// Bytes of a reference: 8, or 4 where V8 compresses them.
    word: u64,
}

/// A backing store: its slots, and those that refer to something.
struct Store {
    slots: u64,
    used: Vec<u64>,
    size: u64,
}

impl<'a> Stores<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        // Objects are aligned to a word; only compressed ones have sizes of half a word more.
        let is_heap = |&node: &NodeIx| {
            let kind = snapshot.node_type(node);
            matches!(kind, NodeType::Object | NodeType::Closure | NodeType::Array)
        };
        let mut sizes = snapshot
            .nodes()
            .filter(is_heap)
            .map(|n| snapshot.self_size(n));
        let word = if sizes.any(|size| size % 8 != 0) {
            4
        } else {
            8
        };
        Self { snapshot, word }
    }

    fn collection(&self, node: NodeIx) -> Option<Collection> {
        let collection = |kind, (capacity, used, store_size)| Collection {
            node,
            kind,
            capacity,
            used,
            store_size,
        };
        match &*self.snapshot.name(node) {
            "Map" => Some(collection(CollectionKind::Map, self.ordered(node, 3)?)),
            "Set" => Some(collection(CollectionKind::Set, self.ordered(node, 2)?)),
            "WeakMap" | "WeakSet" => Some(collection(CollectionKind::Weak, self.weak(node)?)),
            "Array" => Some(collection(CollectionKind::Array, self.elements(node)?)),
            _ => Some(collection(CollectionKind::Object, self.properties(node)?)),
        }
    }

    /// `Map` and `Set`: three numbers, a slot for each bucket, then twice as many entries, each of
    /// key, perhaps value, and the next entry of its bucket.
    fn ordered(&self, node: NodeIx, entry: u64) -> Option<(u64, u64, u64)> {
        let store = self.store(node, "table")?;
        let n_buckets = store.slots.checked_sub(3)? / (1 + 2 * entry);
        let first = 3 + n_buckets;
        let entries = store.used.iter().filter(|&&slot| slot >= first);
        let used: HashSet<u64> = entries.map(|slot| (slot - first) / entry).collect();
        Some((2 * n_buckets, used.len() as u64, store.size))
    }

    /// `WeakMap` and `WeakSet`: entries of key and value at the end of the table.
    fn weak(&self, node: NodeIx) -> Option<(u64, u64, u64)> {
        let store = self.store(node, "table")?;
        let (capacity, first) = table(store.slots, 2)?;
        let entries = store.used.iter().filter(|&&slot| slot >= first);
        let used: HashSet<u64> = entries.map(|slot| (slot - first) / 2).collect();
        Some((capacity, used.len() as u64, store.size))
    }

    /// An array's elements, one a slot; where an index is beyond the store, the store is a table
    /// of index, value and attributes.
    fn elements(&self, node: NodeIx) -> Option<(u64, u64, u64)> {
        let own = self.snapshot.edges(node);
        let indexes = own.filter(|edge| edge.kind == EdgeKind::Element);
        let (mut used, mut highest) = (0, 0);
        for edge in indexes {
            if let EdgeName::Index(index) = self.snapshot.edge_name(edge) {
                used += 1;
                highest = highest.max(u64::from(index));
            }
        }
        let Some(store) = self.store(node, "elements") else {
            // A prototype of arrays, and what shares the empty store.
            return Some((0, used, 0));
        };
        let capacity = match highest < store.slots.max(1) {
            true => store.slots,
            false => table(store.slots, 3)?.0,
        };
        Some((capacity, used.min(capacity), store.size))
    }

    /// An object's table of properties: entries of name, value and attributes.
    fn properties(&self, node: NodeIx) -> Option<(u64, u64, u64)> {
        let store = self.store(node, "properties")?;
        let (capacity, first) = table(store.slots, 3)?;
        let is_name = |slot: &&u64| **slot >= first && (**slot - first).is_multiple_of(3);
        let used = store.used.iter().filter(is_name).count() as u64;
        // In a plain list of values the names are elsewhere.
        let is_table = capacity >= 32
            && store
                .used
                .iter()
                .all(|slot| (slot + 3 - first % 3) % 3 != 2);
        is_table.then_some((capacity, used, store.size))
    }

    fn store(&self, node: NodeIx, name: &str) -> Option<Store> {
        let store = self.snapshot.target(node, EdgeKind::Internal, name)?;
        if self.snapshot.node_type(store) != NodeType::Array {
            return None;
        }
        let size = self.snapshot.self_size(store);
        // The map, and the length.
        let slots = (size / self.word).saturating_sub(2);
        let slot = |edge: Edge| match (edge.kind, self.snapshot.edge_name(edge)) {
            (EdgeKind::Internal | EdgeKind::Weak, EdgeName::Name(name)) => name.parse().ok(),
            (EdgeKind::Element, EdgeName::Index(index)) => Some(u64::from(index)),
            _ => None,
        };
        let used = self
            .snapshot
            .edges(store)
            .filter_map(slot)
            .filter(|&slot| slot < slots)
            .collect();
        Some(Store { slots, used, size })
    }
}

/// Room and first slot of a hash table with entries of this many slots: it has room for a power of
/// two, and what is left stands in front.
fn table(slots: u64, entry: u64) -> Option<(u64, u64)> {
    let most = slots / entry;
    let capacity = 1_u64.checked_shl(most.checked_ilog2()?)?;
    Some((capacity, slots - capacity * entry))
}
