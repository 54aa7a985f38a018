//! By what an object holds those that were born after it: what has to be cut, and what must go then.
//!
//! Cost: one pass over the ids of both snapshots and one walk over what the object reaches.

use crate::holders::{Cohort, Walk, is_strong};
use crate::{EdgeKind, EdgeName, NodeId, NodeIx, Snapshot, is_visible};

/// A property or element by which an object holds another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The property's name or the element's index; `None` for what a program cannot reach.
    pub name: Option<String>,
    /// What it holds.
    pub to: NodeIx,
}

/// The ties from each object to visible objects that were born since the base, in the order of
/// the snapshot.
#[must_use]
pub fn ties(base: &Snapshot, newer: &Snapshot, from: &[NodeIx]) -> Vec<Vec<Tie>> {
    let cohort = Cohort::of(base, newer);
    from.iter()
        .map(|&node| ties_of(newer, &cohort, node))
        .collect()
}

fn ties_of(newer: &Snapshot, cohort: &Cohort, from: NodeIx) -> Vec<Tie> {
    let strong = newer.edges(from).filter(|&edge| is_strong(newer, edge));
    let to_new = strong.filter(|edge| cohort.has(edge.to) && is_visible(newer, edge.to));
    to_new
        .map(|edge| Tie {
            name: match (edge.kind, newer.edge_name(edge)) {
                (EdgeKind::Property | EdgeKind::Element, EdgeName::Name(name)) => {
                    Some(name.into_owned())
                }
                (EdgeKind::Element, EdgeName::Index(index)) => Some(index.to_string()),
                _ => None,
            },
            to: edge.to,
        })
        .collect()
}

/// The visible objects born since the base that an object leads to through such objects: what
/// goes with it if nothing else holds them.
#[must_use]
pub fn followers(base: &Snapshot, newer: &Snapshot, holder: NodeIx) -> Vec<NodeId> {
    let cohort = Cohort::of(base, newer);
    let mut walk = Walk::new(newer, &cohort);
    let from = walk.referents(holder);
    let mut found = Vec::new();
    walk.visit_cohort(from.into_iter().filter(|&n| cohort.has(n)), |node, _| {
        if is_visible(newer, node) {
            found.push(newer.node_id(node));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_the_properties_that_lead_to_what_is_new() {
        let parsed = |text: &str| {
            let bytes = testkit::heap(text);
            crate::parse(bytes.as_slice(), None).unwrap()
        };
        let before = "root -> registry:Registry 16 property registry
             registry -> old:Order 16 property old";
        let after = "
             registry -> first:Order 16 property first
             registry -> second:Order 16 property second
             second -> line:Line 16 property line";
        let (base, newer) = (parsed(before), parsed(&format!("{before}{after}")));
        let is_registry = |&n: &NodeIx| newer.name(n) == "Registry";
        let registry = newer.nodes().find(is_registry).unwrap();
        let found = ties(&base, &newer, &[registry]);
        let names: Vec<_> = found[0].iter().filter_map(|tie| tie.name.clone()).collect();
        assert_eq!(names, ["first", "second"]);
        assert_eq!(followers(&base, &newer, registry).len(), 3);
    }
}
