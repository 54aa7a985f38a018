//! All references of a snapshot, by the object that they lead to.
//!
//! Cost: two passes over the edges; 4 bytes an edge and 4 a node.

use crate::retaining::PathStep;
use crate::snapshot::{NodeIx, Snapshot};

/// The references to every object.
#[derive(Debug)]
pub struct Incoming<'a> {
    snapshot: &'a Snapshot,
    /// Where each node's references begin in `edges`, and at the end their number.
    first: Vec<u32>,
    /// Positions of edges.
    edges: Vec<u32>,
}

impl<'a> Incoming<'a> {
    /// Turns the references of a snapshot around.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut first = vec![0_u32; snapshot.n_nodes() + 1];
        for node in snapshot.nodes() {
            for edge in snapshot.edges(node) {
                first[edge.to.index() + 1] += 1;
            }
        }
        for node in 0..snapshot.n_nodes() {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut edges = vec![0_u32; snapshot.n_edges()];
        for node in snapshot.nodes() {
            for position in snapshot.edge_range(node) {
                let slot = &mut next[snapshot.edge(position).to.index()];
                edges[*slot as usize] = position as u32;
                *slot += 1;
            }
        }
        Self {
            snapshot,
            first,
            edges,
        }
    }

    /// How many references of every kind lead to a node.
    #[must_use]
    pub fn count(&self, node: NodeIx) -> usize {
        (self.first[node.index() + 1] - self.first[node.index()]) as usize
    }

    /// The references to a node, of every kind, the last in the file first, as DevTools numbers
    /// them.
    pub fn to(&self, node: NodeIx) -> impl Iterator<Item = PathStep> + '_ {
        let range = self.first[node.index()] as usize..self.first[node.index() + 1] as usize;
        self.edges[range].iter().rev().map(|&position| PathStep {
            from: self.owner(position as usize),
            edge: self.snapshot.edge(position as usize),
        })
    }

    /// The node that an edge belongs to.
    fn owner(&self, position: usize) -> NodeIx {
        let (mut low, mut high) = (0, self.snapshot.n_nodes());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.snapshot.edge_range(NodeIx::at(middle)).end <= position {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        NodeIx::at(low)
    }
}
