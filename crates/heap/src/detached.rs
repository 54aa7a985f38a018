//! Detached DOM nodes: spread from the nodes that V8 marks, and shown in their names.
//!
//! Source: DevTools' `initDetachednessAndClassIndex` and `propagateDOMState`. Only native nodes
//! have a state; attached spreads before detached, over edges that are neither hidden nor weak.

use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

const ATTACHED: u8 = 1;
const DETACHED: u8 = 2;

/// Spreads the state; nodes that are detached are shown as such from then on.
pub(crate) fn propagate(snapshot: &mut Snapshot) {
    if !snapshot.nodes.has_detachedness {
        without_field(snapshot);
        return;
    }
    snapshot.renames_detached = true;
    let marked: Vec<NodeIx> = snapshot
        .nodes()
        .filter(|n| snapshot.nodes.detachedness[n.index()] & 3 != 0)
        .collect();
    if marked.is_empty() {
        snapshot.nodes.detachedness = Vec::new();
        return;
    }
    let mut spread = Spread {
        seen: vec![false; snapshot.n_nodes()],
        todo: [Vec::new(), Vec::new()],
    };
    for node in marked {
        let state = snapshot.nodes.detachedness[node.index()] & 3;
        spread.process(snapshot, node, state);
    }
    for state in [ATTACHED, DETACHED] {
        while let Some(node) = spread.todo[usize::from(state - 1)].pop() {
            if state == DETACHED && snapshot.nodes.detachedness[node.index()] == ATTACHED {
                continue;
            }
            let targets: Vec<NodeIx> = snapshot
                .edges(node)
                .filter(|edge| {
                    let is_barred = matches!(
                        edge.kind,
                        EdgeKind::Hidden | EdgeKind::Invisible | EdgeKind::Weak
                    );
                    !is_barred
                })
                .map(|edge| edge.to)
                .collect();
            for target in targets {
                spread.process(snapshot, target, state);
            }
        }
    }
}

/// Before V8 marked them, the name alone tells.
fn without_field(snapshot: &mut Snapshot) {
    let is_detached = |n: NodeIx| {
        snapshot.node_type(n) == NodeType::Native && snapshot.name(n).starts_with("Detached ")
    };
    let states: Vec<u8> = snapshot
        .nodes()
        .map(|n| if is_detached(n) { DETACHED } else { 0 })
        .collect();
    if states.iter().any(|&state| state != 0) {
        snapshot.nodes.detachedness = states;
    }
}

struct Spread {
    seen: Vec<bool>,
    /// Attached and detached nodes whose neighbors wait.
    todo: [Vec<NodeIx>; 2],
}

impl Spread {
    fn process(&mut self, snapshot: &mut Snapshot, node: NodeIx, state: u8) {
        if std::mem::replace(&mut self.seen[node.index()], true)
            || snapshot.node_type(node) != NodeType::Native
        {
            return;
        }
        snapshot.nodes.detachedness[node.index()] = state;
        match state {
            ATTACHED => self.todo[0].push(node),
            DETACHED => self.todo[1].push(node),
            _ => {}
        }
    }
}
