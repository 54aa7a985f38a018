//! The edges by which V8 tells that an entry of a `WeakMap` lives while both map and key do.
//!
//! Such an entry shows as two internal edges, one from the key and one from the table, with the
//! same name but for a leading number. Source: DevTools' `tryParseWeakMapEdgeName`.

use std::collections::HashMap;

use crate::bits::Bits;
use crate::link::Link;
use crate::snapshot::{EdgeKind, NodeIx, Snapshot};

/// All edges with such a name.
#[derive(Debug)]
pub(super) struct WeakMaps {
    /// In the order of the file.
    halves: Vec<Half>,
    /// The nodes that have such edges: all others are passed over at the cost of a bit.
    sources: Bits,
    n_entries: usize,
}

/// One edge of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half {
    edge: u32,
    /// The same for both edges of an entry.
    pub(super) entry: u32,
    /// Whether it leads away from the table that the name tells of.
    pub(super) is_of_table: bool,
}

/// What a name says of an entry.
#[derive(Debug, Clone, Copy)]
struct Pair {
    string: u32,
    entry: u32,
    /// The id of the table, as far as 64 bits hold it.
    table_id: u64,
}

impl WeakMaps {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let (pairs, n_entries) = pairs(snapshot);
        let mut found = Self {
            halves: Vec::new(),
            sources: Bits::new(snapshot.n_nodes()),
            n_entries,
        };
        if pairs.is_empty() {
            return found;
        }
        let mut is_pair = Bits::new(snapshot.strings.len());
        for pair in &pairs {
            is_pair.insert(pair.string as usize);
        }
        let edges = snapshot.edges.links.iter().zip(&snapshot.edges.name);
        for (edge, (&link, &name)) in edges.enumerate() {
            let is_internal = Link::from_bits(link).kind() == EdgeKind::Internal;
            if is_internal && is_pair.has(name as usize) {
                found.add(snapshot, edge, &pairs);
            }
        }
        found
    }

    fn add(&mut self, snapshot: &Snapshot, edge: usize, pairs: &[Pair]) {
        let name = snapshot.edges.name[edge];
        let Ok(at) = pairs.binary_search_by_key(&name, |pair| pair.string) else {
            return;
        };
        let first = &snapshot.nodes.first_edge;
        let source = first.partition_point(|&first| first as usize <= edge) - 1;
        let source_id = snapshot.node_id(NodeIx::at(source)).0;
        self.sources.insert(source);
        self.halves.push(Half {
            edge: edge as u32,
            entry: pairs[at].entry,
            is_of_table: pairs[at].table_id == source_id,
        });
    }

    /// Entries are numbered from 0.
    pub(super) fn n_entries(&self) -> usize {
        self.n_entries
    }

    /// Whether a node has such edges at all.
    #[inline]
    pub(super) fn has_source(&self, node: usize) -> bool {
        self.sources.has(node)
    }

    /// What the edge at this position is of an entry, if it is of one.
    pub(super) fn half(&self, edge: usize) -> Option<Half> {
        let at = self
            .halves
            .binary_search_by_key(&edge, |half| half.edge as usize);
        at.ok().map(|at| self.halves[at])
    }
}

/// The strings that name such edges, ascending, and how many entries there are.
fn pairs(snapshot: &Snapshot) -> (Vec<Pair>, usize) {
    let mut entries: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut pairs = Vec::new();
    let n_strings = u32::try_from(snapshot.strings.len()).unwrap_or(u32::MAX);
    for string in 0..n_strings {
        let first = snapshot.strings.literal(string).first();
        if !first.is_some_and(|first| first.is_ascii_digit() || *first == b'\\') {
            continue;
        }
        let name = snapshot.strings.get(string);
        if let Some((entry, table_id)) = parsed(&name) {
            let n_digits = name.len() - entry.len();
            let entry = &snapshot.strings.units(string)[n_digits..];
            let next = entries.len() as u32;
            let entry = *entries.entry(entry.to_owned()).or_insert(next);
            pairs.push(Pair {
                string,
                entry,
                table_id,
            });
        }
    }
    (pairs, entries.len())
}

/// The id of the table that such a name tells of.
pub(crate) fn table_of(name: &str) -> Option<u64> {
    parsed(name).map(|(_, table_id)| table_id)
}

/// `12 / part of key (K @1) -> value (V @2) pair in WeakMap (table @3)`: what follows the first
/// number, and the table's id. K and V may be anything without a line end.
fn parsed(name: &str) -> Option<(&str, u64)> {
    let entry = name.trim_start_matches(|c: char| c.is_ascii_digit());
    if entry.len() == name.len() {
        return None;
    }
    let inside = entry.strip_prefix(" / part of key (")?.strip_suffix(')')?;
    let (inside, table_id) = without_number(inside)?;
    let inside = inside.strip_suffix(") pair in WeakMap (table @")?;
    let has_line_end = |text: &str| text.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
    let is_node = |text: &str| {
        without_number(text)
            .and_then(|(text, _)| text.strip_suffix(" @"))
            .is_some_and(|text| !has_line_end(text))
    };
    let between = ") -> value (";
    let is_entry = inside
        .match_indices(between)
        .any(|(at, _)| is_node(&inside[..at]) && is_node(&inside[at + between.len()..]));
    is_entry.then_some((entry, table_id))
}

/// A text without the number at its end, and the number.
fn without_number(text: &str) -> Option<(&str, u64)> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &text[rest.len()..];
    let number = digits.bytes().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    (!digits.is_empty()).then_some((rest, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_edges_of_an_entry_have_the_same_name_behind_the_number() {
        let entry = " / part of key (Object @1) -> value (Map @22) pair in WeakMap (table @333)";
        assert_eq!(parsed(&format!("4{entry}")), Some((entry, 333)));
        assert_eq!(parsed(&format!("57{entry}")), Some((entry, 333)));
    }

    #[test]
    fn names_of_nodes_may_hold_anything_but_line_ends() {
        let name = "1 / part of key () -> value (x @1) -> value (y @2) pair in WeakMap (table @3)";
        assert!(parsed(name).is_some());
        let name = "1 / part of key (a\nb @1) -> value (y @2) pair in WeakMap (table @3)";
        assert_eq!(parsed(name), None);
        assert_eq!(
            parsed("1 / part of key (a) -> value (y @2) pair in WeakMap (table @3)"),
            None
        );
        assert_eq!(parsed("42"), None);
        assert_eq!(parsed(""), None);
    }
}
