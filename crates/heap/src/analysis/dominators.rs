//! Immediate dominators over the essential edges.
//!
//! Nodes that no essential edge leads to hang from the root. Groups that are still not reached
//! (cycles by themselves) get the root as dominator, one by one, and influence nothing.
//!
//! Algorithm: SEMI-NCA (Georgiadis, Tarjan and Werneck, "Finding Dominators in Practice", 2006),
//! without recursion, on preorder numbers. A depth-first walk sees each essential edge once. One
//! whose target has no number yet leads down the walk's tree: of all such edges to a node only
//! the first matters, so one number is kept instead of the edges. The others lead back or across;
//! they are kept, sorted by target. Cost: near linear; while it runs, 20 bytes a node and 3 to 4 for
//! each edge that leads back or across.

use super::crossing::{Crossing, Sources};
use super::essential::Essential;
use crate::bits::Bits;
use crate::prefetch::prefetch;
use crate::snapshot::{NodeIx, Snapshot};

/// The dominator tree over preorder numbers.
pub(super) struct Tree {
    /// The reached nodes, each after its dominator.
    pub(super) order: Vec<u32>,
    /// By preorder number; the root's is its own.
    pub(super) immediate: Vec<u32>,
    pub(super) spare: Spare,
}

/// Columns by preorder number that have done their duty, of any content: memory that is had already
/// costs less than memory that the kernel must clear first.
pub(super) struct Spare {
    pub(super) narrow: Vec<u32>,
    pub(super) wide: Vec<u64>,
}

/// The nodes' immediate dominators, as preorder numbers of the nodes that can be reached.
pub(super) fn dominators(snapshot: &Snapshot, essential: &Essential<'_>) -> Tree {
    let Walk {
        order,
        mut parent,
        lowest,
        crossing,
    } = Walk::of(snapshot, essential);
    let (semi, forest) = semidominators(&parent, lowest, crossing);
    for number in 1..parent.len() {
        let mut dominator = parent[number];
        while dominator > semi[number] {
            dominator = parent[dominator as usize];
        }
        // What is before is an immediate dominator already.
        parent[number] = dominator;
    }
    Tree {
        order,
        immediate: parent,
        spare: Spare {
            narrow: semi,
            wide: forest.trees,
        },
    }
}

/// A depth-first walk from the root, on preorder numbers.
struct Walk {
    /// The nodes by number.
    order: Vec<u32>,
    /// The root's is its own.
    parent: Vec<u32>,
    /// The lowest number from which an edge leads down to each.
    lowest: Vec<u32>,
    /// Edges to nodes that had their number before.
    crossing: Crossing,
}

struct Walker<'a> {
    snapshot: &'a Snapshot,
    essential: &'a Essential<'a>,
    walk: Walk,
    visited: Bits,
    seen: Bits,
    /// Of a visited node its number, of a node that was only seen the lowest that leads there.
    number: Vec<u32>,
    /// Nodes that were seen, with the numbers from which.
    open: Vec<(u32, u32)>,
}

impl Walk {
    fn of(snapshot: &Snapshot, essential: &Essential<'_>) -> Self {
        let n_nodes = snapshot.n_nodes();
        let mut walker = Walker {
            snapshot,
            essential,
            walk: Self {
                order: Vec::with_capacity(n_nodes),
                parent: Vec::with_capacity(n_nodes),
                lowest: Vec::with_capacity(n_nodes),
                crossing: Crossing::default(),
            },
            visited: Bits::new(n_nodes),
            seen: Bits::new(n_nodes),
            number: vec![0; n_nodes],
            open: Vec::new(),
        };
        walker.descend(snapshot.root());
        for orphan in walker.orphans() {
            walker.descend(NodeIx::at(orphan));
        }
        walker.walk
    }
}

impl Walker<'_> {
    fn descend(&mut self, from: NodeIx) {
        let root = 0;
        self.open.push((from.0, root));
        while let Some((node, parent)) = self.open.pop() {
            self.prefetch();
            if self.visited.insert(node as usize) {
                self.visit(node as usize, parent);
            }
        }
    }

    #[inline]
    fn prefetch(&self) {
        let first_edge = &self.snapshot.nodes.first_edge;
        if let Some(&(node, _)) = self
            .open
            .len()
            .checked_sub(2)
            .and_then(|at| self.open.get(at))
        {
            prefetch(
                &self.snapshot.edges.links,
                first_edge[node as usize] as usize,
            );
        }
    }

    #[inline]
    fn visit(&mut self, node: usize, parent: u32) {
        let before = self.open.len();
        let walk = &mut self.walk;
        let number = walk.order.len() as u32;
        walk.order.push(node as u32);
        walk.parent.push(parent);
        walk.lowest
            .push(std::mem::replace(&mut self.number[node], number));
        self.essential.each_target(NodeIx(node as u32), |to| {
            if self.visited.has(to) {
                walk.crossing.add(number, self.number[to]);
                return;
            }
            if self.seen.insert(to) {
                self.number[to] = number;
            }
            prefetch(&self.snapshot.nodes.first_edge, to);
            prefetch(&self.number, to);
            self.open.push((to as u32, number));
        });
        // What was asked for first comes first.
        self.open[before..].reverse();
    }

    /// The nodes that no essential edge leads to, the root aside: nobody else reaches them either.
    fn orphans(&self) -> Vec<usize> {
        let n_nodes = self.snapshot.n_nodes();
        if self.walk.order.len() == n_nodes {
            return Vec::new();
        }
        let mut targets = Bits::new(n_nodes);
        for node in self.visited.missing(n_nodes) {
            self.essential.each_target(NodeIx::at(node), |to| {
                targets.insert(to);
            });
        }
        let unreached = self.visited.missing(n_nodes);
        unreached.filter(|&node| !targets.has(node)).collect()
    }
}

/// Semidominators by preorder number, and the forest of which all is linked.
fn semidominators(parent: &[u32], lowest: Vec<u32>, mut crossing: Crossing) -> (Vec<u32>, Forest) {
    const AHEAD: usize = 24;
    let mut semi = lowest;
    let mut forest = Forest::of(parent, &semi);
    let mut sources = Sources::default();
    for block in (0..crossing.n_blocks()).rev() {
        crossing.take(block, &mut sources);
        let targets = Crossing::targets(block);
        for target in (targets.start..targets.end.min(parent.len())).rev() {
            let of_target = sources.of(target);
            if of_target.is_empty() {
                continue;
            }
            let mut least = semi[target];
            for at in of_target.rev() {
                if at >= AHEAD {
                    prefetch(&forest.trees, sources.all()[at - AHEAD] as usize);
                }
                least = least.min(forest.least(sources.all()[at], target as u32 + 1));
            }
            semi[target] = least;
            forest.trees[target] = Linked::with_label(forest.trees[target], least);
        }
    }
    (semi, forest)
}

/// The linked part of the walk's tree, with compressed ways up.
struct Forest {
    /// The words of [`Linked`]s.
    trees: Vec<u64>,
    way: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Linked {
    /// The parent, or a node above it.
    ancestor: u32,
    /// The least semidominator from here up to below the ancestor.
    label: u32,
}

impl Linked {
    #[inline]
    fn word(self) -> u64 {
        u64::from(self.label) << 32 | u64::from(self.ancestor)
    }

    #[inline]
    fn of(word: u64) -> Self {
        Self {
            ancestor: word as u32,
            label: (word >> 32) as u32,
        }
    }

    #[inline]
    fn with_label(word: u64, label: u32) -> u64 {
        Self {
            label,
            ..Self::of(word)
        }
        .word()
    }
}

impl Forest {
    fn of(parent: &[u32], semi: &[u32]) -> Self {
        let links = parent.iter().zip(semi);
        let trees = links.map(|(&ancestor, &label)| Linked { ancestor, label }.word());
        Self {
            trees: trees.collect(),
            way: Vec::new(),
        }
    }

    #[inline]
    fn at(&self, node: u32) -> Linked {
        Linked::of(self.trees[node as usize])
    }

    /// The least semidominator from `node` up to the last linked node; nodes from `linked` on are
    /// linked.
    #[inline]
    fn least(&mut self, node: u32, linked: u32) -> u32 {
        let own = self.at(node);
        if own.ancestor < linked {
            return own.label;
        }
        let above = self.at(own.ancestor);
        if above.ancestor < linked {
            return own.label.min(above.label);
        }
        self.compress(node, linked)
    }

    fn compress(&mut self, node: u32, linked: u32) -> u32 {
        let mut at = node;
        while self.at(at).ancestor >= linked {
            self.way.push(at);
            at = self.at(at).ancestor;
        }
        let mut above = self.at(at);
        while let Some(node) = self.way.pop() {
            let own = self.at(node);
            let compressed = Linked {
                ancestor: above.ancestor,
                label: own.label.min(above.label),
            };
            self.trees[node as usize] = compressed.word();
            above = compressed;
        }
        above.label
    }
}
