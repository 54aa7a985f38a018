//! What DevTools computes when it opens a snapshot, in DevTools' order.
//!
//! Owns the results, one column each, and the order of the passes; every pass is a file. Nothing
//! here depends on anything but the snapshot.

mod aggregates;
mod classes;
mod crossing;
mod distances;
mod dominators;
mod essential;
mod interfaces;
mod outline;
mod plain_classes;
mod retained;
mod retainers;
mod shallow;
mod statistics;
mod weak_maps;

use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use crate::filter::NodeSet;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

pub use aggregates::Aggregate;
pub use classes::ClassIx;
pub use distances::{NO_DISTANCE, SYSTEM_DISTANCE};
pub use outline::Outline;
pub use plain_classes::PlainClasses;
pub use statistics::Statistics;

pub(crate) use aggregates::{ClassKey, Groups};
pub(crate) use classes::Classes;
pub(crate) use interfaces::Interfaces;

use aggregates::Begun;
use distances::Distances;
use essential::Essential;
use retained::Retained;
use weak_maps::WeakMaps;
pub(crate) use weak_maps::table_of;

/// Everything that DevTools computes of one snapshot.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) outline: Outline,
    distances: Vec<i32>,
    retained: Retained,
    aggregates: Vec<Aggregate>,
    statistics: Statistics,
}

/// What a thread found; its panic is this one's.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

impl Analysis {
    /// Analyzes a snapshot, on two threads.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        // One thread goes for the dominators, the other for all that needs no walk.
        let (tree, distances, (outline, statistics)) = std::thread::scope(|scope| {
            let outline = scope.spawn(|| {
                let outline = Outline::beside(snapshot);
                let statistics = statistics::statistics(snapshot, &outline.shallow);
                (outline, statistics)
            });
            let weak_maps = WeakMaps::of(snapshot);
            let Distances { of_node, reach } = distances::distances(snapshot, &weak_maps);
            let essential = Essential::of(snapshot, &weak_maps, reach);
            let tree = dominators::dominators(snapshot, &essential);
            (tree, of_node, joined(outline))
        });
        let (retained, begun) = std::thread::scope(|scope| {
            let begun = scope.spawn(|| {
                let columns = (&*outline.shallow, &*distances);
                Begun::of(snapshot, &outline.classes, columns, |_| true)
            });
            let retained = retained::retained(snapshot, tree, &outline.shallow);
            (retained, joined(begun))
        });
        let total = retained.sizes.of(snapshot.root());
        let aggregates = begun.finish(&outline.classes, &retained);
        Self {
            outline,
            distances,
            retained,
            aggregates,
            statistics: statistics.with_retained(total, snapshot.extra_native_bytes()),
        }
    }

    /// What of this needs no walk from the root: enough to be the base of a comparison.
    #[must_use]
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// A node's class.
    #[must_use]
    pub fn class_of(&self, node: NodeIx) -> ClassIx {
        self.outline.class_of(node)
    }

    /// How many classes there are.
    #[must_use]
    pub fn n_classes(&self) -> usize {
        self.outline.classes.len()
    }

    /// The classes of this name: several, if it came from several places.
    pub fn classes_named(&self, name: &str) -> impl Iterator<Item = ClassIx> {
        self.outline.classes.named_so(name)
    }

    /// A class's name, as DevTools shows it.
    #[must_use]
    pub fn class_name(&self, class: ClassIx) -> &str {
        self.outline.class_name(class)
    }

    /// A node's own size in bytes, after backing stores were given to their owners.
    #[must_use]
    pub fn shallow_size(&self, node: NodeIx) -> u64 {
        self.outline.shallow_size(node)
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
        let Outline {
            shallow, classes, ..
        } = &self.outline;
        let columns = (&**shallow, &*self.distances);
        let begun = Begun::of(snapshot, classes, columns, |node| kept.has(node));
        begun.finish(classes, &self.retained)
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
