//! From bytes to a [`Snapshot`], in one pass through small buffers.
//!
//! Owns the order of sections and every check: whatever the bytes are, the answer is a snapshot
//! whose indexes are all in range, or an error that says where. Never panics, and never holds the
//! file. Cost: linear in the bytes; the arrays of numbers are read by several threads.

mod columns;
mod digits;
mod header;
mod scanner;
mod table;

use std::io::Read;
use std::num::NonZero;

use crate::Error;
use crate::detached;
use crate::link::{Edges, Link};
use crate::snapshot::{EdgeKind, Location, NodeIx, NodeType, Nodes, Snapshot};
use crate::strings::Strings;
use columns::{EdgeColumns, LocationColumns, NodeColumns};
use header::Header;
use scanner::Scanner;
use table::Shape;

/// Reads a heap snapshot.
///
/// `size_hint`, the number of bytes if it is known, saves growing buffers.
///
/// # Errors
/// If the reader fails, or if the bytes are no whole heap snapshot.
pub fn parse(reader: impl Read + Send, size_hint: Option<u64>) -> Result<Snapshot, Error> {
    let mut parts = Parts::default();
    parts.read_all(reader, size_hint)?;
    parts.finish()
}

/// What was read so far. After an error it holds what is whole up to there.
#[derive(Default)]
struct Parts {
    header: Option<Header>,
    nodes: Option<Nodes>,
    edges: Option<Edges>,
    locations: Vec<(NodeIx, Location)>,
    strings: Option<Strings>,
}

impl Parts {
    fn read_all(&mut self, reader: impl Read + Send, size_hint: Option<u64>) -> Result<(), Error> {
        let mut scanner = Scanner::new(reader);
        scanner.section("the beginning");
        scanner.expect(b'{', "`{`")?;
        loop {
            scanner.section("the list of sections");
            let name = scanner.key()?;
            self.read(&mut scanner, &name, size_hint)?;
            scanner.section("the list of sections");
            match scanner.next_token("`,` or `}`")? {
                b',' => {}
                b'}' => return Ok(()),
                _ => return Err(scanner.syntax("`,` or `}`")),
            }
        }
    }

    fn read<R: Read + Send>(
        &mut self,
        scanner: &mut Scanner<R>,
        name: &str,
        size_hint: Option<u64>,
    ) -> Result<(), Error> {
        match (name, &self.header) {
            ("snapshot", _) => {
                scanner.section("`snapshot`");
                let text = scanner.value_text()?;
                self.header = Some(Header::parse(&text)?);
                Ok(())
            }
            ("nodes", Some(header)) => {
                scanner.section("`nodes`");
                let (nodes, result) = read_nodes(scanner, header, size_hint);
                self.nodes = Some(nodes);
                result
            }
            ("edges", Some(header)) => {
                scanner.section("`edges`");
                let (edges, result) = read_edges(scanner, header, size_hint);
                self.edges = Some(edges);
                result
            }
            ("locations", Some(header)) => {
                scanner.section("`locations`");
                let (locations, result) = read_locations(scanner, header, size_hint);
                self.locations = locations;
                result
            }
            ("nodes" | "edges" | "locations", None) => Err(Error::Missing("snapshot")),
            ("strings", _) => {
                scanner.section("`strings`");
                let mut strings = Strings::default();
                let left = size_hint.unwrap_or(0).saturating_sub(scanner.offset());
                strings.reserve(usize::try_from(left).unwrap_or(0).min(MOST_RESERVED));
                let result = scanner.strings(&mut strings);
                strings.shrink();
                self.strings = Some(strings);
                result
            }
            _ => {
                scanner.section("a section that is skipped");
                scanner.skip_value()
            }
        }
    }

    fn finish(self) -> Result<Snapshot, Error> {
        let header = self.header.ok_or(Error::Missing("snapshot"))?;
        let mut nodes = self.nodes.ok_or(Error::Missing("nodes"))?;
        let edges = self.edges.ok_or(Error::Missing("edges"))?;
        let strings = self.strings.ok_or(Error::Missing("strings"))?;
        if nodes.kind.is_empty() {
            return Err(Error::Missing("nodes"));
        }
        let root = header.root_index / header.node_fields.count;
        if header.root_index % header.node_fields.count != 0 || root >= nodes.kind.len() {
            return Err(Error::Header(format!(
                "there is no node at `root_index` {}",
                header.root_index
            )));
        }
        sum_edge_counts(&mut nodes, edges.links.len())?;
        check_nodes(&nodes, strings.len())?;
        check_edges(&edges, nodes.kind.len(), strings.len())?;
        let locations = sorted_locations(self.locations, nodes.kind.len())?;
        let mut snapshot = Snapshot {
            nodes,
            edges,
            strings,
            node_types: header
                .node_types
                .iter()
                .map(|name| NodeType::of(name))
                .collect(),
            node_type_names: header.node_types,
            last_kind: last_kind(&header.edge_types),
            root: NodeIx::at(root),
            extra_native_bytes: header.extra_native_bytes,
            locations,
            renames_detached: false,
            by_id: std::sync::OnceLock::new(),
        };
        detached::propagate(&mut snapshot);
        Ok(snapshot)
    }
}

/// Bytes that are set aside at once on the word of a caller.
const MOST_RESERVED: usize = 1 << 30;

/// More threads than this only wait for the reader.
const MOST_THREADS: usize = 4;

fn n_threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS)
}

fn check_count(section: &'static str, expected: Option<u64>, found: usize) -> Result<(), Error> {
    match expected {
        Some(expected) if (found as u64) < expected => Err(Error::Count {
            section,
            expected,
            found: found as u64,
        }),
        _ => Ok(()),
    }
}

fn read_nodes<R: Read + Send>(
    scanner: &mut Scanner<R>,
    header: &Header,
    bytes: Option<u64>,
) -> (Nodes, Result<(), Error>) {
    let mut columns = NodeColumns::new(header);
    let shape = Shape {
        fields: header.node_fields.count,
        records: header.node_count,
        bytes,
    };
    let (rows, result) = table::read(scanner, shape, n_threads(), &mut columns);
    let result = result
        .and_then(|()| columns.check())
        .and_then(|()| check_count("nodes", header.node_count, rows));
    (columns.nodes, result)
}

fn read_edges<R: Read + Send>(
    scanner: &mut Scanner<R>,
    header: &Header,
    bytes: Option<u64>,
) -> (Edges, Result<(), Error>) {
    let mut columns = EdgeColumns::new(header);
    let shape = Shape {
        fields: header.edge_fields.count,
        records: header.edge_count,
        bytes,
    };
    let (rows, result) = table::read(scanner, shape, n_threads(), &mut columns);
    let result = result
        .and_then(|()| columns.check())
        .and_then(|()| check_count("edges", header.edge_count, rows));
    (columns.edges, result)
}

fn read_locations<R: Read + Send>(
    scanner: &mut Scanner<R>,
    header: &Header,
    bytes: Option<u64>,
) -> (Vec<(NodeIx, Location)>, Result<(), Error>) {
    let Some(fields) = &header.location_fields else {
        return (Vec::new(), scanner.skip_value());
    };
    let mut columns = LocationColumns::new(fields, header.node_fields.count);
    let shape = Shape {
        fields: fields.count,
        records: None,
        bytes,
    };
    let (_, result) = table::read(scanner, shape, n_threads(), &mut columns);
    (columns.locations, result)
}

/// Invisible edges are known by name; an edge that this engine has no name for is shown.
fn last_kind(edge_types: &[String]) -> EdgeKind {
    let mut kinds = edge_types.iter().map(|name| EdgeKind::of(name));
    match kinds.clone().any(|kind| kind == EdgeKind::Unknown) {
        false if kinds.any(|kind| kind == EdgeKind::Invisible) => EdgeKind::Invisible,
        _ => EdgeKind::Unknown,
    }
}

/// Turns each node's number of edges into the position of its first edge.
fn sum_edge_counts(nodes: &mut Nodes, n_edges: usize) -> Result<(), Error> {
    let mut first: u64 = 0;
    for count in &mut nodes.first_edge {
        let edges = u64::from(*count);
        *count = u32::try_from(first).unwrap_or(u32::MAX);
        first += edges;
    }
    if first != n_edges as u64 {
        return Err(Error::Count {
            section: "edges",
            expected: first,
            found: n_edges as u64,
        });
    }
    nodes
        .first_edge
        .push(u32::try_from(first).unwrap_or(u32::MAX));
    Ok(())
}

fn check_nodes(nodes: &Nodes, n_strings: usize) -> Result<(), Error> {
    let wrong = nodes
        .name
        .iter()
        .position(|&name| name as usize >= n_strings);
    match wrong {
        Some(record) => Err(Error::Index {
            section: "nodes",
            record: record as u64,
            what: "a string",
        }),
        None => Ok(()),
    }
}

fn check_edges(edges: &Edges, n_nodes: usize, n_strings: usize) -> Result<(), Error> {
    let wrong = |record: usize, what| Error::Index {
        section: "edges",
        record: record as u64,
        what,
    };
    let to_none = edges
        .links
        .iter()
        .position(|&link| Link::from_bits(link).to() >= n_nodes);
    if let Some(record) = to_none {
        return Err(wrong(record, "a node"));
    }
    let unnamed = edges
        .links
        .iter()
        .zip(&edges.name)
        .position(|(&link, &name)| {
            name as usize >= n_strings && !Link::from_bits(link).kind().is_numbered()
        });
    match unnamed {
        Some(record) => Err(wrong(record, "a string")),
        None => Ok(()),
    }
}

/// By node; of several for one node the last counts.
fn sorted_locations(
    mut locations: Vec<(NodeIx, Location)>,
    n_nodes: usize,
) -> Result<Vec<(NodeIx, Location)>, Error> {
    if let Some(record) = locations
        .iter()
        .position(|(node, _)| node.index() >= n_nodes)
    {
        return Err(Error::Index {
            section: "locations",
            record: record as u64,
            what: "a node",
        });
    }
    if !locations.is_sorted_by(|a, b| a.0 < b.0) {
        locations.reverse();
        locations.sort_by_key(|&(node, _)| node);
        locations.dedup_by_key(|&mut (node, _)| node);
    }
    locations.shrink_to_fit();
    Ok(locations)
}
