//! From bytes to a [`Snapshot`], in one pass through a small buffer.
//!
//! Owns the order of sections and every check: whatever the bytes are, the answer is a snapshot
//! whose indexes are all in range, or an error that says where. Never panics, and never holds the
//! file. Cost: linear in the bytes.

mod header;
mod scanner;

use std::io::Read;

use crate::Error;
use crate::detached;
use crate::snapshot::{EdgeKind, Edges, Location, NodeIx, NodeType, Nodes, Snapshot};
use crate::strings::Strings;
use header::Header;
use scanner::Scanner;

/// Reads a heap snapshot.
///
/// `size_hint`, the number of bytes if it is known, saves growing buffers.
///
/// # Errors
/// If the reader fails, or if the bytes are no whole heap snapshot.
pub fn parse(reader: impl Read, size_hint: Option<u64>) -> Result<Snapshot, Error> {
    let mut scanner = Scanner::new(reader);
    let mut parts = Parts::default();
    scanner.section("the beginning");
    scanner.expect(b'{', "`{`")?;
    loop {
        scanner.section("the list of sections");
        let name = scanner.key()?;
        parts.read(&mut scanner, &name, size_hint)?;
        scanner.section("the list of sections");
        match scanner.next_token("`,` or `}`")? {
            b',' => {}
            b'}' => break,
            _ => return Err(scanner.syntax("`,` or `}`")),
        }
    }
    parts.finish()
}

#[derive(Default)]
struct Parts {
    header: Option<Header>,
    nodes: Option<Nodes>,
    edges: Option<Edges>,
    locations: Vec<(NodeIx, Location)>,
    strings: Option<Strings>,
}

impl Parts {
    fn read<R: Read>(
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
            }
            ("nodes", Some(header)) => self.nodes = Some(read_nodes(scanner, header)?),
            ("edges", Some(header)) => self.edges = Some(read_edges(scanner, header)?),
            ("locations", Some(header)) => {
                self.locations = read_locations(scanner, header)?;
            }
            ("nodes" | "edges" | "locations", None) => return Err(Error::Missing("snapshot")),
            ("strings", _) => self.strings = Some(read_strings(scanner, size_hint)?),
            _ => {
                scanner.section("a section that is skipped");
                scanner.skip_value()?;
            }
        }
        Ok(())
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
        sum_edge_counts(&mut nodes, edges.kind.len())?;
        check_nodes(&nodes, &header, strings.len())?;
        check_edges(&edges, &header, nodes.kind.len(), strings.len())?;
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
            edge_kinds: header
                .edge_types
                .iter()
                .map(|name| EdgeKind::of(name))
                .collect(),
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

/// Rows of a section, field by field; `most` rows are taken, what follows is dropped.
fn read_rows<R: Read>(
    scanner: &mut Scanner<R>,
    fields: usize,
    expected: Option<u64>,
    mut row: impl FnMut(&[u64]),
) -> Result<u64, Error> {
    let mut values = vec![0; fields];
    let mut field = 0;
    let mut rows = 0;
    let most = expected.unwrap_or(u64::MAX);
    scanner.numbers(|value| {
        values[field] = value;
        field += 1;
        if field == fields {
            field = 0;
            if rows < most {
                row(&values);
                rows += 1;
            }
        }
    })?;
    Ok(rows)
}

fn check_count(section: &'static str, expected: Option<u64>, found: u64) -> Result<(), Error> {
    match expected {
        Some(expected) if found < expected => Err(Error::Count {
            section,
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// What of an announced number of records memory is set aside for at once: a header may lie.
fn capacity(count: Option<u64>) -> usize {
    const MOST: u64 = 1 << 26;
    count.unwrap_or(0).min(MOST) as usize
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "DevTools keeps the lower 32 bits of each"
)]
fn read_nodes<R: Read>(scanner: &mut Scanner<R>, header: &Header) -> Result<Nodes, Error> {
    scanner.section("`nodes`");
    let at = &header.node_fields;
    let mut nodes = Nodes::default();
    let room = capacity(header.node_count);
    nodes.kind.reserve(room);
    nodes.name.reserve(room);
    nodes.id.reserve(room);
    nodes.self_size.reserve(room);
    nodes.first_edge.reserve(room + 1);
    let found = read_rows(scanner, at.count, header.node_count, |row| {
        nodes.kind.push(row[at.kind].min(255) as u8);
        nodes.name.push(row[at.name] as u32);
        nodes.id.push(row[at.id] as u32);
        nodes.self_size.push(row[at.self_size] as u32);
        nodes.first_edge.push(row[at.edge_count] as u32);
        if let Some(detachedness) = at.detachedness {
            nodes.detachedness.push(row[detachedness] as u8);
        }
    })?;
    check_count("nodes", header.node_count, found)?;
    Ok(nodes)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked against the number of nodes, and DevTools' 32 bits"
)]
fn read_edges<R: Read>(scanner: &mut Scanner<R>, header: &Header) -> Result<Edges, Error> {
    scanner.section("`edges`");
    let at = &header.edge_fields;
    let mut edges = Edges::default();
    let room = capacity(header.edge_count);
    edges.kind.reserve(room);
    edges.name.reserve(room);
    edges.to.reserve(room);
    let node_fields = header.node_fields.count as u64;
    let found = read_rows(scanner, at.count, header.edge_count, |row| {
        edges.kind.push(row[at.kind].min(255) as u8);
        edges.name.push(row[at.name] as u32);
        let to = row[at.to];
        let node = if to % node_fields == 0 {
            to / node_fields
        } else {
            u64::MAX
        };
        edges.to.push(u32::try_from(node).unwrap_or(u32::MAX));
    })?;
    check_count("edges", header.edge_count, found)?;
    Ok(edges)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "lines, columns and script ids are 32-bit in V8"
)]
fn read_locations<R: Read>(
    scanner: &mut Scanner<R>,
    header: &Header,
) -> Result<Vec<(NodeIx, Location)>, Error> {
    scanner.section("`locations`");
    let Some(at) = &header.location_fields else {
        scanner.skip_value()?;
        return Ok(Vec::new());
    };
    let mut locations = Vec::new();
    let node_fields = header.node_fields.count as u64;
    read_rows(scanner, at.count, None, |row| {
        let node = u32::try_from(row[at.object_index] / node_fields).unwrap_or(u32::MAX);
        let location = Location {
            script_id: row[at.script_id] as u32,
            line: row[at.line] as u32,
            column: row[at.column] as u32,
        };
        locations.push((NodeIx(node), location));
    })?;
    Ok(locations)
}

fn read_strings<R: Read>(
    scanner: &mut Scanner<R>,
    size_hint: Option<u64>,
) -> Result<Strings, Error> {
    scanner.section("`strings`");
    let mut strings = Strings::default();
    let left = size_hint.unwrap_or(0).saturating_sub(scanner.offset());
    strings.reserve(capacity(Some(left)));
    scanner.strings(&mut strings)?;
    strings.shrink();
    Ok(strings)
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

fn check_nodes(nodes: &Nodes, header: &Header, n_strings: usize) -> Result<(), Error> {
    let wrong = |record: usize, what| Error::Index {
        section: "nodes",
        record: record as u64,
        what,
    };
    let n_types = header.node_types.len();
    if let Some(record) = nodes
        .kind
        .iter()
        .position(|&kind| usize::from(kind) >= n_types)
    {
        return Err(wrong(record, "a type"));
    }
    if let Some(record) = nodes
        .name
        .iter()
        .position(|&name| name as usize >= n_strings)
    {
        return Err(wrong(record, "a string"));
    }
    Ok(())
}

fn check_edges(
    edges: &Edges,
    header: &Header,
    n_nodes: usize,
    n_strings: usize,
) -> Result<(), Error> {
    let wrong = |record: usize, what| Error::Index {
        section: "edges",
        record: record as u64,
        what,
    };
    let numbered: Vec<bool> = header
        .edge_types
        .iter()
        .map(|name| EdgeKind::of(name).is_numbered())
        .collect();
    let n_types = numbered.len();
    if let Some(record) = edges
        .kind
        .iter()
        .position(|&kind| usize::from(kind) >= n_types)
    {
        return Err(wrong(record, "a type"));
    }
    if let Some(record) = edges.to.iter().position(|&to| to as usize >= n_nodes) {
        return Err(wrong(record, "a node"));
    }
    let named = edges.kind.iter().zip(&edges.name).map(|(&kind, &name)| {
        if numbered[usize::from(kind)] {
            0
        } else {
            name as usize
        }
    });
    match named
        .enumerate()
        .find(|&(_, name)| name != 0 && name >= n_strings)
    {
        Some((record, _)) => Err(wrong(record, "a string")),
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
    locations.reverse();
    locations.sort_by_key(|&(node, _)| node);
    locations.dedup_by_key(|&mut (node, _)| node);
    Ok(locations)
}
