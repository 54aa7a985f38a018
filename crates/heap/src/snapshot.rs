//! The graph of a snapshot: nodes and edges in columns, edges of a node side by side.
//!
//! Invariant: every index in a [`Snapshot`] is in range; the parser refuses what is not.
//! Memory: 17 bytes a node and 8 an edge, and the strings as they stand in the file.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;

use crate::ids;
use crate::link::{Edges, Link};
use crate::strings::Strings;

/// V8's mark of a detached node.
const DETACHED: u8 = 2;

/// What stands before the name of a detached node.
const DETACHED_PREFIX: &str = "Detached ";

/// A node's position in one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(pub u32);

/// V8's id of an object: it outlives the snapshot, not the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct NodeId(pub u64);

/// What V8 calls the type of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeType {
    /// The engine's own.
    Hidden,
    /// A backing store.
    Array,
    /// A flat string.
    String,
    /// An object of the program, or of the engine that looks like one.
    Object,
    /// Compiled code and what belongs to it.
    Code,
    /// A function.
    Closure,
    /// A regular expression.
    RegExp,
    /// A number on the heap.
    Number,
    /// Memory outside the heap.
    Native,
    /// Made for the snapshot: roots and groups.
    Synthetic,
    /// A string that is the concatenation of two.
    ConsString,
    /// A string that is part of another.
    SlicedString,
    /// A symbol.
    Symbol,
    /// A big integer.
    BigInt,
    /// A hidden class and what belongs to it.
    ObjectShape,
    /// What this engine has no name for.
    Unknown,
}

/// What V8 calls the type of an edge.
///
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// A variable of a context.
    Context,
    /// An element of an array.
    Element,
    /// A property of an object.
    Property,
    /// A reference of the engine's own, with a name.
    Internal,
    /// A reference of the engine's own, with a number.
    Hidden,
    /// From a root to what a program sees of it.
    Shortcut,
    /// A reference that keeps nothing alive.
    Weak,
    /// A reference that no view shows.
    Invisible,
    /// What this engine has no name for.
    Unknown,
}

/// A reference from one object to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Its kind.
    pub kind: EdgeKind,
    /// The object referred to.
    pub to: NodeIx,
    /// String or number, by the kind.
    pub(crate) name: u32,
}

/// What an edge is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeName<'a> {
    /// A position.
    Index(u32),
    /// A name.
    Name(Cow<'a, str>),
}

/// Where an object's constructor, or a function, stands in its script. Zero-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// V8's script id.
    pub script_id: u32,
    /// Line.
    pub line: u32,
    /// Column, in UTF-16 units.
    pub column: u32,
}

/// Nodes, column by column.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    /// Into the header's list of types.
    pub(crate) kind: Vec<u8>,
    pub(crate) name: Vec<u32>,
    /// DevTools keeps 32 bits of ids and sizes.
    pub(crate) id: Vec<u32>,
    pub(crate) self_size: Vec<u32>,
    /// The first edge of each node, and at the end the number of edges.
    pub(crate) first_edge: Vec<u32>,
    /// V8's detachedness; empty if all is unknown.
    pub(crate) detachedness: Vec<u8>,
    /// Whether the header has such a field.
    pub(crate) has_detachedness: bool,
}

/// One heap snapshot.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) nodes: Nodes,
    pub(crate) edges: Edges,
    pub(crate) strings: Strings,
    pub(crate) node_types: Vec<NodeType>,
    pub(crate) node_type_names: Vec<String>,
    /// What [`EdgeKind::Unknown`] in a link is in this file.
    pub(crate) last_kind: EdgeKind,
    pub(crate) root: NodeIx,
    pub(crate) extra_native_bytes: u64,
    /// Sorted by node.
    pub(crate) locations: Vec<(NodeIx, Location)>,
    /// Whether V8 said which nodes are detached, which are then shown as such.
    pub(crate) renames_detached: bool,
    pub(crate) by_id: OnceLock<Vec<NodeIx>>,
}

impl NodeIx {
    /// As an index into a column.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// From an index into a column.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("the parser refuses more nodes than 32 bits count"))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EdgeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl NodeType {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "hidden" => Self::Hidden,
            "array" => Self::Array,
            "string" => Self::String,
            "object" => Self::Object,
            "code" => Self::Code,
            "closure" => Self::Closure,
            "regexp" => Self::RegExp,
            "number" => Self::Number,
            "native" => Self::Native,
            "synthetic" => Self::Synthetic,
            "concatenated string" => Self::ConsString,
            "sliced string" => Self::SlicedString,
            "symbol" => Self::Symbol,
            "bigint" => Self::BigInt,
            "object shape" => Self::ObjectShape,
            _ => Self::Unknown,
        }
    }
}

impl EdgeKind {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "context" => Self::Context,
            "element" => Self::Element,
            "property" => Self::Property,
            "internal" => Self::Internal,
            "hidden" => Self::Hidden,
            "shortcut" => Self::Shortcut,
            "weak" => Self::Weak,
            "invisible" => Self::Invisible,
            _ => Self::Unknown,
        }
    }

    /// Whether edges of this kind have a number instead of a name.
    pub(crate) fn is_numbered(self) -> bool {
        matches!(self, Self::Element | Self::Hidden)
    }
}

impl Snapshot {
    /// How many nodes there are.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.nodes.kind.len()
    }

    /// How many edges there are.
    #[must_use]
    pub fn n_edges(&self) -> usize {
        self.edges.links.len()
    }

    /// All nodes, in file order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeIx> + use<> {
        (0..self.nodes.kind.len() as u32).map(NodeIx)
    }

    /// The node that everything hangs from.
    #[must_use]
    pub fn root(&self) -> NodeIx {
        self.root
    }

    /// Memory outside the heap that no node accounts for, in bytes.
    #[must_use]
    pub fn extra_native_bytes(&self) -> u64 {
        self.extra_native_bytes
    }

    /// A node's type.
    #[must_use]
    pub fn node_type(&self, node: NodeIx) -> NodeType {
        self.node_types[usize::from(self.nodes.kind[node.index()])]
    }

    /// The name of a node's type, as the file has it.
    #[must_use]
    pub fn node_type_name(&self, node: NodeIx) -> &str {
        &self.node_type_names[usize::from(self.nodes.kind[node.index()])]
    }

    /// A node's name: a class, a function's name, a string's beginning.
    #[must_use]
    pub fn name(&self, node: NodeIx) -> Cow<'_, str> {
        let name = self.strings.get(self.nodes.name[node.index()]);
        match self.is_renamed(node) {
            true => Cow::Owned(format!("{DETACHED_PREFIX}{name}")),
            false => name,
        }
    }

    /// A node's name without loss, in the form of [`crate::utf16`].
    pub(crate) fn name_units(&self, node: NodeIx) -> Cow<'_, [u8]> {
        let name = self.strings.units(self.nodes.name[node.index()]);
        match self.is_renamed(node) {
            true => Cow::Owned([DETACHED_PREFIX.as_bytes(), &name].concat()),
            false => name,
        }
    }

    /// Whether a node has exactly this name.
    pub(crate) fn is_named(&self, node: NodeIx, name: &str) -> bool {
        let own = match self.is_renamed(node) {
            true => name.strip_prefix(DETACHED_PREFIX),
            false => Some(name),
        };
        own.is_some_and(|own| self.strings.is(self.nodes.name[node.index()], own))
    }

    /// Whether a node is shown as detached although its string does not say so.
    pub(crate) fn is_renamed(&self, node: NodeIx) -> bool {
        self.renames_detached
            && self.detachedness(node) == DETACHED
            && self.node_type(node) == NodeType::Native
    }

    /// V8's id of a node.
    #[must_use]
    pub fn node_id(&self, node: NodeIx) -> NodeId {
        NodeId(u64::from(self.nodes.id[node.index()]))
    }

    /// The node with an id; the first in the file, should there be several.
    #[must_use]
    pub fn node_by_id(&self, id: NodeId) -> Option<NodeIx> {
        let id = u32::try_from(id.0).ok()?;
        let ids = &self.nodes.id;
        let by_id = self.by_id();
        let at = by_id.partition_point(|node| ids[node.index()] < id);
        let found = by_id.get(at).copied();
        found.filter(|node| ids[node.index()] == id)
    }

    /// All nodes by their ids, those with one id in file order. Sorted when it is asked for first.
    pub(crate) fn by_id(&self) -> &[NodeIx] {
        self.by_id.get_or_init(|| ids::in_order(&self.nodes.id))
    }

    /// A node's own size in bytes, as V8 wrote it.
    #[must_use]
    pub fn self_size(&self, node: NodeIx) -> u64 {
        u64::from(self.nodes.self_size[node.index()])
    }

    /// Whether a DOM node is detached: 0 unknown, 1 attached, 2 detached. Of a native node this
    /// has been spread from those that V8 marked.
    #[must_use]
    pub fn detachedness(&self, node: NodeIx) -> u8 {
        let state = self.nodes.detachedness.get(node.index());
        state.copied().unwrap_or(0) & 3
    }

    /// The references that a node has, in file order.
    pub fn edges(
        &self,
        node: NodeIx,
    ) -> impl ExactSizeIterator<Item = Edge> + DoubleEndedIterator + '_ {
        self.edge_range(node).map(|edge| self.edge(edge))
    }

    /// What an edge is called.
    #[must_use]
    pub fn edge_name(&self, edge: Edge) -> EdgeName<'_> {
        if edge.kind.is_numbered() {
            return EdgeName::Index(edge.name);
        }
        let name = self.strings.get(edge.name);
        match edge.kind {
            // DevTools shows a shortcut whose name starts with a number as that number.
            EdgeKind::Shortcut => match leading_integer(&name) {
                Some(number) => EdgeName::Name(number_text(number).into()),
                None => EdgeName::Name(name),
            },
            _ => EdgeName::Name(name),
        }
    }

    /// Where a function, or the constructor of an object, stands in its script.
    #[must_use]
    pub fn location(&self, node: NodeIx) -> Option<Location> {
        let at = self
            .locations
            .binary_search_by_key(&node, |&(node, _)| node)
            .ok()?;
        Some(self.locations[at].1)
    }

    /// The positions of a node's edges.
    pub(crate) fn edge_range(&self, node: NodeIx) -> std::ops::Range<usize> {
        let first = &self.nodes.first_edge;
        first[node.index()] as usize..first[node.index() + 1] as usize
    }

    /// The kinds and targets of a node's edges.
    #[inline]
    pub(crate) fn links(
        &self,
        node: NodeIx,
    ) -> impl ExactSizeIterator<Item = Link> + DoubleEndedIterator + '_ {
        let links = &self.edges.links[self.edge_range(node)];
        links.iter().map(|&bits| Link::from_bits(bits))
    }

    /// The kind and target of an edge.
    #[inline]
    pub(crate) fn link(&self, edge: usize) -> Link {
        Link::from_bits(self.edges.links[edge])
    }

    pub(crate) fn edge(&self, edge: usize) -> Edge {
        Edge {
            kind: match self.link(edge).kind() {
                EdgeKind::Unknown => self.last_kind,
                kind => kind,
            },
            to: self.link(edge).target(),
            name: self.edges.name[edge],
        }
    }

    /// The target of a node's first edge of this kind and name.
    #[must_use]
    pub fn target(&self, node: NodeIx, kind: EdgeKind, name: &str) -> Option<NodeIx> {
        let is_it = |edge: &Edge| edge.kind == kind && self.strings.is(edge.name, name);
        self.edges(node).find(is_it).map(|edge| edge.to)
    }
}

/// The integer that a text starts with, by the rules of JavaScript's `parseInt`.
pub(crate) fn leading_integer(text: &str) -> Option<f64> {
    // Rust's white space is JavaScript's, but for two characters.
    let is_blank = |c: char| c == '\u{feff}' || c.is_whitespace() && c != '\u{85}';
    let text = text.trim_start_matches(is_blank);
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end]
        .parse::<f64>()
        .ok()
        .map(|number| sign * number)
}

/// An integer as JavaScript writes it: as Rust does, but with an exponent from 10²¹ on.
pub(crate) fn number_text(number: f64) -> String {
    const SHORT_BELOW: f64 = 1e21;
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .into();
    }
    if number.abs() < SHORT_BELOW {
        // Zero has no sign.
        return (number + 0.0).to_string();
    }
    format!("{number:e}").replace('e', "e+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written_as_javascript_does() {
        let text = |text: &str| leading_integer(text).map(number_text);
        let cases = [
            ("007", "7"),
            (" \u{feff}+12px", "12"),
            ("-3", "-3"),
            ("-0", "0"),
            ("10", "10"),
            ("1152921504606846976", "1152921504606847000"),
            ("123456789012345678901234", "1.2345678901234569e+23"),
            ("1000000000000000000000", "1e+21"),
        ];
        for (name, number) in cases {
            assert_eq!(text(name).as_deref(), Some(number), "{name}");
        }
        assert_eq!(text(&"9".repeat(400)).as_deref(), Some("Infinity"));
        for name in ["", "x1", "+", "- 1", "\u{85}1"] {
            assert_eq!(text(name), None, "{name}");
        }
    }
}
