//! One object of a heap: how it is named, as a row, and found by what a person writes.

use std::cmp::{Ordering, Reverse};

use heap::{Analysis, Edge, EdgeKind, EdgeName, NodeId, NodeIx, Outline, Snapshot};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed};

/// How alike two names must be, from 0 to 1, for one to be offered instead of the other.
const ALIKE: f64 = 0.84;

/// Names offered instead of one that is not there.
const OFFERED: usize = 5;

/// A snapshot with what DevTools computes of it.
#[derive(Debug, Clone, Copy)]
pub struct Heap<'h> {
    /// The graph.
    pub snapshot: &'h Snapshot,
    /// Sizes, distances, classes.
    pub analysis: &'h Analysis,
}

/// A snapshot with what is known of it without a walk from its root.
#[derive(Debug, Clone, Copy)]
pub struct Outlined<'h> {
    /// The graph.
    pub snapshot: &'h Snapshot,
    /// Own sizes, classes.
    pub outline: &'h Outline,
}

/// An object where it lies.
#[derive(Debug, Clone, Copy)]
pub struct HeapObject<'h> {
    pub(crate) heap: Heap<'h>,
    pub(crate) node: NodeIx,
}

/// An object as a row. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectRow {
    /// V8's id.
    pub id: u64,
    /// The class's name.
    pub class: String,
    /// The name that DevTools shows: a function's, a string's text, a plain object's properties.
    pub name: String,
    /// V8's type: `object`, `closure`, `string` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// Steps from a root, by DevTools' counting.
    pub distance: i64,
    /// The object's own size.
    pub shallow_size: u64,
    /// What would be freed with it.
    pub retained_size: u64,
}

/// Why an object was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The snapshot has no object of this id.
    Id(u64),
    /// It has no class of this name; those that come nearest, if any.
    Class(Vec<String>),
}

impl<'h> Outlined<'h> {
    /// As the engine takes it.
    pub(crate) fn parts(self) -> (&'h Snapshot, &'h Outline) {
        (self.snapshot, self.outline)
    }
}

impl<'h> Heap<'h> {
    /// What the base of a comparison needs of it.
    #[must_use]
    pub fn outlined(self) -> Outlined<'h> {
        Outlined {
            snapshot: self.snapshot,
            outline: self.analysis.outline(),
        }
    }

    /// One of its objects.
    pub(crate) fn object(self, node: NodeIx) -> HeapObject<'h> {
        HeapObject { heap: self, node }
    }

    /// All of its objects.
    pub(crate) fn objects(self) -> impl Iterator<Item = HeapObject<'h>> {
        self.snapshot.nodes().map(move |node| self.object(node))
    }

    /// The name of an object's class.
    pub(crate) fn class(self, node: NodeIx) -> &'h str {
        self.analysis.class_name(self.analysis.class_of(node))
    }

    /// The object with an id, as `@123` or `123`, or the one with the largest retained size of a
    /// class.
    ///
    /// # Errors
    /// If there is neither.
    pub fn find(self, wanted: &str) -> Result<NodeIx, Unknown> {
        let digits = wanted.strip_prefix('@').unwrap_or(wanted);
        let id = digits.parse::<u64>().ok();
        if let Some(node) = id.and_then(|id| self.snapshot.node_by_id(NodeId(id))) {
            return Ok(node);
        }
        let of_class = self.objects().filter(|object| object.class() == wanted);
        let largest = of_class.max_by_key(|object| (object.retained_size(), Reverse(object.id())));
        match (largest, id) {
            (Some(object), _) => Ok(object.node),
            (None, Some(id)) => Err(Unknown::Id(id)),
            (None, None) => Err(Unknown::Class(self.similar_classes(wanted))),
        }
    }

    /// Names of classes that hold the wanted text, whatever its case, or are much like it; the
    /// best first.
    pub(crate) fn similar_classes(self, wanted: &str) -> Vec<String> {
        let wanted = wanted.to_lowercase();
        let likeness = |name: &str| {
            let name = name.to_lowercase();
            let alike = strsim::jaro_winkler(&name, &wanted);
            (name.contains(&wanted) || alike >= ALIKE).then_some(alike)
        };
        let classes = self.analysis.aggregates().iter();
        let mut names: Vec<(f64, &str)> = classes
            .map(|aggregate| &*aggregate.name)
            .filter_map(|name| Some((likeness(name)?, name)))
            .collect();
        names.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        names.dedup_by_key(|(_, name)| *name);
        let best = names.into_iter().take(OFFERED);
        best.map(|(_, name)| name.to_owned()).collect()
    }
}

impl<'h> HeapObject<'h> {
    pub(crate) fn class(&self) -> &'h str {
        self.heap.class(self.node)
    }

    pub(crate) fn id(&self) -> u64 {
        self.heap.snapshot.node_id(self.node).0
    }

    pub(crate) fn distance(&self) -> i64 {
        self.heap.analysis.distance(self.node)
    }

    pub(crate) fn shallow_size(&self) -> u64 {
        self.heap.analysis.shallow_size(self.node)
    }

    pub(crate) fn retained_size(&self) -> u64 {
        self.heap.analysis.retained_size(self.node)
    }

    /// The object as a row.
    pub(crate) fn row(&self) -> ObjectRow {
        let snapshot = self.heap.snapshot;
        ObjectRow {
            id: self.id(),
            class: self.class().to_owned(),
            name: snapshot.shown_name(self.node).into_owned(),
            kind: snapshot.node_type_name(self.node).to_owned(),
            distance: self.distance(),
            shallow_size: self.shallow_size(),
            retained_size: self.retained_size(),
        }
    }
}

impl Listed for HeapObject<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("retained", |a, b| a.retained_size().cmp(&b.retained_size())),
            Column::descending("shallow", |a, b| a.shallow_size().cmp(&b.shallow_size())),
            Column::ascending("distance", |a, b| a.distance().cmp(&b.distance())),
            Column::ascending("name", |a, b| {
                let name = |o: &Self| o.heap.snapshot.shown_name(o.node);
                name(a).cmp(&name(b))
            }),
            Column::ascending("class", |a, b| a.class().cmp(b.class())),
            Column::ascending("id", |a, b| a.id().cmp(&b.id())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(self.class()) || filter.passes(&self.heap.snapshot.shown_name(self.node))
    }

    fn size(&self) -> Option<u64> {
        Some(self.retained_size())
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.node.cmp(&other.node)
    }
}

/// What a reference is called: a name, or an index in brackets.
pub(crate) fn edge_text(snapshot: &Snapshot, edge: Edge) -> String {
    match snapshot.edge_name(edge) {
        EdgeName::Name(name) => name.into_owned(),
        EdgeName::Index(index) => format!("[{index}]"),
    }
}

/// The kind of a reference, as V8 calls it.
pub(crate) fn kind_text(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Context => "context",
        EdgeKind::Element => "element",
        EdgeKind::Property => "property",
        EdgeKind::Internal => "internal",
        EdgeKind::Hidden => "hidden",
        EdgeKind::Shortcut => "shortcut",
        EdgeKind::Weak => "weak",
        _ => "unknown",
    }
}
