//! What a run says while it happens: one linear stream, consumers cannot answer.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use units::Elapsed;

use crate::{IsolateFact, IsolateFacts, Ledger, Reading, Sample};

/// The stages of a run, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "stage", content = "number")]
pub enum Stage {
    /// The service starts and gets ready.
    Start,
    /// Load until code, feedback vectors and pools are in place.
    WarmUp,
    /// The same time without load.
    Idle,
    /// A measured portion of load, numbered from 1.
    Round(u32),
    /// No load until the longest timer is over, then a little: what goes now was backlog.
    Drain,
    /// A holder is cleared in the running service, to see what goes with it; numbered from 1.
    Proof(u32),
    /// The service is ended.
    Stop,
}

/// A stage beyond the plan, which may decide what the planned ones do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Further {
    /// One more measured round of so many sessions.
    Round(u64),
    /// See [`Stage::Drain`]; for so many seconds at least.
    Drain(u64),
}

/// How much a large container of the service holds, as the service itself counts it.
///
/// A snapshot does not tell: the tables of arrays and maps grow in leaps, and numbers in them are
/// no objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSize {
    /// V8's id of the array, map, set or object, as in the snapshots.
    pub id: u64,
    /// Its elements, entries or properties.
    pub size: u64,
}

/// Containers that are counted at most, the largest first.
pub const MOST_CONTAINERS: usize = 256;

/// What the run was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The service's command line.
    pub command: Vec<String>,
    /// The folder the service runs in; source paths are shown relative to it.
    pub working_dir: PathBuf,
    /// The load script's path as given.
    pub script: String,
    /// Where the load goes.
    pub base_url: String,
    /// Sessions of each measured round.
    pub rounds: Vec<u64>,
    /// Arrivals per second at most.
    pub arrival_rate: f64,
    /// Whether the first round is captured in the middle of its load.
    #[serde(default)]
    pub walkthrough: bool,
}

/// What is known of the service once its inspector answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// The service's process id.
    pub pid: u32,
    /// `process.version`, for example `v20.20.2`.
    pub node_version: Option<String>,
    /// V8's version.
    pub v8_version: Option<String>,
}

/// A heap snapshot in the run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFacts {
    /// The file's name in the run folder.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// How long the service was asked to stand still for it.
    pub took: Elapsed,
}

/// What is to be cleared in the running service, to prove what holds a leak.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// The holder's id in the heap.
    pub holder: u64,
    /// The objects to clear: the first of them that can be is enough.
    pub targets: Vec<CutTarget>,
}

/// One object that may be cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutTarget {
    /// Its id in the heap.
    pub id: u64,
    /// The properties to clear of an object that cannot be emptied as a whole.
    pub properties: Vec<String>,
}

/// What was cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutFacts {
    /// The holder's id in the heap.
    pub holder: u64,
    /// What was done to it: `length = 0`.
    pub done: Option<String>,
    /// Why nothing could be done, or nothing could be counted afterwards.
    pub failure: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "end", content = "why")]
pub enum Exit {
    /// All stages done.
    Finished,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// An error, in one line.
    Failed(String),
}

/// One fact of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The service's process exists.
    ServiceStarted(ServiceFacts),
    /// A stage begins; for rounds and warm-up with the number of sessions planned.
    StageStarted {
        /// Since the start of the run.
        at: Elapsed,
        /// Which stage.
        stage: Stage,
        /// Sessions that this stage will create.
        sessions: Option<u64>,
    },
    /// A periodic memory reading.
    Sampled(Sample),
    /// The load's counts of the present stage, now and then.
    LoadProgress(Ledger),
    /// The stage is in its settling part; the text says what is being waited for.
    Settling {
        /// For example `3 sockets still open`.
        waiting_for: String,
    },
    /// A stage's load is drained, the heap collected and read.
    Settled(Reading),
    /// What a snapshot will cost the service, in words, before there is any load.
    SnapshotForecast(String),
    /// A snapshot is being taken.
    SnapshotProgress {
        /// Nodes written so far.
        done: u64,
        /// Nodes in all.
        total: u64,
    },
    /// A snapshot lies in the run folder.
    SnapshotTaken(SnapshotFacts),
    /// The sizes of the service's large containers, counted just after a snapshot.
    ContainersCounted(Vec<ContainerSize>),
    /// There is an isolate beside the main one, which is read from now on.
    IsolateFound(IsolateFacts),
    /// Something of an isolate beside the main one.
    OfIsolate {
        /// Whose it is: [`IsolateFacts::name`].
        name: String,
        /// What it is.
        fact: IsolateFact,
    },
    /// How long the longest timer of the service's own code still runs, before a drain.
    TimerFound(Elapsed),
    /// A holder was cleared, or could not be.
    Cut(CutFacts),
    /// A stage ends.
    StageEnded {
        /// Since the start of the run.
        at: Elapsed,
    },
    /// Something the reader of the verdict must know.
    Warning(String),
    /// The run is over.
    Ended(Exit),
}
