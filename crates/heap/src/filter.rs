//! DevTools' filters of the Summary view: which nodes are looked at.
//!
//! Source: DevTools' `createNamedFilter` and `createDuplicatedStringsFilter`. "Retained by" means
//! what a walk from the root over all but weak edges does not reach if it leaves certain edges out,
//! though something leads there. That walk knows none of the special cases of distances. Cost:
//! one walk over the graph, or one look at every string.

use std::collections::{HashMap, HashSet};

use crate::analysis::{Analysis, NO_DISTANCE};
use crate::snapshot::{Edge, EdgeKind, EdgeName, NodeIx, NodeType, Snapshot, leading_integer};

/// A filter of the Summary view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// What would be free if it were not for detached DOM nodes.
    RetainedByDetachedDomNodes,
    /// What would be free if it were not for what a console was told.
    RetainedByConsole,
    /// What would be free if it were not for the handlers of DOM events.
    RetainedByEventHandlers,
    /// What would be free if it were not for the variables of closures.
    RetainedByContexts,
    /// Strings whose text another string has too.
    DuplicatedStrings,
}

impl Filter {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RetainedByDetachedDomNodes,
        Self::RetainedByConsole,
        Self::RetainedByEventHandlers,
        Self::RetainedByContexts,
        Self::DuplicatedStrings,
    ];

    /// What DevTools' own code calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RetainedByDetachedDomNodes => "objectsRetainedByDetachedDomNodes",
            Self::RetainedByConsole => "objectsRetainedByConsole",
            Self::RetainedByEventHandlers => "objectsRetainedByEventHandlers",
            Self::RetainedByContexts => "objectsRetainedByContexts",
            Self::DuplicatedStrings => "duplicatedStrings",
        }
    }

    /// The nodes that it keeps; [`Analysis::aggregates_of`] sums them up by class.
    #[must_use]
    pub fn nodes(self, snapshot: &Snapshot, analysis: &Analysis) -> NodeSet {
        match self {
            Self::RetainedByDetachedDomNodes => {
                retained_by(snapshot, analysis, |_, edge| is_detached(snapshot, edge.to))
            }
            Self::RetainedByConsole => retained_by(snapshot, analysis, |from, edge| {
                is_of_console(snapshot, from, edge)
            }),
            Self::RetainedByEventHandlers => {
                let handlers = event_handlers(snapshot);
                retained_by(snapshot, analysis, |_, edge| handlers.contains(&edge.to))
            }
            Self::RetainedByContexts => {
                retained_by(snapshot, analysis, |_, edge| is_context(snapshot, edge.to))
            }
            Self::DuplicatedStrings => duplicated_strings(snapshot, analysis),
        }
    }
}

/// Some nodes of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    bits: Vec<u64>,
}

impl NodeSet {
    fn none_of(snapshot: &Snapshot) -> Self {
        Self {
            bits: vec![0; snapshot.n_nodes().div_ceil(64)],
        }
    }

    /// Whether a node is in it.
    #[must_use]
    pub fn has(&self, node: NodeIx) -> bool {
        self.bits[node.index() / 64] >> (node.index() % 64) & 1 != 0
    }

    /// How many nodes are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bits
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|&word| word == 0)
    }

    /// Adds a node; whether it is new.
    fn add(&mut self, node: NodeIx) -> bool {
        let is_new = !self.has(node);
        self.bits[node.index() / 64] |= 1 << (node.index() % 64);
        is_new
    }
}

/// What the walk does not reach when it leaves the `barred` edges out.
fn retained_by(
    snapshot: &Snapshot,
    analysis: &Analysis,
    barred: impl Fn(NodeIx, Edge) -> bool,
) -> NodeSet {
    let mut reached = NodeSet::none_of(snapshot);
    reached.add(snapshot.root());
    let mut todo = vec![snapshot.root()];
    while let Some(node) = todo.pop() {
        for edge in snapshot.edges(node) {
            let is_open = edge.kind != EdgeKind::Weak && !reached.has(edge.to);
            if is_open && !barred(node, edge) {
                reached.add(edge.to);
                todo.push(edge.to);
            }
        }
    }
    let mut kept = NodeSet::none_of(snapshot);
    for node in snapshot.nodes() {
        if !reached.has(node) && analysis.distance(node) != NO_DISTANCE {
            kept.add(node);
        }
    }
    kept
}

fn is_detached(snapshot: &Snapshot, node: NodeIx) -> bool {
    const DETACHED: u8 = 2;
    snapshot.detachedness(node) == DETACHED
}

/// A global of DevTools' console hangs from the synthetic nodes by an edge that says so.
fn is_of_console(snapshot: &Snapshot, from: NodeIx, edge: Edge) -> bool {
    if snapshot.node_type(from) != NodeType::Synthetic || edge.kind.is_numbered() {
        return false;
    }
    let name = snapshot.strings.get(edge.name);
    let is_number = edge.kind == EdgeKind::Shortcut && leading_integer(&name).is_some();
    !is_number && name.ends_with(" / DevTools console")
}

fn is_context(snapshot: &Snapshot, node: NodeIx) -> bool {
    let name = snapshot.name_units(node);
    let rest = name.strip_prefix(b"system / Context");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" / "))
}

/// The functions that handle DOM events: a listener refers to its function by an edge named 1, or
/// to an object of a framework that holds it.
fn event_handlers(snapshot: &Snapshot) -> HashSet<NodeIx> {
    let target = |node: NodeIx, name: &str| {
        let is_it = |edge: &Edge| match snapshot.edge_name(*edge) {
            EdgeName::Index(index) => index.to_string() == name,
            EdgeName::Name(text) => text == name,
        };
        snapshot.edges(node).find(is_it).map(|edge| edge.to)
    };
    let is_function = |node: NodeIx| target(node, "code").is_some();
    let listeners = snapshot
        .nodes()
        .filter(|&n| snapshot.is_named(n, "V8EventListener"));
    let handler = |listener: NodeIx| {
        let callback = target(listener, "1")?;
        if is_function(callback) {
            return Some(callback);
        }
        let mut held = snapshot.edges(callback).map(|edge| edge.to);
        Some(held.find(|&node| is_function(node)).unwrap_or(callback))
    };
    listeners.filter_map(handler).collect()
}

/// What makes two strings the same: their shown text and, where V8 cut it, length and hash.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Content {
    units: Vec<u8>,
    /// Of a string that was cut: the numbers that V8 tells of it, if it does.
    cut: Option<[Option<u64>; 2]>,
}

fn duplicated_strings(snapshot: &Snapshot, analysis: &Analysis) -> NodeSet {
    let mut duplicated = NodeSet::none_of(snapshot);
    let mut first_of: HashMap<Content, NodeIx> = HashMap::new();
    for node in snapshot.nodes() {
        let is_string = match snapshot.node_type(node) {
            NodeType::String => true,
            NodeType::ConsString => !is_flat(snapshot, node),
            _ => false,
        };
        if !is_string || analysis.shallow_size(node) == 0 {
            continue;
        }
        let first = *first_of.entry(content(snapshot, node)).or_insert(node);
        if first != node {
            duplicated.add(first);
            duplicated.add(node);
        }
    }
    duplicated
}

/// What a string says.
pub(crate) fn content(snapshot: &Snapshot, node: NodeIx) -> Content {
    let number = |name: &str| number_of(snapshot, node, name).map(|n| (n + 0.0).to_bits());
    Content {
        units: snapshot.shown_units(node).into_owned(),
        cut: is_cut(snapshot, node).then(|| [number("length"), number("hash")]),
    }
}

/// Whether V8 has already put a concatenated string in one piece: then one of its parts is empty.
pub(crate) fn is_flat(snapshot: &Snapshot, node: NodeIx) -> bool {
    snapshot.edges(node).any(|edge| {
        edge.kind == EdgeKind::Internal
            && (snapshot.strings.is(edge.name, "first") || snapshot.strings.is(edge.name, "second"))
            && snapshot.shown_units(edge.to).is_empty()
    })
}

/// Whether the snapshot holds only the beginning of a string, and says so.
pub(crate) fn is_cut(snapshot: &Snapshot, node: NodeIx) -> bool {
    let said = value_of(snapshot, node, "truncated", "bool");
    said.is_some_and(|value| snapshot.is_named(value, "true"))
}

/// A number that a string refers to by name.
fn number_of(snapshot: &Snapshot, node: NodeIx, name: &str) -> Option<f64> {
    let value = value_of(snapshot, node, name, "int")?;
    leading_integer(&snapshot.name(value))
}

/// The string behind a value that a node refers to by name, if the value is of this kind.
fn value_of(snapshot: &Snapshot, node: NodeIx, name: &str, kind: &str) -> Option<NodeIx> {
    let number = snapshot.target(node, EdgeKind::Internal, name)?;
    if snapshot.node_type(number) != NodeType::Number || !snapshot.is_named(number, kind) {
        return None;
    }
    snapshot.target(number, EdgeKind::Internal, "value")
}
