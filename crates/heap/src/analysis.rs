//! What DevTools computes when it opens a snapshot, in DevTools' order.
//!
//! Owns the results, one column each, and the order of the passes; every pass is a file. Nothing
//! here depends on anything but the snapshot.

mod aggregates;
mod classes;
mod distances;
mod dominators;
mod essential;
mod interfaces;
mod plain_classes;
mod retained;
mod retainers;
mod shallow;
mod statistics;
mod weak_maps;

use crate::filter::NodeSet;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

pub use aggregates::Aggregate;
pub use classes::ClassIx;
pub use distances::{NO_DISTANCE, SYSTEM_DISTANCE};
pub use plain_classes::PlainClasses;
pub use statistics::Statistics;

pub(crate) use aggregates::{ClassKey, Group, groups};
pub(crate) use classes::Classes;
pub(crate) use interfaces::Interfaces;

use aggregates::Begun;
use essential::Essential;
use retained::Retained;
use weak_maps::WeakMaps;

/// Everything that DevTools computes of one snapshot.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) shallow: Vec<u32>,
    distances: Vec<i32>,
    retained: Retained,
    pub(crate) classes: Classes,
    pub(crate) interfaces: Interfaces,
    aggregates: Vec<Aggregate>,
    statistics: Statistics,
}

impl Analysis {
    /// Analyzes a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let weak_maps = WeakMaps::of(snapshot);
        let shallow = shallow::shallow_sizes(snapshot);
        let distances = distances::distances(snapshot, &weak_maps);
        let essential = Essential::of(snapshot, &weak_maps);
        let tree = dominators::dominators(snapshot, &essential);
        let retained = retained::retained(snapshot, tree, &shallow);
        let mut classes = Classes::base(snapshot);
        let interfaces = Interfaces::infer(snapshot);
        interfaces.apply(snapshot, &mut classes);
        let total = retained.sizes.of(snapshot.root());
        let statistics = statistics::statistics(snapshot, &shallow, total);
        let begun = Begun::of(snapshot, &classes, (&shallow, &distances), |_| true);
        let aggregates = begun.finish(&retained);
        Self {
            shallow,
            distances,
            retained,
            classes,
            interfaces,
            aggregates,
            statistics,
        }
    }

    /// A node's class.
    #[must_use]
    pub fn class_of(&self, node: NodeIx) -> ClassIx {
        self.classes.of_node[node.index()]
    }

    /// A class's name, as DevTools shows it.
    #[must_use]
    pub fn class_name(&self, class: ClassIx) -> &str {
        self.classes.name(class)
    }

    /// A node's own size in bytes, after backing stores were given to their owners.
    #[must_use]
    pub fn shallow_size(&self, node: NodeIx) -> u64 {
        u64::from(self.shallow[node.index()])
    }

    /// What would be freed with a node, in bytes.
    #[must_use]
    pub fn retained_size(&self, node: NodeIx) -> u64 {
        self.retained.sizes.of(node)
    }

    /// The node that all ways to a node lead through; the root's is the root.
    #[must_use]
    pub fn dominator(&self, node: NodeIx) -> NodeIx {
        NodeIx(self.retained.dominators[node.index()])
    }

    /// Steps from a root of the program. From [`SYSTEM_DISTANCE`] on, from the engine's roots
    /// only; [`NO_DISTANCE`] if nothing leads there.
    #[must_use]
    pub fn distance(&self, node: NodeIx) -> i64 {
        i64::from(self.distances[node.index()])
    }

    /// The classes with their sums: DevTools' Summary view.
    #[must_use]
    pub fn aggregates(&self) -> &[Aggregate] {
        &self.aggregates
    }

    /// The classes with their sums, of the nodes that a [`Filter`](crate::Filter) keeps: the Summary
    /// view with one of its filters. What is not kept neither counts nor hides what it dominates.
    #[must_use]
    pub fn aggregates_of(&self, snapshot: &Snapshot, kept: &NodeSet) -> Vec<Aggregate> {
        let columns = (&*self.shallow, &*self.distances);
        let begun = Begun::of(snapshot, &self.classes, columns, |node| kept.has(node));
        begun.finish(&self.retained)
    }

    /// DevTools' Statistics view.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// A node that stands for something of the program, below the root.
fn is_user_root(snapshot: &Snapshot, node: NodeIx) -> bool {
    snapshot.node_type(node) != NodeType::Synthetic
        || snapshot.is_named(node, "(Document DOM trees)")
}

/// Edges that keep nothing alive.
fn is_weak(kind: EdgeKind) -> bool {
    kind == EdgeKind::Weak
}
