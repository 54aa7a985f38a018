//! Steps from the roots, breadth first: first from what a program sees, then from the engine's
//! roots, which count from a hundred million on.
//!
//! Source: DevTools' `calculateDistances`, `bfs` and `shouldTraverseEdge`. The order of the edges
//! is observable: of a `WeakMap` entry's two edges the first that is met does not count.

use std::collections::HashSet;

use super::weak_maps::WeakMaps;
use super::{is_user_root, is_weak};
use crate::snapshot::{Edge, NodeIx, NodeType, Snapshot, leading_integer};

/// The distance of what nothing leads to.
pub const NO_DISTANCE: i64 = -5;

/// The root's distance where there are roots of the program: what only the engine's roots lead to
/// lies behind it.
pub const SYSTEM_DISTANCE: i64 = 100_000_000;

const NONE: i32 = NO_DISTANCE as i32;

pub(super) fn distances(snapshot: &Snapshot, weak_maps: &WeakMaps) -> Vec<i32> {
    let mut search = Search {
        snapshot,
        weak_maps,
        distances: vec![NONE; snapshot.n_nodes()],
        half_met: HashSet::with_capacity(weak_maps.n_pairs() / 2),
        context_names: snapshot.strings.all_equal("system / NativeContext"),
        descriptor_names: snapshot.strings.all_equal("(map descriptors)"),
        function_map_names: snapshot.strings.all_equal("sloppy_function_map"),
    };
    let root = snapshot.root();
    let mut queue = Vec::new();
    for edge in snapshot
        .edges(root)
        .filter(|edge| is_user_root(snapshot, edge.to))
    {
        search.distances[edge.to.index()] = 1;
        queue.push(edge.to);
    }
    let has_user_roots = !queue.is_empty();
    search.run(queue);
    search.distances[root.index()] = if has_user_roots {
        SYSTEM_DISTANCE as i32
    } else {
        0
    };
    search.run(vec![root]);
    search.distances
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    weak_maps: &'a WeakMaps,
    distances: Vec<i32>,
    /// Entries of weak maps of which one edge was met.
    half_met: HashSet<u32>,
    context_names: Vec<u32>,
    descriptor_names: Vec<u32>,
    function_map_names: Vec<u32>,
}

impl Search<'_> {
    fn run(&mut self, mut queue: Vec<NodeIx>) {
        let mut next = 0;
        while let Some(&node) = queue.get(next) {
            next += 1;
            let distance = self.distances[node.index()] + 1;
            for edge in self.snapshot.edges(node) {
                let is_new = self.distances[edge.to.index()] == NONE;
                if is_new && !is_weak(edge.kind) && self.admits(node, edge) {
                    self.distances[edge.to.index()] = distance;
                    queue.push(edge.to);
                }
            }
        }
    }

    fn admits(&mut self, from: NodeIx, edge: Edge) -> bool {
        let snapshot = self.snapshot;
        let name = snapshot.nodes.name[from.index()];
        match snapshot.node_type(from) {
            NodeType::Hidden if self.context_names.contains(&name) => {
                let is_named = !edge.kind.is_numbered();
                if is_named && self.function_map_names.contains(&edge.name) {
                    return false;
                }
            }
            // In an array of descriptors every third entry is a value that others keep too.
            NodeType::Array if self.descriptor_names.contains(&name) => {
                let number = match edge.kind.is_numbered() {
                    true => Some(f64::from(edge.name)),
                    false => leading_integer(&snapshot.strings.get(edge.name)),
                };
                return number.is_none_or(|n| n < 2.0 || n % 3.0 != 1.0);
            }
            _ => {}
        }
        match self.weak_maps.pair(edge) {
            Some(pair) if !self.half_met.remove(&pair.entry) => {
                self.half_met.insert(pair.entry);
                false
            }
            _ => true,
        }
    }
}
