//! Two snapshots of one process: DevTools' Comparison view, and what it cannot show, the objects
//! that grew where they are.

use std::cmp::Ordering;
use std::collections::HashMap;

use heap::{ClassDiff, Resized};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow, Outlined, Unknown};

/// What came, went and stayed, by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The classes that changed, by size delta if nothing else was asked for.
    pub classes: Vec<ClassChange>,
    /// Which of the classes these are.
    pub page: PageOf,
    /// Objects of both snapshots that grew; no class above counts them.
    pub grown: Grown,
}

/// What grew in place. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grown {
    /// Objects that are larger than in the base.
    pub count: u64,
    /// By how much, all together.
    pub size_delta: u64,
    /// Objects that are smaller than in the base.
    pub shrunk_count: u64,
    /// By how much, all together.
    pub shrunk_size: u64,
    /// The classes of the larger ones.
    pub classes: Vec<GrownClass>,
    /// Which of the classes these are.
    pub classes_page: PageOf,
    /// The larger ones themselves.
    pub objects: Vec<GrownObject>,
    /// Which of the objects these are.
    pub objects_page: PageOf,
}

/// The objects of one class that grew in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrownClass {
    /// The class's name.
    pub class: String,
    /// How many grew.
    pub count: u64,
    /// By how much, all together.
    pub size_delta: u64,
}

/// An object that grew in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrownObject {
    /// How much it grew.
    pub size_delta: u64,
    /// Its own size in the base.
    pub base_size: u64,
    /// The object as it is in the newer snapshot.
    pub object: ObjectRow,
}

/// The objects of one class that came and went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffObjects {
    /// The class's name.
    pub class: String,
    /// Objects in the newer snapshot only.
    pub new: Vec<ObjectRow>,
    /// Which of them these are.
    pub new_page: PageOf,
    /// Objects in the base only.
    pub deleted: Vec<ObjectRow>,
    /// Which of them these are.
    pub deleted_page: PageOf,
}

/// An object that grew, where it lies.
#[derive(Debug, Clone, Copy)]
pub struct GrownIn<'h> {
    resized: Resized,
    object: HeapObject<'h>,
}

/// Which rows of the Comparison view and of what grew are wanted.
#[derive(Debug)]
pub struct DiffListing<'h> {
    /// Of the classes that changed.
    pub classes: Listing<ClassChange>,
    /// Of the classes whose objects grew.
    pub grown_classes: Listing<GrownClass>,
    /// Of the objects that grew.
    pub grown_objects: Listing<GrownIn<'h>>,
}

/// One class of the Comparison view. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    /// The name as DevTools shows it.
    pub class: String,
    /// Objects in the newer snapshot only.
    pub new: u64,
    /// Objects in the base only.
    pub deleted: u64,
    /// New less deleted.
    pub delta: i64,
    /// Own sizes of the new objects.
    pub alloc_size: u64,
    /// Own sizes of the deleted objects.
    pub freed_size: u64,
    /// Allocated less freed.
    pub size_delta: i64,
}

/// The Comparison view of two snapshots, and what grew in place.
#[must_use]
pub fn diff<'h>(base: Outlined<'_>, newer: Heap<'h>, listing: &DiffListing<'h>) -> Diff {
    let page = listing.classes.page(class_changes(base, newer));
    Diff {
        classes: page.rows,
        page: page.of,
        grown: grown(base, newer, listing),
    }
}

/// All classes that changed, in no order: for whoever pages through them more than once.
#[must_use]
pub fn class_changes(base: Outlined<'_>, newer: Heap<'_>) -> Vec<ClassChange> {
    let changes = heap::compare(base.parts(), newer.outlined().parts());
    changes.into_iter().map(ClassChange::of).collect()
}

/// A change of a class with its share for each session between the two snapshots.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangePerSession {
    /// The change.
    #[serde(flatten)]
    pub change: ClassChange,
    /// Objects gained for each session; `None` where no sessions are known of.
    pub delta_per_session: Option<f64>,
    /// Bytes gained for each session.
    pub size_per_session: Option<f64>,
}

impl ClassChange {
    /// With its share of so many sessions.
    #[must_use]
    pub fn per_session(self, sessions: Option<u64>) -> ChangePerSession {
        let share = |sum: i64| {
            let sessions = sessions.filter(|&sessions| sessions > 0)?;
            Some(sum as f64 / sessions as f64)
        };
        ChangePerSession {
            delta_per_session: share(self.delta),
            size_per_session: share(self.size_delta),
            change: self,
        }
    }
}

fn grown<'h>(base: Outlined<'_>, newer: Heap<'h>, listing: &DiffListing<'h>) -> Grown {
    let resized = heap::resized(base.parts(), newer.outlined().parts());
    let larger = || {
        let larger = resized.iter().filter(|r| r.size > r.base_size);
        larger.map(|&resized| GrownIn {
            resized,
            object: newer.object(resized.node),
        })
    };
    let smaller = || resized.iter().filter(|r| r.size < r.base_size);
    let mut classes: HashMap<&str, (u64, u64)> = HashMap::new();
    for grown in larger() {
        let (count, size_delta) = classes.entry(grown.object.class()).or_default();
        *count += 1;
        *size_delta += grown.size_delta();
    }
    let class = |(class, (count, size_delta)): (&str, _)| GrownClass {
        class: class.to_owned(),
        count,
        size_delta,
    };
    let classes = listing.grown_classes.page(classes.into_iter().map(class));
    let objects = listing.grown_objects.page(larger());
    Grown {
        count: larger().count() as u64,
        size_delta: larger().map(|grown| grown.size_delta()).sum(),
        shrunk_count: smaller().count() as u64,
        shrunk_size: smaller().map(|r| r.base_size - r.size).sum(),
        classes: classes.rows,
        classes_page: classes.of,
        objects: objects.rows.iter().map(GrownIn::row).collect(),
        objects_page: objects.of,
    }
}

/// The objects of one class that came and went.
///
/// # Errors
/// If neither snapshot has such a class.
pub fn diff_objects<'h>(
    base: Heap<'h>,
    newer: Heap<'h>,
    class: &str,
    listing: &Listing<HeapObject<'h>>,
) -> Result<DiffObjects, Unknown> {
    let changes = heap::changes_of_class(base.outlined().parts(), newer.outlined().parts(), class);
    let has_class = |heap: Heap<'_>| heap.objects().any(|object| object.class() == class);
    let is_empty = changes.added.is_empty() && changes.removed.is_empty();
    if is_empty && !has_class(newer) && !has_class(base) {
        return Err(Unknown::Class(newer.similar_classes(class)));
    }
    let added = listing.page(changes.added.into_iter().map(|node| newer.object(node)));
    let removed = listing.page(changes.removed.into_iter().map(|node| base.object(node)));
    Ok(DiffObjects {
        class: class.to_owned(),
        new: added.rows.iter().map(HeapObject::row).collect(),
        new_page: added.of,
        deleted: removed.rows.iter().map(HeapObject::row).collect(),
        deleted_page: removed.of,
    })
}

impl GrownIn<'_> {
    fn size_delta(&self) -> u64 {
        self.resized.size - self.resized.base_size
    }

    fn row(&self) -> GrownObject {
        GrownObject {
            size_delta: self.size_delta(),
            base_size: self.resized.base_size,
            object: self.object.row(),
        }
    }
}

impl ClassChange {
    fn of(change: ClassDiff) -> Self {
        Self {
            class: change.name,
            new: change.added,
            deleted: change.removed,
            delta: change.delta,
            alloc_size: change.alloc_size,
            freed_size: change.freed_size,
            size_delta: change.size_delta,
        }
    }
}

impl Listed for ClassChange {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("size-delta", |a, b| a.size_delta.cmp(&b.size_delta)),
            Column::descending("alloc", |a, b| a.alloc_size.cmp(&b.alloc_size)),
            Column::descending("freed", |a, b| a.freed_size.cmp(&b.freed_size)),
            Column::descending("new", |a, b| a.new.cmp(&b.new)),
            Column::descending("deleted", |a, b| a.deleted.cmp(&b.deleted)),
            Column::descending("delta", |a, b| a.delta.cmp(&b.delta)),
            Column::ascending("class", |a, b| a.class.cmp(&b.class)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.class)
    }

    fn size(&self) -> Option<u64> {
        Some(self.size_delta.unsigned_abs())
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.class.cmp(&other.class)
    }
}

impl Listed for GrownClass {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("size-delta", |a, b| a.size_delta.cmp(&b.size_delta)),
            Column::descending("count", |a, b| a.count.cmp(&b.count)),
            Column::ascending("class", |a, b| a.class.cmp(&b.class)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.class)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.class.cmp(&other.class)
    }
}

impl Listed for GrownIn<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("size-delta", |a, b| a.size_delta().cmp(&b.size_delta())),
            Column::descending("shallow", |a, b| a.resized.size.cmp(&b.resized.size)),
            Column::ascending("class", |a, b| a.object.class().cmp(b.object.class())),
            Column::ascending("id", |a, b| a.object.id().cmp(&b.object.id())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        self.object.passes(filter)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.object.tie(&other.object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    const BASE: &str = "
        root -> map@11:Map 64       property map
        map  -> a@21:Session 96     element
        map  -> b@23:Session 96     element
        root -> old@31:Timer 40     property timer";

    const NEWER: &str = "
        root -> map@11:Map 512      property map
        map  -> b@23:Session 90     element
        map  -> c*3@25:Session 96   element";

    fn listing<'h>() -> DiffListing<'h> {
        DiffListing {
            classes: all(),
            grown_classes: all(),
            grown_objects: all(),
        }
    }

    #[test]
    fn what_came_and_went_is_counted_and_what_grew_stands_apart() {
        let (base, newer) = (Opened::of(BASE), Opened::of(NEWER));
        let view = diff(base.heap().outlined(), newer.heap(), &listing());
        let session = ClassChange {
            class: "Session".into(),
            new: 3,
            deleted: 1,
            delta: 2,
            alloc_size: 288,
            freed_size: 96,
            size_delta: 192,
        };
        assert_eq!(view.classes[0], session);
        assert_eq!(view.classes[1].class, "Timer");
        assert_eq!(view.classes.len(), 2);
        let grown = view.grown;
        assert_eq!((grown.count, grown.size_delta), (1, 448));
        assert_eq!((grown.shrunk_count, grown.shrunk_size), (1, 6));
        assert_eq!(grown.classes[0].class, "Map");
        let object = &grown.objects[0];
        assert_eq!((object.object.id, object.base_size), (11, 64));
        // Nothing is counted twice: all of it is what the heap grew by.
        let sizes: i64 = view.classes.iter().map(|c| c.size_delta).sum();
        assert_eq!(sizes + 448 - 6, (512 + 90 + 288) - (64 + 192 + 40));
    }

    #[test]
    fn the_objects_of_a_class_are_listed_by_side() {
        let (base, newer) = (Opened::of(BASE), Opened::of(NEWER));
        let (base, newer) = (base.heap(), newer.heap());
        let ids = |rows: &[ObjectRow]| rows.iter().map(|o| o.id).collect::<Vec<_>>();
        let view = diff_objects(base, newer, "Session", &all()).unwrap();
        assert_eq!(ids(&view.new), [25, 27, 29]);
        assert_eq!(ids(&view.deleted), [21]);
        let view = diff_objects(base, newer, "Timer", &all()).unwrap();
        assert_eq!((ids(&view.new), ids(&view.deleted)), (vec![], vec![31]));
        let view = diff_objects(base, newer, "Map", &all()).unwrap();
        assert_eq!((view.new_page.all, view.deleted_page.all), (0, 0));
        assert!(diff_objects(base, newer, "Nothing", &all()).is_err());
    }
}
