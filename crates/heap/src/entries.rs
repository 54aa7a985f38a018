//! What an object holds, counted as a programmer counts: an entry of a `Map` is one, though it
//! refers to a key and to a value; a property is one, whatever tables the engine keeps for it.
//!
//! Must not know which of the entries are new. Source: V8's `OrderedHashMap` and
//! `OrderedHashSet`, whose tables have a key, its value and a number that links them, slot by slot.
//! Cost: linear in the edges of the object and of its backing stores.

use std::collections::HashSet;

use crate::holders::{is_backing_store, is_strong, is_visible};
use crate::{Edge, EdgeKind, EdgeName, NodeIx, Snapshot};

/// One thing that an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    value: NodeIx,
    /// In a table, where it is an object of its own.
    key: Option<NodeIx>,
}

impl Entry {
    /// The value, and the key if there is one.
    pub(crate) fn objects(&self) -> impl Iterator<Item = NodeIx> + use<> {
        std::iter::once(self.value).chain(self.key)
    }
}

/// Everything that `node` holds: an object once, however often it is referred to, but for tables,
/// where every entry counts.
pub(crate) fn entries(snapshot: &Snapshot, node: NodeIx) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([node]);
    let mut folded = vec![node];
    while let Some(from) = folded.pop() {
        for edge in snapshot.edges(from).filter(|&e| is_strong(snapshot, e)) {
            let is_own = from == node && edge.kind == EdgeKind::Internal;
            match is_own.then(|| snapshot.edge_name(edge)) {
                // Its values are the object's properties; what is left are their names.
                Some(EdgeName::Name(name)) if name == "properties" => {}
                Some(EdgeName::Name(name)) if name == "table" => {
                    found.extend(table_entries(snapshot, edge.to));
                }
                _ if is_visible(snapshot, edge.to) => {
                    let value = seen.insert(edge.to).then_some(edge.to);
                    found.extend(value.map(|value| Entry { value, key: None }));
                }
                _ if is_backing_store(snapshot, edge.to) && seen.insert(edge.to) => {
                    folded.push(edge.to);
                }
                _ => {}
            }
        }
    }
    found
}

/// The entries of a hash table. Two slots side by side are a key and its value: the slot behind
/// them is a number, and so is every other slot of a set.
fn table_entries(snapshot: &Snapshot, table: NodeIx) -> Vec<Entry> {
    let mut slots: Vec<(u32, NodeIx)> = snapshot
        .edges(table)
        .filter(|&edge| is_strong(snapshot, edge))
        .filter_map(|edge| Some((slot(snapshot, edge)?, edge.to)))
        .collect();
    slots.sort_by_key(|&(slot, _)| slot);
    let visible = |node: NodeIx| is_visible(snapshot, node).then_some(node);
    let mut found = Vec::new();
    let mut rest = &slots[..];
    while let [(slot, first), after @ ..] = rest {
        let second = after.first().filter(|(next, _)| *next == slot + 1);
        let entry = match second {
            Some(&(_, value)) => match (visible(*first), visible(value)) {
                (key, Some(value)) => Some(Entry { value, key }),
                (Some(key), None) => Some(Entry {
                    value: key,
                    key: None,
                }),
                (None, None) => None,
            },
            None => visible(*first).map(|value| Entry { value, key: None }),
        };
        found.extend(entry);
        rest = if second.is_some() { &after[1..] } else { after };
    }
    found
}

/// The position of an edge in an array of the engine.
fn slot(snapshot: &Snapshot, edge: Edge) -> Option<u32> {
    match snapshot.edge_name(edge) {
        EdgeName::Index(slot) => Some(slot),
        EdgeName::Name(name) => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many entries the object has that the root refers to as `it`.
    fn check(text: &str, expected: usize) {
        let bytes = testkit::heap(text);
        let snapshot = crate::parse(&bytes[..], None).unwrap();
        let it = snapshot
            .target(snapshot.root(), EdgeKind::Property, "it")
            .unwrap();
        let found = entries(&snapshot, it);
        assert_eq!(found.len(), expected, "{text}: {found:?}");
    }

    #[test]
    fn a_key_and_its_value_are_one_entry() {
        check(
            "root -> m:Map 32          property it
             m -> t:array/table 64     internal table
             t -> k:string/a 16        internal 19
             t -> v:Session 32         internal 20
             t -> l:string/b 16        internal 22
             t -> v                    internal 23
             t -> small-key:Session 32 internal 26",
            3,
        );
    }

    #[test]
    fn what_a_set_holds_lies_every_other_slot() {
        check(
            "root -> s:Set 32       property it
             s -> t:array/table 64  internal table
             t -> a:Session 32      internal 19
             t -> b:Session 32      internal 21
             t -> c:Session 32      internal 23",
            3,
        );
    }

    #[test]
    fn a_property_is_one_entry_and_its_name_none() {
        check(
            "root -> o:Object 32        property it
             o -> d:array/dictionary 64 internal properties
             d -> k:string/a 16         internal 5
             d -> l:string/b 16         internal 8
             o -> v:Session 32          property a
             o -> w:Session 32          property b",
            2,
        );
    }

    #[test]
    fn an_array_holds_an_object_once_however_often() {
        check(
            "root -> a:Array 32         property it
             a -> e:array/elements 64   internal elements
             e -> v:Session 32          internal 0
             e -> v                     internal 1
             a -> v                     element 0
             a ~> w:Session 32          weak",
            1,
        );
    }
}
