//! Two snapshots of one process by class: DevTools' Comparison view.
//!
//! Source: DevTools' `calculateSnapshotDiff` and `aggregatesForDiff`. The newer snapshot's classes
//! of plain objects are used for both; classes are joined by their public key, objects by id. An
//! object that grew in place is not seen here: see [`crate::growth`].

use std::collections::{HashMap, HashSet};

use crate::analysis::{Analysis, ClassKey, Classes, Group, groups};
use crate::snapshot::{NodeId, NodeIx, Snapshot};

/// One class between two snapshots. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassDiff {
    /// What joins the class in both snapshots.
    pub key: String,
    /// The class's name, as DevTools shows it.
    pub name: String,
    /// Objects in the newer snapshot only.
    pub added: u64,
    /// Objects in the base only.
    pub removed: u64,
    /// Added less removed.
    pub delta: i64,
    /// Own sizes of the added objects.
    pub alloc_size: u64,
    /// Own sizes of the removed objects.
    pub freed_size: u64,
    /// Allocated less freed.
    pub size_delta: i64,
}

/// Compares a snapshot with an earlier one of the same process; classes that did not change are
/// left out.
#[must_use]
pub fn compare(base: (&Snapshot, &Analysis), newer: (&Snapshot, &Analysis)) -> Vec<ClassDiff> {
    let mut base_classes = Classes::base(base.0);
    newer.1.interfaces.apply(base.0, &mut base_classes);
    let mut old: HashMap<ClassKey, Group> = groups(base.0, &base_classes, &base.1.shallow)
        .into_iter()
        .map(|group| (group.key.clone(), group))
        .collect();
    let mut diffs = Vec::new();
    for group in groups(newer.0, &newer.1.classes, &newer.1.shallow) {
        let before = old
            .remove(&group.key)
            .map(|group| group.nodes)
            .unwrap_or_default();
        let name = newer.1.class_name(group.class).to_owned();
        diffs.extend(class_diff(
            (group.key, name),
            (base, &before),
            (newer, &group.nodes),
        ));
    }
    for (key, group) in old {
        // Gone altogether: named by what the base itself calls its youngest object.
        let youngest = group
            .nodes
            .iter()
            .copied()
            .max_by_key(|&node| base.0.node_id(node));
        let Some(youngest) = youngest else { continue };
        let name = base.1.class_name(base.1.class_of(youngest)).to_owned();
        diffs.extend(class_diff((key, name), (base, &group.nodes), (newer, &[])));
    }
    diffs.sort_by(|a, b| a.key.cmp(&b.key));
    diffs
}

type Side<'a> = ((&'a Snapshot, &'a Analysis), &'a [NodeIx]);

fn class_diff(
    (key, name): (ClassKey, String),
    base: Side<'_>,
    newer: Side<'_>,
) -> Option<ClassDiff> {
    let (added, alloc_size) = only_in(newer, &ids(base));
    let (removed, freed_size) = only_in(base, &ids(newer));
    (added > 0 || removed > 0).then(|| ClassDiff {
        key: key.text(),
        name,
        added,
        removed,
        delta: added.cast_signed() - removed.cast_signed(),
        alloc_size,
        freed_size,
        size_delta: alloc_size.cast_signed() - freed_size.cast_signed(),
    })
}

fn ids(((snapshot, _), nodes): Side<'_>) -> HashSet<NodeId> {
    nodes.iter().map(|&node| snapshot.node_id(node)).collect()
}

/// How many objects of one side the other has not, and their sizes.
fn only_in(((snapshot, analysis), nodes): Side<'_>, other: &HashSet<NodeId>) -> (u64, u64) {
    let only = nodes
        .iter()
        .filter(|&&node| !other.contains(&snapshot.node_id(node)));
    only.fold((0, 0), |(count, size), &node| {
        (count + 1, size + analysis.shallow_size(node))
    })
}
