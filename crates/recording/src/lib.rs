//! The facts of one run, in memory and on disk: the seam between measuring and judging.
//!
//! Owns the events a run emits, the [`Recording`] they fold into, and the text of the files a run
//! folder holds. Must not know load scripts, what is inside a snapshot, or what a leak is.
//! Invariant: a `Recording` is only ever changed by [`Recording::apply`], so folding the same
//! events again gives the same recording.

mod event;
mod fold;
mod isolate;
mod ledger;
mod sample;

pub use event::{
    ContainerSize, Cut, CutFacts, CutTarget, Event, Exit, Further, MOST_CONTAINERS, Plan,
    ServiceFacts, SnapshotFacts, Stage,
};
pub use fold::{Reading, Recording, Round, SCHEMA, StageRecord};
pub use isolate::{IsolateFact, IsolateFacts, IsolateKind, IsolateRecord, MAIN, Siblings};
pub use ledger::Ledger;
pub use sample::{GcFigures, HeapFigures, MemoryFigures, SAMPLES_HEADER, Sample};
