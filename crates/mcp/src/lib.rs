//! Answers for agents: the Model Context Protocol over stdin and stdout.
//!
//! Owns the tools: what they are called, what they take, and answers short enough to be read by a
//! model, a few hundred tokens each. Rows come from `explore`, verdicts from `verdict`; nothing is
//! computed here. Must not open a file or start a process: that is done by the [`Desk`], which also
//! decides what may be opened at all.
//!
//! Invariant: whatever was copied from a service (names of classes, texts, paths, lines of source)
//! leaves in quotes inside a marked block, see [`data`]. A heap may hold a sentence that reads like an
//! order to a model.

mod answer;
mod arguments;
mod data;
mod desk;
mod runs;
mod server;
mod snapshots;
mod tools;

pub use desk::{Desk, Found, HuntAsk, HuntState, Opened, Problem, Run};
pub use server::{ServeError, serve};
