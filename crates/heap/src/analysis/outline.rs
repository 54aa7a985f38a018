//! What is known of a snapshot without a walk from its root: own sizes and classes.
//!
//! The base of a comparison needs nothing else. Cost: a pass over the edges, some over the nodes.

use super::{ClassIx, Classes, Interfaces, joined, shallow};
use crate::snapshot::{NodeIx, Snapshot};

/// The own size and the class of every node.
#[derive(Debug)]
pub struct Outline {
    pub(crate) shallow: Vec<u32>,
    pub(crate) classes: Classes,
    pub(crate) interfaces: Interfaces,
}

impl Outline {
    /// Outlines a snapshot, on two threads.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        std::thread::scope(|scope| {
            let shallow = scope.spawn(|| shallow::shallow_sizes(snapshot));
            let (classes, interfaces) = classes(snapshot);
            Self {
                shallow: joined(shallow),
                classes,
                interfaces,
            }
        })
    }

    /// The same on this thread, while others have their own work.
    pub(super) fn beside(snapshot: &Snapshot) -> Self {
        let shallow = shallow::shallow_sizes(snapshot);
        let (classes, interfaces) = classes(snapshot);
        Self {
            shallow,
            classes,
            interfaces,
        }
    }

    /// A node's class.
    #[must_use]
    pub fn class_of(&self, node: NodeIx) -> ClassIx {
        self.classes.of_node[node.index()]
    }

    /// A class's name, as DevTools shows it.
    #[must_use]
    pub fn class_name(&self, class: ClassIx) -> &str {
        self.classes.name(class)
    }

    /// A node's own size in bytes, after backing stores were given to their owners.
    #[must_use]
    pub fn shallow_size(&self, node: NodeIx) -> u64 {
        u64::from(self.shallow[node.index()])
    }
}

fn classes(snapshot: &Snapshot) -> (Classes, Interfaces) {
    let mut classes = Classes::base(snapshot);
    let interfaces = Interfaces::infer(snapshot);
    interfaces.apply(snapshot, &mut classes);
    (classes, interfaces)
}
