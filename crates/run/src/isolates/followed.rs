//! One isolate that is followed: what the stages do with the main one, done with it.

use std::time::{Duration, Instant};

use probe::Inspector;
use recording::{Event, HeapFigures, IsolateFact, IsolateFacts, MemoryFigures, Reading};
use units::Elapsed;

use super::Found;
use crate::reading::collect;
use crate::settle::Watch;
use crate::{Folder, folder};

/// A thread whose event loop has not turned by then waits for work in `Atomics.wait`: it hears the
/// inspector all the same.
const TURN_WITHIN: Duration = Duration::from_secs(3);

/// One isolate that is followed.
pub(super) struct Followed {
    pub(super) facts: IsolateFacts,
    pub(super) inspector: Inspector,
    /// The process, unless the isolate is a thread in one.
    process: Option<u32>,
    baseline_sockets: u64,
    /// Whether its event loop turns.
    turns: bool,
    is_told: bool,
    watch: Watch,
    /// What it held when it was last at rest.
    pub(super) reading: Option<Reading>,
}

impl Followed {
    /// Without load, for the sockets that it has now are those that it has at rest.
    pub(super) fn of(found: Found) -> Self {
        let memory = found.process.and_then(|pid| probe::read_memory(pid).ok());
        let baseline_sockets = memory.and_then(|memory| memory.sockets).unwrap_or(0);
        Self {
            facts: found.facts,
            inspector: found.inspector,
            process: found.process,
            baseline_sockets,
            turns: true,
            is_told: false,
            watch: Watch::new(baseline_sockets),
            reading: None,
        }
    }

    /// Forgets what was read: a service comes to rest anew.
    pub(super) fn begin_settling(&mut self) {
        self.watch = Watch::new(self.baseline_sockets);
        self.reading = None;
    }

    /// Collects and reads it; what is waited for, if it is not at rest.
    pub(super) async fn read(&mut self, at: Elapsed) -> Result<Option<String>, probe::Error> {
        let heap = self.collect().await?;
        let memory = match self.process {
            Some(pid) => probe::read_memory(pid)?,
            None => MemoryFigures::default(),
        };
        let reading = Reading {
            at,
            memory,
            heap,
            at_rest: false,
        };
        let waiting = self.watch.take(reading, Instant::now());
        self.reading = self.watch.lowest();
        Ok(waiting)
    }

    /// Twice, with turns of its event loop between, if it turns.
    pub(super) async fn collect(&mut self) -> Result<HeapFigures, probe::Error> {
        if self.turns {
            let impatient = self.inspector.clone().with_patience(TURN_WITHIN);
            match collect(&impatient).await {
                Err(probe::Error::Silent { .. }) => self.turns = false,
                collected => collected?,
            }
        }
        if !self.turns {
            self.inspector.collect_without_turn().await?;
        }
        self.inspector.heap_figures().await
    }

    /// Takes a snapshot, under the name `stem` with its own behind; what there is to tell then.
    pub(super) async fn snapshot(
        &mut self,
        folder: &Folder,
        stem: &str,
    ) -> Result<Vec<Event>, probe::Error> {
        let file = folder::of_isolate(stem, &self.facts.name, "heapsnapshot");
        let path = folder.file(&file);
        let inspector = &self.inspector;
        let taken = match self.turns {
            true => inspector.take_snapshot(&path, |_, _| {}).await?,
            false => inspector.have_snapshot_written(&path).await?,
        };
        let containers = match inspector.container_sizes().await {
            Ok(sizes) => Some(sizes),
            Err(probe::Error::Refused { .. }) => None,
            Err(probe::Error::Silent { .. }) if !self.turns => None,
            Err(error) => return Err(error),
        };
        let mut told = Vec::from_iter(self.found());
        let name = &self.facts.name;
        let facts = self.reading.map(IsolateFact::Settled).into_iter();
        let facts = facts.chain([IsolateFact::SnapshotTaken(taken)]);
        let facts = facts.chain(containers.map(IsolateFact::ContainersCounted));
        told.extend(facts.map(|fact| Event::OfIsolate {
            name: name.clone(),
            fact,
        }));
        Ok(told)
    }

    /// That it is there, if nobody knows it yet.
    pub(super) fn found(&mut self) -> Option<Event> {
        let was_told = std::mem::replace(&mut self.is_told, true);
        (!was_told).then(|| Event::IsolateFound(self.facts.clone()))
    }

    /// That it is read no more, if anybody knows of it.
    pub(super) fn lost(self, why: String) -> Option<Event> {
        self.is_told.then_some(Event::OfIsolate {
            name: self.facts.name,
            fact: IsolateFact::Lost(why),
        })
    }
}
