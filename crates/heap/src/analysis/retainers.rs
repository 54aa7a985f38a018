//! What refers to an object: DevTools' Retainers view.
//!
//! Source: DevTools' `createRetainingEdgesProvider`. Cost: one pass over all edges.

use super::{Analysis, NO_DISTANCE, is_weak};
use crate::retaining::PathStep;
use crate::snapshot::{NodeIx, Snapshot};
use crate::strings::utf16_order;

/// What nothing leads to comes last.
const UNREACHED: i64 = 200_000_000;

impl Analysis {
    /// The references to a node that keep it alive, those nearest to a root first.
    #[must_use]
    pub fn retainers(&self, snapshot: &Snapshot, node: NodeIx) -> Vec<PathStep> {
        let mut found = Vec::new();
        for from in snapshot.nodes().filter(|&from| from != snapshot.root()) {
            for edge in snapshot.edges(from) {
                if edge.to == node && !is_weak(edge.kind) {
                    found.push(PathStep { from, edge });
                }
            }
        }
        // Among equals the last in the file comes first.
        found.reverse();
        found.sort_by(|a, b| {
            let far = |step: &PathStep| match self.distance(step.from) {
                NO_DISTANCE => UNREACHED,
                distance => distance,
            };
            far(a).cmp(&far(b)).then_with(|| {
                utf16_order(&snapshot.shown_name(a.from), &snapshot.shown_name(b.from))
            })
        });
        found
    }
}
