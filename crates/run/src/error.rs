//! Why a run could not be finished.

use probe::Lack;
use recording::Stage;
use thiserror::Error;

use crate::FolderError;

/// Whose failure it was; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The service did not start, did not get ready, or died.
    Service,
    /// No session got through.
    Load,
    /// The run folder could not be written.
    Folder,
    /// The user ended the run.
    Interrupted,
}

/// A run that did not come to its end. What was recorded until then is in the run folder.
#[derive(Debug, Error)]
pub enum Error {
    /// The run folder could not be made or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The service's process or its inspector failed us.
    #[error(transparent)]
    Probe(#[from] probe::Error),
    /// The service ended by itself.
    #[error("the service ended {}: {how}", during(*.stage))]
    Died {
        /// The stage in which it ended.
        stage: Option<Stage>,
        /// Exit code or signal, in words.
        how: String,
        /// The last lines of its output.
        tail: Vec<String>,
    },
    /// Not one session of a stage got through.
    #[error("all {failed} sessions of the {} failed: {cause}", stage_name(*.stage))]
    EverySessionFailed {
        /// The stage.
        stage: Stage,
        /// How many failed.
        failed: u64,
        /// The most frequent cause.
        cause: String,
    },
    /// The script's functions, or what it does before all sessions, failed.
    #[error(transparent)]
    SetUp(#[from] load::SetUpError),
    /// The command that makes the load could not be run.
    #[error("cannot run the load command `{command}`: {how}")]
    LoadCommand {
        /// As it was given.
        command: String,
        /// Why.
        how: String,
    },
    /// Somebody else's load did not come.
    #[error("nothing arrived at the service: no request and no connection was counted")]
    NothingArrived,
    /// A snapshot may not fit.
    #[error("{lack}")]
    NoRoom {
        /// What there is too little of.
        lack: Lack,
        /// What the snapshot would cost.
        forecast: String,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Whose failure it was.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Folder(_) => Failure::Folder,
            Self::Probe(error) if error.is_disk() => Failure::Folder,
            Self::NoRoom {
                lack: Lack::Disk { .. },
                ..
            } => Failure::Folder,
            Self::Probe(_) | Self::Died { .. } | Self::NoRoom { .. } => Failure::Service,
            Self::EverySessionFailed { .. }
            | Self::SetUp(_)
            | Self::LoadCommand { .. }
            | Self::NothingArrived => Failure::Load,
            Self::Interrupted => Failure::Interrupted,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => error.hint(),
            Self::Probe(error) => error.hint(),
            Self::Died { .. } => {
                Some("its whole output is in the run folder's `service.log`".into())
            }
            Self::NoRoom {
                lack: Lack::Memory { .. },
                ..
            } => Some(
                "give the service's container more memory, or take fewer sessions with `--sessions`; \
                 `--force` takes snapshots all the same, and the kernel may end the service for it"
                    .into(),
            ),
            Self::NoRoom { .. } => Some(
                "free some space, or choose a folder on another disk with `--out DIR`; `--force` tries \
                 it all the same"
                    .into(),
            ),
            Self::SetUp(error) => error.hint().map(str::to_owned),
            Self::Interrupted => None,
            Self::LoadCommand { .. } => Some(
                "it is run without a shell: give a program that is on the PATH, and its arguments".into(),
            ),
            Self::NothingArrived => Some(
                "check where the load goes, and that the service serves it in the process that was \
                 attached to or in one with an inspector that it has started, not in a worker thread"
                    .into(),
            ),
            Self::EverySessionFailed { .. } => Some(
                "check the script with the service started by hand, and that the script's target \
                 is the address the service listens on"
                    .into(),
            ),
        }
    }
}

/// A stage as it is named in a sentence.
#[must_use]
pub fn stage_name(stage: Stage) -> String {
    match stage {
        Stage::Start => "start".into(),
        Stage::WarmUp => "warm-up".into(),
        Stage::Idle => "idle round".into(),
        Stage::Round(n) => format!("round {n}"),
        Stage::Drain => "drain".into(),
        Stage::Proof(n) => format!("proof {n}"),
        Stage::Stop => "stop".into(),
    }
}

fn during(stage: Option<Stage>) -> String {
    match stage {
        None | Some(Stage::Start) => "before it was ready".into(),
        Some(stage) => format!("in the {}", stage_name(stage)),
    }
}
