//! What a snapshot's memory is used for: DevTools' Statistics view.
//!
//! Source: DevTools' `calculateStatistics`.

use crate::bits::Bits;
use crate::link::Link;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};

/// Sums by kind, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Everything that the root retains, and memory outside that no node accounts for.
    pub total: u64,
    /// Memory outside V8's heap.
    pub native_total: u64,
    /// Of it, the contents of array buffers.
    pub typed_arrays: u64,
    /// V8's own heap.
    pub v8heap_total: u64,
    /// Compiled code.
    pub code: u64,
    /// Arrays, with their elements where those are theirs alone.
    pub js_arrays: u64,
    /// Strings of every kind.
    pub strings: u64,
    /// The engine's own objects.
    pub system: u64,
}

/// All but what depends on the total.
pub(super) fn statistics(snapshot: &Snapshot, shallow: &[u32]) -> Statistics {
    let mut sums = Statistics {
        native_total: snapshot.extra_native_bytes,
        ..Statistics::default()
    };
    let buffers = snapshot.strings.all_equal("system / JSArrayBufferData");
    let arrays = snapshot.strings.all_equal("Array");
    let mut stores = Vec::new();
    for node in snapshot.nodes() {
        let size = u64::from(shallow[node.index()]);
        let name = snapshot.nodes.name[node.index()];
        match snapshot.node_type(node) {
            NodeType::Hidden => sums.system += size,
            NodeType::Native => {
                sums.native_total += size;
                // One that is shown as detached goes by another name.
                if buffers.contains(&name) && !snapshot.is_renamed(node) {
                    sums.typed_arrays += size;
                }
            }
            NodeType::Code => sums.code += size,
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => {
                sums.strings += size;
            }
            _ if arrays.contains(&name) => {
                sums.js_arrays += size;
                stores.extend(snapshot.target(node, EdgeKind::Internal, "elements"));
            }
            _ => {}
        }
    }
    let shared = shared(snapshot, &stores);
    let own = stores.iter().filter(|store| !shared.has(store.index()));
    sums.js_arrays += own
        .map(|store| u64::from(shallow[store.index()]))
        .sum::<u64>();
    sums
}

impl Statistics {
    /// With what the root retains.
    pub(super) fn with_retained(self, retained: u64, extra_native_bytes: u64) -> Self {
        let total = retained + extra_native_bytes;
        Self {
            total,
            v8heap_total: total.saturating_sub(self.native_total),
            ..self
        }
    }
}

/// Of some nodes those that more than one edge of any kind leads to.
fn shared(snapshot: &Snapshot, nodes: &[NodeIx]) -> Bits {
    let mut watched = Bits::new(snapshot.n_nodes());
    for node in nodes {
        watched.insert(node.index());
    }
    let mut once = Bits::new(snapshot.n_nodes());
    let mut shared = Bits::new(snapshot.n_nodes());
    if nodes.is_empty() {
        return shared;
    }
    for &bits in &snapshot.edges.links {
        let to = Link::from_bits(bits).to();
        if watched.has(to) && !once.insert(to) {
            shared.insert(to);
        }
    }
    shared
}
