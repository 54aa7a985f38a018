//! Growing holders: objects that live through several snapshots of one process and refer to more
//! of what is new in each.

use std::cmp::Ordering;
use std::collections::HashMap;

use heap::{Growth, HolderGrowth, NodeId, RetainingPaths};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, ObjectRow};
use crate::path::{PathRow, rows};

/// The growing holders between snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holders {
    /// What came between each two snapshots and is still there in the later one.
    pub pairs: Vec<PairRow>,
    /// The holders: those that grow from each snapshot to the next first.
    pub holders: Vec<HolderRow>,
    /// Which of the holders these are.
    pub page: PageOf,
}

/// What came between two snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PairRow {
    /// Objects that are new in the later one.
    pub new_objects: u64,
    /// Their own sizes, in bytes.
    pub new_bytes: u64,
}

/// One object that gained references to what is new. Lists have an entry for each two snapshots;
/// `null` where it is not among those that gained most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HolderRow {
    /// The object as it is in the last snapshot; `null` if it is no longer there.
    pub object: Option<ObjectRow>,
    /// V8's id of it.
    pub id: u64,
    /// References to what is new, less those that it lost.
    pub gains: Vec<Option<i64>>,
    /// Bytes of all that is new and reached through it.
    pub bytes: Vec<Option<u64>>,
    /// Whether it gained at every step.
    pub every_step: bool,
    /// Whether it gained the same number at every step.
    pub constant: bool,
    /// What it drags along in the last step, by class, most bytes first.
    pub dragged: Vec<DraggedRow>,
    /// One way from the roots to it in the last snapshot, the root first.
    pub path: Vec<PathRow>,
}

/// New objects of one class that a holder drags along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraggedRow {
    /// The class's name.
    pub class: String,
    /// How many.
    pub count: u64,
    /// Their own sizes, in bytes.
    pub bytes: u64,
}

/// A holder over all steps, before it is looked up in the last snapshot.
#[derive(Debug, Clone)]
pub struct HolderSteps {
    id: NodeId,
    steps: Vec<Option<HolderGrowth>>,
}

/// The growing holders. `growth` has what `heap::growth` says of each two snapshots in a row, and
/// `last` is the last snapshot.
#[must_use]
pub fn holders(growth: &[Growth], last: Heap<'_>, listing: &Listing<HolderSteps>) -> Holders {
    let mut found: HashMap<NodeId, HolderSteps> = HashMap::new();
    for (step, growth) in growth.iter().enumerate() {
        for holder in &growth.holders {
            let entry = found.entry(holder.id).or_insert_with(|| HolderSteps {
                id: holder.id,
                steps: Vec::new(),
            });
            entry.steps.resize(step + 1, None);
            entry.steps[step] = Some(holder.clone());
        }
    }
    let all = found.into_values().map(|mut holder| {
        holder.steps.resize(growth.len(), None);
        holder
    });
    let page = listing.page(all.filter(|holder| holder.gains_in_all() > 0));
    let paths = (!page.rows.is_empty()).then(|| RetainingPaths::of(last.snapshot));
    let row = |holder: HolderSteps| holder.row(last, paths.as_ref());
    Holders {
        pairs: growth.iter().map(PairRow::of).collect(),
        page: page.of,
        holders: page.rows.into_iter().map(row).collect(),
    }
}

impl PairRow {
    fn of(growth: &Growth) -> Self {
        Self {
            new_objects: growth.cohort_objects,
            new_bytes: growth.cohort_bytes,
        }
    }
}

impl HolderSteps {
    fn gains(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        self.steps
            .iter()
            .map(|step| step.as_ref().map(HolderGrowth::net))
    }

    fn gains_in_all(&self) -> i64 {
        self.gains().flatten().sum()
    }

    fn grows_at_every_step(&self) -> bool {
        self.gains().all(|gain| gain.is_some_and(|gain| gain > 0))
    }

    fn is_constant(&self) -> bool {
        let mut gains = self.gains();
        let first = gains.next().flatten();
        first.is_some_and(|first| first > 0 && gains.all(|gain| gain == Some(first)))
    }

    fn bytes_in_last(&self) -> u64 {
        let last = self.steps.iter().rev().flatten().next();
        last.map_or(0, |holder| holder.dragged_bytes)
    }

    fn row(self, last: Heap<'_>, paths: Option<&RetainingPaths<'_>>) -> HolderRow {
        let node = last.snapshot.node_by_id(self.id);
        let steps = node.zip(paths).and_then(|(node, paths)| paths.to(node));
        let newest = self.steps.iter().rev().flatten().next();
        let mut dragged: Vec<DraggedRow> = newest
            .into_iter()
            .flat_map(|holder| &holder.dragged)
            .map(|dragged| DraggedRow {
                class: dragged.class.clone(),
                count: dragged.count,
                bytes: dragged.bytes,
            })
            .collect();
        dragged.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.class.cmp(&b.class)));
        HolderRow {
            object: node.map(|node| last.object(node).row()),
            id: self.id.0,
            gains: self.gains().collect(),
            bytes: self
                .steps
                .iter()
                .map(|step| step.as_ref().map(|holder| holder.dragged_bytes))
                .collect(),
            every_step: self.grows_at_every_step(),
            constant: self.is_constant(),
            dragged,
            path: steps.map_or_else(Vec::new, |steps| rows(last, last.snapshot.root(), &steps)),
        }
    }
}

impl Listed for HolderSteps {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("growth", |a, b| {
                let order = |h: &Self| (h.grows_at_every_step(), h.bytes_in_last());
                order(a).cmp(&order(b))
            }),
            Column::descending("gains", |a, b| a.gains_in_all().cmp(&b.gains_in_all())),
            Column::descending("bytes", |a, b| a.bytes_in_last().cmp(&b.bytes_in_last())),
            Column::ascending("id", |a, b| a.id.cmp(&b.id)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        let dragged = self.steps.iter().flatten().flat_map(|step| &step.dragged);
        let mut classes = dragged.map(|dragged| &dragged.class);
        classes.any(|class| filter.passes(class))
    }

    fn tie(&self, other: &Self) -> Ordering {
        let gains = other.gains_in_all().cmp(&self.gains_in_all());
        gains.then_with(|| self.id.cmp(&other.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    fn heap_with(n_sessions: usize) -> Opened {
        Opened::of(&format!(
            "root -> app@101:App 16                       property app
             app -> list@103:Array 16                     property sessions
             app -> cache@105:Array 16                    property cache
             list -> session*{n_sessions}@1001:Session 32 element
             cache -> entry*2@{}:Entry 8                  element",
            9001 + 100 * n_sessions
        ))
    }

    #[test]
    fn a_holder_that_gains_at_every_step_is_told_from_one_that_changes() {
        let snapshots = [heap_with(1), heap_with(6), heap_with(11)];
        let growth: Vec<Growth> = snapshots
            .windows(2)
            .map(|pair| {
                let (base, newer) = (pair[0].heap(), pair[1].heap());
                heap::growth(
                    (base.snapshot, base.analysis),
                    (newer.snapshot, newer.analysis),
                )
            })
            .collect();
        let view = holders(&growth, snapshots[2].heap(), &all());
        assert_eq!(view.pairs[0].new_objects, 7);
        let [list] = view.holders.as_slice() else {
            panic!("{:?}", view.holders);
        };
        assert_eq!((list.id, list.every_step, list.constant), (103, true, true));
        assert_eq!(list.gains, [Some(5), Some(5)]);
        assert_eq!(list.dragged[0].class, "Session");
        let edges: Vec<_> = list.path.iter().filter_map(|s| s.edge.clone()).collect();
        assert_eq!(edges, ["app", "sessions"]);
    }
}
