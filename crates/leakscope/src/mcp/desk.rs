//! Runs and snapshots for the tools, out of the folders that may be read.
//!
//! At most two snapshots are held, those asked for last: an agent asks many questions of the same
//! pair.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use mcp::{Desk, Found, HuntAsk, HuntState, Opened, Problem, Run};

use super::hunts::{Ended, Hunts};
use super::roots::Roots;
use crate::args::ReadingArgs;
use crate::failure::Failure;
use crate::runs::KeptRun;
use crate::snapshots;

/// Snapshots held in memory.
const HELD: usize = 2;

/// Levels of folders that are looked through for runs and snapshots.
const DEPTH: usize = 4;

/// Entries of folders that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// Folders in which nobody keeps runs.
const NOT_LOOKED_IN: [&str; 3] = ["node_modules", ".git", "target"];

/// The folders with what is held of them.
pub(super) struct Folders {
    roots: Roots,
    hunts: Arc<Hunts>,
    held: Mutex<VecDeque<(State, Arc<Opened>)>>,
}

/// A file as it was when it was read.
#[derive(PartialEq, Eq)]
struct State {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Folders {
    pub(super) fn new(roots: Roots, hunts: Arc<Hunts>) -> Self {
        Self {
            roots,
            hunts,
            held: Mutex::default(),
        }
    }

    fn kept_run(&self, path: &Path) -> Result<KeptRun, Problem> {
        let run = KeptRun::open(path).map_err(problem)?;
        // A link in the folder, or a name in `run.json`, could lead elsewhere.
        let names = run.recording.stages.iter();
        let names = names.filter_map(|stage| Some(path.join(&stage.snapshot.as_ref()?.file)));
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        for file in names.chain(entries.map(|entry| entry.path())) {
            let real = file.canonicalize();
            if real.is_ok_and(|real| !self.roots.hold(&real)) {
                let message = "a file of this run lies outside of the folders that may be read";
                return Err(Problem::new(message).hint("copy it into the run's folder"));
            }
        }
        Ok(run)
    }

    fn open_run(&self, path: &Path) -> Result<Run, Problem> {
        let kept = self.kept_run(path)?;
        let verdict = kept.verdict(&mut |_| {}).map_err(problem)?;
        Ok(Run {
            path: self.roots.shown(path),
            recording: kept.recording,
            verdict,
        })
    }

    /// The snapshot after the last measured round, if the path is a run's folder.
    fn snapshot_file(&self, path: PathBuf) -> Result<PathBuf, Problem> {
        if !path.is_dir() {
            return Ok(path);
        }
        let run = self.kept_run(&path)?;
        let names = run.snapshots();
        let (_, last) = run.around_rounds();
        let last = names.get(last).ok_or_else(|| {
            Problem::new("this run has no heap snapshot").hint("`list` shows others")
        })?;
        Ok(path.join(last))
    }
}

impl Desk for Folders {
    fn list(&self) -> Result<Vec<Found>, Problem> {
        let mut search = Search::default();
        for root in self.roots.all() {
            search.look_in(root, DEPTH);
        }
        search.found.sort_by_key(|(modified, _, path)| {
            (std::cmp::Reverse(*modified), path.display().to_string())
        });
        let found = search.found.into_iter();
        let shown = found.map(|(_, bytes, path)| Found {
            path: self.roots.shown(&path),
            is_run: bytes.is_none(),
            bytes,
        });
        Ok(shown.collect())
    }

    fn run(&self, path: &str) -> Result<Run, Problem> {
        self.open_run(&self.roots.resolve(path)?)
    }

    fn snapshot(&self, path: &str) -> Result<Arc<Opened>, Problem> {
        let file = self.snapshot_file(self.roots.resolve(path)?)?;
        let state = State::of(file);
        // Held while a file is read, so that no two are read at once.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = held.iter().position(|(known, _)| *known == state)
            && let Some(known) = held.remove(at)
        {
            let opened = Arc::clone(&known.1);
            held.push_back(known);
            return Ok(opened);
        }
        // Room first: the new one may need it.
        held.retain(|(known, _)| known.path != state.path);
        while held.len() >= HELD {
            held.pop_front();
        }
        let opened = snapshots::open(&state.path, ReadingArgs::default()).map_err(problem)?;
        let opened = Arc::new(Opened {
            path: self.roots.shown(&state.path),
            snapshot: opened.snapshot,
            analysis: opened.analysis,
        });
        held.push_back((state, Arc::clone(&opened)));
        Ok(opened)
    }

    fn allowed_hunts(&self) -> &[String] {
        self.hunts.allowed()
    }

    fn hunt(&self, ask: &HuntAsk) -> Result<HuntState, Problem> {
        match self.hunts.wait(ask)? {
            Ended::Not { progress, folder } => Ok(HuntState::Running {
                progress,
                run: self.roots.shown(&folder),
            }),
            Ended::In(folder) => {
                let run = self.open_run(&self.roots.resolve(&folder.to_string_lossy())?)?;
                Ok(HuntState::Done(Box::new(run)))
            }
        }
    }
}

impl State {
    fn of(path: PathBuf) -> Self {
        let metadata = fs::metadata(&path).ok();
        Self {
            bytes: metadata.as_ref().map_or(0, fs::Metadata::len),
            modified: metadata.and_then(|m| m.modified().ok()),
            path,
        }
    }
}

/// What a search has found: when it was changed, the size if it is a snapshot, its path.
#[derive(Default)]
struct Search {
    found: Vec<(SystemTime, Option<u64>, PathBuf)>,
    n_entries: usize,
}

impl Search {
    fn look_in(&mut self, folder: &Path, depth: usize) {
        if let Some(modified) = modified(&folder.join("run.json")) {
            self.found.push((modified, None, folder.to_owned()));
            return;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            self.n_entries += 1;
            if self.n_entries > MOST_ENTRIES {
                return;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // Links are not followed: what they lead to may lie elsewhere.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && depth > 1 && !NOT_LOOKED_IN.contains(&&*name) {
                self.look_in(&entry.path(), depth - 1);
            } else if kind.is_file() && is_snapshot(&name) {
                let metadata = entry.metadata().ok();
                let modified = metadata.as_ref().and_then(|m| m.modified().ok());
                let bytes = metadata.map_or(0, |m| m.len());
                let modified = modified.unwrap_or(SystemTime::UNIX_EPOCH);
                self.found.push((modified, Some(bytes), entry.path()));
            }
        }
    }
}

fn is_snapshot(name: &str) -> bool {
    [".heapsnapshot", ".heapsnapshot.gz", ".heapsnapshot.zst"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}

pub(super) fn problem(failure: Failure) -> Problem {
    let (message, hint) = failure.words();
    let problem = Problem::new(report::printable(&message));
    match hint {
        Some(hint) => problem.hint(report::printable(&hint)),
        None => problem,
    }
}
