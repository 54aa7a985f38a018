//! Sums by class: DevTools' Summary view.
//!
//! Source: DevTools' `buildAggregates` and `calculateClassesRetainedSize`. Objects of size 0 do
//! not count. Objects with a location are grouped by it too, so that two classes of one name in
//! different files stay apart.

use std::collections::HashMap;

use super::retained::Retained;
use super::{ClassIx, Classes};
use crate::prefetch::prefetch;
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

/// The objects of every class that count, by its public key.
///
/// Two groups may have one public key; the one that was begun later replaces the other, whose
/// objects are then in no view.
#[derive(Debug)]
pub(crate) struct Groups {
    /// The class of each group, and its key if it is public.
    pub(crate) groups: Vec<(ClassIx, Option<ClassKey>)>,
    of_node: Vec<u32>,
}

impl Groups {
    /// Of the nodes that have a size.
    pub(crate) fn of(snapshot: &Snapshot, classes: &Classes, shallow: &[u32]) -> Self {
        let mut of_node = vec![NO_GROUP; snapshot.n_nodes()];
        let counts = |node: NodeIx| shallow[node.index()] != 0;
        let grouping = Grouping::of(snapshot, classes, counts, |node, group| {
            of_node[node.index()] = group as u32;
        });
        let is_public = are_public(&grouping.groups);
        let groups = grouping.groups.into_iter().zip(is_public);
        Self {
            groups: groups
                .map(|((class, key), is_public)| (class, is_public.then_some(key)))
                .collect(),
            of_node,
        }
    }

    /// The group of a node, as an index into the groups; `None` if it does not count.
    pub(crate) fn of_node(&self, node: NodeIx) -> Option<usize> {
        let group = self.of_node[node.index()];
        (group != NO_GROUP).then_some(group as usize)
    }
}

/// The groups in the order they were begun: by the first of their nodes in the file.
struct Grouping<'a> {
    classes: &'a Classes,
    groups: Vec<(ClassIx, ClassKey)>,
    /// Without a location a class is told by where its name is from.
    of_class: Vec<u32>,
    /// With one by its name alone.
    of_key: HashMap<ClassKey, u32>,
    /// Where the last object with a location of each class was, and its group.
    last_place: Vec<(Location, u32)>,
}

const NO_GROUP: u32 = u32::MAX;

const NO_PLACE: Location = Location {
    script_id: u32::MAX,
    line: u32::MAX,
    column: u32::MAX,
};

impl<'a> Grouping<'a> {
    /// Calls `take` with the group of each node that counts; groups are numbered as they are begun.
    fn of(
        snapshot: &Snapshot,
        classes: &'a Classes,
        counts: impl Fn(NodeIx) -> bool,
        mut take: impl FnMut(NodeIx, usize),
    ) -> Self {
        let mut grouping = Self {
            classes,
            groups: Vec::new(),
            of_class: vec![NO_GROUP; classes.len()],
            of_key: HashMap::new(),
            last_place: vec![(NO_PLACE, NO_GROUP); classes.len()],
        };
        let mut places = snapshot.locations.iter().peekable();
        for node in snapshot.nodes() {
            let place = places.next_if(|&&(at, _)| at == node);
            if !counts(node) {
                continue;
            }
            let place = place.filter(|_| snapshot.node_type(node) == NodeType::Object);
            let group = match place {
                None => grouping.unplaced(classes.of_node[node.index()]),
                Some(&(_, place)) => grouping.placed(classes.of_node[node.index()], place),
            };
            take(node, group as usize);
        }
        grouping
    }

    fn unplaced(&mut self, class: ClassIx) -> u32 {
        let known = self.of_class[class.index()];
        if known != NO_GROUP {
            return known;
        }
        let group = self.begin(class, None);
        self.of_class[class.index()] = group;
        group
    }

    fn placed(&mut self, class: ClassIx, place: Location) -> u32 {
        let (last, group) = self.last_place[class.index()];
        if last == place && group != NO_GROUP {
            return group;
        }
        let key = self.key(class, Some(place));
        let group = match self.of_key.get(&key) {
            Some(&group) => group,
            None => {
                let group = self.begin(class, Some(place));
                self.of_key.insert(key, group);
                group
            }
        };
        self.last_place[class.index()] = (place, group);
        group
    }

    fn key(&self, class: ClassIx, location: Option<Location>) -> ClassKey {
        let name = self.classes.units(class).to_owned();
        ClassKey { location, name }
    }

    fn begin(&mut self, class: ClassIx, location: Option<Location>) -> u32 {
        self.groups.push((class, self.key(class, location)));
        self.groups.len() as u32 - 1
    }
}

/// For each group whether none that was begun later has its key.
fn are_public(groups: &[(ClassIx, ClassKey)]) -> Vec<bool> {
    let mut last: HashMap<&ClassKey, usize> = HashMap::new();
    for (i, (_, key)) in groups.iter().enumerate() {
        last.insert(key, i);
    }
    let is_last = |(i, (_, key)): (usize, &(ClassIx, ClassKey))| last[key] == i;
    groups.iter().enumerate().map(is_last).collect()
}

/// Sums of a group that need no dominators.
#[derive(Debug)]
struct Sums {
    count: u64,
    distance: i64,
    shallow_size: u64,
}

/// The groups with their first sums, and the group of each node.
#[derive(Debug)]
pub(super) struct Begun {
    groups: Vec<(ClassIx, ClassKey)>,
    sums: Vec<Sums>,
    of_node: Vec<u32>,
}

impl Begun {
    /// Of the nodes that are `kept` and have a size.
    pub(super) fn of(
        snapshot: &Snapshot,
        classes: &Classes,
        (shallow, distances): (&[u32], &[i32]),
        kept: impl Fn(NodeIx) -> bool,
    ) -> Self {
        let mut sums: Vec<Sums> = Vec::new();
        let mut of_node = vec![NO_GROUP; snapshot.n_nodes()];
        let counts = |node: NodeIx| shallow[node.index()] != 0 && kept(node);
        let grouping = Grouping::of(snapshot, classes, counts, |node, group| {
            let distance = i64::from(distances[node.index()]);
            if group == sums.len() {
                sums.push(Sums {
                    count: 0,
                    distance,
                    shallow_size: 0,
                });
            }
            of_node[node.index()] = group as u32;
            let sums = &mut sums[group];
            sums.count += 1;
            sums.distance = sums.distance.min(distance);
            sums.shallow_size += u64::from(shallow[node.index()]);
        });
        Self {
            groups: grouping.groups,
            sums,
            of_node,
        }
    }

    /// With the retained sizes; `retained` is of the same snapshot.
    pub(super) fn finish(self, classes: &Classes, retained: &Retained) -> Vec<Aggregate> {
        let sizes = retained_sizes(retained, &self.of_node, self.sums.len());
        let is_public = are_public(&self.groups);
        let groups = self.groups.iter().zip(self.sums);
        groups
            .zip(sizes)
            .zip(is_public)
            .filter(|&(_, is_public)| is_public)
            .map(|((((class, key), sums), retained_size), _)| Aggregate {
                name: classes.name(*class).to_owned(),
                key: key.text(),
                count: sums.count,
                distance: sums.distance,
                shallow_size: sums.shallow_size,
                retained_size,
            })
            .collect()
    }
}

/// For each group the retained sizes of its objects that no other object of it dominates.
fn retained_sizes(retained: &Retained, of_node: &[u32], n_groups: usize) -> Vec<u64> {
    let mut sums = vec![0; n_groups];
    let mut is_inside = vec![false; n_groups];
    // The dominators of the node at hand, with the groups that are inside from there on.
    let mut open: Vec<(u32, u32)> = Vec::new();
    for (at, &node) in retained.order.iter().enumerate() {
        if let Some(&far) = retained.order.get(at + AHEAD) {
            prefetch(&retained.dominators, far as usize);
            prefetch(of_node, far as usize);
            retained.sizes.prefetch(far);
        }
        let above = retained.dominators[node as usize];
        while let Some(&(dominator, group)) = open.last() {
            if dominator == above {
                break;
            }
            if group != NO_GROUP {
                is_inside[group as usize] = false;
            }
            open.pop();
        }
        let group = of_node[node as usize];
        let enters = group != NO_GROUP && !is_inside[group as usize];
        if enters {
            sums[group as usize] += retained.sizes.of(NodeIx(node));
            is_inside[group as usize] = true;
        }
        open.push((node, if enters { group } else { NO_GROUP }));
    }
    sums
}

/// How many nodes before their turn the columns are asked for.
const AHEAD: usize = 16;
