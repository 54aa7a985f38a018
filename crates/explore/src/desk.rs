//! A heap that many questions are asked of, one after another.
//!
//! Owns what several answers need and none should compute twice: references turned around, the
//! cheapest paths, the dominator tree downwards, the objects of each class. Each is made when it is
//! first asked for, and several threads may ask. Every view here is the same as the function of its
//! name: a function alone works at a desk of its own.
//!
//! Memory for each node (n) and edge (e): references 4 n + 4 e bytes, paths 24 n, the tree 8 n, the
//! objects of classes 4 n.

use std::sync::OnceLock;

use heap::{ClassIx, Filter, Incoming, NodeId, NodeIx, NodeSet, Overview, RetainingPaths};

use crate::dominators::Dominated;
use crate::object::{Heap, HeapObject, Unknown};
use crate::retainers::kept_by;
use crate::strings::StringLists;

/// A heap with what answers have needed of it so far.
#[derive(Debug)]
pub struct Desk<'h> {
    heap: Heap<'h>,
    incoming: OnceLock<Incoming<'h>>,
    paths: OnceLock<RetainingPaths<'h>>,
    dominated: OnceLock<Dominated<'h>>,
    members: OnceLock<Members>,
    strings: OnceLock<StringLists<'h>>,
    overview: OnceLock<Overview>,
    filtered: [OnceLock<Filtered>; Filter::ALL.len()],
}

/// What one of DevTools' filters keeps.
#[derive(Debug)]
pub struct Filtered {
    /// The objects.
    pub kept: NodeSet,
    /// Their sums by class; counts and statistics are those of the whole.
    pub overview: Overview,
}

/// What may be unfolded below an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Below {
    /// What it refers to.
    Contained,
    /// What keeps it.
    Retainers,
    /// What it dominates.
    Dominated,
}

/// The objects of each class, in the order of the file.
#[derive(Debug)]
struct Members {
    first: Vec<u32>,
    nodes: Vec<NodeIx>,
}

impl<'h> Desk<'h> {
    /// A desk with nothing on it but the heap.
    #[must_use]
    pub fn of(heap: Heap<'h>) -> Self {
        Self {
            heap,
            incoming: OnceLock::new(),
            paths: OnceLock::new(),
            dominated: OnceLock::new(),
            members: OnceLock::new(),
            strings: OnceLock::new(),
            overview: OnceLock::new(),
            filtered: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// The heap.
    #[must_use]
    pub fn heap(&self) -> Heap<'h> {
        self.heap
    }

    /// The object with an id, as `@123` or `123`, or the one with the largest retained size of a
    /// class.
    ///
    /// # Errors
    /// If there is neither.
    pub fn find(&self, wanted: &str) -> Result<NodeIx, Unknown> {
        let digits = wanted.strip_prefix('@').unwrap_or(wanted);
        let id = digits.parse::<u64>().ok();
        if let Some(node) = id.and_then(|id| self.heap.snapshot.node_by_id(NodeId(id))) {
            return Ok(node);
        }
        let largest = self
            .of_class(wanted)
            .max_by_key(|object| (object.retained_size(), std::cmp::Reverse(object.id())));
        match (largest, id) {
            (Some(object), _) => Ok(object.node),
            (None, Some(id)) => Err(Unknown::Id(id)),
            (None, None) => Err(Unknown::Class(self.heap.similar_classes(wanted))),
        }
    }

    /// Whether there is anything to unfold below an object.
    #[must_use]
    pub fn has_below(&self, node: NodeIx, below: Below) -> bool {
        match below {
            Below::Contained => self.heap.snapshot.edges(node).next().is_some(),
            Below::Retainers => kept_by(self.heap, self.incoming(), node).next().is_some(),
            Below::Dominated => !self.dominated().below(node).is_empty(),
        }
    }

    /// Makes what the first look at an object needs, so that it need not wait.
    pub fn prepare(&self) {
        let _ = self.overview();
        self.members();
        self.dominated();
        self.incoming();
        self.retaining_paths();
    }

    /// The sums of the whole heap.
    #[must_use]
    pub fn overview(&self) -> &Overview {
        let Heap { snapshot, analysis } = self.heap;
        self.overview
            .get_or_init(|| Overview::of(snapshot, analysis))
    }

    /// What one of DevTools' filters keeps.
    #[must_use]
    pub fn filtered(&self, only: Filter) -> &Filtered {
        let Heap { snapshot, analysis } = self.heap;
        // All of them are in the list.
        let place = Filter::ALL.iter().position(|filter| *filter == only);
        self.filtered[place.unwrap_or_default()].get_or_init(|| {
            let kept = only.nodes(snapshot, analysis);
            let overview = Overview {
                aggregates: analysis.aggregates_of(snapshot, &kept),
                ..self.overview().clone()
            };
            Filtered { kept, overview }
        })
    }

    fn members(&self) -> &Members {
        self.members.get_or_init(|| Members::of(self.heap))
    }

    pub(crate) fn incoming(&self) -> &Incoming<'h> {
        self.incoming
            .get_or_init(|| Incoming::of(self.heap.snapshot))
    }

    pub(crate) fn retaining_paths(&self) -> &RetainingPaths<'h> {
        self.paths
            .get_or_init(|| RetainingPaths::of(self.heap.snapshot))
    }

    pub(crate) fn dominated(&self) -> &Dominated<'h> {
        self.dominated.get_or_init(|| Dominated::of(self.heap))
    }

    pub(crate) fn string_lists(&self) -> &StringLists<'h> {
        self.strings.get_or_init(|| StringLists::of(self.heap))
    }

    /// The objects of all classes with this name, class by class.
    pub(crate) fn of_class(&self, name: &str) -> impl Iterator<Item = HeapObject<'h>> {
        let heap = self.heap;
        let members = self.members();
        let classes = heap.analysis.classes_named(name);
        let nodes = classes.flat_map(|class| members.of_class(class));
        nodes.map(move |&node| heap.object(node))
    }
}

impl Members {
    fn of(heap: Heap<'_>) -> Self {
        let class = |node| heap.analysis.class_of(node).index();
        let mut first = vec![0_u32; heap.analysis.n_classes() + 1];
        for node in heap.snapshot.nodes() {
            first[class(node) + 1] += 1;
        }
        for class in 1..first.len() {
            first[class] += first[class - 1];
        }
        let mut next = first.clone();
        let mut nodes = vec![heap.snapshot.root(); heap.snapshot.n_nodes()];
        for node in heap.snapshot.nodes() {
            let slot = &mut next[class(node)];
            nodes[*slot as usize] = node;
            *slot += 1;
        }
        Self { first, nodes }
    }

    fn of_class(&self, class: ClassIx) -> &[NodeIx] {
        let range = self.first[class.index()] as usize..self.first[class.index() + 1] as usize;
        &self.nodes[range]
    }
}
