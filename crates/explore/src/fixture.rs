//! Heaps for the tests of views.

use heap::{Analysis, Overview, Snapshot};

use crate::listing::{Listed, Listing, Wanted};
use crate::object::Heap;

/// A parsed and analyzed heap.
pub(crate) struct Opened {
    snapshot: Snapshot,
    analysis: Analysis,
}

impl Opened {
    /// From testkit's notation.
    pub(crate) fn of(text: &str) -> Self {
        let snapshot = heap::parse(testkit::heap(text).as_slice(), None).unwrap();
        let analysis = Analysis::of(&snapshot);
        Self { snapshot, analysis }
    }

    pub(crate) fn overview(&self) -> Overview {
        Overview::of(&self.snapshot, &self.analysis)
    }

    pub(crate) fn heap(&self) -> Heap<'_> {
        Heap {
            snapshot: &self.snapshot,
            analysis: &self.analysis,
        }
    }
}

/// All rows in their usual order.
pub(crate) fn all<T: Listed>() -> Listing<T> {
    Wanted::default().listing().unwrap()
}

/// The first rows in their usual order.
pub(crate) fn first<T: Listed>(top: usize) -> Listing<T> {
    let wanted = Wanted {
        top: Some(top),
        ..Wanted::default()
    };
    wanted.listing().unwrap()
}
