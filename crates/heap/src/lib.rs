//! What a V8 heap snapshot means.
//!
//! Owns reading the format, the graph, and everything that DevTools computes from it: shallow
//! sizes after their reassignment, distances, dominators, retained sizes, classes, statistics, the
//! comparison of two snapshots; and beyond DevTools, which objects hold more than before and the
//! path that a person would tell. Must not know what a leak is, nor where the bytes come from.
//!
//! A number that DevTools shows too is DevTools' number, special cases included. Source: the
//! front end's `HeapSnapshot.ts`, `HeapSnapshotLoader.ts` and V8's `heap-snapshot-generator.cc`.

mod analysis;
mod bits;
mod changes;
mod collections;
mod compare;
mod detached;
mod entries;
mod error;
mod filter;
mod holders;
mod ids;
mod incoming;
mod link;
mod overview;
mod parse;
mod prefetch;
mod repeated;
mod retaining;
mod shown;
mod snapshot;
mod strings;
mod utf16;

pub use analysis::{
    Aggregate, Analysis, ClassIx, NO_DISTANCE, PlainClasses, SYSTEM_DISTANCE, Statistics,
};
pub use changes::{ClassChanges, Resized, changes_of_class, resized};
pub use collections::{Collection, CollectionKind, collections};
pub use compare::{ClassDiff, compare};
pub use error::Error;
pub use filter::{Filter, NodeSet};
pub use holders::{
    ClassGrowth, Dragged, Growth, HolderGrowth, example_of_class, growth, is_visible, own_bytes,
    way_down,
};
pub use incoming::Incoming;
pub use overview::Overview;
pub use parse::{Kept, Loss, Recovered, locate, parse, recover};
pub use repeated::{Repeated, repeated_strings};
pub use retaining::{PathStep, RetainingPaths};
pub use snapshot::{Edge, EdgeKind, EdgeName, Location, NodeId, NodeIx, NodeType, Snapshot};
