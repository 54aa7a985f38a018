//! Which edges count for dominators.
//!
//! Source: DevTools' `computeIsEssentialEdge` and `markPageOwnedNodes`. Not essential are weak
//! edges, edges to oneself, the table's half of a `WeakMap` entry, and from any node but the root
//! shortcuts and edges from what no page owns to what one does.

use super::is_weak;
use super::weak_maps::WeakMaps;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

/// One bit an edge.
pub(super) struct Essential {
    bits: Vec<u64>,
}

impl Essential {
    pub(super) fn has(&self, edge: usize) -> bool {
        self.bits[edge / 64] >> (edge % 64) & 1 != 0
    }
}

pub(super) fn essential_edges(snapshot: &Snapshot, weak_maps: &WeakMaps) -> Essential {
    let owned = page_owned(snapshot);
    let root = snapshot.root();
    let mut bits = vec![0_u64; snapshot.n_edges().div_ceil(64)];
    for node in snapshot.nodes() {
        for at in snapshot.edge_range(node) {
            let edge = snapshot.edge(at);
            let table_half = || {
                weak_maps
                    .pair(edge)
                    .is_some_and(|p| p.table_id == snapshot.node_id(node).0)
            };
            if is_weak(edge.kind) || edge.to == node || table_half() {
                continue;
            }
            let leaves_page = || owned[edge.to.index()] && !owned[node.index()];
            if node != root && (edge.kind == EdgeKind::Shortcut || leaves_page()) {
                continue;
            }
            bits[at / 64] |= 1 << (at % 64);
        }
    }
    Essential { bits }
}

/// What can be reached from a window or the root of a DOM tree.
fn page_owned(snapshot: &Snapshot) -> Vec<bool> {
    let mut owned = vec![false; snapshot.n_nodes()];
    let is_dom_root = |node: NodeIx| {
        snapshot.node_type(node) == NodeType::Synthetic
            && snapshot.is_named(node, "(Document DOM trees)")
    };
    let mut todo: Vec<NodeIx> = snapshot
        .edges(snapshot.root())
        .filter(|edge| match edge.kind {
            EdgeKind::Shortcut => true,
            EdgeKind::Element => is_dom_root(edge.to),
            _ => false,
        })
        .map(|edge| edge.to)
        .collect();
    for node in &todo {
        owned[node.index()] = true;
    }
    while let Some(node) = todo.pop() {
        for edge in snapshot.edges(node) {
            if !is_weak(edge.kind) && !std::mem::replace(&mut owned[edge.to.index()], true) {
                todo.push(edge.to);
            }
        }
    }
    owned
}
