//! The classes of one snapshot and the objects of one class: DevTools' Summary view.

use std::cmp::Ordering;

use heap::{Aggregate, Overview};
use serde::Serialize;

use crate::desk::Desk;
use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow, Unknown};
use crate::statistics::StatisticsRow;

/// What a snapshot holds, in all and by class. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Nodes of the graph.
    pub nodes: u64,
    /// Edges of the graph.
    pub edges: u64,
    /// What everything that can be reached takes, memory outside the heap included.
    pub total_size: u64,
    /// The total by kind.
    pub statistics: StatisticsRow,
    /// The classes, by retained size if nothing else was asked for.
    pub classes: Vec<ClassRow>,
    /// Which of the classes these are.
    pub page: PageOf,
}

/// One class of the Summary view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassRow {
    /// The name as DevTools shows it.
    pub class: String,
    /// Objects.
    pub count: u64,
    /// The least distance from a root; −5 if none is reached.
    pub distance: i64,
    /// The objects' own sizes.
    pub shallow_size: u64,
    /// What would be freed with all of them.
    pub retained_size: u64,
}

/// The objects of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassObjects {
    /// The class's name.
    pub class: String,
    /// How many objects there are.
    pub count: u64,
    /// Their own sizes, in bytes.
    pub shallow_size: u64,
    /// The objects, by retained size if nothing else was asked for.
    pub objects: Vec<ObjectRow>,
    /// Which of the objects these are.
    pub page: PageOf,
}

/// A class where it lies.
#[derive(Debug, Clone, Copy)]
pub struct ClassSums<'h>(&'h Aggregate);

/// The Summary view of a snapshot.
#[must_use]
pub fn summary<'h>(overview: &'h Overview, listing: &Listing<ClassSums<'h>>) -> Summary {
    let page = listing.page(overview.aggregates.iter().map(ClassSums));
    let row = |ClassSums(sums): ClassSums<'_>| ClassRow {
        class: sums.name.to_string(),
        count: sums.count,
        distance: sums.distance,
        shallow_size: sums.shallow_size,
        retained_size: sums.retained_size,
    };
    Summary {
        nodes: overview.n_nodes,
        edges: overview.n_edges,
        total_size: overview.statistics.total,
        statistics: StatisticsRow::of(&overview.statistics),
        page: page.of,
        classes: page.rows.into_iter().map(row).collect(),
    }
}

/// What a snapshot holds of that which a filter of DevTools keeps; counts and statistics are those
/// of the whole.
#[must_use]
pub fn filtered(heap: Heap<'_>, only: heap::Filter) -> Overview {
    Desk::of(heap).filtered(only).overview.clone()
}

/// The objects of a class, or of them those that a filter of DevTools keeps. As in DevTools those without a size of their own do not count.
///
/// # Errors
/// If there is no such class.
pub fn class_objects<'h>(
    heap: Heap<'h>,
    class: &str,
    only: Option<heap::Filter>,
    listing: &Listing<HeapObject<'h>>,
) -> Result<ClassObjects, Unknown> {
    let kept = only.map(|only| only.nodes(heap.snapshot, heap.analysis));
    Desk::of(heap).class_objects(class, kept.as_ref(), listing)
}

impl<'h> Desk<'h> {
    /// The objects of a class, or of them those that are kept. As in DevTools those without a size of
    /// their own do not count.
    ///
    /// # Errors
    /// If there is no such class.
    pub fn class_objects(
        &self,
        class: &str,
        kept: Option<&heap::NodeSet>,
        listing: &Listing<HeapObject<'h>>,
    ) -> Result<ClassObjects, Unknown> {
        let (mut count, mut shallow_size) = (0, 0);
        let is_kept = |node| kept.is_none_or(|kept| kept.has(node));
        let of_class = self
            .of_class(class)
            .filter(|object| object.shallow_size() > 0)
            .filter(|object| is_kept(object.node))
            .inspect(|object| {
                count += 1;
                shallow_size += object.shallow_size();
            });
        let page = listing.page(of_class);
        if count == 0 && self.of_class(class).next().is_none() {
            return Err(Unknown::Class(self.heap().similar_classes(class)));
        }
        Ok(ClassObjects {
            class: class.to_owned(),
            count,
            shallow_size,
            page: page.of,
            objects: page.rows.iter().map(HeapObject::row).collect(),
        })
    }
}

impl Listed for ClassSums<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("retained", |a, b| a.0.retained_size.cmp(&b.0.retained_size)),
            Column::descending("shallow", |a, b| a.0.shallow_size.cmp(&b.0.shallow_size)),
            Column::descending("count", |a, b| a.0.count.cmp(&b.0.count)),
            Column::ascending("distance", |a, b| a.0.distance.cmp(&b.0.distance)),
            Column::ascending("class", |a, b| a.0.name.cmp(&b.0.name)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.0.name)
    }

    fn size(&self) -> Option<u64> {
        Some(self.0.retained_size)
    }

    fn tie(&self, other: &Self) -> Ordering {
        let by_name = self.0.name.cmp(&other.0.name);
        by_name.then_with(|| self.0.key.cmp(&other.0.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all, first};

    const SESSIONS: &str = "
        root     -> server:Server 48            property app
        server   -> sessions:Map 64             property sessions
        sessions -> table:array/\"\" 800        internal table
        table    -> session*3:Session 96        element
        session  -> text*3:string/hello 24      property text
        session  ~> server                      weak";

    #[test]
    fn classes_have_what_they_retain_and_the_largest_come_first() {
        let opened = Opened::of(SESSIONS);
        let overview = opened.overview();
        let view = summary(&overview, &all());
        let classes: Vec<_> = view
            .classes
            .iter()
            .map(|c| {
                let sizes = (c.shallow_size, c.retained_size);
                (c.class.as_str(), c.count, c.distance, sizes)
            })
            .collect();
        assert_eq!(
            classes,
            [
                ("Server", 1, 1, (48, 1272)),
                // The table belongs to the map, which is its only owner.
                ("Map", 1, 2, (864, 1224)),
                ("Session", 3, 4, (288, 360)),
                ("(string)", 3, 5, (72, 72)),
            ]
        );
        assert_eq!((view.nodes, view.edges, view.total_size), (10, 12, 1272));
    }

    #[test]
    fn the_objects_of_a_class_come_in_pages() {
        let opened = Opened::of(SESSIONS);
        let view = class_objects(opened.heap(), "Session", None, &first(2)).unwrap();
        assert_eq!((view.count, view.shallow_size), (3, 288));
        let ids: Vec<_> = view.objects.iter().map(|o| o.id).collect();
        assert_eq!(ids, [9, 11]);
        assert_eq!((view.page.shown, view.page.all), (2, 3));
        let unknown = class_objects(opened.heap(), "session", None, &all());
        assert_eq!(unknown, Err(Unknown::Class(vec!["Session".into()])));
    }
}
