//! Immediate dominators over the essential edges, and retained sizes.
//!
//! Nodes that no essential edge leads to hang from the root. Groups that are still not reached
//! (cycles by themselves) get the root as dominator, one by one, and influence nothing.
//!
//! Algorithm: SEMI-NCA (Georgiadis, Tarjan and Werneck, "Finding Dominators in Practice", 2006),
//! without recursion. Cost: near linear; 28 bytes a node and 4 a edge while it runs.

use super::essential::Essential;
use crate::link::Link;
use crate::snapshot::{NodeIx, Snapshot};

/// A preorder number that is none.
const NONE: u32 = u32::MAX;

pub(super) struct Dominators {
    pub(super) immediate: Vec<NodeIx>,
    /// The reached nodes, each after its dominator.
    order: Vec<NodeIx>,
}

impl Dominators {
    /// Own sizes and all that is dominated, summed up.
    pub(super) fn retained(&self, root: NodeIx, shallow: &[u32]) -> Vec<u64> {
        let mut retained: Vec<u64> = shallow.iter().map(|&size| u64::from(size)).collect();
        let mut reached = vec![false; shallow.len()];
        for &node in &self.order {
            reached[node.index()] = true;
        }
        for &node in self.order.iter().skip(1).rev() {
            retained[self.immediate[node.index()].index()] += retained[node.index()];
        }
        for (size, _) in shallow
            .iter()
            .zip(&reached)
            .filter(|(_, reached)| !**reached)
        {
            retained[root.index()] += u64::from(*size);
        }
        retained
    }
}

pub(super) fn dominators(snapshot: &Snapshot, essential: &Essential) -> Dominators {
    let incoming = Incoming::of(snapshot, essential);
    let walk = Walk::of(snapshot, essential, &incoming);
    let immediate_by_number = semi_nca(&walk, &incoming);
    let mut immediate = vec![snapshot.root(); snapshot.n_nodes()];
    for (&node, &dominator) in walk.order.iter().zip(&immediate_by_number) {
        immediate[node.index()] = walk.order[dominator as usize];
    }
    Dominators {
        immediate,
        order: walk.order,
    }
}

/// Where the essential edges to each node come from.
struct Incoming {
    first: Vec<u32>,
    from: Vec<u32>,
}

impl Incoming {
    fn of(snapshot: &Snapshot, essential: &Essential) -> Self {
        let n_nodes = snapshot.n_nodes();
        let mut first = vec![0_u32; n_nodes + 1];
        for (edge, &link) in snapshot.edges.links.iter().enumerate() {
            first[Link::from_bits(link).to() + 1] += u32::from(essential.has(edge));
        }
        for node in 0..n_nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut from = vec![0_u32; first[n_nodes] as usize];
        for node in snapshot.nodes() {
            for edge in snapshot
                .edge_range(node)
                .filter(|&edge| essential.has(edge))
            {
                let slot = &mut next[snapshot.link(edge).to()];
                from[*slot as usize] = node.0;
                *slot += 1;
            }
        }
        Self { first, from }
    }

    fn of_node(&self, node: NodeIx) -> &[u32] {
        &self.from[self.first[node.index()] as usize..self.first[node.index() + 1] as usize]
    }
}

/// A depth-first walk from the root: the nodes in preorder, their numbers, their parents.
struct Walk {
    order: Vec<NodeIx>,
    number: Vec<u32>,
    /// Preorder numbers by preorder number; the root's is its own.
    parent: Vec<u32>,
}

impl Walk {
    fn of(snapshot: &Snapshot, essential: &Essential, incoming: &Incoming) -> Self {
        let root = snapshot.root();
        let mut walk = Self {
            order: Vec::with_capacity(snapshot.n_nodes()),
            number: vec![NONE; snapshot.n_nodes()],
            parent: Vec::with_capacity(snapshot.n_nodes()),
        };
        walk.visit(root, 0);
        walk.descend(snapshot, essential, root);
        for node in snapshot.nodes() {
            let is_orphan = incoming.of_node(node).is_empty();
            if is_orphan && walk.number[node.index()] == NONE {
                walk.visit(node, 0);
                walk.descend(snapshot, essential, node);
            }
        }
        walk
    }

    fn visit(&mut self, node: NodeIx, parent: u32) {
        self.number[node.index()] = self.order.len() as u32;
        self.order.push(node);
        self.parent.push(parent);
    }

    fn descend(&mut self, snapshot: &Snapshot, essential: &Essential, from: NodeIx) {
        let mut open = vec![(from, snapshot.edge_range(from))];
        while let Some((node, edges)) = open.last_mut() {
            let node = *node;
            let found = edges.find(|&edge| {
                let to = snapshot.link(edge).to();
                self.number[to] == NONE && essential.has(edge)
            });
            match found {
                Some(edge) => {
                    let to = snapshot.link(edge).target();
                    self.visit(to, self.number[node.index()]);
                    open.push((to, snapshot.edge_range(to)));
                }
                None => {
                    open.pop();
                }
            }
        }
    }
}

/// Immediate dominators by preorder number.
fn semi_nca(walk: &Walk, incoming: &Incoming) -> Vec<u32> {
    let n = walk.order.len() as u32;
    let mut forest = Forest {
        ancestor: walk.parent.clone(),
        label: (0..n).collect(),
    };
    let mut semi = walk.parent.clone();
    for number in (1..n).rev() {
        let node = walk.order[number as usize];
        let mut least = walk.parent[number as usize];
        for &from in incoming.of_node(node) {
            let from = walk.number[from as usize];
            if from != NONE {
                least = least.min(forest.eval(from, number + 1));
            }
        }
        semi[number as usize] = least;
        forest.label[number as usize] = least;
    }
    let mut immediate = walk.parent.clone();
    for number in 1..n as usize {
        let mut dominator = immediate[number];
        while dominator > semi[number] {
            dominator = immediate[dominator as usize];
        }
        immediate[number] = dominator;
    }
    immediate
}

/// The linked part of the walk's tree, with compressed ways up.
struct Forest {
    ancestor: Vec<u32>,
    /// The least semidominator on the way up.
    label: Vec<u32>,
}

impl Forest {
    /// The least semidominator from `node` up to the last linked node; nodes from `linked` on are
    /// linked.
    fn eval(&mut self, node: u32, linked: u32) -> u32 {
        let mut way = Vec::new();
        let mut at = node;
        while self.ancestor[at as usize] >= linked {
            way.push(at);
            at = self.ancestor[at as usize];
        }
        for &node in way.iter().rev() {
            let above = self.ancestor[node as usize];
            self.label[node as usize] = self.label[node as usize].min(self.label[above as usize]);
            self.ancestor[node as usize] = self.ancestor[above as usize];
        }
        self.label[node as usize]
    }
}
