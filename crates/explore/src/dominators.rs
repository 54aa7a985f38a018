//! What would be freed with an object, as a tree: every object hangs from the one that all ways to
//! it lead through; or merged by class, every class below the class that keeps it.
//!
//! Cost: two passes over the nodes, and what is unfolded.

use std::cmp::Ordering;
use std::collections::HashMap;

use heap::{ClassIx, NodeIx};
use serde::Serialize;

use crate::desk::Desk;
use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow};
use crate::retainers::is_zero;
use crate::tree::{Branch, Unfolding};

/// The dominator tree below one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dominators {
    /// The object that the tree hangs from.
    pub object: ObjectRow,
    /// The objects above it, the nearest first, the root last.
    pub dominators: Vec<ObjectRow>,
    /// What it dominates immediately, by retained size if nothing else was asked for.
    pub children: Vec<DominatedRow>,
    /// Which of them these are.
    pub page: PageOf,
}

/// An object of the dominator tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DominatedRow {
    /// The object.
    pub object: ObjectRow,
    /// What it dominates immediately, where the tree goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<DominatedRow>,
    /// How many more there are than these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// The dominator tree below one object, merged by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DominatorClasses {
    /// The object that the tree hangs from.
    pub object: ObjectRow,
    /// The classes of what it dominates immediately, by retained size if nothing else was asked
    /// for.
    pub classes: Vec<DominatedClass>,
    /// Which of them these are.
    pub page: PageOf,
}

/// Objects of one class that are dominated by objects of the class above. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DominatedClass {
    /// The class's name.
    pub class: String,
    /// The objects.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// What would be freed with them.
    pub retained_size: u64,
    /// The classes of what they dominate immediately, where the tree goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<DominatedClass>,
    /// How many more there are than these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Objects of one class with one class above, where they lie.
#[derive(Debug, Clone)]
pub struct MergedClass<'h> {
    class: &'h str,
    nodes: Vec<NodeIx>,
    shallow_size: u64,
    retained_size: u64,
}

/// The dominator tree below an object.
#[must_use]
pub fn dominators<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    unfolding: &Unfolding<HeapObject<'h>>,
) -> Dominators {
    Desk::of(heap).dominators(node, unfolding)
}

/// The dominator tree below an object, merged by class.
#[must_use]
pub fn dominator_classes<'h>(
    heap: Heap<'h>,
    node: NodeIx,
    unfolding: &Unfolding<MergedClass<'h>>,
) -> DominatorClasses {
    Desk::of(heap).dominator_classes(node, unfolding)
}

impl<'h> Desk<'h> {
    /// The dominator tree below an object.
    #[must_use]
    pub fn dominators(&self, node: NodeIx, unfolding: &Unfolding<HeapObject<'h>>) -> Dominators {
        let (heap, tree) = (self.heap(), self.dominated());
        let page = unfolding.first.page(tree.objects_below(node));
        let mut branch = unfolding.start(node);
        let rows = page.rows.iter();
        Dominators {
            object: heap.object(node).row(),
            dominators: chain(heap, node),
            children: rows
                .map(|object| tree.row(object, &unfolding.below, &mut branch))
                .collect(),
            page: page.of,
        }
    }

    /// The dominator tree below an object, merged by class.
    #[must_use]
    pub fn dominator_classes(
        &self,
        node: NodeIx,
        unfolding: &Unfolding<MergedClass<'h>>,
    ) -> DominatorClasses {
        let (heap, tree) = (self.heap(), self.dominated());
        let page = unfolding.first.page(tree.classes_below(&[node]));
        let mut branch = unfolding.start(node);
        let rows = page.rows.iter();
        DominatorClasses {
            object: heap.object(node).row(),
            classes: rows
                .map(|class| tree.class_row(class, &unfolding.below, &mut branch))
                .collect(),
            page: page.of,
        }
    }
}

/// The dominators of an object, the nearest first.
pub(crate) fn chain(heap: Heap<'_>, node: NodeIx) -> Vec<ObjectRow> {
    /// A list's elements dominate one another; nobody reads on from here.
    const LONGEST: usize = 100;
    let above = |&node: &NodeIx| {
        let above = heap.analysis.dominator(node);
        (above != node).then_some(above)
    };
    let chain = std::iter::successors(above(&node), above);
    let rows = chain.map(|node| heap.object(node).row());
    rows.take(LONGEST).collect()
}

/// The dominator tree downwards.
#[derive(Debug)]
pub(crate) struct Dominated<'h> {
    heap: Heap<'h>,
    first: Vec<u32>,
    nodes: Vec<NodeIx>,
}

impl<'h> Dominated<'h> {
    pub(crate) fn of(heap: Heap<'h>) -> Self {
        let n_nodes = heap.snapshot.n_nodes();
        let root = heap.snapshot.root();
        let below = || heap.snapshot.nodes().filter(|&node| node != root);
        let mut first = vec![0_u32; n_nodes + 1];
        for node in below() {
            first[heap.analysis.dominator(node).index() + 1] += 1;
        }
        for node in 0..n_nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut nodes = vec![root; n_nodes.saturating_sub(1)];
        for node in below() {
            let slot = &mut next[heap.analysis.dominator(node).index()];
            nodes[*slot as usize] = node;
            *slot += 1;
        }
        Self { heap, first, nodes }
    }

    pub(crate) fn below(&self, node: NodeIx) -> &[NodeIx] {
        let range = self.first[node.index()]..self.first[node.index() + 1];
        &self.nodes[range.start as usize..range.end as usize]
    }

    fn objects_below(&self, node: NodeIx) -> impl Iterator<Item = HeapObject<'h>> {
        let heap = self.heap;
        self.below(node).iter().map(move |&node| heap.object(node))
    }

    fn row(
        &self,
        object: &HeapObject<'h>,
        listing: &Listing<HeapObject<'h>>,
        branch: &mut Branch,
    ) -> DominatedRow {
        let below = branch.below(object.node, |branch| {
            let page = listing.page(self.objects_below(object.node));
            let rows = page.rows.iter().map(|o| self.row(o, listing, branch));
            (rows.collect(), page.of.matching - page.of.shown)
        });
        let (children, more) = below.unwrap_or_default();
        DominatedRow {
            object: object.row(),
            children,
            more,
        }
    }

    /// What some objects dominate immediately, by class.
    fn classes_below(&self, above: &[NodeIx]) -> Vec<MergedClass<'h>> {
        let Heap { analysis, .. } = self.heap;
        let mut classes: HashMap<ClassIx, MergedClass<'h>> = HashMap::new();
        for &node in above.iter().flat_map(|&node| self.below(node)) {
            let class = analysis.class_of(node);
            let merged = classes.entry(class).or_insert_with(|| MergedClass {
                class: analysis.class_name(class),
                nodes: Vec::new(),
                shallow_size: 0,
                retained_size: 0,
            });
            merged.nodes.push(node);
            merged.shallow_size += analysis.shallow_size(node);
            merged.retained_size += analysis.retained_size(node);
        }
        classes.into_values().collect()
    }

    fn class_row(
        &self,
        class: &MergedClass<'h>,
        listing: &Listing<MergedClass<'h>>,
        branch: &mut Branch,
    ) -> DominatedClass {
        // Objects stand for their class here: none of them can be above itself.
        let below = branch.below(class.nodes[0], |branch| {
            let page = listing.page(self.classes_below(&class.nodes));
            let rows = page.rows.iter();
            let rows = rows.map(|class| self.class_row(class, listing, branch));
            (rows.collect(), page.of.matching - page.of.shown)
        });
        let (classes, more) = below.unwrap_or_default();
        DominatedClass {
            class: class.class.to_owned(),
            count: class.nodes.len() as u64,
            shallow_size: class.shallow_size,
            retained_size: class.retained_size,
            classes,
            more,
        }
    }
}

impl Listed for MergedClass<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("retained", |a, b| a.retained_size.cmp(&b.retained_size)),
            Column::descending("shallow", |a, b| a.shallow_size.cmp(&b.shallow_size)),
            Column::descending("count", |a, b| a.nodes.len().cmp(&b.nodes.len())),
            Column::ascending("class", |a, b| a.class.cmp(b.class)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(self.class)
    }

    fn size(&self) -> Option<u64> {
        Some(self.retained_size)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.class
            .cmp(other.class)
            .then_with(|| self.nodes.cmp(&other.nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Opened;
    use crate::listing::Wanted;

    const HEAP: &str = "
        root -> a:List 16           property a
        root -> b:List 16           property b
        a    -> item*2:Item 10      element
        b    -> shared:Item 10      element
        a    -> shared              element
        item -> own*2:Detail 5      property detail";

    #[test]
    fn what_two_objects_share_hangs_from_what_is_above_both() {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let root = heap.snapshot.root();
        let view = dominators(heap, root, &Wanted::default().unfolding(3).unwrap());
        let rows: Vec<_> = view
            .children
            .iter()
            .map(|c| (c.object.id, c.object.retained_size, c.children.len()))
            .collect();
        assert_eq!(rows, [(3, 46, 2), (5, 16, 0), (11, 10, 0)]);
        assert_eq!(
            view.children[0].children[0].children[0].object.class,
            "Detail"
        );
        let item = heap.find("@7").unwrap();
        let above: Vec<_> = chain(heap, item).iter().map(|o| o.id).collect();
        assert_eq!(above, [3, 1]);
    }

    #[test]
    fn classes_are_merged_level_by_level() {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let root = heap.snapshot.root();
        let view = dominator_classes(heap, root, &Wanted::default().unfolding(3).unwrap());
        let lists = &view.classes[0];
        assert_eq!(
            (&*lists.class, lists.count, lists.retained_size),
            ("List", 2, 62)
        );
        let items = &lists.classes[0];
        assert_eq!(
            (&*items.class, items.count, items.retained_size),
            ("Item", 2, 30)
        );
        let details = &items.classes[0];
        assert_eq!((&*details.class, details.count), ("Detail", 2));
        assert_eq!(
            (&*view.classes[1].class, view.classes[1].count),
            ("Item", 1)
        );
    }
}
