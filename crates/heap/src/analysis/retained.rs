//! What would be freed with each node, and the dominator tree as a list.
//!
//! Source: DevTools' `calculateRetainedSizes`. Nodes that nothing reaches are the root's, one by
//! one. Cost: two passes over preorder numbers, along which a dominator is mostly near.

use super::dominators::Tree;
use crate::bits::Bits;
use crate::prefetch::prefetch;
use crate::snapshot::{NodeIx, Snapshot};

/// The dominator tree with its sums.
#[derive(Debug)]
pub(super) struct Retained {
    /// The immediate dominator of each node; the root's is the root.
    pub(super) dominators: Vec<u32>,
    /// All nodes, each directly before all that it dominates.
    pub(super) order: Vec<u32>,
    pub(super) sizes: Sizes,
}

/// Sizes of nodes in bytes. Hardly one needs more than 32 bits.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    small: Vec<u32>,
    /// Those of 2^32 - 1 bytes and more, by node.
    large: Vec<(u32, u64)>,
}

impl Sizes {
    #[inline]
    pub(super) fn of(&self, node: NodeIx) -> u64 {
        match self.small[node.index()] {
            u32::MAX => self.large_of(node),
            size => u64::from(size),
        }
    }

    #[inline]
    pub(super) fn prefetch(&self, node: u32) {
        prefetch(&self.small, node as usize);
    }

    fn large_of(&self, node: NodeIx) -> u64 {
        let found = self.large.binary_search_by_key(&node.0, |&(node, _)| node);
        found.map_or(u64::from(u32::MAX), |at| self.large[at].1)
    }

    fn set(&mut self, node: u32, size: u64) {
        self.small[node as usize] = u32::try_from(size).unwrap_or(u32::MAX);
        if size >= u64::from(u32::MAX) {
            self.large.push((node, size));
        }
    }
}

pub(super) fn retained(snapshot: &Snapshot, tree: Tree, shallow: &[u32]) -> Retained {
    let Tree {
        order,
        immediate,
        spare,
    } = tree;
    let n_nodes = snapshot.n_nodes();
    let unreached = unreached(&order, n_nodes);
    let (mut listed, small) = listed(&order, &immediate, spare.narrow);
    let tree = (&*order, &*immediate);
    let sizes = sizes(tree, &unreached, shallow, (small, spare.wide));
    let mut dominators = vec![0; n_nodes];
    for &node in &unreached {
        dominators[node as usize] = snapshot.root().0;
    }
    for (&node, &dominator) in order.iter().zip(&immediate) {
        dominators[node as usize] = order[dominator as usize];
    }
    listed.extend(unreached);
    Retained {
        dominators,
        order: listed,
        sizes,
    }
}

fn unreached(order: &[u32], n_nodes: usize) -> Vec<u32> {
    if order.len() == n_nodes {
        return Vec::new();
    }
    let mut reached = Bits::new(n_nodes);
    for &node in order {
        reached.insert(node as usize);
    }
    reached.missing(n_nodes).map(|node| node as u32).collect()
}

/// The spare columns may hold anything.
fn sizes(
    (order, immediate): (&[u32], &[u32]),
    unreached: &[u32],
    shallow: &[u32],
    (mut small, mut sums): (Vec<u32>, Vec<u64>),
) -> Sizes {
    let own = |&node: &u32| u64::from(shallow[node as usize]);
    sums.clear();
    sums.extend(order.iter().map(own));
    for number in (1..sums.len()).rev() {
        sums[immediate[number] as usize] += sums[number];
    }
    sums[0] += unreached.iter().map(own).sum::<u64>();
    small.resize(shallow.len(), 0);
    let mut sizes = Sizes {
        small,
        large: Vec::new(),
    };
    for (&node, &sum) in order.iter().zip(&sums) {
        sizes.set(node, sum);
    }
    for node in unreached {
        sizes.set(*node, own(node));
    }
    sizes.large.sort_unstable();
    sizes
}

/// The reached nodes, each directly before all that it dominates; and the spare column, which may
/// hold anything before and after.
fn listed(order: &[u32], immediate: &[u32], spare: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
    let mut n_below = spare;
    n_below.clear();
    n_below.resize(order.len(), 1);
    for number in (1..order.len()).rev() {
        n_below[immediate[number] as usize] += n_below[number];
    }
    // Where the next node goes that each dominates; a node's own place is given before.
    let mut next = n_below;
    next[0] = 1;
    let mut listed = vec![0; order.len()];
    listed[0] = order[0];
    for number in 1..order.len() {
        let above = immediate[number] as usize;
        let place = next[above];
        next[above] += next[number];
        next[number] = place + 1;
        listed[place as usize] = order[number];
    }
    (listed, next)
}
