//! One snapshot's classes of plain objects, given to another one of the same process.
//!
//! Each snapshot tells plain objects apart by the properties that many of *its* objects have. To
//! follow a class through several snapshots, all of them must be told apart alike.

use super::aggregates::Begun;
use super::{Analysis, Classes, Interfaces};
use crate::snapshot::Snapshot;

/// The classes of plain objects of one snapshot; it outlives the snapshot.
#[derive(Debug, Clone)]
pub struct PlainClasses(Interfaces);

impl Analysis {
    /// What this snapshot tells plain objects apart by.
    #[must_use]
    pub fn plain_classes(&self) -> PlainClasses {
        PlainClasses(self.outline.interfaces.clone())
    }

    /// The same analysis, but for plain objects, which are told apart as in another snapshot; as
    /// DevTools does with the base of a comparison.
    #[must_use]
    pub fn with_plain_classes(mut self, snapshot: &Snapshot, plain: &PlainClasses) -> Self {
        let mut classes = Classes::base(snapshot);
        plain.0.apply(snapshot, &mut classes);
        let columns = (&*self.outline.shallow, &*self.distances);
        let begun = Begun::of(snapshot, &classes, columns, |_| true);
        self.aggregates = begun.finish(&classes, &self.retained);
        self.outline.classes = classes;
        self.outline.interfaces = plain.0.clone();
        self
    }
}
