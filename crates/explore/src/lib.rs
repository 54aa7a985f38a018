//! Answers to a person's questions as plain rows: one file a view.
//!
//! Owns what each view shows and in which order: classes of a snapshot, classes between two, what
//! keeps an object alive. Rows are data, ready for any face; their JSON form is a contract
//! (`docs/json.md`). Must not know text, color or width, nor compute anything that the engine
//! already knows.
//!
//! A view is a function of a [`Heap`] and of a [`Listing`], which says what part of it is wanted:
//! only that part is made into rows.

mod allocations;
mod closures;
mod collections;
mod containment;
mod desk;
mod detached;
mod details;
mod diff;
mod dominators;
mod evidence;
mod excerpt;
#[cfg(test)]
mod fixture;
mod holders;
mod icicle;
mod listing;
mod load;
mod nodes;
mod object;
mod path;
mod reference;
mod retainers;
mod runs;
mod statistics;
mod strings;
mod summary;
mod timeline;
mod tree;
mod trend;

pub use allocations::{
    CallFrame, FlameGraph, Frame, HeapProfile, Origin, ProfileNode, flame_graph,
};
pub use closures::{Closures, Function, FunctionRow, Place, VariableRow, closures};
pub use collections::{
    CollectionIn, CollectionKindRow, CollectionRow, Collections, Fill, collections,
};
pub use containment::{ContainedRow, Containment, containment};
pub use desk::{Below, Desk, Filtered};
pub use detached::{Detached, DetachedClass, detached};
pub use details::{DetailsListing, ObjectDetails, object_details};
pub use diff::{
    ChangePerSession, ClassChange, Diff, DiffListing, DiffObjects, Grown, GrownClass, GrownIn,
    GrownObject, class_changes, diff, diff_objects,
};
pub use dominators::{
    DominatedClass, DominatedRow, DominatorClasses, Dominators, MergedClass, dominator_classes,
    dominators,
};
pub use evidence::{RoundRow, RunRow, rounds, run_facts};
pub use excerpt::{Excerpt, excerpt};
pub use holders::{DraggedRow, HolderRow, HolderSteps, Holders, PairRow, holders};
pub use icicle::{Cell, Icicle};
pub use listing::{
    Column, Direction, Filter, Listed, Listing, Page, PageOf, UnknownColumn, Wanted,
};
pub use load::{LoadPart, LoadReport, LoadView, NamedTimes, StageLoad, Times, load_view};
pub use nodes::{NodeRow, nodes};
pub use object::{Heap, HeapObject, ObjectRow, Outlined, Unknown};
pub use path::{PathGroup, PathGroups, PathRow, Paths, path_groups, paths};
pub use reference::{Contained, Retainer};
pub use retainers::{RetainerRow, Retainers, retainers};
pub use runs::{RunSnapshot, run_snapshots, sessions_between, stage_name};
pub use statistics::{StatisticsRow, statistics};
pub use strings::{Duplicate, DuplicateRow, Pinned, PinnedRow, Strings, StringsListing, strings};
pub use summary::{ClassObjects, ClassRow, ClassSums, Summary, class_objects, filtered, summary};
pub use timeline::{
    CollectionMark, LoadColumns, MemoryColumns, SnapshotMark, StageSpan, Timeline, timeline,
};
pub use tree::Unfolding;
pub use trend::{Trend, TrendBuilder, TrendClass, TrendGrowth, TrendSnapshot};
