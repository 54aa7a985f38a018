//! What the tools need of the world, and who decides what they may see of it.

use std::sync::Arc;
use std::time::Duration;

use explore::Heap;
use heap::{Analysis, Snapshot};
use recording::Recording;
use verdict::Verdict;

/// Where runs and snapshots come from. Paths are as the agent wrote them: the desk decides which of
/// them may be opened.
pub trait Desk: Send + Sync + 'static {
    /// What there is to look at, the newest first.
    ///
    /// # Errors
    /// If no folder can be read.
    fn list(&self) -> Result<Vec<Found>, Problem>;

    /// A run, with its verdict.
    ///
    /// # Errors
    /// If it may not be read, cannot be read, or is no run.
    fn run(&self, path: &str) -> Result<Run, Problem>;

    /// A heap snapshot; of a run folder its last one.
    ///
    /// # Errors
    /// If it may not be read, cannot be read, or is no snapshot.
    fn snapshot(&self, path: &str) -> Result<Arc<Opened>, Problem>;

    /// The commands that a hunt may run, each as the user wrote it; none if hunts are not allowed.
    fn allowed_hunts(&self) -> &[String];

    /// Begins a hunt, or takes up the one that is running, and waits for its end no longer than
    /// asked.
    ///
    /// # Errors
    /// If it cannot be started, or failed.
    fn hunt(&self, ask: &HuntAsk) -> Result<HuntState, Problem>;
}

/// A run or a snapshot that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path, as the tools take it.
    pub path: String,
    /// Whether it is the folder of a run.
    pub is_run: bool,
    /// The size of a snapshot file.
    pub bytes: Option<u64>,
}

/// A run as it lies on disk.
#[derive(Debug)]
pub struct Run {
    /// Its folder, as the tools take it.
    pub path: String,
    /// What was recorded.
    pub recording: Recording,
    /// What it says.
    pub verdict: Verdict,
}

/// A snapshot in memory.
#[derive(Debug)]
pub struct Opened {
    /// Its path, as the tools take it.
    pub path: String,
    /// The graph.
    pub snapshot: Snapshot,
    /// What DevTools computes of it.
    pub analysis: Analysis,
}

impl Opened {
    /// As the views take it.
    #[must_use]
    pub fn heap(&self) -> Heap<'_> {
        Heap {
            snapshot: &self.snapshot,
            analysis: &self.analysis,
        }
    }
}

/// What is asked of a hunt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntAsk {
    /// Which of the allowed commands.
    pub command: usize,
    /// Sessions of the first round.
    pub sessions: Option<u64>,
    /// Measured rounds.
    pub rounds: Option<u32>,
    /// How long the answer may take.
    pub wait: Duration,
}

/// How far a hunt is.
#[derive(Debug)]
pub enum HuntState {
    /// It goes on; the last line of its progress, and its folder.
    Running {
        /// For example `round 2  211 sessions, heap 8.1 MiB, …`.
        progress: String,
        /// Where the run will be.
        run: String,
    },
    /// It has ended, with a verdict.
    Done(Box<Run>),
}

/// Something that was asked for and cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What failed, on what.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// What another program said, line by line.
    pub said: Vec<String>,
}

impl Problem {
    /// From what failed.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            said: Vec::new(),
        }
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what another program said.
    #[must_use]
    pub fn said(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.said = lines.into_iter().collect();
        self
    }
}
