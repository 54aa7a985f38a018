//! What a V8 heap snapshot means.
//!
//! Owns reading the format, the graph, and everything that DevTools computes from it: shallow
//! sizes after their reassignment, distances, dominators, retained sizes, classes, statistics, the
//! comparison of two snapshots; and beyond DevTools, which objects hold more than before and the
//! path that a person would tell. Must not know what a leak is, nor where the bytes come from.
//!
//! A number that DevTools shows too is DevTools' number, special cases included. Source: the
//! front end's `HeapSnapshot.ts`, `HeapSnapshotLoader.ts` and V8's `heap-snapshot-generator.cc`.
//!
//! Any reader will do: nothing here opens a file. [`parse`] gives a [`Snapshot`], the graph as V8
//! wrote it; [`Analysis::of`] what DevTools computes when it opens one.
//!
//! ```
//! # fn main() -> Result<(), heap::Error> {
//! // The same as `File::open("app.heapsnapshot")?` would give.
//! let bytes = testkit::heap(
//!     "root   -> server:Server 48     property server
//!      server -> sessions:array/store 16  internal elements
//!      server -> user*3:User 20       element",
//! );
//! let snapshot = heap::parse(&*bytes, Some(bytes.len() as u64))?;
//! let analysis = heap::Analysis::of(&snapshot);
//!
//! let users = analysis.aggregates().iter().find(|class| class.name == "User");
//! assert_eq!(users.map(|class| (class.count, class.shallow_size)), Some((3, 60)));
//!
//! let is_server = |&node: &heap::NodeIx| snapshot.name(node) == "Server";
//! let server = snapshot.nodes().find(is_server).expect("it was written");
//! // The backing store is the server's own: nothing else owns it.
//! assert_eq!(analysis.shallow_size(server), 48 + 16);
//! assert_eq!(analysis.retained_size(server), 48 + 16 + 60);
//! assert_eq!(analysis.dominator(server), snapshot.root());
//! # Ok(())
//! # }
//! ```
//!
//! # Cost
//!
//! All is linear, or nearly so, in nodes and edges. Both [`parse`] and [`Analysis::of`] use a second
//! thread. In bytes for each node (n) and edge (e):
//!
//! | pass | reads | keeps | while it runs |
//! | --- | --- | --- | --- |
//! | arrays of numbers | the file once, in blocks of 256 KiB | 17 n, 8 e | 1 MiB a thread |
//! | strings | the rest of the file | the literals, 4 for each | |
//! | shallow sizes | edges in file order | 4 n | 4 n |
//! | classes, interfaces, statistics | nodes, properties | 4 n | |
//! | distances | edges, breadth first | 4 n | two levels of the search |
//! | dominators | edges, depth first, then those that lead back | 8 n | 20 n, 3 to 4 e |
//! | retained sizes, sums by class | dominators | 4 n | 16 n |
//!
//! The walks wait for memory more than they compute. So they ask bits instead of columns where they
//! can, know neighbors by one word that holds kind and target, and ask for nodes before their turn.
//! Tried and not kept: eight digits at a time by multiplication alone (numbers have three to five
//! digits; finding all ends first is what pays), and huge pages for the columns (a tenth less time in
//! the walks over a gigabyte, but more than that lost in the kernel where memory is short).
//!
//! # Limits
//!
//! Nodes below 2^29 and edges below 2^32 - 1, which is more than 40 GB of file; what has more is
//! refused by its header, before any work. Files over 4 GiB and more than 2^31 numbers of edges are
//! within.
//!
//! # Unsafe code
//!
//! Is forbidden but for two places: the conversion of digits (`parse/digits.rs`, a third of a
//! nanosecond for a byte) and prefetching, which reads nothing.

#![deny(unsafe_code)]

mod analysis;
mod below;
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
mod redact;
mod repeated;
mod retained_growth;
mod retaining;
mod shown;
mod snapshot;
mod strings;
mod ties;
mod utf16;

pub use analysis::{
    Aggregate, Analysis, ClassIx, NO_DISTANCE, Outline, PlainClasses, SYSTEM_DISTANCE, Statistics,
};
pub use below::Below;
pub use changes::{ClassChanges, Resized, changes_of_class, resized};
pub use collections::{Collection, CollectionKind, collections};
pub use compare::{ClassDiff, compare};
pub use error::Error;
pub use filter::{Filter, NodeSet};
pub use holders::{
    ClassGrowth, Dragged, Growth, HolderGrowth, example_of_class, growth, growth_watching,
    is_visible, own_bytes,
};
pub use incoming::Incoming;
pub use overview::Overview;
pub use parse::{Kept, Loss, Recovered, locate, parse, recover};
pub use redact::{Redacted, Redaction, names_of_code, redact};
pub use repeated::{Repeated, repeated_strings};
pub use retained_growth::{RetainedGrowth, growing_reference, keepers};
pub use retaining::{PathStep, RetainingPaths, weak_map_table};
pub use snapshot::{Edge, EdgeKind, EdgeName, Location, NodeId, NodeIx, NodeType, Snapshot};
pub use ties::{Tie, followers, ties};
