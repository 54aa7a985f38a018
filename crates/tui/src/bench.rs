//! What the terminal's face needs of the world: snapshots and, of a run, its verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use explore::Heap;
use heap::{Analysis, Snapshot};
use recording::Recording;
use verdict::Verdict;

/// Where snapshots and the verdict come from. Called on the worker's thread, one call at a time.
pub trait Bench: Send {
    /// What is shown, in a few words: a run's folder, a file's name.
    fn title(&self) -> String;

    /// The names of the snapshots, in the order in which they were taken.
    fn snapshots(&self) -> Vec<String>;

    /// Which two of the snapshots are compared first; the later one is what the other tabs show.
    fn compared(&self) -> (usize, usize);

    /// Whether this is a run, and has a verdict.
    fn is_run(&self) -> bool;

    /// The verdict of the run.
    ///
    /// # Errors
    /// If this is no run, or its verdict cannot be told.
    fn verdict(&self, watch: &Watch) -> Result<(Verdict, Recording), Trouble>;

    /// Reads a snapshot.
    ///
    /// # Errors
    /// If it cannot be read, or if `watch` has stopped it.
    fn open(&self, snapshot: usize, watch: &Watch) -> Result<Opened, Trouble>;
}

/// A snapshot in memory.
#[derive(Debug)]
pub struct Opened {
    /// The graph.
    pub snapshot: Snapshot,
    /// What DevTools computes of it.
    pub analysis: Analysis,
}

impl Opened {
    pub(crate) fn heap(&self) -> Heap<'_> {
        Heap {
            snapshot: &self.snapshot,
            analysis: &self.analysis,
        }
    }
}

/// Something that cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What failed, on what.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How far reading a file is, and whether it shall go on; seen from both threads.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    n_read: AtomicU64,
    /// Zero while it is not known.
    n_in_all: AtomicU64,
    is_stopped: AtomicBool,
}

impl Watch {
    /// Reading begins, of so many bytes if that is known.
    pub fn begin(&self, n_in_all: Option<u64>) {
        self.0.n_read.store(0, Ordering::Relaxed);
        let n_in_all = n_in_all.unwrap_or_default();
        self.0.n_in_all.store(n_in_all, Ordering::Relaxed);
    }

    /// So many bytes more were read.
    pub fn read(&self, n: u64) {
        self.0.n_read.fetch_add(n, Ordering::Relaxed);
    }

    /// Whether nobody wants the file any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self, is_stopped: bool) {
        self.0.is_stopped.store(is_stopped, Ordering::Relaxed);
    }

    /// Bytes read, and bytes in all if that is known; `None` while nothing is read.
    pub(crate) fn progress(&self) -> Option<(u64, Option<u64>)> {
        let n_read = self.0.n_read.load(Ordering::Relaxed);
        let n_in_all = self.0.n_in_all.load(Ordering::Relaxed);
        (n_read > 0).then_some((n_read, (n_in_all > 0).then_some(n_in_all)))
    }
}
