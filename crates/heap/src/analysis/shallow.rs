//! Own sizes, with backing stores given to the one object that owns them.
//!
//! Source: DevTools' `calculateShallowSizes`. Hidden nodes and arrays own nothing; ownership
//! spreads from all others over edges that are not weak; what has exactly one owner gives its size
//! to it. Each node is queued twice at most: linear.

use super::is_user_root;
use crate::snapshot::{NodeIx, NodeType, Snapshot};

/// Owners are nodes; these two numbers are none.
const NOBODY: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

pub(super) fn shallow_sizes(snapshot: &Snapshot) -> Vec<u32> {
    let mut sizes = snapshot.nodes.self_size.clone();
    if !snapshot
        .edges(snapshot.root())
        .any(|edge| is_user_root(snapshot, edge.to))
    {
        return sizes;
    }
    let owners = owners(snapshot);
    for node in snapshot.nodes() {
        let owner = owners[node.index()];
        if owner == NOBODY || owner == SEVERAL || owner == node.0 {
            continue;
        }
        let owner = NodeIx(owner);
        if snapshot.node_type(owner) == NodeType::Synthetic || owner == snapshot.root() {
            continue;
        }
        let size = std::mem::take(&mut sizes[node.index()]);
        sizes[owner.index()] = sizes[owner.index()].wrapping_add(size);
    }
    sizes
}

fn owners(snapshot: &Snapshot) -> Vec<u32> {
    let owns_nothing = |node: NodeIx| match snapshot.node_type(node) {
        NodeType::Hidden | NodeType::Array => true,
        NodeType::Native => snapshot.is_named(node, "system / ExternalStringData"),
        _ => false,
    };
    let mut owners: Vec<u32> = snapshot
        .nodes()
        .map(|n| if owns_nothing(n) { NOBODY } else { n.0 })
        .collect();
    let mut todo: Vec<NodeIx> = snapshot
        .nodes()
        .filter(|n| owners[n.index()] == n.0)
        .collect();
    while let Some(node) = todo.pop() {
        let owner = owners[node.index()];
        for link in snapshot.links(node).filter(|link| !link.is_weak()) {
            let to = link.target();
            let current = &mut owners[to.index()];
            if *current == NOBODY {
                *current = owner;
                todo.push(to);
            } else if *current != to.0 && *current != owner && *current != SEVERAL {
                *current = SEVERAL;
                todo.push(to);
            }
        }
    }
    owners
}
