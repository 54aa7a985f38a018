//! The isolates beside the main one: worker threads, and the processes that the service has started
//! and that run JavaScript too, with their threads.
//!
//! Owns who is followed, and does with each of them what the stages do with the main one. Invariant:
//! whatever an isolate does (it ends, it blocks its thread, its inspector is closed), the run goes
//! on without it and keeps why. A service that has none costs one question at every settle.

mod children;
mod followed;
mod visits;

use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use probe::{Inspector, Traffic};
use recording::{Event, IsolateFacts, IsolateKind};
use tokio::time::timeout;
use units::Elapsed;

use crate::settle::POLL;
use crate::{Error, Failure, Folder};
use children::Children;
use followed::Followed;

pub(crate) use visits::Visits;

/// Isolates that are followed at once: each takes the run a snapshot more in every stage.
const AT_MOST: usize = 8;

/// An isolate that has not answered by then is blocked.
const PATIENCE: Duration = Duration::from_secs(10);

/// The isolates of a run beside the main one.
#[derive(Default)]
pub(crate) struct Isolates {
    followed: Vec<Followed>,
    children: Children,
    /// What there is to tell of them.
    told: Vec<Event>,
    /// Names of those that are not asked again.
    given_up: Vec<String>,
    /// How many more there were at once than are followed.
    left_out: usize,
    /// Whether those that are followed stay the same as long as they live.
    is_chosen: bool,
    /// The distance between two allocations that are noted, once they are.
    sampling: Option<u64>,
    is_closed: bool,
}

/// An isolate that is there.
struct Found {
    facts: IsolateFacts,
    inspector: Inspector,
    process: Option<u32>,
}

impl Isolates {
    /// None so far. With `visits`, the service was there before this run, and goes on afterwards.
    pub(crate) fn new(visits: Option<Rc<Visits>>) -> Self {
        Self {
            children: Children::new(visits),
            ..Self::default()
        }
    }

    /// Looks who is there beside the main isolate of the process `pid`, and follows as many as
    /// there is room for: those with the largest heaps.
    pub(crate) async fn look(&mut self, main: &Inspector, pid: u32) {
        if self.is_closed {
            return;
        }
        let mut found = self.find(main, pid).await;
        let is_there = |followed: &Followed, found: &[Found]| {
            let mut names = found.iter().map(|found| &found.facts.name);
            names.any(|name| *name == followed.facts.name)
        };
        for gone in self.followed.extract_if(.., |f| !is_there(f, &found)) {
            self.told.extend(gone.lost("it ended".into()));
        }
        if !self.is_chosen && found.len() > AT_MOST {
            self.followed.clear();
        }
        found.retain(|found| {
            let name = &found.facts.name;
            let mut followed = self.followed.iter();
            !self.given_up.contains(name) && !followed.any(|f| f.facts.name == *name)
        });
        let room = AT_MOST.saturating_sub(self.followed.len());
        self.left_out = self.left_out.max(found.len().saturating_sub(room));
        for found in largest(found, room).await {
            self.follow(found).await;
        }
    }

    async fn find(&mut self, main: &Inspector, pid: u32) -> Vec<Found> {
        let mut found = threads(main, pid, "").await;
        for child in self.children.meet(pid).await {
            let pid = child.process.pid;
            let name = format!("child-{pid}");
            let inspector = child.inspector();
            let of_child = threads(&inspector, pid, &name).await;
            found.push(Found {
                facts: IsolateFacts {
                    name,
                    kind: child.kind,
                    pid,
                    title: None,
                    script: child.process.script().unwrap_or_default().to_owned(),
                    lost: None,
                },
                inspector,
                process: Some(pid),
            });
            found.extend(of_child);
        }
        found
    }

    async fn follow(&mut self, found: Found) {
        if let Some(interval) = self.sampling {
            // Without it the line that adds is found by the text alone.
            let _ = found.inspector.start_sampling(interval).await;
        }
        self.followed.push(Followed::of(found));
    }

    /// What is worth waiting for before there is any load, `since` when it was waited for.
    pub(crate) fn waits_for(&self, since: Instant) -> Option<String> {
        self.children.waits_for(since)
    }

    /// From here on those that are followed stay the same.
    pub(crate) fn choose(&mut self) {
        self.is_chosen = true;
    }

    /// No isolate is followed any more.
    pub(crate) async fn close(&mut self) {
        self.followed.clear();
        self.children.leave().await;
        self.is_closed = true;
    }

    /// What there is to tell since this was asked the last time.
    pub(crate) fn take_told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    /// Forgets all readings: a service comes to rest anew.
    pub(crate) fn begin_settling(&mut self) {
        self.followed.iter_mut().for_each(Followed::begin_settling);
    }

    /// Collects and reads all of them; what is waited for, if one is not at rest.
    pub(crate) async fn read(&mut self, at: Elapsed) -> Option<String> {
        let read = join_all(self.followed.iter_mut().map(|f| f.read(at))).await;
        let mut waiting = None;
        for (followed, read) in std::mem::take(&mut self.followed).into_iter().zip(read) {
            match read {
                Ok(waits) => {
                    let told = waits.map(|what| format!("{}: {what}", followed.facts.name));
                    waiting = waiting.or(told);
                    self.followed.push(followed);
                }
                Err(error) => self.lose(followed, &error),
            }
        }
        waiting
    }

    /// What all of them held when they were last at rest, inside their heaps and outside.
    pub(crate) fn held(&self) -> u64 {
        let readings = self.followed.iter().filter_map(|f| f.reading);
        readings.map(|r| r.heap.heap_used + r.heap.external).sum()
    }

    /// Collects all of them; what they hold then.
    pub(crate) async fn collect(&mut self) -> u64 {
        let held = join_all(self.followed.iter_mut().map(Followed::collect)).await;
        let held = held.into_iter().flatten();
        held.map(|heap| heap.heap_used + heap.external).sum()
    }

    /// Takes a snapshot of each, under the name `stem` with its own behind.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) async fn snapshots(&mut self, folder: &Folder, stem: &str) -> Result<(), Error> {
        for mut followed in std::mem::take(&mut self.followed) {
            match followed.snapshot(folder, stem).await {
                Ok(told) => {
                    self.told.extend(told);
                    self.followed.push(followed);
                }
                Err(error) => match Error::from(error) {
                    error if error.failure() == Failure::Folder => return Err(error),
                    Error::Probe(error) => self.lose(followed, &error),
                    error => return Err(error),
                },
            }
        }
        Ok(())
    }

    fn lose(&mut self, mut followed: Followed, error: &probe::Error) {
        self.given_up.push(followed.facts.name.clone());
        let why = match error {
            probe::Error::Silent { .. } => {
                self.told.extend(followed.found());
                silence()
            }
            probe::Error::Disconnected { .. } | probe::Error::Refused { .. } => "it ended".into(),
            error => error.to_string(),
        };
        self.told.extend(followed.lost(why));
    }

    /// Starts to note the allocations of each, and of those that come later.
    pub(crate) async fn start_sampling(&mut self, interval_bytes: u64) {
        self.sampling = Some(interval_bytes);
        let all = self.followed.iter();
        let started = all.map(|f| f.inspector.start_sampling(interval_bytes));
        // Without it the line that adds is found by the text alone.
        drop(join_all(started).await);
    }

    /// Begins to count what arrives at the processes that the process `pid` has started.
    pub(crate) async fn begin_counting(&mut self, pid: u32) {
        self.children.begin_counting(pid).await;
    }

    /// What has arrived at them since.
    pub(crate) async fn counted(&mut self) -> Traffic {
        self.children.counted().await
    }

    /// What each is, and the conversation with it.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&IsolateFacts, &Inspector)> {
        self.followed.iter().map(|f| (&f.facts, &f.inspector))
    }

    /// What the reader of the verdict must know of those that were not followed.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.left_out > 0 {
            warnings.push(format!(
                "{} worker threads and child processes ran at once: the {AT_MOST} with the \
                 largest heaps after the warm-up are judged, the others are not",
                self.left_out + AT_MOST
            ));
        }
        warnings.extend(self.children.warnings());
        warnings
    }
}

fn silence() -> String {
    format!("it did not answer within {} s", PATIENCE.as_secs())
}

/// The worker threads of a process; what does not answer has none.
async fn threads(inspector: &Inspector, pid: u32, of: &str) -> Vec<Found> {
    let patient = inspector.clone().with_patience(PATIENCE);
    let threads = patient.isolates().await.unwrap_or_default();
    let threads = threads.into_iter().skip(1);
    let found = threads.map(|thread| Found {
        facts: IsolateFacts {
            name: match of {
                "" => thread.name,
                of => format!("{of}/{}", thread.name),
            },
            kind: IsolateKind::Worker,
            pid,
            title: thread.title,
            script: thread.url,
            lost: None,
        },
        inspector: thread.inspector,
        process: None,
    });
    found.collect()
}

/// The `room` isolates with the largest heaps; what does not answer soon is blocked, and has none.
async fn largest(mut found: Vec<Found>, room: usize) -> Vec<Found> {
    if found.len() > room {
        let sizes = found.iter().map(async |found| {
            let figures = timeout(POLL * 5, found.inspector.heap_figures()).await;
            figures.map_or(0, |figures| figures.map_or(0, |heap| heap.heap_used))
        });
        let sizes = join_all(sizes).await;
        let mut by_size: Vec<(u64, Found)> = sizes.into_iter().zip(found).collect();
        by_size.sort_by_key(|&(size, _)| std::cmp::Reverse(size));
        by_size.truncate(room);
        found = by_size.into_iter().map(|(_, found)| found).collect();
    }
    found
}
