//! The columns of nodes, edges and locations, written by several threads.
//!
//! Owns what each field means and where it is kept. Fields are looked up by name; for the layouts
//! that V8 writes the loops are compiled with the positions in place.

use std::sync::atomic::{AtomicU64, Ordering};

use super::header::{EdgeFields, Header, LocationFields, MOST_EDGES, MOST_NODES, NodeFields};
use super::table::{Columns, Part};
use crate::Error;
use crate::link::{Edges, Link};
use crate::snapshot::{EdgeKind, Location, NodeIx, Nodes};

/// The first record with a type that the header does not name.
#[derive(Debug)]
struct FirstUntyped(AtomicU64);

impl FirstUntyped {
    const NONE: u64 = u64::MAX;

    fn new() -> Self {
        Self(AtomicU64::new(Self::NONE))
    }

    fn note(&self, record: usize) {
        self.0.fetch_min(record as u64, Ordering::Relaxed);
    }

    fn check(&self, section: &'static str, offset: u64, fields: usize) -> Result<(), Error> {
        match self.0.load(Ordering::Relaxed) {
            Self::NONE => Ok(()),
            record => Err(Error::Index {
                section,
                offset,
                record,
                fields,
                what: "a type",
            }),
        }
    }
}

/// Refuses what a header without a count let through.
fn check_size(what: &'static str, rows: usize, most: u32) -> Result<(), Error> {
    let (count, most) = (rows as u64, u64::from(most));
    match count > most {
        true => Err(Error::TooLarge { what, count, most }),
        false => Ok(()),
    }
}

/// Makes a column longer or shorter; a new one costs no memory before it is written.
fn set_len<T: Clone + Default>(
    column: &mut Vec<T>,
    rows: usize,
    zeros: impl FnOnce(usize) -> Vec<T>,
) {
    match column.is_empty() {
        true => *column = zeros(rows),
        false => column.resize(rows, T::default()),
    }
}

fn split<'a, T>(column: &mut &'a mut [T], rows: usize) -> &'a mut [T] {
    let (taken, left) = std::mem::take(column).split_at_mut(rows);
    *column = left;
    taken
}

pub(super) struct NodeColumns<'h> {
    pub(super) nodes: Nodes,
    fields: &'h NodeFields,
    n_types: usize,
    untyped: FirstUntyped,
}

impl<'h> NodeColumns<'h> {
    pub(super) fn new(header: &'h Header) -> Self {
        let nodes = Nodes {
            has_detachedness: header.node_fields.detachedness.is_some(),
            ..Nodes::default()
        };
        Self {
            nodes,
            fields: &header.node_fields,
            n_types: header.node_types.len(),
            untyped: FirstUntyped::new(),
        }
    }

    pub(super) fn check(&self, offset: u64) -> Result<(), Error> {
        check_size("nodes", self.nodes.kind.len(), MOST_NODES)?;
        self.untyped.check("nodes", offset, self.fields.count)
    }
}

impl Columns for NodeColumns<'_> {
    type Part<'a>
        = NodePart<'a>
    where
        Self: 'a;

    fn set_rows(&mut self, rows: usize) {
        let nodes = &mut self.nodes;
        set_len(&mut nodes.kind, rows, |rows| vec![0; rows]);
        for column in [&mut nodes.name, &mut nodes.id, &mut nodes.self_size] {
            set_len(column, rows, |rows| vec![0; rows]);
        }
        // One more will be needed for the end of the last node's edges.
        set_len(&mut nodes.first_edge, rows, |rows| {
            let mut column = vec![0; rows + 1];
            column.truncate(rows);
            column
        });
        if nodes.has_detachedness {
            set_len(&mut nodes.detachedness, rows, |rows| vec![0; rows]);
        }
    }

    fn part(&mut self, start: usize) -> NodePart<'_> {
        let nodes = &mut self.nodes;
        NodePart {
            fields: self.fields,
            n_types: self.n_types,
            untyped: &self.untyped,
            start,
            kind: &mut nodes.kind[start..],
            name: &mut nodes.name[start..],
            id: &mut nodes.id[start..],
            self_size: &mut nodes.self_size[start..],
            first_edge: &mut nodes.first_edge[start..],
            detachedness: match nodes.has_detachedness {
                true => &mut nodes.detachedness[start..],
                false => &mut [],
            },
        }
    }
}

pub(super) struct NodePart<'a> {
    fields: &'a NodeFields,
    n_types: usize,
    untyped: &'a FirstUntyped,
    /// The number of the first row.
    start: usize,
    kind: &'a mut [u8],
    name: &'a mut [u32],
    id: &'a mut [u32],
    self_size: &'a mut [u32],
    first_edge: &'a mut [u32],
    detachedness: &'a mut [u8],
}

/// The order in which every V8 so far writes the first five fields of a node.
const USUAL_NODE: (usize, usize, usize, usize, usize) = (0, 1, 2, 3, 4);

impl NodePart<'_> {
    fn positions(&self) -> (usize, usize, usize, usize, usize) {
        let at = self.fields;
        (at.kind, at.name, at.id, at.self_size, at.edge_count)
    }

    #[inline(always)]
    fn write_rows<'n>(
        &mut self,
        at: (usize, usize, usize, usize, usize),
        records: impl Iterator<Item = &'n [u32]> + Clone,
    ) {
        let mut highest = 0;
        let columns = self
            .kind
            .iter_mut()
            .zip(self.name.iter_mut())
            .zip(self.id.iter_mut())
            .zip(self.self_size.iter_mut())
            .zip(self.first_edge.iter_mut());
        let rows = records.clone().zip(columns);
        for (record, ((((kind, name), id), self_size), first_edge)) in rows {
            highest = highest.max(record[at.0]);
            *kind = record[at.0] as u8;
            *name = record[at.1];
            *id = record[at.2];
            *self_size = record[at.3];
            *first_edge = record[at.4];
        }
        if let Some(at) = self.fields.detachedness {
            for (record, detachedness) in records.clone().zip(self.detachedness.iter_mut()) {
                *detachedness = record[at] as u8;
            }
        }
        if highest as usize >= self.n_types {
            let mut kinds = records.map(|record| record[at.0] as usize);
            let first = kinds.position(|kind| kind >= self.n_types);
            self.untyped.note(self.start + first.unwrap_or(0));
        }
    }
}

impl Part for NodePart<'_> {
    fn take(&mut self, rows: usize) -> Self {
        let start = self.start;
        self.start += rows;
        Self {
            fields: self.fields,
            n_types: self.n_types,
            untyped: self.untyped,
            start,
            kind: split(&mut self.kind, rows),
            name: split(&mut self.name, rows),
            id: split(&mut self.id, rows),
            self_size: split(&mut self.self_size, rows),
            first_edge: split(&mut self.first_edge, rows),
            detachedness: match self.fields.detachedness {
                Some(_) => split(&mut self.detachedness, rows),
                None => &mut [],
            },
        }
    }

    fn write(&mut self, numbers: &[u32]) {
        let at = self.positions();
        match (self.fields.count, at == USUAL_NODE) {
            (5, true) => self.write_rows(USUAL_NODE, slices::<5>(numbers)),
            (6, true) => self.write_rows(USUAL_NODE, slices::<6>(numbers)),
            (7, true) => self.write_rows(USUAL_NODE, slices::<7>(numbers)),
            (fields, _) => self.write_rows(at, numbers.chunks_exact(fields)),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "DevTools keeps the lower 32 bits of each"
    )]
    fn write_wide(&mut self, row: usize, numbers: &[u64]) {
        let at = self.fields;
        if numbers[at.kind] >= self.n_types as u64 {
            self.untyped.note(self.start + row);
        }
        self.kind[row] = numbers[at.kind] as u8;
        self.name[row] = numbers[at.name] as u32;
        self.id[row] = numbers[at.id] as u32;
        self.self_size[row] = numbers[at.self_size] as u32;
        self.first_edge[row] = numbers[at.edge_count] as u32;
        if let Some(at) = at.detachedness {
            self.detachedness[row] = numbers[at] as u8;
        }
    }
}

/// Records of a length known to the compiler.
#[inline(always)]
fn slices<const N: usize>(numbers: &[u32]) -> impl Iterator<Item = &[u32]> + Clone {
    numbers.as_chunks::<N>().0.iter().map(<[u32; N]>::as_slice)
}

pub(super) struct EdgeColumns<'h> {
    pub(super) edges: Edges,
    meaning: EdgeMeaning<'h>,
}

/// What the numbers of an edge's record mean.
struct EdgeMeaning<'h> {
    fields: &'h EdgeFields,
    node_fields: u32,
    kinds: Vec<EdgeKind>,
    untyped: FirstUntyped,
}

impl<'h> EdgeColumns<'h> {
    pub(super) fn new(header: &'h Header) -> Self {
        let kinds = header.edge_types.iter().map(|name| EdgeKind::of(name));
        Self {
            edges: Edges::default(),
            meaning: EdgeMeaning {
                fields: &header.edge_fields,
                node_fields: u32::try_from(header.node_fields.count).unwrap_or(u32::MAX),
                kinds: kinds.collect(),
                untyped: FirstUntyped::new(),
            },
        }
    }

    pub(super) fn check(&self, offset: u64) -> Result<(), Error> {
        check_size("edges", self.edges.links.len(), MOST_EDGES)?;
        self.meaning
            .untyped
            .check("edges", offset, self.meaning.fields.count)
    }
}

impl Columns for EdgeColumns<'_> {
    type Part<'a>
        = EdgePart<'a>
    where
        Self: 'a;

    fn set_rows(&mut self, rows: usize) {
        set_len(&mut self.edges.links, rows, |rows| vec![0; rows]);
        set_len(&mut self.edges.name, rows, |rows| vec![0; rows]);
    }

    fn part(&mut self, start: usize) -> EdgePart<'_> {
        EdgePart {
            meaning: &self.meaning,
            start,
            links: &mut self.edges.links[start..],
            name: &mut self.edges.name[start..],
        }
    }
}

pub(super) struct EdgePart<'a> {
    meaning: &'a EdgeMeaning<'a>,
    start: usize,
    links: &'a mut [u32],
    name: &'a mut [u32],
}

/// The order in which every V8 so far writes an edge.
const USUAL_EDGE: (usize, usize, usize) = (0, 1, 2);

impl EdgePart<'_> {
    #[inline(always)]
    fn write_rows<'n>(
        &mut self,
        at: (usize, usize, usize),
        node_fields: u32,
        records: impl Iterator<Item = &'n [u32]> + Clone,
    ) {
        let kinds: [EdgeKind; 256] = std::array::from_fn(|kind| {
            self.meaning
                .kinds
                .get(kind)
                .copied()
                .unwrap_or(EdgeKind::Unknown)
        });
        let n_types = self.meaning.kinds.len() as u32;
        let mut highest = 0;
        let columns = self.links.iter_mut().zip(self.name.iter_mut());
        for (record, (link, name)) in records.clone().zip(columns) {
            let to = record[at.2];
            let node = to / node_fields;
            let is_node = node * node_fields == to && node < Link::NOWHERE;
            highest = highest.max(record[at.0]);
            *link = Link::new(
                kinds[usize::from(record[at.0] as u8)],
                if is_node { node } else { Link::NOWHERE },
            )
            .bits();
            *name = record[at.1];
        }
        if highest >= n_types {
            let mut kinds = records.map(|record| record[at.0]);
            let first = kinds.position(|kind| kind >= n_types);
            self.meaning.untyped.note(self.start + first.unwrap_or(0));
        }
    }
}

impl Part for EdgePart<'_> {
    fn take(&mut self, rows: usize) -> Self {
        let start = self.start;
        self.start += rows;
        Self {
            meaning: self.meaning,
            start,
            links: split(&mut self.links, rows),
            name: split(&mut self.name, rows),
        }
    }

    fn write(&mut self, numbers: &[u32]) {
        let fields = self.meaning.fields;
        let at = (fields.kind, fields.name, fields.to);
        match (fields.count, at == USUAL_EDGE, self.meaning.node_fields) {
            (3, true, 5) => self.write_rows(USUAL_EDGE, 5, slices::<3>(numbers)),
            (3, true, 6) => self.write_rows(USUAL_EDGE, 6, slices::<3>(numbers)),
            (3, true, 7) => self.write_rows(USUAL_EDGE, 7, slices::<3>(numbers)),
            (fields, _, node_fields) => {
                self.write_rows(at, node_fields, numbers.chunks_exact(fields));
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a target is checked, and of a name DevTools keeps the lower 32 bits"
    )]
    fn write_wide(&mut self, row: usize, numbers: &[u64]) {
        let fields = self.meaning.fields;
        let kind = usize::try_from(numbers[fields.kind]).ok();
        let kind = kind.and_then(|kind| self.meaning.kinds.get(kind).copied());
        if kind.is_none() {
            self.meaning.untyped.note(self.start + row);
        }
        let node_fields = u64::from(self.meaning.node_fields);
        let (node, rest) = (
            numbers[fields.to] / node_fields,
            numbers[fields.to] % node_fields,
        );
        let is_node = rest == 0 && node < u64::from(Link::NOWHERE);
        self.links[row] = Link::new(
            kind.unwrap_or(EdgeKind::Unknown),
            if is_node { node as u32 } else { Link::NOWHERE },
        )
        .bits();
        self.name[row] = numbers[fields.name] as u32;
    }
}

pub(super) struct LocationColumns<'h> {
    pub(super) locations: Vec<(NodeIx, Location)>,
    fields: &'h LocationFields,
    node_fields: u64,
}

impl<'h> LocationColumns<'h> {
    pub(super) fn new(fields: &'h LocationFields, node_fields: usize) -> Self {
        Self {
            locations: Vec::new(),
            fields,
            node_fields: node_fields as u64,
        }
    }
}

const NO_LOCATION: (NodeIx, Location) = (
    NodeIx(0),
    Location {
        script_id: 0,
        line: 0,
        column: 0,
    },
);

impl Columns for LocationColumns<'_> {
    type Part<'a>
        = LocationPart<'a>
    where
        Self: 'a;

    fn set_rows(&mut self, rows: usize) {
        self.locations.resize(rows, NO_LOCATION);
    }

    fn part(&mut self, start: usize) -> LocationPart<'_> {
        LocationPart {
            fields: self.fields,
            node_fields: self.node_fields,
            locations: &mut self.locations[start..],
        }
    }
}

pub(super) struct LocationPart<'a> {
    fields: &'a LocationFields,
    node_fields: u64,
    locations: &'a mut [(NodeIx, Location)],
}

impl Part for LocationPart<'_> {
    fn take(&mut self, rows: usize) -> Self {
        Self {
            locations: split(&mut self.locations, rows),
            ..*self
        }
    }

    fn write(&mut self, numbers: &[u32]) {
        let mut wide = vec![0; self.fields.count];
        for (row, record) in numbers.chunks_exact(self.fields.count).enumerate() {
            for (wide, &number) in wide.iter_mut().zip(record) {
                *wide = u64::from(number);
            }
            self.write_wide(row, &wide);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "lines, columns and script ids are 32-bit in V8"
    )]
    fn write_wide(&mut self, row: usize, numbers: &[u64]) {
        let at = self.fields;
        let node = u32::try_from(numbers[at.object_index] / self.node_fields).unwrap_or(u32::MAX);
        let location = Location {
            script_id: numbers[at.script_id] as u32,
            line: numbers[at.line] as u32,
            column: numbers[at.column] as u32,
        };
        self.locations[row] = (NodeIx(node), location);
    }
}
