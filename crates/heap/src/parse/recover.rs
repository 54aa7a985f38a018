//! What is whole of a damaged snapshot.
//!
//! Owns what is left out and what stands in for it. Records count up to the damage in their
//! section; after it the next section that can be found is read. References to nodes that are lost
//! are dropped, names that are lost read `(missing)`. Invariant: every index is in range, as in a
//! snapshot that was whole.

use std::io::Read;

use super::scanner::Scanner;
use super::{Parts, Snapshot, is_named};
use crate::Error;
use crate::link::{Edges, Link};
use crate::snapshot::Nodes;

/// What stands in for names that are lost.
const MISSING: &str = "(missing)";

/// Where reading can go on after damage.
const SECTIONS: [&str; 5] = ["snapshot", "nodes", "edges", "locations", "strings"];

/// A snapshot as far as it is whole.
#[derive(Debug)]
pub struct Recovered {
    /// What is whole.
    pub snapshot: Snapshot,
    /// What is not; `None` if nothing is lost.
    pub loss: Option<Loss>,
}

/// What is lost of a snapshot.
#[derive(Debug)]
pub struct Loss {
    /// The damage that comes first.
    pub error: Error,
    /// Nodes.
    pub nodes: Kept,
    /// Edges, those that lead to lost nodes not among the kept ones.
    pub edges: Kept,
    /// Strings that are there.
    pub strings: u64,
    /// Nodes and edges whose names are not among them, or whose types are unknown.
    pub missing_names: u64,
}

/// How much of a section is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Records that are whole.
    pub found: u64,
    /// Records that the header announces, if it does.
    pub expected: Option<u64>,
}

/// Reads what is whole of a heap snapshot; `size_hint` as for [`parse`](super::parse).
///
/// # Errors
/// If the header or all nodes are lost, or if the snapshot is too large.
pub fn recover(reader: impl Read + Send, size_hint: Option<u64>) -> Result<Recovered, Error> {
    let mut scanner = Scanner::new(reader);
    let mut parts = Parts::default();
    let read = read_around_damage(&mut parts, &mut scanner, size_hint);
    let Err(error) = read.and_then(|()| parts.check()) else {
        let snapshot = parts.assemble()?;
        return Ok(Recovered {
            snapshot,
            loss: None,
        });
    };
    let is_hopeless = matches!(error, Error::TooLarge { .. });
    let (Some(header), Some(nodes)) = (&mut parts.header, &mut parts.nodes) else {
        return Err(error);
    };
    if is_hopeless || nodes.kind.is_empty() {
        return Err(error);
    }
    let strings = parts.strings.get_or_insert_default();
    let n_strings = strings.len();
    strings.add(MISSING);
    let edges = parts.edges.get_or_insert_default();
    let mut missing_names = name_nodes(nodes, n_strings);
    missing_names += type_nodes(nodes, &mut header.node_types);
    missing_names += keep_whole_edges(nodes, edges, n_strings);
    let n_nodes = nodes.kind.len();
    if let Some(locations) = &mut parts.locations {
        locations.retain(|(node, _)| node.index() < n_nodes);
    }
    if header.root().is_none_or(|root| root >= n_nodes) {
        // V8 writes the root first.
        header.root_index = 0;
    }
    let kept = |found: usize, expected| Kept {
        found: found as u64,
        expected,
    };
    let loss = Loss {
        error,
        nodes: kept(n_nodes, header.node_count),
        edges: kept(edges.links.len(), header.edge_count),
        strings: n_strings as u64,
        missing_names,
    };
    let snapshot = parts.assemble()?;
    Ok(Recovered {
        snapshot,
        loss: Some(loss),
    })
}

/// Reads section by section; the first damage is the answer, however much follows.
fn read_around_damage<R: Read + Send>(
    parts: &mut Parts,
    scanner: &mut Scanner<R>,
    size_hint: Option<u64>,
) -> Result<(), Error> {
    let Err(first) = parts.read_all(scanner, size_hint) else {
        return Ok(());
    };
    let mut is_over = ends_reading(&first);
    while !is_over {
        // Whatever ends the search ends the reading.
        let Ok(name) = scanner.find_key(&SECTIONS) else {
            break;
        };
        is_over = match parts.read_from(scanner, size_hint, name) {
            Ok(()) => true,
            Err(error) => ends_reading(&error),
        };
    }
    Err(first)
}

fn ends_reading(error: &Error) -> bool {
    matches!(
        error,
        Error::CutShort { .. } | Error::Read { .. } | Error::TooLarge { .. } | Error::Empty
    )
}

/// Gives the stand-in's name to nodes whose own is lost; how many.
fn name_nodes(nodes: &mut Nodes, n_strings: usize) -> u64 {
    let stand_in = u32::try_from(n_strings).unwrap_or(u32::MAX);
    let lost = nodes.name.iter_mut().filter(|name| **name >= stand_in);
    lost.map(|name| *name = stand_in).count() as u64
}

/// Gives a type of its own to nodes whose type the header does not name; how many.
fn type_nodes(nodes: &mut Nodes, types: &mut Vec<String>) -> u64 {
    // The header has room for one more.
    let stand_in = u8::try_from(types.len()).unwrap_or(u8::MAX);
    let lost = nodes.kind.iter_mut().filter(|kind| **kind >= stand_in);
    let n_lost = lost.map(|kind| *kind = stand_in).count() as u64;
    types.push(MISSING.to_owned());
    n_lost
}

/// Drops edges to lost nodes and those beyond the last node's; names the rest, and answers how many
/// names are lost.
fn keep_whole_edges(nodes: &mut Nodes, edges: &mut Edges, n_strings: usize) -> u64 {
    let n_nodes = nodes.kind.len();
    let stand_in = u32::try_from(n_strings).unwrap_or(u32::MAX);
    let (mut from, mut to, mut n_lost) = (0, 0, 0);
    for count in &mut nodes.first_edge {
        let end = edges.links.len().min(from + *count as usize);
        let first = to;
        for edge in from..end {
            let link = Link::from_bits(edges.links[edge]);
            if link.to() >= n_nodes {
                continue;
            }
            let mut name = edges.name[edge];
            if !is_named(link, name, n_strings) {
                name = stand_in;
                n_lost += 1;
            }
            edges.links[to] = link.bits();
            edges.name[to] = name;
            to += 1;
        }
        *count = u32::try_from(to - first).unwrap_or(u32::MAX);
        from = end;
    }
    edges.links.truncate(to);
    edges.name.truncate(to);
    n_lost
}
