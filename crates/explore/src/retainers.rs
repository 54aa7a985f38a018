//! What keeps one object alive: DevTools' Retainers view.

use heap::{EdgeKind, Incoming, NodeIx};
use serde::Serialize;

use crate::desk::Desk;
use crate::listing::{Listing, Page, PageOf};
use crate::object::{Heap, ObjectRow};
use crate::path::{PathRow, user_path};
use crate::reference::Retainer;
use crate::tree::{Branch, Unfolding};

/// One object with the references that keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retainers {
    /// The object asked for.
    pub object: ObjectRow,
    /// How many objects of its class there are.
    pub of_class: u64,
    /// One way from the roots to it, the root first; empty if only weak references lead to it.
    pub path: Vec<PathRow>,
    /// The references to it, in DevTools' order if nothing else was asked for.
    pub retainers: Vec<RetainerRow>,
    /// Which of the references these are.
    pub page: PageOf,
}

/// One reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetainerRow {
    /// The reference's name or index.
    pub edge: String,
    /// Its kind, as the snapshot calls it.
    pub kind: &'static str,
    /// The object that refers.
    pub from: ObjectRow,
    /// The references to that one, where the tree goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retainers: Vec<RetainerRow>,
    /// How many more there are than these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

impl RetainerRow {
    /// Without what is below.
    pub(crate) fn flat(retainer: &Retainer<'_>) -> Self {
        Self {
            edge: retainer.text(),
            kind: retainer.kind(),
            from: retainer.from().row(),
            retainers: Vec::new(),
            more: 0,
        }
    }
}

/// What keeps an object alive.
#[must_use]
pub fn retainers<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    unfolding: &Unfolding<Retainer<'h>>,
) -> Retainers {
    Desk::of(heap).retainers(node, unfolding)
}

impl<'h> Desk<'h> {
    /// What keeps an object alive.
    #[must_use]
    pub fn retainers(&self, node: NodeIx, unfolding: &Unfolding<Retainer<'h>>) -> Retainers {
        let heap = self.heap();
        let tree = Tree {
            heap,
            incoming: self.incoming(),
            unfolding,
        };
        let page = tree.page(node, &unfolding.first);
        let mut branch = unfolding.start(node);
        let rows = page.rows.iter().map(|row| tree.row(row, &mut branch));
        Retainers {
            object: heap.object(node).row(),
            of_class: self.of_class(heap.class(node)).count() as u64,
            path: user_path(self, node),
            retainers: rows.collect(),
            page: page.of,
        }
    }
}

struct Tree<'t, 'h> {
    heap: Heap<'h>,
    incoming: &'t Incoming<'h>,
    unfolding: &'t Unfolding<Retainer<'h>>,
}

impl<'h> Tree<'_, 'h> {
    fn page(&self, node: NodeIx, listing: &Listing<Retainer<'h>>) -> Page<Retainer<'h>> {
        listing.page(kept_by(self.heap, self.incoming, node))
    }

    fn row(&self, retainer: &Retainer<'h>, branch: &mut Branch) -> RetainerRow {
        let from = retainer.from();
        let below = branch.below(from.node, |branch| {
            let page = self.page(from.node, &self.unfolding.below);
            let rows = page.rows.iter().map(|row| self.row(row, branch));
            (rows.collect(), page.of.matching - page.of.shown)
        });
        let (retainers, more) = below.unwrap_or_default();
        RetainerRow {
            retainers,
            more,
            ..RetainerRow::flat(retainer)
        }
    }
}

/// The references that keep an object: neither weak ones nor the root's.
pub(crate) fn kept_by<'h>(
    heap: Heap<'h>,
    incoming: &Incoming<'_>,
    node: NodeIx,
) -> impl Iterator<Item = Retainer<'h>> {
    let root = heap.snapshot.root();
    let keeps = move |step: &heap::PathStep| step.edge.kind != EdgeKind::Weak && step.from != root;
    let steps = incoming.to(node).filter(keeps).enumerate();
    steps.map(move |(place, step)| Retainer::new(heap, place, step))
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Opened;
    use crate::listing::Wanted;

    const HEAP: &str = "
        root -> a:Zebra 16        property a
        root -> b:Apple 16        property b
        a    -> deep:Deep 16      property deep
        a    -> x:X 16            property left
        b    -> x                 property right
        deep -> x                 element
        b    ~> x                 weak
        root -> x                 internal root
        x    -> a                 property back";

    fn view(depth: usize) -> Retainers {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let unfolding = Wanted::default().unfolding(depth).unwrap();
        retainers(heap, heap.find("X").unwrap(), &unfolding)
    }

    #[test]
    fn retainers_come_by_distance_then_by_name_without_weak_ones_and_the_root() {
        let view = view(1);
        let rows: Vec<_> = view
            .retainers
            .iter()
            .map(|r| (r.edge.as_str(), r.kind, r.from.class.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("right", "property", "Apple"),
                ("left", "property", "Zebra"),
                ("[0]", "element", "Deep"),
            ]
        );
        assert_eq!((view.of_class, view.page.all), (1, 3));
    }

    #[test]
    fn a_cycle_is_not_unfolded_for_ever() {
        let view = view(200);
        let zebra = &view.retainers[1];
        assert_eq!(zebra.from.class, "Zebra");
        // It is kept by the object asked for, which is above it already.
        assert_eq!(zebra.retainers.len(), 1);
        assert_eq!(zebra.retainers[0].from.class, "X");
        assert!(zebra.retainers[0].retainers.is_empty());
        let deep = &view.retainers[2];
        assert_eq!(deep.retainers[0].from.class, "Zebra");
    }
}
