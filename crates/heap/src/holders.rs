//! Growing holders: which objects, alive in two snapshots, hold more new objects in the second.
//!
//! Owns the arithmetic between two snapshots of one process: the *cohort* (objects born between
//! them), the persistent objects with strong edges to it, and what each of those drags along. Must
//! not know how much load ran between the snapshots, nor what is too much.
//!
//! Engine internals (backing stores of elements, properties and hash tables) are folded into the
//! object a programmer sees, since they are reallocated as they grow. Ids are V8's, so both
//! snapshots must come from one process and one inspector connection.
//!
//! Cost: one pass over the edges of the newer snapshot, plus for the few largest holders one walk
//! each over the cohort they reach.

use std::collections::{BTreeMap, HashSet};

use crate::entries::{Entry, entries};
use crate::retained_growth::{RetainedGrowth, retained_change, retained_growth};
use crate::{Analysis, Edge, EdgeKind, EdgeName, NodeId, NodeIx, NodeType, Snapshot};

/// Holders whose followers are counted; more than this never matter to a person.
const HOLDERS_FOLLOWED: usize = 48;

/// What grew from one snapshot to a later one of the same process.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Growth {
    /// Classes whose number of objects changed, in any order.
    pub classes: Vec<ClassGrowth>,
    /// Persistent objects that gained referents in the cohort, by cohort bytes, descending.
    pub holders: Vec<HolderGrowth>,
    /// Persistent objects that keep more bytes alive, most first.
    pub retained: Vec<RetainedGrowth>,
    /// Objects born since the base and alive in the newer snapshot.
    pub cohort_objects: u64,
    /// Their own sizes, in bytes.
    pub cohort_bytes: u64,
}

/// One class between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassGrowth {
    /// The class's name as DevTools shows it.
    pub class: String,
    /// Objects in the newer snapshot less those in the base.
    pub delta: i64,
    /// Their shallow sizes, likewise, in bytes.
    pub size_delta: i64,
}

/// One object that is alive in both snapshots and holds part of the cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct HolderGrowth {
    /// V8's id of the object.
    pub id: NodeId,
    /// Entries with an object of the cohort: elements, properties, entries of a table.
    pub gained: u64,
    /// Entries that it had in the base and has no more: a queue gains and loses alike.
    pub lost: u64,
    /// Entries that it had in the base.
    pub held: u64,
    /// Everything in the cohort that can be reached from it through the cohort.
    pub dragged: Vec<Dragged>,
    /// Bytes of all that.
    pub dragged_bytes: u64,
}

/// Objects of one class that a holder drags along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dragged {
    /// The class's name as DevTools shows it.
    pub class: String,
    /// How many.
    pub count: u64,
    /// Their own sizes, in bytes.
    pub bytes: u64,
    /// The fewest steps from the holder to one of them.
    pub depth: u32,
}

impl HolderGrowth {
    /// Referents gained and not made up for by referents lost.
    #[must_use]
    pub fn net(&self) -> i64 {
        i64::try_from(self.gained).unwrap_or(i64::MAX)
            - i64::try_from(self.lost).unwrap_or(i64::MAX)
    }
}

/// Compares two snapshots of one process.
#[must_use]
pub fn growth(base: (&Snapshot, &Analysis), newer: (&Snapshot, &Analysis)) -> Growth {
    growth_watching(base, newer, &[])
}

/// The same; of the objects `watched`, it also tells how those changed that gained nothing, were
/// collected, or keep less alive. What a collected object held is lost if it was collected as well.
#[must_use]
pub fn growth_watching(
    base: (&Snapshot, &Analysis),
    newer: (&Snapshot, &Analysis),
    watched: &[NodeId],
) -> Growth {
    let cohort = Cohort::of(base.0, newer.0);
    let mut walk = Walk::new(newer.0, &cohort);
    let mut gains: Vec<(NodeIx, u64)> = Vec::new();
    for node in newer.0.nodes() {
        if !cohort.has(node) && is_visible(newer.0, node) {
            let is_new = |entry: &&Entry| entry.objects().any(|object| cohort.has(object));
            let gained = entries(newer.0, node).iter().filter(is_new).count();
            if gained > 0 {
                gains.push((node, gained as u64));
            }
        }
    }
    gains.sort_by_key(|&(node, gained)| (std::cmp::Reverse(gained), node));
    gains.truncate(HOLDERS_FOLLOWED);
    let known: HashSet<NodeIx> = gains.iter().map(|&(node, _)| node).collect();
    let alive = watched.iter().filter_map(|&id| newer.0.node_by_id(id));
    let unchanged = alive.filter(|&node| !cohort.has(node) && !known.contains(&node));
    gains.extend(unchanged.map(|node| (node, 0)));
    let mut holders: Vec<HolderGrowth> = gains
        .into_iter()
        .map(|(node, gained)| {
            let from = walk.referents(node);
            let followers = walk.follow(newer.1, from.into_iter().filter(|&t| cohort.has(t)));
            let id = newer.0.node_id(node);
            let now = ids_of_entries(newer.0, id);
            let before = ids_of_entries(base.0, id);
            HolderGrowth {
                id,
                gained,
                lost: before.difference(&now).count() as u64,
                held: before.len() as u64,
                dragged_bytes: followers.iter().map(|d| d.bytes).sum(),
                dragged: followers,
            }
        })
        .collect();
    holders.extend(
        watched
            .iter()
            .filter_map(|&id| collected(base.0, newer.0, id)),
    );
    holders.sort_by_key(|h| (std::cmp::Reverse(h.dragged_bytes), h.id));
    let mut retained = retained_growth(base, newer, &cohort);
    let known: HashSet<NodeId> = retained.iter().map(|grown| grown.id).collect();
    let unknown = watched.iter().filter(|&id| !known.contains(id));
    let changed = unknown.map(|&id| (id, retained_change(base, newer, id)));
    let fell = changed.filter(|&(_, bytes)| bytes < 0);
    retained.extend(fell.map(|(id, bytes)| RetainedGrowth { id, bytes }));
    Growth {
        classes: class_growth(base, newer),
        holders,
        retained,
        cohort_objects: cohort.objects,
        cohort_bytes: cohort.bytes,
    }
}

/// What an object lost by being collected.
fn collected(base: &Snapshot, newer: &Snapshot, id: NodeId) -> Option<HolderGrowth> {
    let is_gone = newer.node_by_id(id).is_none() && base.node_by_id(id).is_some();
    let held = is_gone.then(|| ids_of_entries(base, id))?;
    let is_alive = |id: &NodeId| newer.node_by_id(*id).is_some();
    let lost = held.iter().filter(|entry| !entry.iter().all(is_alive));
    Some(HolderGrowth {
        id,
        gained: 0,
        lost: lost.count() as u64,
        held: held.len() as u64,
        dragged: Vec::new(),
        dragged_bytes: 0,
    })
}

/// How many bytes of the cohort each of these holders keeps that no holder before it keeps too, so
/// that one leak held in several places is told from several leaks.
#[must_use]
pub fn own_bytes(base: &Snapshot, newer: &Snapshot, holders: &[NodeId]) -> Vec<u64> {
    let cohort = Cohort::of(base, newer);
    let mut walk = Walk::new(newer, &cohort);
    let mut claimed = vec![false; newer.n_nodes()];
    holders
        .iter()
        .map(|&id| {
            let Some(node) = newer.node_by_id(id) else {
                return 0;
            };
            let from = walk.referents(node);
            let mut bytes = 0;
            walk.visit_cohort(from.into_iter().filter(|&t| cohort.has(t)), |node, _| {
                if !std::mem::replace(&mut claimed[node.index()], true) {
                    bytes += newer.self_size(node);
                }
            });
            bytes
        })
        .collect()
}

/// An object born between the snapshots whose class has this name; the one with the lowest id.
#[must_use]
pub fn example_of_class(
    base: &Snapshot,
    newer: (&Snapshot, &Analysis),
    class: &str,
) -> Option<NodeIx> {
    let cohort = Cohort::of(base, newer.0);
    let is_of_class = |&n: &NodeIx| newer.1.class_name(newer.1.class_of(n)) == class;
    newer
        .0
        .nodes()
        .filter(|&n| cohort.has(n))
        .filter(is_of_class)
        .min_by_key(|&n| newer.0.node_id(n))
}

/// What an object holds, by the ids of its entries' objects.
fn ids_of_entries(snapshot: &Snapshot, id: NodeId) -> HashSet<Vec<NodeId>> {
    let Some(node) = snapshot.node_by_id(id) else {
        return HashSet::new();
    };
    let ids = |entry: Entry| entry.objects().map(|n| snapshot.node_id(n)).collect();
    entries(snapshot, node).into_iter().map(ids).collect()
}

/// Which nodes of the newer snapshot were not in the base.
pub(crate) struct Cohort {
    born: Vec<bool>,
    objects: u64,
    bytes: u64,
}

impl Cohort {
    pub(crate) fn of(base: &Snapshot, newer: &Snapshot) -> Self {
        let highest = base.nodes().map(|n| base.node_id(n)).max();
        let born: Vec<bool> = newer
            .nodes()
            .map(|n| {
                let id = newer.node_id(n);
                Some(id) > highest || base.node_by_id(id).is_none()
            })
            .collect();
        let of_cohort = || {
            newer
                .nodes()
                .zip(&born)
                .filter(|(_, born)| **born)
                .map(|(n, _)| n)
        };
        Self {
            objects: of_cohort().filter(|&n| is_visible(newer, n)).count() as u64,
            bytes: of_cohort().map(|n| newer.self_size(n)).sum(),
            born,
        }
    }

    pub(crate) fn has(&self, node: NodeIx) -> bool {
        self.born[node.index()]
    }
}

/// An object that a programmer sees: everything but backing stores, hidden and code nodes.
#[must_use]
pub fn is_visible(snapshot: &Snapshot, node: NodeIx) -> bool {
    !matches!(
        snapshot.node_type(node),
        NodeType::Array
            | NodeType::Hidden
            | NodeType::Code
            | NodeType::ObjectShape
            | NodeType::Synthetic
    )
}

/// Whether the target belongs to its owner as a backing store does.
pub(crate) fn is_backing_store(snapshot: &Snapshot, node: NodeIx) -> bool {
    match snapshot.node_type(node) {
        NodeType::Array => true,
        NodeType::Hidden => {
            matches!(
                &*snapshot.name(node),
                // A registry of finalizers keeps a chain of weak cells, and these what it hands to its callback.
                "system / PropertyCell" | "system / Cell" | "system / WeakCell"
            )
        }
        _ => false,
    }
}

/// Whether an edge keeps its target alive by itself: not weak, and not a weak collection's pair,
/// which needs its key as well.
pub(crate) fn is_strong(snapshot: &Snapshot, edge: Edge) -> bool {
    match edge.kind {
        EdgeKind::Weak => false,
        EdgeKind::Internal => match snapshot.edge_name(edge) {
            EdgeName::Name(name) => !name.contains(" pair in WeakMap (table @"),
            EdgeName::Index(_) => true,
        },
        _ => true,
    }
}

/// Walks that visit no node twice, without clearing a set in between.
pub(crate) struct Walk<'a> {
    snapshot: &'a Snapshot,
    cohort: &'a Cohort,
    seen: Vec<u32>,
    stamp: u32,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, cohort: &'a Cohort) -> Self {
        Self {
            snapshot,
            cohort,
            seen: vec![0; snapshot.n_nodes()],
            stamp: 0,
        }
    }

    fn is_first_visit(&mut self, node: NodeIx) -> bool {
        let seen = &mut self.seen[node.index()];
        std::mem::replace(seen, self.stamp) != self.stamp
    }

    /// The visible objects that `node` refers to, backing stores folded away, each once.
    pub(crate) fn referents(&mut self, node: NodeIx) -> Vec<NodeIx> {
        self.stamp += 1;
        let snapshot = self.snapshot;
        let mut found = Vec::new();
        let mut folded = vec![node];
        self.is_first_visit(node);
        while let Some(from) = folded.pop() {
            for edge in snapshot.edges(from) {
                if !is_strong(snapshot, edge) || !self.is_first_visit(edge.to) {
                    continue;
                }
                if is_visible(snapshot, edge.to) {
                    found.push(edge.to);
                } else if is_backing_store(snapshot, edge.to) {
                    folded.push(edge.to);
                }
            }
        }
        found
    }

    /// Everything of the cohort that `from` leads to through the cohort, by class.
    fn follow(&mut self, analysis: &Analysis, from: impl Iterator<Item = NodeIx>) -> Vec<Dragged> {
        let snapshot = self.snapshot;
        let mut classes = BTreeMap::new();
        self.visit_cohort(from, |node, depth| {
            count(&mut classes, analysis, snapshot, (node, depth));
        });
        classes.into_values().collect()
    }

    /// Visits everything of the cohort that `from` leads to through the cohort, with its depth.
    pub(crate) fn visit_cohort(
        &mut self,
        from: impl Iterator<Item = NodeIx>,
        mut visit: impl FnMut(NodeIx, u32),
    ) {
        self.stamp += 1;
        let (snapshot, cohort) = (self.snapshot, self.cohort);
        let mut level: Vec<NodeIx> = from.filter(|&n| self.is_first_visit(n)).collect();
        let mut depth = 1;
        while !level.is_empty() {
            let mut next = Vec::new();
            for node in level {
                visit(node, depth);
                for edge in snapshot.edges(node) {
                    let follows = cohort.has(edge.to) && is_strong(snapshot, edge);
                    if follows && self.is_first_visit(edge.to) {
                        next.push(edge.to);
                    }
                }
            }
            level = next;
            depth += 1;
        }
    }
}

fn count(
    classes: &mut BTreeMap<String, Dragged>,
    analysis: &Analysis,
    snapshot: &Snapshot,
    (node, depth): (NodeIx, u32),
) {
    let class = analysis.class_name(analysis.class_of(node));
    let dragged = classes.entry(class.to_string()).or_insert_with(|| Dragged {
        class: class.to_string(),
        count: 0,
        bytes: 0,
        depth,
    });
    dragged.count += 1;
    dragged.bytes += snapshot.self_size(node);
}

fn class_growth(base: (&Snapshot, &Analysis), newer: (&Snapshot, &Analysis)) -> Vec<ClassGrowth> {
    let mut classes: BTreeMap<String, ClassGrowth> = BTreeMap::new();
    for diff in crate::compare((base.0, base.1.outline()), (newer.0, newer.1.outline())) {
        let class = classes
            .entry(diff.name.clone())
            .or_insert_with(|| ClassGrowth {
                class: diff.name.clone(),
                delta: 0,
                size_delta: 0,
            });
        class.delta += diff.delta;
        class.size_delta += diff.size_delta;
    }
    classes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_collected_object_held_is_lost_unless_it_lives_on() {
        let base = "root -> app@11:App 100 property app
             app -> queue@13:Queue 100 property queue
             queue -> a@15:Job 500 property a
             queue -> b@17:Job 500 property b
             queue -> c@19:Job 500 property c";
        let newer = "root -> app@11:App 100 property app
             app -> c@19:Job 500 property current";
        let parse = |text: &str| crate::parse(&*testkit::heap(text), None).unwrap();
        let (base, newer) = (parse(base), parse(newer));
        let (of_base, of_newer) = (Analysis::of(&base), Analysis::of(&newer));
        let watched = [11, 13, 99].map(NodeId);
        let grown = growth_watching((&base, &of_base), (&newer, &of_newer), &watched);
        let holder = |id| grown.holders.iter().find(|h| h.id == NodeId(id));
        assert_eq!(
            holder(13).map(|h| (h.held, h.lost, h.net())),
            Some((3, 2, -2))
        );
        assert_eq!(holder(99), None);
        let retained = |id| grown.retained.iter().find(|r| r.id == NodeId(id));
        assert_eq!(retained(11).map(|r| r.bytes), Some(-1100));
        assert_eq!(retained(13).map(|r| r.bytes), Some(-1600));
        assert_eq!(retained(99), None);
    }
}
