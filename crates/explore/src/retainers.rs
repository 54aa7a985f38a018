//! What keeps one object alive: its retainers, and one way from the roots to it.

use heap::{Analysis, EdgeKind, EdgeName, NodeId, NodeIx, PathStep, RetainingPaths, Snapshot};
use serde::Serialize;

/// One object with the references that keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retainers {
    /// The object asked for.
    pub object: ObjectRow,
    /// How many objects of its class there are.
    pub of_class: u64,
    /// One way from the roots to it, the root first; empty if only weak references lead to it.
    pub path: Vec<PathRow>,
    /// The references to it in DevTools' order.
    pub retainers: Vec<RetainerRow>,
}

/// An object as a row. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectRow {
    /// V8's id.
    pub id: u64,
    /// The class's name.
    pub class: String,
    /// The object's own name: a function's, a string's text.
    pub name: String,
    /// Steps from a root, by DevTools' counting.
    pub distance: i64,
    /// The object's own size.
    pub shallow_size: u64,
    /// What would be freed with it.
    pub retained_size: u64,
}

/// One reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetainerRow {
    /// The reference's name or index.
    pub edge: String,
    /// Its kind, as the snapshot calls it.
    pub kind: &'static str,
    /// The object that refers.
    pub from: ObjectRow,
}

/// One step of the way from the roots: the reference, and the object it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathRow {
    /// The reference's name or index; `None` for the root itself.
    pub edge: Option<String>,
    /// The object.
    pub object: ObjectRow,
}

/// Why an object was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The snapshot has no object of this id.
    Id(u64),
    /// It has no class of this name; those that come nearest, if any.
    Class(Vec<String>),
}

/// The object with the id after an `@`, or the one with the largest retained size of a class.
///
/// # Errors
/// If there is neither.
pub fn find_object(
    snapshot: &Snapshot,
    analysis: &Analysis,
    wanted: &str,
) -> Result<NodeIx, Unknown> {
    if let Some(id) = wanted
        .strip_prefix('@')
        .and_then(|digits| digits.parse().ok())
    {
        return snapshot.node_by_id(NodeId(id)).ok_or(Unknown::Id(id));
    }
    let of_class = snapshot
        .nodes()
        .filter(|&node| class(analysis, node) == wanted);
    let largest = of_class.max_by_key(|&node| {
        (
            analysis.retained_size(node),
            std::cmp::Reverse(snapshot.node_id(node)),
        )
    });
    largest.ok_or_else(|| Unknown::Class(similar(analysis, wanted)))
}

/// What keeps an object alive.
#[must_use]
pub fn retainers(snapshot: &Snapshot, analysis: &Analysis, node: NodeIx) -> Retainers {
    let object = |node| object_row(snapshot, analysis, node);
    let root = PathRow {
        edge: None,
        object: object(snapshot.root()),
    };
    let step = |step: PathStep| PathRow {
        edge: Some(edge_text(snapshot, step)),
        object: object(step.edge.to),
    };
    let path = match RetainingPaths::of(snapshot).to(node) {
        Some(steps) => std::iter::once(root)
            .chain(steps.into_iter().map(step))
            .collect(),
        None => Vec::new(),
    };
    let row = |step: PathStep| RetainerRow {
        edge: edge_text(snapshot, step),
        kind: kind_text(step.edge.kind),
        from: object(step.from),
    };
    let wanted = class(analysis, node);
    Retainers {
        object: object(node),
        of_class: snapshot
            .nodes()
            .filter(|&n| class(analysis, n) == wanted)
            .count() as u64,
        path,
        retainers: analysis
            .retainers(snapshot, node)
            .into_iter()
            .map(row)
            .collect(),
    }
}

fn class(analysis: &Analysis, node: NodeIx) -> &str {
    analysis.class_name(analysis.class_of(node))
}

fn object_row(snapshot: &Snapshot, analysis: &Analysis, node: NodeIx) -> ObjectRow {
    ObjectRow {
        id: snapshot.node_id(node).0,
        class: class(analysis, node).to_owned(),
        name: snapshot.name(node).into_owned(),
        distance: analysis.distance(node),
        shallow_size: analysis.shallow_size(node),
        retained_size: analysis.retained_size(node),
    }
}

fn edge_text(snapshot: &Snapshot, step: PathStep) -> String {
    match snapshot.edge_name(step.edge) {
        EdgeName::Name(name) => name.into_owned(),
        EdgeName::Index(index) => format!("[{index}]"),
    }
}

fn kind_text(kind: EdgeKind) -> &'static str {
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

/// Names of classes that hold the wanted text, whatever its case; the shortest first.
fn similar(analysis: &Analysis, wanted: &str) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut names: Vec<String> = analysis
        .aggregates()
        .iter()
        .map(|aggregate| aggregate.name.to_string())
        .filter(|name| name.to_lowercase().contains(&wanted))
        .collect();
    names.sort_by_key(|name| (name.chars().count(), name.clone()));
    names.dedup();
    names.truncate(5);
    names
}
