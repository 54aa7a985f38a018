//! Retaining paths as a person would tell them: why an object is still alive.
//!
//! Owns the choice of one path from the roots to an object. DevTools' shortest path often runs
//! through the engine's own tables; here every edge has a cost, low for what a program wrote
//! (properties, elements, closure variables), high for hidden nodes, code and system roots, and
//! the cheapest path wins. Weak edges and a weak collection's pairs never count. Must not know any
//! wording.
//!
//! Cost: one pass over the edges with a bucket queue (Dial, 1969): linear in nodes and edges times
//! the highest cost of an edge.

use crate::holders::is_strong;
use crate::{Edge, EdgeKind, EdgeName, NodeIx, NodeType, Snapshot};

/// The costs of edges are below this.
const BUCKETS: usize = 64;

const PLAIN: usize = 1;
const INTERNAL: usize = 3;
/// Prototypes and constructors lead everywhere and explain nothing.
const PROTOTYPE: usize = 12;
const HIDDEN: usize = 16;
const SYSTEM_ROOT: usize = 30;

/// One step of a retaining path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathStep {
    /// The object that refers.
    pub from: NodeIx,
    /// The reference; it leads to the next object.
    pub edge: Edge,
}

/// The cheapest way from the roots to every object of a snapshot.
#[derive(Debug)]
pub struct RetainingPaths<'a> {
    snapshot: &'a Snapshot,
    /// The last step of the way to each node.
    last_step: Vec<Option<PathStep>>,
}

impl<'a> RetainingPaths<'a> {
    /// Finds the cheapest ways to all objects.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut search = Search {
            snapshot,
            cost: vec![u64::MAX; snapshot.n_nodes()],
            last_step: vec![None; snapshot.n_nodes()],
            buckets: (0..BUCKETS).map(|_| Vec::new()).collect(),
            queued: 0,
        };
        search.run();
        Self {
            snapshot,
            last_step: search.last_step,
        }
    }

    /// The last step of the way to an object; `None` for the root, and if only weak references
    /// lead to it.
    #[must_use]
    pub fn last_step(&self, node: NodeIx) -> Option<PathStep> {
        self.last_step[node.index()]
    }

    /// The steps from the root to an object; `None` if only weak references lead to it.
    #[must_use]
    pub fn to(&self, node: NodeIx) -> Option<Vec<PathStep>> {
        let root = self.snapshot.root();
        let mut steps = Vec::new();
        let mut at = node;
        while at != root {
            let step = self.last_step[at.index()]?;
            steps.push(step);
            at = step.from;
        }
        steps.reverse();
        Some(steps)
    }
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    cost: Vec<u64>,
    last_step: Vec<Option<PathStep>>,
    /// Nodes to visit, by cost modulo the number of buckets.
    buckets: Vec<Vec<(NodeIx, u64)>>,
    queued: usize,
}

impl Search<'_> {
    fn run(&mut self) {
        self.reach(self.snapshot.root(), 0, None);
        let mut cost = 0;
        while self.queued > 0 {
            let bucket = std::mem::take(&mut self.buckets[(cost % BUCKETS as u64) as usize]);
            self.queued -= bucket.len();
            for (node, reached_at) in bucket {
                if self.cost[node.index()] == reached_at {
                    self.visit(node, reached_at);
                }
            }
            // An edge of cost 0 would refill the bucket just emptied: there is none.
            cost += 1;
        }
    }

    fn visit(&mut self, node: NodeIx, cost: u64) {
        let snapshot = self.snapshot;
        for edge in snapshot.edges(node) {
            if is_strong(snapshot, edge) {
                let step = PathStep { from: node, edge };
                self.reach(edge.to, cost + edge_cost(snapshot, step) as u64, Some(step));
            }
        }
    }

    fn reach(&mut self, node: NodeIx, cost: u64, step: Option<PathStep>) {
        if cost < self.cost[node.index()] {
            self.cost[node.index()] = cost;
            self.last_step[node.index()] = step;
            self.buckets[(cost % BUCKETS as u64) as usize].push((node, cost));
            self.queued += 1;
        }
    }
}

fn edge_cost(snapshot: &Snapshot, step: PathStep) -> usize {
    let of_edge = match step.edge.kind {
        EdgeKind::Property => match snapshot.edge_name(step.edge) {
            EdgeName::Name(name) if name == "__proto__" || name == "constructor" => PROTOTYPE,
            _ => PLAIN,
        },
        EdgeKind::Element | EdgeKind::Context | EdgeKind::Shortcut => PLAIN,
        EdgeKind::Internal => match snapshot.edge_name(step.edge) {
            EdgeName::Name(name) => internal_cost(&name),
            EdgeName::Index(_) => INTERNAL,
        },
        _ => HIDDEN,
    };
    let of_target = match snapshot.node_type(step.edge.to) {
        NodeType::Synthetic => SYSTEM_ROOT,
        NodeType::Hidden | NodeType::Code | NodeType::ObjectShape => HIDDEN,
        _ => 0,
    };
    of_edge + of_target
}

/// Internal edges that stand for something a program wrote cost little.
fn internal_cost(name: &str) -> usize {
    match name {
        "elements"
        | "properties"
        | "table"
        | "context"
        | "previous"
        | "first"
        | "second"
        | "parent"
        | "bound_function"
        | "bound_this"
        | "reactions_or_result"
        | "async_function" => PLAIN,
        "map" | "prototype" | "initial_map" | "feedback_cell" | "shared" | "code" => HIDDEN,
        _ => INTERNAL,
    }
}
