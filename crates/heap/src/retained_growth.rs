//! Which objects, alive in two snapshots, keep more bytes alive in the second, and through which
//! of their references.
//!
//! Sees what growing holders cannot: lists and chains, where no object gains many referents; texts
//! that get longer; an array that is replaced by a longer one; a thousand small containers below
//! one large. Must not know how much growth is too much.
//!
//! Cost: one pass over the nodes of the newer snapshot, whose dominators are known.

use std::collections::HashMap;

use crate::holders::{Cohort, is_backing_store, is_strong, is_visible};
use crate::{Analysis, NodeId, NodeIx, PathStep, Snapshot};

/// Objects told of; more than this never matter to a person.
const TOLD: usize = 64;

/// Growth of fewer bytes is not told.
const LEAST_BYTES: i64 = 1024;

/// An object that passes so much of its growth on to one other old object only shows the other's.
const PASSED_ON: f64 = 0.9;

/// One object that is alive in both snapshots and keeps more alive in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedGrowth {
    /// V8's id of the object.
    pub id: NodeId,
    /// Its retained size in the newer snapshot less that in the base, in bytes.
    pub bytes: i64,
}

/// The last objects on the way down the dominators that were there before and still account for
/// the growth below them, most bytes first.
pub(crate) fn retained_growth(
    base: (&Snapshot, &Analysis),
    newer: (&Snapshot, &Analysis),
    cohort: &Cohort,
) -> Vec<RetainedGrowth> {
    let is_old = |node: NodeIx| !cohort.has(node) && is_visible(newer.0, node);
    let mut grown: Vec<(NodeIx, i64)> = newer
        .0
        .nodes()
        .filter(|&node| is_old(node) && node != newer.0.root())
        .map(|node| (node, retained_change(base, newer, newer.0.node_id(node))))
        .filter(|&(_, bytes)| bytes >= LEAST_BYTES)
        .collect();
    let mut passed_on: HashMap<NodeIx, i64> = HashMap::new();
    for &(node, bytes) in &grown {
        if let Some(dominator) = keepers(newer, node).find(|&n| is_old(n)) {
            let most = passed_on.entry(dominator).or_default();
            *most = bytes.max(*most);
        }
    }
    grown.retain(|(node, bytes)| {
        let passed = passed_on.get(node).copied().unwrap_or(0);
        (passed as f64) < PASSED_ON * *bytes as f64
    });
    grown.sort_by_key(|&(node, bytes)| (std::cmp::Reverse(bytes), node));
    grown.truncate(TOLD);
    let told = |(node, bytes)| RetainedGrowth {
        id: newer.0.node_id(node),
        bytes,
    };
    grown.into_iter().map(told).collect()
}

/// The objects that alone keep an object alive, the nearest first.
pub fn keepers<'a>(
    (snapshot, analysis): (&'a Snapshot, &'a Analysis),
    node: NodeIx,
) -> impl Iterator<Item = NodeIx> + 'a {
    let above = move |&n: &NodeIx| (n != snapshot.root()).then(|| analysis.dominator(n));
    std::iter::successors(above(&node), above)
}

/// By how many bytes more than in the base an object keeps alive: less, if it was collected; 0 if it
/// was not there.
pub(crate) fn retained_change(
    base: (&Snapshot, &Analysis),
    newer: (&Snapshot, &Analysis),
    id: NodeId,
) -> i64 {
    let size = |(snapshot, analysis): (&Snapshot, &Analysis)| {
        let bytes = analysis.retained_size(snapshot.node_by_id(id)?);
        Some(i64::try_from(bytes).unwrap_or(i64::MAX))
    };
    size(base).map_or(0, |then| size(newer).unwrap_or(0) - then)
}

/// The reference of `holder` behind which most of what is new below it lies, if that is at least
/// half of `bytes`.
#[must_use]
pub fn growing_reference(
    base: &Snapshot,
    newer: (&Snapshot, &Analysis),
    holder: NodeIx,
    bytes: u64,
) -> Option<PathStep> {
    let (snapshot, analysis) = newer;
    let cohort = Cohort::of(base, snapshot);
    let mut folded = vec![holder];
    let mut seen = std::collections::HashSet::from([holder]);
    let mut most: Option<(u64, PathStep)> = None;
    while let Some(from) = folded.pop() {
        for edge in snapshot.edges(from).filter(|&e| is_strong(snapshot, e)) {
            if !seen.insert(edge.to) {
                continue;
            }
            if is_visible(snapshot, edge.to) && cohort.has(edge.to) {
                let retained = analysis.retained_size(edge.to);
                if most.is_none_or(|(bytes, _)| retained > bytes) {
                    most = Some((retained, PathStep { from, edge }));
                }
            } else if is_backing_store(snapshot, edge.to) {
                folded.push(edge.to);
            }
        }
    }
    let (retained, step) = most?;
    (retained >= bytes / 2).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, newer: &str, expected: &[(&str, i64)]) {
        let parse = |text: &str| crate::parse(&*testkit::heap(text), None).unwrap();
        let (base, newer) = (parse(base), parse(newer));
        let (of_base, of_newer) = (Analysis::of(&base), Analysis::of(&newer));
        let cohort = Cohort::of(&base, &newer);
        let grown = retained_growth((&base, &of_base), (&newer, &of_newer), &cohort);
        let names: Vec<_> = grown
            .iter()
            .map(|g| (newer.name(newer.node_by_id(g.id).unwrap()), g.bytes))
            .collect();
        let names: Vec<_> = names.iter().map(|(n, b)| (n.as_ref(), *b)).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_list_that_gets_longer_is_its_owners() {
        check(
            "root -> app@11:App 100 property app
             app -> a@13:Visit 2000 property last",
            "root -> app@11:App 100 property app
             app -> a@13:Visit 2000 property oldest
             app -> b@15:Visit 2000 property last
             b -> c@17:Visit 2000   property before",
            &[("App", 4000)],
        );
    }

    #[test]
    fn what_one_object_below_accounts_for_is_that_ones() {
        check(
            "root -> app@11:App 100 property app
             app -> log@21:Log 100  property log
             log -> a@31:string/x 50 property text",
            "root -> app@11:App 100 property app
             app -> log@21:Log 100  property log
             log -> b@33:string/y 9000 property text",
            &[("Log", 8950)],
        );
    }
}
