//! Own sizes, with backing stores given to the one object that owns them.
//!
//! Source: DevTools' `calculateShallowSizes`. Hidden nodes and arrays own nothing; ownership
//! spreads from all others over edges that are not weak; what has exactly one owner gives its size
//! to it. The order is free: one sweep in file order, from which ownership is followed at once.
//! Each node is followed twice at most: linear.

use super::is_user_root;
use crate::bits::Bits;
use crate::link::Link;
use crate::snapshot::{NodeIx, NodeType, Snapshot};

/// Owners are kept as their node's number and one; what has none costs no memory.
const NOBODY: u32 = 0;
const SEVERAL: u32 = u32::MAX;

pub(super) fn shallow_sizes(snapshot: &Snapshot) -> Vec<u32> {
    let mut sizes = snapshot.nodes.self_size.clone();
    let has_user_roots = snapshot
        .links(snapshot.root())
        .any(|link| is_user_root(snapshot, link.target()));
    if !has_user_roots {
        return sizes;
    }
    let owned = Bits::of(snapshot.n_nodes(), |node| {
        owns_nothing(snapshot, NodeIx::at(node))
    });
    let owners = owners(snapshot, &owned);
    for node in owned.present() {
        let owner = owners[node];
        if owner == NOBODY || owner == SEVERAL {
            continue;
        }
        let owner = NodeIx(owner - 1);
        if snapshot.node_type(owner) == NodeType::Synthetic || owner == snapshot.root() {
            continue;
        }
        let size = std::mem::take(&mut sizes[node]);
        sizes[owner.index()] = sizes[owner.index()].wrapping_add(size);
    }
    sizes
}

fn owns_nothing(snapshot: &Snapshot, node: NodeIx) -> bool {
    match snapshot.node_type(node) {
        NodeType::Hidden | NodeType::Array => true,
        NodeType::Native => snapshot.is_named(node, "system / ExternalStringData"),
        _ => false,
    }
}

fn owners(snapshot: &Snapshot, owned: &Bits) -> Vec<u32> {
    let mut owners = vec![NOBODY; snapshot.n_nodes()];
    let first_edge = &snapshot.nodes.first_edge;
    let mut todo: Vec<(usize, u32)> = Vec::new();
    for at in 0..snapshot.n_nodes() {
        if owned.has(at) {
            continue;
        }
        todo.push((at, at as u32 + 1));
        while let Some((node, owner)) = todo.pop() {
            let edges = first_edge[node] as usize..first_edge[node + 1] as usize;
            for &bits in &snapshot.edges.links[edges] {
                let link = Link::from_bits(bits);
                if link.is_weak() || !owned.has(link.to()) {
                    continue;
                }
                let current = &mut owners[link.to()];
                if *current == NOBODY {
                    *current = owner;
                    todo.push((link.to(), owner));
                } else if *current != owner && *current != SEVERAL {
                    *current = SEVERAL;
                    todo.push((link.to(), SEVERAL));
                }
            }
        }
    }
    owners
}
