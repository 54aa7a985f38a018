//! Single objects between two snapshots of one process: those that grew where they are, and those
//! of one class that came and went.
//!
//! DevTools' Comparison view joins objects by id and counts those that one side has not. So an
//! object that is on both sides with another size is in no row of it, though a collection that
//! grows is the usual shape of a leak. Ids are V8's: both snapshots must come from one process.
//!
//! Cost: one sort of the ids of each side.

use std::collections::HashSet;

use crate::analysis::{Classes, Outline};
use crate::compare::join;
use crate::snapshot::{Location, NodeId, NodeIx, NodeType, Snapshot};

/// An object of both snapshots whose own size differs. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resized {
    /// The object in the newer snapshot.
    pub node: NodeIx,
    /// Its own size in the base.
    pub base_size: u64,
    /// Its own size in the newer one.
    pub size: u64,
}

/// The objects of one class that only one snapshot has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassChanges {
    /// In the newer snapshot only.
    pub added: Vec<NodeIx>,
    /// In the base only.
    pub removed: Vec<NodeIx>,
}

/// The objects whose own size is another than in the base, by id.
#[must_use]
pub fn resized(base: (&Snapshot, &Outline), newer: (&Snapshot, &Outline)) -> Vec<Resized> {
    let mut found = Vec::new();
    join(base.0, newer.0, |olds, news| {
        // Should several have one id, they are the same in the order of the file.
        for (&old, &node) in olds.iter().zip(news) {
            let base_size = base.1.shallow_size(old);
            let size = newer.1.shallow_size(node);
            if size != base_size {
                found.push(Resized {
                    node,
                    base_size,
                    size,
                });
            }
        }
    });
    found
}

/// The objects of a class that only one side has, as DevTools' Comparison view lists them under
/// its row: the base is told apart by the newer snapshot's plain objects, objects of size 0 do not
/// count, and one that moved to another place in a script is gone and come again.
#[must_use]
pub fn changes_of_class(
    base: (&Snapshot, &Outline),
    newer: (&Snapshot, &Outline),
    class: &str,
) -> ClassChanges {
    let mut base_classes = Classes::base(base.0);
    newer.1.interfaces.apply(base.0, &mut base_classes);
    let before = members(base, |node| {
        base_classes.name(base_classes.of_node[node.index()]) == class
    });
    let after = members(newer, |node| {
        newer.1.class_name(newer.1.class_of(node)) == class
    });
    let only_in = |side: &[(Key, NodeIx)], other: &[(Key, NodeIx)]| {
        let other: HashSet<Key> = other.iter().map(|&(key, _)| key).collect();
        let only = side.iter().filter(|(key, _)| !other.contains(key));
        only.map(|&(_, node)| node).collect()
    };
    ClassChanges {
        added: only_in(&after, &before),
        removed: only_in(&before, &after),
    }
}

/// What must be the same for an object to be the same.
type Key = (NodeId, Option<Location>);

fn members(
    (snapshot, outline): (&Snapshot, &Outline),
    is_member: impl Fn(NodeIx) -> bool,
) -> Vec<(Key, NodeIx)> {
    let counts = |&node: &NodeIx| outline.shallow_size(node) != 0 && is_member(node);
    let place = |node| match snapshot.node_type(node) {
        NodeType::Object => snapshot.location(node),
        _ => None,
    };
    let members = snapshot.nodes().filter(counts);
    members
        .map(|node| ((snapshot.node_id(node), place(node)), node))
        .collect()
}
