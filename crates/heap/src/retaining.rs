//! Retaining paths as a person would tell them: why an object is still alive.
//!
//! Owns the choice of one path from the roots to an object. DevTools' shortest path often runs
//! through the engine's own tables; here every edge has a cost, low for what a program wrote
//! (properties, elements, closure variables), high for hidden nodes, code and system roots, and
//! the cheapest path wins. Weak edges never count. Of an entry of a `WeakMap`, which lives while map
//! and key do, the way through the key counts, and it costs much. Must not know any wording.
//!
//! Cost: one pass over the edges with a bucket queue (Dial, 1969): linear in nodes and edges times
//! the highest cost of an edge.

use crate::analysis::table_of;
use crate::holders::is_strong;
use crate::{Edge, EdgeKind, EdgeName, NodeId, NodeIx, NodeType, Snapshot};

/// The costs of edges are below this.
const BUCKETS: usize = 64;

const PLAIN: usize = 1;
const INTERNAL: usize = 3;
/// Prototypes and constructors lead everywhere and explain nothing.
const PROTOTYPE: usize = 12;
const HIDDEN: usize = 16;
/// From a key to its value: only where nothing that a program wrote keeps the value.
const WEAK_MAP_ENTRY: usize = 20;
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
            let step = PathStep { from: node, edge };
            let step_cost = match is_strong(snapshot, edge) {
                true => edge_cost(snapshot, step),
                false if weak_map_table(snapshot, step).is_some() => WEAK_MAP_ENTRY,
                false => continue,
            };
            self.reach(edge.to, cost + step_cost as u64, Some(step));
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

/// The table of the `WeakMap` in which a step leads from a key to its value.
#[must_use]
pub fn weak_map_table(snapshot: &Snapshot, step: PathStep) -> Option<NodeId> {
    if step.edge.kind != EdgeKind::Internal {
        return None;
    }
    let EdgeName::Name(name) = snapshot.edge_name(step.edge) else {
        return None;
    };
    let table = table_of(&name).map(NodeId)?;
    (snapshot.node_id(step.from) != table).then_some(table)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_weak_map_is_reached_through_its_key_unless_something_else_keeps_it() {
        let pair = "part of key (Key @11) -> value (Value @13) pair in WeakMap (table @17)";
        let weak = format!(
            "root -> key@11:Key 100 property key
             root -> map@15:WeakMap 100 property map
             map -> table@17:array/ 100 internal table
             key -> value@13:Value 100 internal \"1 / {pair}\"
             table -> value internal \"2 / {pair}\"
             table ~> key weak 1"
        );
        let above_value = |text: &str| {
            let snapshot = crate::parse(&*testkit::heap(text), None).unwrap();
            let paths = RetainingPaths::of(&snapshot);
            let value = snapshot.node_by_id(NodeId(13)).unwrap();
            let last = paths.to(value).unwrap().pop().unwrap();
            let above = snapshot.name(last.from).into_owned();
            (above, weak_map_table(&snapshot, last))
        };
        assert_eq!(above_value(&weak), ("Key".into(), Some(NodeId(17))));
        let also = format!("{weak}\nroot -> list:Array 8 property list\nlist -> value element");
        assert_eq!(above_value(&also), ("Array".into(), None));
    }
}
