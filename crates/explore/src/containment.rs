//! What an object refers to, and that in turn: DevTools' Containment view, from the roots down.

use heap::{NodeIx, PathStep};
use serde::Serialize;

use crate::listing::{Listing, Page, PageOf};
use crate::object::{Heap, ObjectRow};
use crate::reference::Contained;
use crate::retainers::is_zero;
use crate::tree::{Branch, Unfolding};

/// One object with what it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Containment {
    /// The object that the tree hangs from.
    pub object: ObjectRow,
    /// Its references, in DevTools' order if nothing else was asked for.
    pub children: Vec<ContainedRow>,
    /// Which of them these are.
    pub page: PageOf,
}

/// One reference of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainedRow {
    /// The reference's name or index.
    pub edge: String,
    /// Its kind, as the snapshot calls it.
    pub kind: &'static str,
    /// The object referred to.
    pub object: ObjectRow,
    /// What that one refers to, where the tree goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ContainedRow>,
    /// How many more there are than these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

impl ContainedRow {
    /// Without what is below.
    pub(crate) fn flat(child: &Contained<'_>) -> Self {
        Self {
            edge: child.text(),
            kind: child.kind(),
            object: child.to().row(),
            children: Vec::new(),
            more: 0,
        }
    }
}

/// What an object refers to.
#[must_use]
pub fn containment<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    unfolding: &Unfolding<Contained<'h>>,
) -> Containment {
    let page = children(heap, node, &unfolding.first);
    let mut branch = unfolding.start(node);
    let rows = page.rows.iter();
    Containment {
        object: heap.object(node).row(),
        children: rows
            .map(|child| row(heap, child, unfolding, &mut branch))
            .collect(),
        page: page.of,
    }
}

fn row<'h>(
    heap: Heap<'h>,
    child: &Contained<'h>,
    unfolding: &Unfolding<Contained<'h>>,
    branch: &mut Branch,
) -> ContainedRow {
    let to = child.to();
    let below = branch.below(to.node, |branch| {
        let page = children(heap, to.node, &unfolding.below);
        let rows = page.rows.iter();
        let rows = rows.map(|child| row(heap, child, unfolding, branch));
        (rows.collect(), page.of.matching - page.of.shown)
    });
    let (children, more) = below.unwrap_or_default();
    ContainedRow {
        children,
        more,
        ..ContainedRow::flat(child)
    }
}

fn children<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    listing: &Listing<Contained<'h>>,
) -> Page<Contained<'h>> {
    let edges = heap.snapshot.edges(node).enumerate();
    listing.page(edges.map(|(place, edge)| {
        let step = PathStep { from: node, edge };
        Contained::new(heap, place, step)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Opened;
    use crate::listing::{Filter, Wanted};

    const HEAP: &str = "
        root -> top:Top 16          property top
        top  -> proto:Top 8         property __proto__
        top  -> b:Same 8            property b
        top  -> a:Same 8            property a
        top  -> i:Same 8            element 7
        top  -> big:Big 100         property z
        big  -> inner*12:Inner 4    element
        top  ~> a                   weak";

    #[test]
    fn the_largest_come_first_then_names_then_indexes_and_the_prototype_last() {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let top = heap.find("@3").unwrap();
        let view = containment(heap, top, &Wanted::default().unfolding(2).unwrap());
        let edges: Vec<_> = view.children.iter().map(|c| (&*c.edge, c.kind)).collect();
        assert_eq!(
            edges,
            [
                ("z", "property"),
                ("", "weak"),
                ("a", "property"),
                ("b", "property"),
                ("[7]", "element"),
                ("__proto__", "property"),
            ]
        );
        let big = &view.children[0];
        assert_eq!((big.children.len(), big.more), (10, 2));
        assert_eq!(big.object.retained_size, 148);
    }

    #[test]
    fn a_filter_is_about_the_first_level() {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let wanted = Wanted {
            filter: Some(Filter::parse("big").unwrap()),
            ..Wanted::default()
        };
        let top = heap.find("@3").unwrap();
        let view = containment(heap, top, &wanted.unfolding(2).unwrap());
        assert_eq!((view.children.len(), view.page.all), (1, 6));
        assert_eq!(view.children[0].children.len(), 10);
    }
}
