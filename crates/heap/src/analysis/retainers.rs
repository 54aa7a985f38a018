//! What refers to an object: DevTools' Retainers view.
//!
//! Source: DevTools' `createRetainingEdgesProvider`. Cost: one pass over all edges.

use super::{Analysis, NO_DISTANCE, is_weak};
use crate::retaining::PathStep;
use crate::snapshot::{EdgeKind, NodeIx, Snapshot};

/// What nothing leads to comes last.
const UNREACHED: i64 = 200_000_000;

impl Analysis {
    /// The references to a node that keep it alive, those nearest to a root first.
    #[must_use]
    pub fn retainers(&self, snapshot: &Snapshot, node: NodeIx) -> Vec<PathStep> {
        let mut found = Vec::new();
        for from in snapshot.nodes().filter(|&from| from != snapshot.root()) {
            for edge in snapshot.edges(from) {
                let is_shown = !is_weak(edge.kind) && edge.kind != EdgeKind::Invisible;
                if edge.to == node && is_shown {
                    found.push(PathStep { from, edge });
                }
            }
        }
        // Among equals the last in the file comes first.
        found.reverse();
        found.sort_by_cached_key(|step| {
            let far = match self.distance(step.from) {
                NO_DISTANCE => UNREACHED,
                distance => distance,
            };
            (far, snapshot.shown_units(step.from).into_owned())
        });
        found
    }
}
