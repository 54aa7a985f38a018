//! Sums by class: DevTools' Summary view.
//!
//! Source: DevTools' `buildAggregates` and `calculateClassesRetainedSize`. Objects of size 0 do
//! not count. Objects with a location are grouped by it too, so that two classes of one name in
//! different files stay apart.

use std::collections::HashMap;

use super::{Analysis, ClassIx, Classes};
use crate::snapshot::{Location, NodeIx, NodeType, Snapshot};
use crate::utf16;

/// One class with its sums. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The class's name, as DevTools shows it.
    pub name: String,
    /// What joins the class with the same one of another snapshot of the process.
    pub key: String,
    /// Objects.
    pub count: u64,
    /// The least distance of one of them.
    pub distance: i64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// What would be freed with all of them.
    pub retained_size: u64,
}

/// What joins a class in two snapshots: where its constructor stands, if that is known, and its
/// name in the form of [`crate::utf16`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClassKey {
    location: Option<Location>,
    name: Vec<u8>,
}

impl ClassKey {
    /// As DevTools writes it: lone surrogates aside, two keys are the same if their texts are.
    pub(crate) fn text(&self) -> String {
        let name = utf16::text(&self.name);
        match self.location {
            Some(at) => format!("{},{},{},{name}", at.script_id, at.line, at.column),
            None => format!(",{name}"),
        }
    }
}

/// The objects of one class that count.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) class: ClassIx,
    pub(crate) key: ClassKey,
    pub(crate) nodes: Vec<NodeIx>,
}

/// The objects of every class, by its public key.
///
/// Two groups may have one public key; the one that was begun later replaces the other, whose
/// objects are then in no view.
pub(crate) fn groups(snapshot: &Snapshot, classes: &Classes, shallow: &[u32]) -> Vec<Group> {
    let (groups, _) = all_groups(snapshot, classes, |node| shallow[node.index()] != 0);
    let is_public = last_of_each_key(&groups);
    let mut is_public = is_public.into_iter();
    let mut groups = groups;
    groups.retain(|_| is_public.next().unwrap_or_default());
    groups
}

/// For each group whether none that was begun later has its key.
fn last_of_each_key(groups: &[Group]) -> Vec<bool> {
    let mut last: HashMap<&ClassKey, usize> = HashMap::new();
    for (i, group) in groups.iter().enumerate() {
        last.insert(&group.key, i);
    }
    let is_last = |(i, group): (usize, &Group)| last[&group.key] == i;
    groups.iter().enumerate().map(is_last).collect()
}

const NO_GROUP: u32 = u32::MAX;

/// All groups, and the group of each node, [`NO_GROUP`] for those that do not count.
fn all_groups(
    snapshot: &Snapshot,
    classes: &Classes,
    counts: impl Fn(NodeIx) -> bool,
) -> (Vec<Group>, Vec<u32>) {
    // Without a location a class is told by where its name is from, with one by its name alone.
    let mut of_class: HashMap<ClassIx, u32> = HashMap::new();
    let mut of_key: HashMap<ClassKey, u32> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut of_node = vec![NO_GROUP; snapshot.n_nodes()];
    for node in snapshot.nodes().filter(|&node| counts(node)) {
        let class = classes.of_node[node.index()];
        let location = match snapshot.node_type(node) {
            NodeType::Object => snapshot.location(node),
            _ => None,
        };
        let key = || ClassKey {
            location,
            name: classes.units(class).to_owned(),
        };
        let next = groups.len() as u32;
        let group = match location {
            None => *of_class.entry(class).or_insert(next),
            Some(_) => *of_key.entry(key()).or_insert(next),
        };
        if group == next {
            let nodes = Vec::new();
            let key = key();
            groups.push(Group { class, key, nodes });
        }
        of_node[node.index()] = group;
        groups[group as usize].nodes.push(node);
    }
    (groups, of_node)
}

/// The sums of the nodes that are `kept` and have a size.
pub(super) fn aggregates(
    snapshot: &Snapshot,
    analysis: &Analysis,
    kept: impl Fn(NodeIx) -> bool,
) -> Vec<Aggregate> {
    let counts = |node: NodeIx| analysis.shallow[node.index()] != 0 && kept(node);
    let (groups, of_node) = all_groups(snapshot, &analysis.classes, counts);
    let retained = retained_sizes(snapshot, analysis, &of_node, groups.len());
    let sum = |group: &Group| group.nodes.iter().map(|&n| analysis.shallow_size(n)).sum();
    let least = |group: &Group| group.nodes.iter().map(|&n| analysis.distance(n)).min();
    let is_public = last_of_each_key(&groups);
    groups
        .into_iter()
        .zip(retained)
        .zip(is_public)
        .filter(|&(_, is_public)| is_public)
        .map(|((group, retained_size), _)| Aggregate {
            name: analysis.class_name(group.class).to_owned(),
            count: group.nodes.len() as u64,
            distance: least(&group).unwrap_or(super::NO_DISTANCE),
            shallow_size: sum(&group),
            retained_size,
            key: group.key.text(),
        })
        .collect()
}

/// For each group the retained sizes of its objects that no other object of it dominates.
fn retained_sizes(
    snapshot: &Snapshot,
    analysis: &Analysis,
    of_node: &[u32],
    n_groups: usize,
) -> Vec<u64> {
    let dominated = Dominated::of(snapshot, analysis);
    let mut sums = vec![0; n_groups];
    let mut inside = vec![false; n_groups];
    let mut todo = vec![(snapshot.root(), false)];
    while let Some((node, is_left)) = todo.pop() {
        let group = of_node[node.index()];
        if is_left {
            inside[group as usize] = false;
            continue;
        }
        if group != NO_GROUP && !inside[group as usize] {
            sums[group as usize] += analysis.retained_size(node);
            inside[group as usize] = true;
            todo.push((node, true));
        }
        todo.extend(
            dominated
                .by(node)
                .iter()
                .map(|&child| (NodeIx(child), false)),
        );
    }
    sums
}

/// The dominator tree, downwards.
struct Dominated {
    first: Vec<u32>,
    nodes: Vec<u32>,
}

impl Dominated {
    fn of(snapshot: &Snapshot, analysis: &Analysis) -> Self {
        let mut first = vec![0_u32; snapshot.n_nodes() + 1];
        let below = || snapshot.nodes().filter(|&node| node != snapshot.root());
        for node in below() {
            first[analysis.dominator(node).index() + 1] += 1;
        }
        for node in 0..snapshot.n_nodes() {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut nodes = vec![0; snapshot.n_nodes() - 1];
        for node in below() {
            let slot = &mut next[analysis.dominator(node).index()];
            nodes[*slot as usize] = node.0;
            *slot += 1;
        }
        Self { first, nodes }
    }

    fn by(&self, node: NodeIx) -> &[u32] {
        &self.nodes[self.first[node.index()] as usize..self.first[node.index() + 1] as usize]
    }
}
