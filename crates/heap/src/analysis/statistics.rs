//! What a snapshot's memory is used for: DevTools' Statistics view.
//!
//! Source: DevTools' `calculateStatistics`.

use crate::link::Link;
use crate::snapshot::{EdgeKind, NodeType, Snapshot};

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

pub(super) fn statistics(snapshot: &Snapshot, shallow: &[u32], retained: u64) -> Statistics {
    let extra = snapshot.extra_native_bytes;
    let total = retained + extra;
    let mut sums = Statistics {
        total,
        native_total: extra,
        ..Statistics::default()
    };
    let buffers = snapshot.strings.all_equal("system / JSArrayBufferData");
    let arrays = snapshot.strings.all_equal("Array");
    let mut n_incoming = vec![
        0_u32;
        if arrays.is_empty() {
            0
        } else {
            snapshot.n_nodes()
        }
    ];
    for &link in snapshot.edges.links.iter().filter(|_| !arrays.is_empty()) {
        n_incoming[Link::from_bits(link).to()] += 1;
    }
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
                let elements = snapshot.target(node, EdgeKind::Internal, "elements");
                if let Some(store) = elements.filter(|n| n_incoming[n.index()] == 1) {
                    sums.js_arrays += u64::from(shallow[store.index()]);
                }
            }
            _ => {}
        }
    }
    sums.v8heap_total = sums.total.saturating_sub(sums.native_total);
    sums
}
