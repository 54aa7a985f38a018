//! Everything that a snapshot tells of one object.

use heap::{EdgeKind, NodeIx, NodeType, PathStep};
use serde::Serialize;

use crate::closures::{Place, place};
use crate::containment::ContainedRow;
use crate::desk::Desk;
use crate::listing::{Listing, PageOf};
use crate::object::{Heap, ObjectRow};
use crate::path::{PathRow, user_path};
use crate::reference::{Contained, Retainer};
use crate::retainers::{RetainerRow, kept_by};

/// One object with its surroundings. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectDetails {
    /// The object.
    pub object: ObjectRow,
    /// Its own size as V8 wrote it, before backing stores were given to their owners.
    pub self_size: u64,
    /// What it is, in a line: a string's text, a plain object's properties, a boxed number.
    pub preview: String,
    /// Where the function, or the constructor of the object, stands.
    pub place: Option<Place>,
    /// V8's word on a DOM node: `attached` or `detached`; `null` where it has none.
    pub detachedness: Option<&'static str>,
    /// The object that all ways to it lead through; `null` for the root.
    pub dominator: Option<ObjectRow>,
    /// How many objects of its class there are.
    pub of_class: u64,
    /// How many references lead to it, of every kind.
    pub retainer_count: u64,
    /// One way from the roots to it, the root first; empty if only weak references lead to it.
    pub path: Vec<PathRow>,
    /// What it refers to, in DevTools' order if nothing else was asked for.
    pub edges: Vec<ContainedRow>,
    /// Which of these references these are.
    pub edges_page: PageOf,
    /// What refers to it, in DevTools' order if nothing else was asked for.
    pub retainers: Vec<RetainerRow>,
    /// Which of these references these are.
    pub retainers_page: PageOf,
}

/// Which rows of each list are wanted.
#[derive(Debug)]
pub struct DetailsListing<'h> {
    /// Of what it refers to.
    pub edges: Listing<Contained<'h>>,
    /// Of what refers to it.
    pub retainers: Listing<Retainer<'h>>,
}

/// Everything about an object.
#[must_use]
pub fn object_details<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    listing: &DetailsListing<'h>,
) -> ObjectDetails {
    Desk::of(heap).object_details(node, listing)
}

impl<'h> Desk<'h> {
    /// Everything about an object.
    #[must_use]
    pub fn object_details(&self, node: NodeIx, listing: &DetailsListing<'h>) -> ObjectDetails {
        let heap = self.heap();
        let Heap { snapshot, analysis } = heap;
        let incoming = self.incoming();
        let steps = snapshot.edges(node).enumerate();
        let edges = listing.edges.page(steps.map(|(at, edge)| {
            let step = PathStep { from: node, edge };
            Contained::new(heap, at, step)
        }));
        let retainers = listing.retainers.page(kept_by(heap, incoming, node));
        let dominator = analysis.dominator(node);
        ObjectDetails {
            object: heap.object(node).row(),
            self_size: snapshot.self_size(node),
            preview: preview(heap, node),
            place: place(heap, node),
            detachedness: match snapshot.detachedness(node) {
                1 => Some("attached"),
                2 => Some("detached"),
                _ => None,
            },
            dominator: (dominator != node).then(|| heap.object(dominator).row()),
            of_class: self.of_class(heap.class(node)).count() as u64,
            retainer_count: incoming.count(node) as u64,
            path: user_path(self, node),
            edges: edges.rows.iter().map(ContainedRow::flat).collect(),
            edges_page: edges.of,
            retainers: retainers.rows.iter().map(RetainerRow::flat).collect(),
            retainers_page: retainers.of,
        }
    }
}

fn preview(heap: Heap<'_>, node: NodeIx) -> String {
    let Heap { snapshot, .. } = heap;
    match snapshot.node_type(node) {
        NodeType::Object if snapshot.name(node) == "Array" => {
            let elements = snapshot.edges(node);
            let elements = elements.filter(|edge| edge.kind == EdgeKind::Element);
            format!("Array with {} references to elements", elements.count())
        }
        NodeType::Number | NodeType::BigInt => {
            let value = snapshot.target(node, EdgeKind::Internal, "value");
            snapshot.name(value.unwrap_or(node)).into_owned()
        }
        _ => snapshot.shown_name(node).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    #[test]
    fn an_object_is_told_with_its_surroundings() {
        let opened = Opened::of(
            "root  -> server:Server 48       property app
             server -> list:Array 16         property sessions
             list  -> store:array/\"\" 80   internal elements
             list  -> a:Session 8            element
             store -> a                      internal 0
             server ~> list                  weak
             list at 3:10:5",
        );
        let heap = opened.heap();
        let listing = DetailsListing {
            edges: all(),
            retainers: all(),
        };
        let view = object_details(heap, heap.find("Array").unwrap(), &listing);
        // The store is the list's own.
        assert_eq!((view.self_size, view.object.shallow_size), (16, 96));
        assert_eq!(view.preview, "Array with 1 references to elements");
        let place = view.place.unwrap();
        assert_eq!((place.script_id, place.line, place.column), (3, 11, 6));
        assert_eq!(view.dominator.unwrap().class, "Server");
        assert_eq!((view.retainer_count, view.retainers.len()), (2, 1));
        assert_eq!(view.edges_page.all, 2);
        assert_eq!(view.path.len(), 3);
        let root = object_details(heap, heap.snapshot.root(), &listing);
        assert_eq!((root.dominator, root.path.len()), (None, 1));
    }
}
