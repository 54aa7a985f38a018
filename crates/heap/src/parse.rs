//! From bytes to a [`Snapshot`], in one pass through small buffers.
//!
//! Owns the order of sections and every check: whatever the bytes are, the answer is a snapshot
//! whose indexes are all in range, or an error that says where. Never panics, and never holds the
//! file. Cost: linear in the bytes; the arrays of numbers are read by several threads.

mod columns;
mod digits;
mod header;
mod locate;
mod recover;
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
pub(crate) use header::Header;
pub use locate::locate;
pub use recover::{Kept, Loss, Recovered, recover};
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
    parts.read_all(&mut Scanner::new(reader), size_hint)?;
    parts.check()?;
    parts.assemble()
}

/// What was read so far. After an error it holds what is whole up to there.
#[derive(Default)]
struct Parts {
    header: Option<Header>,
    nodes: Option<Nodes>,
    edges: Option<Edges>,
    locations: Option<Vec<(NodeIx, Location)>>,
    strings: Option<Strings>,
    starts: Starts,
}

/// At which byte the sections begin.
#[derive(Debug, Default, Clone, Copy)]
struct Starts {
    nodes: u64,
    edges: u64,
    locations: u64,
}

/// Where records stand.
#[derive(Debug, Clone, Copy)]
struct Section {
    name: &'static str,
    /// Where it begins.
    offset: u64,
    /// Numbers of a record.
    fields: usize,
}

impl Section {
    fn wrong(self, record: usize, what: &'static str) -> Error {
        Error::Index {
            section: self.name,
            offset: self.offset,
            record: record as u64,
            fields: self.fields,
            what,
        }
    }
}

impl Parts {
    fn read_all<R: Read + Send>(
        &mut self,
        scanner: &mut Scanner<R>,
        size_hint: Option<u64>,
    ) -> Result<(), Error> {
        scanner.section("the beginning");
        if scanner.is_empty()? {
            return Err(Error::Empty);
        }
        scanner.expect(b'{', "`{`")?;
        scanner.section("the list of sections");
        let name = scanner.key()?;
        self.read_from(scanner, size_hint, name)
    }

    /// Reads the section of this name, whose content comes next, and those after it.
    fn read_from<R: Read + Send>(
        &mut self,
        scanner: &mut Scanner<R>,
        size_hint: Option<u64>,
        mut name: String,
    ) -> Result<(), Error> {
        loop {
            self.read(scanner, &name, size_hint)?;
            scanner.section("the list of sections");
            match scanner.next_token("`,` or `}`")? {
                b',' => name = scanner.key()?,
                b'}' => return scanner.end(),
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
        let offset = scanner.offset();
        if let Some(section) = self.already_has(name) {
            return Err(Error::Repeated { section, offset });
        }
        match (name, &self.header) {
            ("snapshot", _) => {
                scanner.section("`snapshot`");
                let text = scanner.value_text()?;
                self.header = Some(Header::parse(&text)?);
                Ok(())
            }
            ("nodes", Some(header)) => {
                scanner.section("`nodes`");
                self.starts.nodes = offset;
                let (nodes, result) = read_nodes(scanner, header, size_hint);
                self.nodes = Some(nodes);
                result
            }
            ("edges", Some(header)) => {
                scanner.section("`edges`");
                self.starts.edges = offset;
                let (edges, result) = read_edges(scanner, header, size_hint);
                self.edges = Some(edges);
                result
            }
            ("locations", Some(header)) => {
                scanner.section("`locations`");
                self.starts.locations = offset;
                let (locations, result) = read_locations(scanner, header, size_hint);
                self.locations = Some(locations);
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

    /// The section of this name, if it was read before.
    fn already_has(&self, name: &str) -> Option<&'static str> {
        match name {
            "snapshot" => self.header.as_ref().map(|_| "snapshot"),
            "nodes" => self.nodes.as_ref().map(|_| "nodes"),
            "edges" => self.edges.as_ref().map(|_| "edges"),
            "locations" => self.locations.as_ref().map(|_| "locations"),
            "strings" => self.strings.as_ref().map(|_| "strings"),
            _ => None,
        }
    }

    /// Whether all sections are there, and refer only to what is there.
    fn check(&self) -> Result<(), Error> {
        let header = self.header.as_ref().ok_or(Error::Missing("snapshot"))?;
        let nodes = self.nodes.as_ref().ok_or(Error::Missing("nodes"))?;
        let edges = self.edges.as_ref().ok_or(Error::Missing("edges"))?;
        let strings = self.strings.as_ref().ok_or(Error::Missing("strings"))?;
        let n_nodes = nodes.kind.len();
        if n_nodes == 0 {
            return Err(Error::Missing("nodes"));
        }
        if header.root().is_none_or(|root| root >= n_nodes) {
            return Err(Error::Header(format!(
                "there is no node at `root_index` {}",
                header.root_index
            )));
        }
        check_edge_counts(nodes, edges.links.len(), self.starts.edges)?;
        let section = Section {
            name: "nodes",
            offset: self.starts.nodes,
            fields: header.node_fields.count,
        };
        check_nodes(nodes, strings.len(), section)?;
        let section = Section {
            name: "edges",
            offset: self.starts.edges,
            fields: header.edge_fields.count,
        };
        check_edges(edges, n_nodes, strings.len(), section)?;
        let section = Section {
            name: "locations",
            offset: self.starts.locations,
            fields: header.location_fields.as_ref().map_or(0, |at| at.count),
        };
        check_locations(
            self.locations.as_deref().unwrap_or_default(),
            n_nodes,
            section,
        )
    }

    /// The snapshot of sections that have been checked.
    fn assemble(self) -> Result<Snapshot, Error> {
        let header = self.header.ok_or(Error::Missing("snapshot"))?;
        let mut nodes = self.nodes.ok_or(Error::Missing("nodes"))?;
        let edges = self.edges.ok_or(Error::Missing("edges"))?;
        let strings = self.strings.ok_or(Error::Missing("strings"))?;
        sum_edge_counts(&mut nodes);
        let mut snapshot = Snapshot {
            nodes,
            edges,
            strings,
            node_types: header
                .node_types
                .iter()
                .map(|name| NodeType::of(name))
                .collect(),
            last_kind: last_kind(&header.edge_types),
            root: NodeIx::at(header.root().unwrap_or(0)),
            node_type_names: header.node_types,
            extra_native_bytes: header.extra_native_bytes,
            locations: sorted_locations(self.locations.unwrap_or_default()),
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

/// Bytes that are worth a thread of their own.
const BYTES_OF_A_THREAD: u64 = 1 << 20;

fn n_threads(bytes: Option<u64>) -> usize {
    let worthwhile = bytes.map_or(u64::MAX, |bytes| bytes / BYTES_OF_A_THREAD + 1);
    std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS)
        .min(usize::try_from(worthwhile).unwrap_or(usize::MAX))
}

fn check_count(
    section: &'static str,
    offset: u64,
    expected: Option<u64>,
    found: usize,
) -> Result<(), Error> {
    match expected {
        Some(expected) if (found as u64) < expected => Err(Error::Count {
            section,
            offset,
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
    let offset = scanner.offset();
    let mut columns = NodeColumns::new(header);
    let shape = Shape {
        fields: header.node_fields.count,
        records: header.node_count,
        bytes,
    };
    let (rows, result) = table::read(scanner, shape, n_threads(bytes), &mut columns);
    let result = result
        .and_then(|()| columns.check(offset))
        .and_then(|()| check_count("nodes", offset, header.node_count, rows));
    (columns.nodes, result)
}

fn read_edges<R: Read + Send>(
    scanner: &mut Scanner<R>,
    header: &Header,
    bytes: Option<u64>,
) -> (Edges, Result<(), Error>) {
    let offset = scanner.offset();
    let mut columns = EdgeColumns::new(header);
    let shape = Shape {
        fields: header.edge_fields.count,
        records: header.edge_count,
        bytes,
    };
    let (rows, result) = table::read(scanner, shape, n_threads(bytes), &mut columns);
    let result = result
        .and_then(|()| columns.check(offset))
        .and_then(|()| check_count("edges", offset, header.edge_count, rows));
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
    let (_, result) = table::read(scanner, shape, n_threads(bytes), &mut columns);
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

fn check_edge_counts(nodes: &Nodes, n_edges: usize, offset: u64) -> Result<(), Error> {
    let counts = nodes.first_edge.iter().map(|&count| u64::from(count));
    let expected: u64 = counts.sum();
    match expected == n_edges as u64 {
        true => Ok(()),
        false => Err(Error::Count {
            section: "edges",
            offset,
            expected,
            found: n_edges as u64,
        }),
    }
}

/// Turns each node's number of edges into the position of its first edge.
fn sum_edge_counts(nodes: &mut Nodes) {
    let mut first = 0_u32;
    for count in &mut nodes.first_edge {
        let edges = *count;
        *count = first;
        first += edges;
    }
    nodes.first_edge.push(first);
}

fn check_nodes(nodes: &Nodes, n_strings: usize, section: Section) -> Result<(), Error> {
    let wrong = nodes
        .name
        .iter()
        .position(|&name| name as usize >= n_strings);
    match wrong {
        Some(record) => Err(section.wrong(record, "a string")),
        None => Ok(()),
    }
}

fn check_edges(
    edges: &Edges,
    n_nodes: usize,
    n_strings: usize,
    section: Section,
) -> Result<(), Error> {
    let to_none = edges
        .links
        .iter()
        .position(|&link| Link::from_bits(link).to() >= n_nodes);
    if let Some(record) = to_none {
        return Err(section.wrong(record, "a node"));
    }
    let unnamed = edges
        .links
        .iter()
        .zip(&edges.name)
        .position(|(&link, &name)| !is_named(Link::from_bits(link), name, n_strings));
    match unnamed {
        Some(record) => Err(section.wrong(record, "a string")),
        None => Ok(()),
    }
}

/// Whether an edge's name is a number, or a string that is there.
fn is_named(link: Link, name: u32, n_strings: usize) -> bool {
    (name as usize) < n_strings || link.kind().is_numbered()
}

fn check_locations(
    locations: &[(NodeIx, Location)],
    n_nodes: usize,
    section: Section,
) -> Result<(), Error> {
    let mut nodes = locations.iter().map(|(node, _)| node.index());
    match nodes.position(|node| node >= n_nodes) {
        Some(record) => Err(section.wrong(record, "a node")),
        None => Ok(()),
    }
}

/// By node; of several for one node the last counts.
fn sorted_locations(mut locations: Vec<(NodeIx, Location)>) -> Vec<(NodeIx, Location)> {
    if !locations.is_sorted_by(|a, b| a.0 < b.0) {
        locations.reverse();
        locations.sort_by_key(|&(node, _)| node);
        locations.dedup_by_key(|&mut (node, _)| node);
    }
    locations.shrink_to_fit();
    locations
}
