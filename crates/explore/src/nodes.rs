//! Every node of a snapshot, one row each, in file order: for comparing engines and for scripts.

use heap::NodeIx;

use crate::object::Heap;

/// One node with what DevTools computes for it. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow<'a> {
    /// V8's id.
    pub id: u64,
    /// The class's name.
    pub class: &'a str,
    /// Steps from a root, by DevTools' counting.
    pub distance: i64,
    /// The node's own size, after owners were given what is theirs.
    pub self_size: u64,
    /// What would be freed with it.
    pub retained_size: u64,
    /// The id of its immediate dominator.
    pub dominator: u64,
}

/// The rows of all nodes.
pub fn nodes(heap: Heap<'_>) -> impl Iterator<Item = NodeRow<'_>> {
    let Heap { snapshot, analysis } = heap;
    let row = move |node: NodeIx| NodeRow {
        id: snapshot.node_id(node).0,
        class: heap.class(node),
        distance: analysis.distance(node),
        self_size: analysis.shallow_size(node),
        retained_size: analysis.retained_size(node),
        dominator: snapshot.node_id(analysis.dominator(node)).0,
    };
    snapshot.nodes().map(row)
}
