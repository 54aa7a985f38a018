//! Which edges count for dominators.
//!
//! Source: DevTools' `computeIsEssentialEdge` and `markPageOwnedNodes`. Not essential are weak
//! edges, edges to oneself, the table's half of a `WeakMap` entry, and from any node but the root
//! shortcuts and edges from what no page owns to what one does.
//!
//! Nothing is kept of an edge: the test costs less than a bit looked up would.

use std::collections::{HashSet, VecDeque};

use super::distances::Reach;
use super::weak_maps::WeakMaps;
use crate::bits::Bits;
use crate::prefetch::prefetch;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

pub(super) struct Essential<'a> {
    snapshot: &'a Snapshot,
    weak_maps: &'a WeakMaps,
    owned: Bits,
}

impl<'a> Essential<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, weak_maps: &'a WeakMaps, reach: Reach) -> Self {
        Self {
            snapshot,
            weak_maps,
            owned: page_owned(snapshot, reach),
        }
    }

    /// Calls `take` with the target of each essential edge of a node, in file order.
    #[inline]
    pub(super) fn each_target(&self, node: NodeIx, mut take: impl FnMut(usize)) {
        let from = node.index();
        let is_root = node == self.snapshot.root();
        // From here every target is as good as any other.
        let is_free = is_root || self.owned.has(from);
        let has_halves = self.weak_maps.has_source(from);
        for edge in self.snapshot.edge_range(node) {
            let link = self.snapshot.link(edge);
            let to = link.to();
            let is_barred = match link.kind() {
                EdgeKind::Weak => true,
                EdgeKind::Shortcut => !is_root,
                _ => false,
            };
            if is_barred || to == from || !is_free && self.owned.has(to) {
                continue;
            }
            let is_of_table = || {
                self.weak_maps
                    .half(edge)
                    .is_some_and(|half| half.is_of_table)
            };
            if has_halves && is_of_table() {
                continue;
            }
            take(to);
        }
    }
}

/// What can be reached from a window or the root of a DOM tree.
///
/// The search for distances goes the same ways, but for some edges of few nodes. So what it met is
/// owned already if it began at these roots only, and those nodes are looked at again.
fn page_owned(snapshot: &Snapshot, reach: Reach) -> Bits {
    let is_dom_root = |node: NodeIx| {
        snapshot.node_type(node) == NodeType::Synthetic
            && snapshot.is_named(node, "(Document DOM trees)")
    };
    let links = snapshot.links(snapshot.root());
    let roots = links.filter(|link| match link.kind() {
        EdgeKind::Shortcut => true,
        EdgeKind::Element => is_dom_root(link.target()),
        _ => false,
    });
    let roots: HashSet<u32> = roots.map(|link| link.target().0).collect();
    let began_there = reach.roots.iter().all(|root| roots.contains(root));
    let (mut owned, partly) = match began_there {
        true => (reach.reached, reach.partly),
        false => (Bits::new(snapshot.n_nodes()), Bits::default()),
    };
    let mut waiting = Waiting::new(snapshot);
    for root in roots {
        if owned.insert(root as usize) {
            waiting.add(root as usize);
        }
    }
    for node in partly
        .present()
        .filter(|&node| owned.has(node))
        .collect::<Vec<_>>()
    {
        waiting.add(node);
    }
    while let Some(node) = waiting.next() {
        for link in snapshot.links(NodeIx::at(node)) {
            if !link.is_weak() && owned.insert(link.to()) {
                waiting.add(link.to());
            }
        }
    }
    owned
}

/// Nodes to be visited in any order, their edges on the way to the cache.
struct Waiting<'a> {
    snapshot: &'a Snapshot,
    later: Vec<u32>,
    /// The next ones, whose edges were asked for.
    soon: VecDeque<u32>,
}

/// Nodes whose edges are on their way at a time.
const SOON: usize = 12;

impl<'a> Waiting<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            later: Vec::new(),
            soon: VecDeque::with_capacity(SOON),
        }
    }

    #[inline]
    fn add(&mut self, node: usize) {
        prefetch(&self.snapshot.nodes.first_edge, node);
        self.later.push(node as u32);
    }

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.soon.len() < SOON {
            let Some(node) = self.later.pop() else {
                break;
            };
            let edge = self.snapshot.nodes.first_edge[node as usize];
            prefetch(&self.snapshot.edges.links, edge as usize);
            self.soon.push_back(node);
        }
        self.soon.pop_front().map(|node| node as usize)
    }
}
