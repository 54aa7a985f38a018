//! Sums by class: DevTools' Summary view.
//!
//! Source: DevTools' `buildAggregates` and `calculateClassesRetainedSize`. Objects of size 0 do
//! not count. Objects with a location are grouped by it too, so that two classes of one name in
//! different files stay apart.

use std::collections::HashMap;

use super::{Analysis, ClassIx, Classes};
use crate::snapshot::{Location, NodeIx, NodeType, Snapshot};

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

/// The objects of one class that count.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) class: ClassIx,
    pub(crate) key: String,
    pub(crate) nodes: Vec<NodeIx>,
}

/// The objects of every class, by its public key.
///
/// Two groups may have one public key; the one that was begun later replaces the other, whose
/// objects are then in no view.
pub(crate) fn groups(snapshot: &Snapshot, classes: &Classes, shallow: &[u32]) -> Vec<Group> {
    public(all_groups(snapshot, classes, shallow).0)
}

fn public(groups: Vec<Group>) -> Vec<Group> {
    let mut last: HashMap<String, usize> = HashMap::new();
    for (i, group) in groups.iter().enumerate() {
        last.insert(group.key.clone(), i);
    }
    let is_last = |(i, group): &(usize, Group)| last[&group.key] == *i;
    groups
        .into_iter()
        .enumerate()
        .filter(is_last)
        .map(|(_, group)| group)
        .collect()
}

const NO_GROUP: u32 = u32::MAX;

/// All groups, and the group of each node, [`NO_GROUP`] for those that do not count.
fn all_groups(snapshot: &Snapshot, classes: &Classes, shallow: &[u32]) -> (Vec<Group>, Vec<u32>) {
    let mut known: HashMap<(Option<Location>, ClassIx), u32> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut of_node = vec![NO_GROUP; snapshot.n_nodes()];
    for node in snapshot.nodes().filter(|n| shallow[n.index()] != 0) {
        let class = classes.of_node[node.index()];
        let location = match snapshot.node_type(node) {
            NodeType::Object => snapshot.location(node),
            _ => None,
        };
        let group = *known.entry((location, class)).or_insert_with(|| {
            let place = location.map(|at| format!("{},{},{}", at.script_id, at.line, at.column));
            let key = format!("{},{}", place.unwrap_or_default(), classes.name(class));
            groups.push(Group {
                class,
                key,
                nodes: Vec::new(),
            });
            groups.len() as u32 - 1
        });
        of_node[node.index()] = group;
        groups[group as usize].nodes.push(node);
    }
    (groups, of_node)
}

pub(super) fn aggregates(snapshot: &Snapshot, analysis: &Analysis) -> Vec<Aggregate> {
    let (groups, of_node) = all_groups(snapshot, &analysis.classes, &analysis.shallow);
    let retained = retained_sizes(snapshot, analysis, &of_node, groups.len());
    let mut numbered: HashMap<String, u64> = HashMap::new();
    for (group, retained) in groups.iter().zip(retained) {
        // The group begun last has the last word here as well.
        numbered.insert(group.key.clone(), retained);
    }
    let sum = |group: &Group| group.nodes.iter().map(|&n| analysis.shallow_size(n)).sum();
    let least = |group: &Group| group.nodes.iter().map(|&n| analysis.distance(n)).min();
    public(groups)
        .into_iter()
        .map(|group| Aggregate {
            name: analysis.class_name(group.class).to_owned(),
            count: group.nodes.len() as u64,
            distance: least(&group).unwrap_or(super::NO_DISTANCE),
            shallow_size: sum(&group),
            retained_size: numbered[&group.key],
            key: group.key,
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
