//! Steps from the roots, breadth first: first from what a program sees, then from the engine's
//! roots, which count from a hundred million on.
//!
//! Source: DevTools' `calculateDistances`, `bfs` and `shouldTraverseEdge`. The order of the edges
//! is observable: of a `WeakMap` entry's two edges the first that is met does not count.

use super::is_user_root;
use super::weak_maps::WeakMaps;
use crate::bits::Bits;
use crate::link::Link;
use crate::prefetch::prefetch;
use crate::snapshot::{Edge, NodeIx, NodeType, Snapshot, leading_integer};

/// The distance of what nothing leads to.
pub const NO_DISTANCE: i64 = -5;

/// The root's distance where there are roots of the program: what only the engine's roots lead to
/// lies behind it.
pub const SYSTEM_DISTANCE: i64 = 100_000_000;

const NONE: i32 = NO_DISTANCE as i32;

/// The distances, and what the search for them has found out on its way.
pub(super) struct Distances {
    pub(super) of_node: Vec<i32>,
    pub(super) reach: Reach,
}

/// What can be reached from what a program sees.
pub(super) struct Reach {
    /// Where the search began.
    pub(super) roots: Vec<u32>,
    /// The nodes that it met.
    pub(super) reached: Bits,
    /// The nodes of which it did not follow every edge that keeps something alive.
    pub(super) partly: Bits,
}

pub(super) fn distances(snapshot: &Snapshot, weak_maps: &WeakMaps) -> Distances {
    let names = Names::of(snapshot);
    let is_special = |node: usize| weak_maps.has_source(node) || names.is_special(snapshot, node);
    let mut search = Search {
        snapshot,
        weak_maps,
        distances: vec![NONE; snapshot.n_nodes()],
        reached: Bits::new(snapshot.n_nodes()),
        special: Bits::of(snapshot.n_nodes(), is_special),
        half_met: Bits::new(weak_maps.n_entries()),
        names: &names,
    };
    let root = snapshot.root();
    let user_roots: Vec<u32> = snapshot
        .links(root)
        .map(Link::target)
        .filter(|&node| is_user_root(snapshot, node))
        .map(|node| node.0)
        .collect();
    search.run(user_roots.clone(), 1);
    let reached = search.reached.clone();
    // The root is met again though it may have been met before.
    let distance = match user_roots.is_empty() {
        false => SYSTEM_DISTANCE as i32,
        true => 0,
    };
    search.run(vec![root.0], distance);
    Distances {
        of_node: search.distances,
        reach: Reach {
            roots: user_roots,
            reached,
            partly: search.special,
        },
    }
}

/// The strings whose owners have edges of their own rules.
struct Names {
    contexts: Vec<u32>,
    descriptors: Vec<u32>,
    function_maps: Vec<u32>,
}

impl Names {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            contexts: snapshot.strings.all_equal("system / NativeContext"),
            descriptors: snapshot.strings.all_equal("(map descriptors)"),
            function_maps: snapshot.strings.all_equal("sloppy_function_map"),
        }
    }

    fn is_special(&self, snapshot: &Snapshot, node: usize) -> bool {
        let name = &snapshot.nodes.name[node];
        match snapshot.node_type(NodeIx::at(node)) {
            NodeType::Hidden => self.contexts.contains(name),
            NodeType::Array => self.descriptors.contains(name),
            _ => false,
        }
    }
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    weak_maps: &'a WeakMaps,
    distances: Vec<i32>,
    reached: Bits,
    /// Nodes some of whose edges may not count.
    special: Bits,
    /// Entries of weak maps of which one edge was met.
    half_met: Bits,
    names: &'a Names,
}

impl Search<'_> {
    /// Goes from these nodes, which have this distance, level by level.
    fn run(&mut self, mut level: Vec<u32>, mut distance: i32) {
        for &node in &level {
            self.distances[node as usize] = distance;
            self.reached.insert(node as usize);
        }
        let mut next = Vec::new();
        while !level.is_empty() {
            distance += 1;
            for (at, &node) in level.iter().enumerate() {
                self.prefetch(&level, at);
                match self.special.has(node as usize) {
                    true => self.visit_special(NodeIx(node), distance, &mut next),
                    false => self.visit(NodeIx(node), distance, &mut next),
                }
            }
            std::mem::swap(&mut level, &mut next);
            next.clear();
        }
    }

    #[inline]
    fn prefetch(&self, level: &[u32], at: usize) {
        if let Some(&far) = level.get(at + 16) {
            prefetch(&self.snapshot.nodes.first_edge, far as usize);
        }
        if let Some(&near) = level.get(at + 6) {
            let edge = self.snapshot.nodes.first_edge[near as usize];
            prefetch(&self.snapshot.edges.links, edge as usize);
        }
    }

    #[inline]
    fn visit(&mut self, node: NodeIx, distance: i32, next: &mut Vec<u32>) {
        for link in self.snapshot.links(node) {
            if !link.is_weak() && self.reached.insert(link.to()) {
                self.distances[link.to()] = distance;
                next.push(link.target().0);
            }
        }
    }

    fn visit_special(&mut self, node: NodeIx, distance: i32, next: &mut Vec<u32>) {
        for at in self.snapshot.edge_range(node) {
            let link = self.snapshot.link(at);
            let is_new = !link.is_weak() && !self.reached.has(link.to());
            if is_new && self.admits(node, at) {
                self.reached.insert(link.to());
                self.distances[link.to()] = distance;
                next.push(link.target().0);
            }
        }
    }

    fn admits(&mut self, from: NodeIx, at: usize) -> bool {
        let snapshot = self.snapshot;
        let edge: Edge = snapshot.edge(at);
        let name = snapshot.nodes.name[from.index()];
        match snapshot.node_type(from) {
            NodeType::Hidden if self.names.contexts.contains(&name) => {
                let is_named = !edge.kind.is_numbered();
                if is_named && self.names.function_maps.contains(&edge.name) {
                    return false;
                }
            }
            // In an array of descriptors every third entry is a value that others keep too.
            NodeType::Array if self.names.descriptors.contains(&name) => {
                let number = match edge.kind.is_numbered() {
                    true => Some(f64::from(edge.name)),
                    false => leading_integer(&snapshot.edge_name(edge).to_string()),
                };
                return number.is_none_or(|n| n < 2.0 || n % 3.0 != 1.0);
            }
            _ => {}
        }
        match self.weak_maps.half(at) {
            // The first edge of an entry does not count, the second does, and so on in turn.
            Some(half) if self.half_met.insert(half.entry as usize) => false,
            Some(half) => {
                self.half_met.remove(half.entry as usize);
                true
            }
            None => true,
        }
    }
}
