//! DOM nodes that are in no document any more, and what is kept for them.

use std::collections::HashMap;

use heap::Filter;
use serde::Serialize;

use crate::listing::{Listing, PageOf};
use crate::object::{Heap, HeapObject, ObjectRow};

/// V8's word for a node that is in no document.
const DETACHED: u8 = 2;

/// The detached nodes of a snapshot. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detached {
    /// Detached nodes.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// Objects that are kept by nothing but detached nodes, these included.
    pub kept: u64,
    /// Their own sizes.
    pub kept_size: u64,
    /// The classes of the detached nodes, most nodes first.
    pub classes: Vec<DetachedClass>,
    /// The nodes, by retained size if nothing else was asked for.
    pub objects: Vec<ObjectRow>,
    /// Which of the nodes these are.
    pub page: PageOf,
}

/// The detached nodes of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetachedClass {
    /// The class's name.
    pub class: String,
    /// How many there are.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
}

/// The detached nodes of a snapshot.
#[must_use]
pub fn detached<'h>(heap: Heap<'h>, listing: &Listing<HeapObject<'h>>) -> Detached {
    let nodes: Vec<HeapObject<'h>> = heap
        .objects()
        .filter(|object| heap.snapshot.detachedness(object.node) == DETACHED)
        .collect();
    let mut classes: HashMap<&str, DetachedClass> = HashMap::new();
    for object in &nodes {
        let class = classes
            .entry(object.class())
            .or_insert_with(|| DetachedClass {
                class: object.class().to_owned(),
                count: 0,
                shallow_size: 0,
            });
        class.count += 1;
        class.shallow_size += object.shallow_size();
    }
    let mut classes: Vec<DetachedClass> = classes.into_values().collect();
    classes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.class.cmp(&b.class)));
    let (mut kept, mut kept_size) = (0, 0);
    if !nodes.is_empty() {
        let set = Filter::RetainedByDetachedDomNodes.nodes(heap.snapshot, heap.analysis);
        for object in heap.objects().filter(|object| set.has(object.node)) {
            kept += 1;
            kept_size += object.shallow_size();
        }
    }
    let count = nodes.len() as u64;
    let shallow_size = nodes.iter().map(HeapObject::shallow_size).sum();
    let page = listing.page(nodes);
    Detached {
        count,
        shallow_size,
        kept,
        kept_size,
        classes,
        objects: page.rows.iter().map(HeapObject::row).collect(),
        page: page.of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    #[test]
    fn detached_nodes_are_counted_with_what_they_keep() {
        let opened = Opened::of(
            "root -> window:Window 16          property window
             window -> div:native/<div> 100    property old
             window -> body:native/<body> 100  property body
             div  -> child:native/<p> 20       internal child
             div  -> data:Data 50              internal data
             window -> shared:Data 70          property shared
             div  -> shared                    internal shared
             div detached 2
             body detached 1",
        );
        let view = detached(opened.heap(), &all());
        assert_eq!((view.count, view.shallow_size), (2, 120));
        assert_eq!((view.kept, view.kept_size), (3, 170));
        let classes: Vec<_> = view.classes.iter().map(|c| (&*c.class, c.count)).collect();
        assert_eq!(classes, [("Detached <div>", 1), ("Detached <p>", 1)]);
        assert_eq!(view.objects[0].class, "Detached <div>");
    }

    #[test]
    fn a_heap_without_any_says_so() {
        let opened = Opened::of("root -> a:A 8 property a");
        let view = detached(opened.heap(), &all());
        assert_eq!((view.count, view.kept, view.page.all), (0, 0, 0));
    }
}
