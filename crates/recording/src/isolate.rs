//! The isolates of a service beside its main one: its worker threads, and the processes that it has
//! started and that run JavaScript too.
//!
//! Owns who they are, and a run as one or several of the isolates show it: a [`Recording`] in which
//! only theirs was read, so that whoever judges a run can judge each of them by the same rules. In
//! such a view the resident set of a process is told without what its worker threads' heaps hold,
//! which is theirs: the parts of several isolates add up.

use serde::{Deserialize, Serialize};

use crate::{
    ContainerSize, HeapFigures, MemoryFigures, Reading, Recording, SnapshotFacts, Stage,
    StageRecord,
};

/// The name of the main isolate: that of the main thread of the process that serves.
pub const MAIN: &str = "main";

/// One isolate beside the main one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolateFacts {
    /// `worker-1`, `child-4712`, `child-4712/worker-1`: no two of a run have the same.
    pub name: String,
    /// What it is.
    pub kind: IsolateKind,
    /// The process that it lives in.
    pub pid: u32,
    /// The name that the program gave to a worker thread, if any.
    #[serde(default)]
    pub title: Option<String>,
    /// The script that it runs, as a path or a URL; empty where nobody says.
    pub script: String,
    /// Why it was not read to the end of the run, if it was not: `it ended`.
    #[serde(default)]
    pub lost: Option<String>,
}

/// What an isolate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IsolateKind {
    /// A thread of `worker_threads`.
    Worker,
    /// A process that `cluster` started.
    ClusterChild,
    /// Another process.
    Child,
}

/// What was learned in one stage of an isolate that is not the main one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IsolateRecord {
    /// Whose it is: [`IsolateFacts::name`].
    pub name: String,
    /// The settled reading at the end of the stage; of a worker thread, V8's figures alone.
    pub reading: Option<Reading>,
    /// The snapshot taken at its end.
    pub snapshot: Option<SnapshotFacts>,
    /// The sizes of large containers at the time of the snapshot.
    #[serde(default)]
    pub containers: Vec<ContainerSize>,
}

/// A fact about an isolate that is not the main one.
#[derive(Debug, Clone, PartialEq)]
pub enum IsolateFact {
    /// It was left alone until nothing moved, and collected.
    Settled(Reading),
    /// A snapshot of it lies in the run folder.
    SnapshotTaken(SnapshotFacts),
    /// The sizes of its large containers, counted just after a snapshot.
    ContainersCounted(Vec<ContainerSize>),
    /// It is read no more, for this reason.
    Lost(String),
}

/// Isolates that do the same work: which of them has how much of it is left to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Siblings<'a> {
    /// Those that were read in the same stages, in the order in which they were found.
    pub judged: Vec<&'a IsolateFacts>,
    /// Those that began or ended between the rounds.
    pub skipped: Vec<&'a IsolateFacts>,
}

/// Rounds that must have been read of an isolate, with what was before each.
const LEAST_ROUNDS: usize = 2;

impl Recording {
    /// Folds a fact of an isolate in.
    pub(crate) fn apply_isolate(&mut self, name: &str, fact: &IsolateFact) {
        if let IsolateFact::Lost(why) = fact {
            let of_name = self.isolates.iter_mut().find(|i| i.name == name);
            if let Some(isolate) = of_name {
                isolate.lost = Some(why.clone());
            }
            return;
        }
        let Some(stage) = self.stages.last_mut() else {
            return;
        };
        let known = stage.isolates.iter().position(|i| i.name == name);
        let at = known.unwrap_or(stage.isolates.len());
        if known.is_none() {
            stage.isolates.push(IsolateRecord {
                name: name.to_owned(),
                ..IsolateRecord::default()
            });
        }
        let record = &mut stage.isolates[at];
        match fact {
            IsolateFact::Settled(reading) => record.reading = Some(*reading),
            IsolateFact::SnapshotTaken(facts) => record.snapshot = Some(facts.clone()),
            IsolateFact::ContainersCounted(sizes) => record.containers.clone_from(sizes),
            IsolateFact::Lost(_) => {}
        }
    }

    /// The isolates beside the main one, those together that run the same script.
    #[must_use]
    pub fn siblings(&self) -> Vec<Siblings<'_>> {
        let mut groups: Vec<Vec<&IsolateFacts>> = Vec::new();
        for isolate in &self.isolates {
            let is_alike =
                |other: &IsolateFacts| other.kind == isolate.kind && other.script == isolate.script;
            match groups.iter_mut().find(|group| is_alike(group[0])) {
                Some(group) => group.push(isolate),
                None => groups.push(vec![isolate]),
            }
        }
        groups.into_iter().map(|g| self.siblings_of(g)).collect()
    }

    /// Of isolates that are alike, those that were read in as many stages as any of them.
    fn siblings_of<'a>(&self, group: Vec<&'a IsolateFacts>) -> Siblings<'a> {
        let stages = |isolate: &IsolateFacts| self.stages_with_snapshot(&isolate.name);
        let whole = group.iter().map(|isolate| stages(isolate));
        let whole = whole.max_by_key(Vec::len).unwrap_or_default();
        let is_judged =
            |i: &&IsolateFacts| self.rounds_in(&whole) >= LEAST_ROUNDS && stages(i) == whole;
        let (judged, skipped) = group.into_iter().partition(is_judged);
        Siblings { judged, skipped }
    }

    /// The stages, by their places, that have a snapshot of an isolate.
    fn stages_with_snapshot(&self, name: &str) -> Vec<usize> {
        let with = |(_, stage): &(usize, &StageRecord)| {
            let is_proof = matches!(stage.stage, Stage::Proof(_));
            !is_proof && stage.snapshot_of(name).is_some()
        };
        let stages = self.stages.iter().enumerate().filter(with);
        stages.map(|(at, _)| at).collect()
    }

    /// How many of these stages are rounds with another one before.
    fn rounds_in(&self, stages: &[usize]) -> usize {
        let later = stages.iter().skip(1);
        let is_round = |&&at: &&usize| matches!(self.stages[at].stage, Stage::Round(_));
        later.filter(is_round).count()
    }

    /// The isolates that were read in every stage in which the main one was, itself first.
    #[must_use]
    pub fn read_throughout(&self) -> Vec<&str> {
        let stages = self.stages_with_snapshot(MAIN);
        let others = self.isolates.iter().map(|isolate| isolate.name.as_str());
        let others = others.filter(|name| self.stages_with_snapshot(name) == stages);
        std::iter::once(MAIN).chain(others).collect()
    }

    /// The run as all isolates together show it that were read throughout.
    #[must_use]
    pub fn whole(&self) -> Self {
        self.seen_by(&self.read_throughout())
    }

    /// The run as these isolates alone show it: their readings added up, where all of them were
    /// read; a snapshot and the sizes of containers only of a single one.
    #[must_use]
    pub fn seen_by(&self, names: &[&str]) -> Self {
        let mut view = self.clone();
        view.isolates.clear();
        for (seen, stage) in view.stages.iter_mut().zip(&self.stages) {
            seen.isolates.clear();
            if self.isolates.is_empty() && names == [MAIN] {
                continue;
            }
            let readings = names.iter().map(|name| self.reading_of(stage, name));
            let readings: Option<Vec<Reading>> = readings.collect();
            let whole = readings.and_then(|all| all.into_iter().reduce(|a, b| a.and(&b)));
            seen.readings = whole.into_iter().collect();
            let snapshots = names.iter().map(|name| stage.snapshot_of(name));
            let snapshots: Option<Vec<_>> = snapshots.collect();
            seen.snapshot = snapshots.and_then(|all| all.first().copied().cloned());
            seen.containers = match names {
                [name] => stage.containers_of(name).to_vec(),
                _ => Vec::new(),
            };
        }
        if names.first() != Some(&MAIN) {
            // They are the whole run's, and told once.
            view.warnings.clear();
        }
        view
    }

    /// What was read of an isolate at the end of a stage, with its part of the resident set.
    fn reading_of(&self, stage: &StageRecord, name: &str) -> Option<Reading> {
        let facts = self.isolates.iter().find(|isolate| isolate.name == name);
        let read = |name: &str| stage.isolate(name).and_then(|record| record.reading);
        let (mut reading, pid) = match facts {
            None => (*stage.readings.last()?, self.service.pid),
            Some(facts) => (read(name)?, facts.pid),
        };
        if facts.is_some_and(|facts| facts.kind == IsolateKind::Worker) {
            reading.memory = MemoryFigures {
                rss: held_by(&reading.heap),
                ..MemoryFigures::default()
            };
            return Some(reading);
        }
        let threads = self.isolates.iter();
        let threads = threads.filter(|i| i.kind == IsolateKind::Worker && i.pid == pid);
        let of_threads: u64 = threads
            .filter_map(|thread| read(&thread.name))
            .map(|thread| held_by(&thread.heap))
            .sum();
        reading.memory.rss = reading.memory.rss.saturating_sub(of_threads);
        Some(reading)
    }
}

/// What a heap takes of its process's memory.
fn held_by(heap: &HeapFigures) -> u64 {
    heap.heap_total + heap.external
}

impl StageRecord {
    /// What was learned of an isolate that is not the main one.
    #[must_use]
    pub fn isolate(&self, name: &str) -> Option<&IsolateRecord> {
        self.isolates.iter().find(|record| record.name == name)
    }

    /// The snapshot of an isolate.
    #[must_use]
    pub fn snapshot_of(&self, name: &str) -> Option<&SnapshotFacts> {
        match name {
            MAIN => self.snapshot.as_ref(),
            name => self.isolate(name)?.snapshot.as_ref(),
        }
    }

    /// The sizes of an isolate's large containers.
    #[must_use]
    pub fn containers_of(&self, name: &str) -> &[ContainerSize] {
        match name {
            MAIN => &self.containers,
            name => self.isolate(name).map_or(&[], |record| &record.containers),
        }
    }
}

impl Reading {
    /// Of two isolates together.
    fn and(mut self, other: &Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        let (memory, more) = (&mut self.memory, &other.memory);
        memory.rss += more.rss;
        memory.vsz += more.vsz;
        memory.pss = sum(memory.pss, more.pss);
        memory.uss = sum(memory.uss, more.uss);
        memory.swap = sum(memory.swap, more.swap);
        memory.threads = sum(memory.threads, more.threads);
        memory.fds = sum(memory.fds, more.fds);
        memory.sockets = sum(memory.sockets, more.sockets);
        self.heap.heap_total += other.heap.heap_total;
        self.heap.heap_used += other.heap.heap_used;
        self.heap.external += other.heap.external;
        self.heap.array_buffers += other.heap.array_buffers;
        self.at = self.at.max(other.at);
        self.at_rest &= other.at_rest;
        self
    }
}

#[cfg(test)]
mod tests {
    use units::Elapsed;

    use super::*;
    use crate::{Event, Ledger, Plan, ServiceFacts};

    fn facts(name: &str, kind: IsolateKind, pid: u32, script: &str) -> IsolateFacts {
        IsolateFacts {
            name: name.into(),
            kind,
            pid,
            title: None,
            script: script.into(),
            lost: None,
        }
    }

    fn reading(heap_used: u64, rss: u64) -> Reading {
        Reading {
            memory: MemoryFigures {
                rss,
                sockets: Some(3),
                ..MemoryFigures::default()
            },
            heap: HeapFigures {
                heap_total: heap_used + 10,
                heap_used,
                external: 5,
                array_buffers: 0,
            },
            at_rest: true,
            ..Reading::default()
        }
    }

    fn taken(file: &str) -> SnapshotFacts {
        SnapshotFacts {
            file: file.into(),
            bytes: 1,
            took: Elapsed::default(),
        }
    }

    /// A worker thread and a child throughout; a second worker thread that is there for
    /// `late_stages` at the end.
    fn run(late_stages: usize) -> Recording {
        let plan = Plan {
            command: vec!["node".into()],
            working_dir: "/srv".into(),
            script: "load.json".into(),
            base_url: "http://127.0.0.1:1".into(),
            rounds: vec![11, 23],
            arrival_rate: 50.0,
            walkthrough: false,
        };
        let mut recording = Recording::new(plan, "0.0.0");
        recording.apply(&Event::ServiceStarted(ServiceFacts {
            pid: 4711,
            ..ServiceFacts::default()
        }));
        let stages = [
            Stage::WarmUp,
            Stage::Idle,
            Stage::Round(1),
            Stage::Round(2),
            Stage::Round(3),
        ];
        for facts in [
            facts("worker-1", IsolateKind::Worker, 4711, "job.js"),
            facts("worker-2", IsolateKind::Worker, 4711, "job.js"),
            facts("child-5000", IsolateKind::Child, 5000, "mail.js"),
        ] {
            recording.apply(&Event::IsolateFound(facts));
        }
        for (number, &stage) in (0_u64..).zip(&stages) {
            recording.apply(&Event::StageStarted {
                at: Elapsed::default(),
                stage,
                sessions: None,
            });
            recording.apply(&Event::LoadProgress(Ledger {
                created: 11,
                ..Ledger::default()
            }));
            recording.apply(&Event::Settled(reading(100 + number, 1000)));
            recording.apply(&Event::SnapshotTaken(taken("main")));
            let mut of_isolate = |name: &str, reading: Reading| {
                let name = name.to_owned();
                let tell = |fact| Event::OfIsolate {
                    name: name.clone(),
                    fact,
                };
                recording.apply(&tell(IsolateFact::Settled(reading)));
                recording.apply(&tell(IsolateFact::SnapshotTaken(taken(&name))));
            };
            of_isolate("worker-1", reading(20 + 2 * number, 0));
            of_isolate("child-5000", reading(50, 300));
            if number as usize + late_stages >= stages.len() {
                of_isolate("worker-2", reading(20, 0));
            }
        }
        recording
    }

    fn names<'a>(isolates: &[&'a IsolateFacts]) -> Vec<&'a str> {
        isolates.iter().map(|i| i.name.as_str()).collect()
    }

    #[test]
    fn a_view_holds_one_isolate_with_its_own_part_of_the_resident_set() {
        let recording = run(0);
        let worker = recording.seen_by(&["worker-1"]);
        let rounds = worker.rounds();
        assert_eq!(rounds.len(), 3);
        assert_eq!(rounds[0].before.heap.heap_used, 22);
        assert_eq!(rounds[0].after.heap.heap_used, 24);
        assert_eq!(rounds[0].after.memory.rss, 24 + 10 + 5);
        assert_eq!(rounds[0].after.memory.sockets, None);
        assert_eq!(rounds[0].ledger.created, 11);
        let file = |view: &Recording| view.stages[2].snapshot.clone().unwrap().file;
        assert_eq!(file(&worker), "worker-1");
        let main = recording.seen_by(&[MAIN]);
        assert_eq!(main.rounds()[0].after.memory.rss, 1000 - (24 + 10 + 5));
        assert_eq!(file(&main), "main");
        let child = recording.seen_by(&["child-5000"]);
        assert_eq!(child.rounds()[0].after.memory.rss, 300);
    }

    #[test]
    fn the_isolates_add_up_to_what_the_kernel_says() {
        let recording = run(0);
        let all = recording.read_throughout();
        assert_eq!(all, [MAIN, "worker-1", "child-5000"]);
        let whole = recording.whole();
        let after = whole.rounds()[0].after;
        assert_eq!(after.memory.rss, 1000 + 300);
        assert_eq!(after.memory.sockets, Some(6));
        assert_eq!(after.heap.heap_used, 102 + 24 + 50);
    }

    #[test]
    fn an_isolate_that_is_read_in_too_few_rounds_is_skipped() {
        let check = |late, judged: &[&str], skipped: &[&str]| {
            let recording = run(late);
            let siblings = recording.siblings();
            assert_eq!(names(&siblings[0].judged), judged);
            assert_eq!(names(&siblings[0].skipped), skipped);
            assert_eq!(names(&siblings[1].judged), ["child-5000"]);
        };
        check(5, &["worker-1", "worker-2"], &[]);
        check(4, &["worker-1"], &["worker-2"]);
        check(0, &["worker-1"], &["worker-2"]);
        let mut recording = run(3);
        recording.isolates.remove(0);
        assert_eq!(names(&recording.siblings()[0].judged), ["worker-2"]);
        let mut recording = run(2);
        recording.isolates.remove(0);
        assert_eq!(names(&recording.siblings()[0].skipped), ["worker-2"]);
    }

    #[test]
    fn a_run_without_other_isolates_is_its_own_view_and_writes_nothing_of_them() {
        let mut recording = run(0);
        recording.isolates.clear();
        for stage in &mut recording.stages {
            stage.isolates.clear();
        }
        assert_eq!(recording.seen_by(&[MAIN]), recording);
        assert!(!recording.to_json().unwrap().contains("isolate"));
        let with = run(2);
        let text = with.to_json().unwrap();
        assert_eq!(Recording::from_json(&text).unwrap(), with);
    }

    #[test]
    fn why_an_isolate_was_lost_is_kept() {
        let mut recording = run(0);
        recording.apply(&Event::OfIsolate {
            name: "worker-1".into(),
            fact: IsolateFact::Lost("it ended".into()),
        });
        assert_eq!(recording.isolates[0].lost.as_deref(), Some("it ended"));
    }
}
