//! Events folded into what is known of a run, and `run.json`.

use serde::{Deserialize, Serialize};
use units::Elapsed;

use crate::{
    ContainerSize, CutFacts, Event, Exit, HeapFigures, IsolateFacts, IsolateRecord, Ledger,
    MemoryFigures, Plan, Sample, ServiceFacts, SnapshotFacts, Stage,
};

/// The schema of `run.json`; the number rises when a field changes its meaning.
pub const SCHEMA: &str = "leakscope.run/1";

/// The memory of a service that was left alone until nothing moved, collected twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Since the start of the run.
    pub at: Elapsed,
    /// The kernel's figures.
    pub memory: MemoryFigures,
    /// V8's figures after two collections.
    pub heap: HeapFigures,
    /// Whether everything came to rest, or `--max-settle` was over first.
    pub at_rest: bool,
}

/// One stage of a run, with everything that was learned in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which stage.
    #[serde(flatten)]
    pub stage: Stage,
    /// Since the start of the run.
    pub started_at: Elapsed,
    /// Since the start of the run; `None` while the stage lasts, or if the run ended in it.
    pub ended_at: Option<Elapsed>,
    /// Sessions planned.
    pub planned: Option<u64>,
    /// Sessions by outcome.
    pub ledger: Ledger,
    /// The settled readings, in order: several in a warm-up, one elsewhere.
    pub readings: Vec<Reading>,
    /// The snapshot taken at its end.
    pub snapshot: Option<SnapshotFacts>,
    /// The sizes of large containers at the time of the snapshot.
    #[serde(default)]
    pub containers: Vec<ContainerSize>,
    /// What the longest timer of the service's own code had left before a drain.
    #[serde(default)]
    pub longest_timer: Option<Elapsed>,
    /// What was cleared in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<CutFacts>,
    /// What was learned of the isolates beside the main one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub isolates: Vec<IsolateRecord>,
}

/// A measured round together with the reading before it.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// The settled reading before the round.
    pub before: &'a Reading,
    /// The settled reading after it.
    pub after: &'a Reading,
    /// Sessions by outcome.
    pub ledger: &'a Ledger,
}

/// Everything known of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of leakscope that ran.
    pub leakscope_version: String,
    /// What the run was asked to do.
    pub plan: Plan,
    /// The service.
    pub service: ServiceFacts,
    /// The isolates beside the main one that were read, in the order in which they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub isolates: Vec<IsolateFacts>,
    /// The stages, in order.
    pub stages: Vec<StageRecord>,
    /// What the reader of the verdict must know.
    pub warnings: Vec<String>,
    /// How the run ended; `None` while it lasts, or if leakscope itself was killed.
    pub exit: Option<Exit>,
    /// Periodic readings; they live in `samples.csv`, not in `run.json`.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

impl Recording {
    /// An empty recording of a plan.
    #[must_use]
    pub fn new(plan: Plan, leakscope_version: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            leakscope_version: leakscope_version.to_owned(),
            plan,
            service: ServiceFacts::default(),
            isolates: Vec::new(),
            stages: Vec::new(),
            warnings: Vec::new(),
            exit: None,
            samples: Vec::new(),
        }
    }

    /// Folds one event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::ServiceStarted(facts) => self.service = facts.clone(),
            Event::StageStarted {
                at,
                stage,
                sessions,
            } => self.stages.push(StageRecord {
                stage: *stage,
                started_at: *at,
                ended_at: None,
                planned: *sessions,
                ledger: Ledger::default(),
                readings: Vec::new(),
                snapshot: None,
                containers: Vec::new(),
                longest_timer: None,
                cut: None,
                isolates: Vec::new(),
            }),
            Event::Sampled(sample) => self.samples.push(*sample),
            Event::LoadProgress(ledger) => self.in_stage(|s| s.ledger = ledger.clone()),
            Event::Settled(reading) => self.in_stage(|s| s.readings.push(*reading)),
            Event::SnapshotTaken(facts) => self.in_stage(|s| s.snapshot = Some(facts.clone())),
            Event::ContainersCounted(sizes) => self.in_stage(|s| s.containers.clone_from(sizes)),
            Event::IsolateFound(facts) => self.isolates.push(facts.clone()),
            Event::OfIsolate { name, fact } => self.apply_isolate(name, fact),
            Event::TimerFound(left) => self.in_stage(|s| s.longest_timer = Some(*left)),
            Event::Cut(facts) => self.in_stage(|s| s.cut = Some(facts.clone())),
            Event::StageEnded { at } => self.in_stage(|s| s.ended_at = Some(*at)),
            Event::Warning(text) => self.warnings.push(text.clone()),
            Event::Ended(exit) => self.exit = Some(exit.clone()),
            Event::Settling { .. }
            | Event::SnapshotForecast(_)
            | Event::SnapshotProgress { .. } => {}
        }
    }

    fn in_stage(&mut self, change: impl FnOnce(&mut StageRecord)) {
        if let Some(stage) = self.stages.last_mut() {
            change(stage);
        }
    }

    /// Sessions of the whole run by outcome, warm-up included.
    #[must_use]
    pub fn total_ledger(&self) -> Ledger {
        let mut total = Ledger::default();
        for stage in &self.stages {
            total.add(&stage.ledger);
        }
        total
    }

    /// The measured rounds that are whole: load run, drained and read.
    #[must_use]
    pub fn rounds(&self) -> Vec<Round<'_>> {
        let mut before = None;
        let mut rounds = Vec::new();
        for stage in &self.stages {
            let after = stage.readings.last();
            if let (Stage::Round(_), Some(before), Some(after)) = (stage.stage, before, after) {
                rounds.push(Round {
                    before,
                    after,
                    ledger: &stage.ledger,
                });
            }
            before = after.or(before);
        }
        rounds
    }

    /// The sessions created between two snapshots of the run, by the names of their files; `None`
    /// if they are not of this run, in this order.
    #[must_use]
    pub fn sessions_between(&self, base: &str, newer: &str) -> Option<u64> {
        let with = |file: &str| {
            let is_of =
                |stage: &StageRecord| stage.snapshot.as_ref().is_some_and(|s| s.file == file);
            self.stages.iter().position(is_of)
        };
        let (base, newer) = (with(base)?, with(newer)?);
        let between = self.stages.get(base + 1..=newer)?;
        Some(between.iter().map(|stage| stage.ledger.created).sum())
    }

    /// The record of a stage, if the run got that far.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> Option<&StageRecord> {
        self.stages.iter().find(|record| record.stage == stage)
    }

    /// The text of `run.json`.
    ///
    /// # Errors
    /// Only if a figure cannot be written as JSON, which would be a bug.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads `run.json` back.
    ///
    /// # Errors
    /// If the text is not a recording; the message has line and column.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            command: vec!["node".into(), "server.js".into()],
            working_dir: "/srv".into(),
            script: "load.json".into(),
            base_url: "ws://127.0.0.1:8080".into(),
            rounds: vec![11, 23],
            arrival_rate: 50.0,
            walkthrough: false,
        }
    }

    fn reading(at_s: u64, heap_used: u64) -> Reading {
        Reading {
            at: Elapsed {
                nanos: at_s * 1_000_000_000,
            },
            memory: MemoryFigures::default(),
            heap: HeapFigures {
                heap_used,
                ..HeapFigures::default()
            },
            at_rest: true,
        }
    }

    fn events() -> Vec<Event> {
        let at = |s: u64| Elapsed {
            nanos: s * 1_000_000_000,
        };
        let start = |s, stage| Event::StageStarted {
            at: at(s),
            stage,
            sessions: Some(11),
        };
        let ledger = |n| Ledger {
            created: n,
            completed: n,
            ..Ledger::default()
        };
        vec![
            start(0, Stage::WarmUp),
            Event::Settled(reading(1, 90)),
            Event::Settled(reading(2, 100)),
            Event::StageEnded { at: at(2) },
            start(2, Stage::Round(1)),
            Event::LoadProgress(ledger(5)),
            Event::LoadProgress(ledger(11)),
            Event::Settled(reading(4, 211)),
            Event::StageEnded { at: at(4) },
            start(4, Stage::Round(2)),
            Event::LoadProgress(ledger(3)),
            Event::Ended(Exit::Interrupted),
        ]
    }

    #[test]
    fn only_whole_rounds_count_and_start_where_the_last_reading_was() {
        let mut recording = Recording::new(plan(), "0.0.0");
        events().iter().for_each(|event| recording.apply(event));
        let rounds = recording.rounds();
        assert_eq!(rounds.len(), 1);
        assert_eq!(rounds[0].before.heap.heap_used, 100);
        assert_eq!(rounds[0].after.heap.heap_used, 211);
        assert_eq!(rounds[0].ledger.completed, 11);
        assert_eq!(recording.total_ledger().created, 14);
        assert_eq!(recording.exit, Some(Exit::Interrupted));
    }

    #[test]
    fn sessions_between_two_snapshots_are_those_of_the_stages_after_the_first() {
        let mut recording = Recording::new(plan(), "0.0.0");
        let mut events = events();
        let taken = |file: &str| {
            Event::SnapshotTaken(SnapshotFacts {
                file: file.into(),
                bytes: 1,
                took: Elapsed::default(),
            })
        };
        events.insert(8, taken("1-round-1"));
        events.insert(3, taken("0-warm-up"));
        events.iter().for_each(|event| recording.apply(event));
        let between = |base, newer| recording.sessions_between(base, newer);
        assert_eq!(between("0-warm-up", "1-round-1"), Some(11));
        assert_eq!(between("0-warm-up", "0-warm-up"), Some(0));
        assert_eq!(between("1-round-1", "0-warm-up"), None);
        assert_eq!(between("0-warm-up", "other"), None);
    }

    #[test]
    fn run_json_reads_back_as_the_same_recording() {
        let mut recording = Recording::new(plan(), "0.0.0");
        events().iter().for_each(|event| recording.apply(event));
        let text = recording.to_json().unwrap();
        assert_eq!(Recording::from_json(&text).unwrap(), recording);
    }
}
