//! Two snapshots of one process by class: DevTools' Comparison view.
//!
//! Source: DevTools' `calculateSnapshotDiff` and `aggregatesForDiff`. The newer snapshot's classes
//! of plain objects are used for both; classes are joined by their public key, objects by id. An
//! object that grew in place is not seen here: see [`crate::growth`].
//!
//! Cost: the ids of each side are sorted, once for all that asks for them, and walked along.

use std::collections::HashMap;

use crate::analysis::{ClassKey, Groups, Outline, joined};
use crate::snapshot::{NodeIx, Snapshot};

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
pub fn compare(base: (&Snapshot, &Outline), newer: (&Snapshot, &Outline)) -> Vec<ClassDiff> {
    let (old, new) = std::thread::scope(|scope| {
        let old = scope.spawn(|| {
            // Every plain object is given its class anew; the others keep theirs.
            let mut classes = base.1.classes.clone();
            newer.1.interfaces.apply(base.0, &mut classes);
            base.0.by_id();
            Groups::of(base.0, &classes, &base.1.shallow)
        });
        let new = Groups::of(newer.0, &newer.1.classes, &newer.1.shallow);
        newer.0.by_id();
        (joined(old), new)
    });
    let mut joint = Joint::default();
    let of_old = joint.numbers(&old);
    let of_new = joint.numbers(&new);
    let class = |(groups, numbers): (&Groups, &[Option<u32>]), node| {
        groups.of_node(node).and_then(|group| numbers[group])
    };
    join(base.0, newer.0, |olds, news| {
        for &node in olds {
            let Some(number) = class((&old, &of_old), node) else {
                continue;
            };
            let sums = &mut joint.sums[number as usize];
            sums.youngest = Some(node);
            let is_same = |&other: &NodeIx| class((&new, &of_new), other) == Some(number);
            if !news.iter().any(is_same) {
                sums.removed += 1;
                sums.freed_size += base.1.shallow_size(node);
            }
        }
        for &node in news {
            let Some(number) = class((&new, &of_new), node) else {
                continue;
            };
            let sums = &mut joint.sums[number as usize];
            sums.newer = Some(node);
            let is_same = |&other: &NodeIx| class((&old, &of_old), other) == Some(number);
            if !olds.iter().any(is_same) {
                sums.added += 1;
                sums.alloc_size += newer.1.shallow_size(node);
            }
        }
    });
    let name = |sums: &Sums| match (sums.newer, sums.youngest) {
        (Some(node), _) => newer.1.class_name(newer.1.class_of(node)).to_owned(),
        // Gone altogether: named by what the base itself calls its youngest object.
        (None, Some(node)) => base.1.class_name(base.1.class_of(node)).to_owned(),
        (None, None) => String::new(),
    };
    let mut diffs: Vec<ClassDiff> = (joint.keys.iter().zip(&joint.sums))
        .filter(|(_, sums)| sums.added > 0 || sums.removed > 0)
        .map(|(key, sums)| sums.diff(key, name(sums)))
        .collect();
    diffs.sort_by(|a, b| a.key.cmp(&b.key));
    diffs
}

/// Calls `take` for every id with the nodes that have it in each snapshot, in order.
pub(crate) fn join(base: &Snapshot, newer: &Snapshot, mut take: impl FnMut(&[NodeIx], &[NodeIx])) {
    let mut sides = [base, newer].map(|snapshot| (snapshot, snapshot.by_id()));
    loop {
        let next = |(snapshot, rest): (&Snapshot, &[NodeIx])| {
            rest.first().map(|&node| snapshot.node_id(node))
        };
        let Some(id) = sides.into_iter().filter_map(next).min() else {
            return;
        };
        let [olds, news] = sides.each_mut().map(|(snapshot, rest)| {
            let same = rest
                .iter()
                .take_while(|&&node| snapshot.node_id(node) == id);
            let (same, left) = rest.split_at(same.count());
            *rest = left;
            same
        });
        take(olds, news);
    }
}

/// The classes of both snapshots, numbered alike.
#[derive(Default)]
struct Joint<'a> {
    known: HashMap<&'a ClassKey, u32>,
    keys: Vec<&'a ClassKey>,
    sums: Vec<Sums>,
}

#[derive(Default, Clone)]
struct Sums {
    added: u64,
    removed: u64,
    alloc_size: u64,
    freed_size: u64,
    /// One of the newer snapshot's objects.
    newer: Option<NodeIx>,
    /// The base's object with the highest id.
    youngest: Option<NodeIx>,
}

impl<'a> Joint<'a> {
    /// The number of each group; `None` for those that are not public.
    fn numbers(&mut self, groups: &'a Groups) -> Vec<Option<u32>> {
        let number = |(_, key): &'a (_, Option<ClassKey>)| {
            let key = key.as_ref()?;
            let next = self.keys.len() as u32;
            let number = *self.known.entry(key).or_insert(next);
            if number == next {
                self.keys.push(key);
                self.sums.push(Sums::default());
            }
            Some(number)
        };
        groups.groups.iter().map(number).collect()
    }
}

impl Sums {
    fn diff(&self, key: &ClassKey, name: String) -> ClassDiff {
        ClassDiff {
            key: key.text(),
            name,
            added: self.added,
            removed: self.removed,
            delta: self.added.cast_signed() - self.removed.cast_signed(),
            alloc_size: self.alloc_size,
            freed_size: self.freed_size,
            size_delta: self.alloc_size.cast_signed() - self.freed_size.cast_signed(),
        }
    }
}
