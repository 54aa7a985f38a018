//! The face in the browser: a page on loopback that asks the engine for rows.
//!
//! Owns the server, who may ask it, and the page's files. Every answer is one of `explore`'s: rows
//! are paged here, and the browser never holds the graph. Must not read files of a run or of
//! snapshots: whoever serves hands them over, or a way to open them, as a [`Workbench`].
//!
//! A heap holds secrets. The server listens on loopback alone; whoever asks must have had the
//! address with its token, and must be this very page (`access.rs`).

mod access;
mod api;
mod page;
mod server;
mod shelf;

use std::path::PathBuf;

use heap::{Analysis, Snapshot};
use recording::Recording;

pub use server::{Error, Server};

/// What is looked at.
pub struct Workbench {
    /// What the person named: a run's folder, or snapshots.
    pub title: String,
    /// The version of the program that serves.
    pub version: &'static str,
    /// The run, if it is one.
    pub run: Option<Run>,
    /// Snapshots, in the order they were taken.
    pub snapshots: Vec<SnapshotFile>,
    /// How a snapshot's file is opened.
    pub open: Opener,
}

/// The facts of a run.
pub struct Run {
    /// The recording, its samples included.
    pub recording: Recording,
    /// The verdict in its JSON form (`docs/json.md`), if the run was judged.
    pub verdict: Option<serde_json::Value>,
    /// The report of the load, if it was kept.
    pub load: Option<explore::LoadReport>,
    /// V8's sampling heap profile, if the run got that far.
    pub profile: Option<explore::HeapProfile>,
    /// The texts of the service's scripts, by the paths that the verdict calls them by.
    pub scripts: Vec<(String, String)>,
}

/// A snapshot that can be opened.
#[derive(Debug, Clone)]
pub struct SnapshotFile {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Opens a snapshot's file.
pub type Opener = Box<dyn Fn(&std::path::Path) -> Result<Opened, Problem> + Send + Sync>;

/// A snapshot with what DevTools computes of it.
pub struct Opened {
    /// The graph.
    pub snapshot: Snapshot,
    /// Sizes, distances, classes.
    pub analysis: Analysis,
}

/// Why there is no answer, in words for the person in front of the page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// What failed, on what.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}
