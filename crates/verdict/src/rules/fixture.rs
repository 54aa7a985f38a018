//! Runs as a few numbers, for the tests of the rules.

use heap::{Growth, HolderGrowth, NodeId, NodeIx};
use recording::{Event, HeapFigures, Ledger, MemoryFigures, Plan, Reading, Recording, Stage};
use units::Elapsed;

use super::{Assessment, Rule};
use crate::Outcome;
use crate::rate::Rate;
use crate::suspects::{Candidate, Measured};

/// One holder with id 7 and one heap size over a run whose stages last ten seconds each.
pub(crate) struct Fixture {
    sessions: Vec<u64>,
    gains: Vec<u64>,
    idle_gain: u64,
    heap_steps: Vec<i64>,
    failed: u64,
}

impl Fixture {
    pub(crate) fn new(sessions: &[u64]) -> Self {
        Self {
            sessions: sessions.to_vec(),
            gains: vec![0; sessions.len()],
            idle_gain: 0,
            heap_steps: vec![0; sessions.len()],
            failed: 0,
        }
    }

    pub(crate) fn holder(mut self, gains: &[u64]) -> Self {
        self.gains = gains.to_vec();
        self
    }

    pub(crate) fn idle(mut self, gain: u64) -> Self {
        self.idle_gain = gain;
        self
    }

    pub(crate) fn heap(mut self, steps: &[i64]) -> Self {
        self.heap_steps = steps.to_vec();
        self
    }

    pub(crate) fn failed(mut self, sessions: u64) -> Self {
        self.failed = sessions;
        self
    }

    pub(crate) fn recording(&self) -> Recording {
        let plan = Plan {
            command: vec!["node".into()],
            working_dir: "/srv".into(),
            script: "load.json".into(),
            base_url: "http://127.0.0.1:1".into(),
            rounds: self.sessions.clone(),
            arrival_rate: 50.0,
        };
        let mut recording = Recording::new(plan, "0.0.0");
        let mut heap_used = 5_000_000_i64;
        let mut at = Elapsed::default();
        let mut stage = |stage, ledger: Ledger, step: i64| {
            recording.apply(&Event::StageStarted {
                at,
                stage,
                sessions: None,
            });
            recording.apply(&Event::LoadProgress(ledger));
            at.nanos += 10_000_000_000;
            heap_used += step;
            let heap = HeapFigures {
                heap_used: heap_used.unsigned_abs(),
                ..HeapFigures::default()
            };
            let memory = MemoryFigures::default();
            recording.apply(&Event::Settled(Reading {
                at,
                memory,
                heap,
                at_rest: true,
            }));
            recording.apply(&Event::StageEnded { at });
        };
        stage(Stage::WarmUp, Ledger::default(), 0);
        stage(Stage::Idle, Ledger::default(), 0);
        for (i, (&created, &step)) in (1..).zip(self.sessions.iter().zip(&self.heap_steps)) {
            let failed = if i == 1 { self.failed } else { 0 };
            let ledger = Ledger {
                created,
                completed: created - failed,
                failed,
                ..Ledger::default()
            };
            stage(Stage::Round(i), ledger, step);
        }
        recording
    }

    fn growth(gained: u64) -> Growth {
        let holder = HolderGrowth {
            id: NodeId(7),
            gained,
            lost: 0,
            dragged: Vec::new(),
            dragged_bytes: gained * 100,
        };
        let holders = if gained > 0 { vec![holder] } else { Vec::new() };
        Growth {
            classes: Vec::new(),
            holders,
            cohort_objects: 0,
            cohort_bytes: 0,
        }
    }
}

/// Asks one rule about a run.
#[track_caller]
pub(crate) fn check(rule: Rule, run: &Fixture, expected: Option<Outcome>) {
    let recording = run.recording();
    let idle = Fixture::growth(run.idle_gain);
    let rounds: Vec<Growth> = run
        .gains
        .iter()
        .map(|&gain| Fixture::growth(gain))
        .collect();
    let measured = Measured {
        sessions: run.sessions.clone(),
        rounds: rounds.iter().collect(),
        idle: Some(&idle),
    };
    let gains = Rate::of(run.gains.iter().map(|&g| g as f64).collect(), &run.sessions);
    let candidates: Vec<Candidate> = gains
        .grade()
        .map(|grade| Candidate {
            holder: NodeIx(0),
            bytes_per_session: gains.per_session * 100.0,
            gains,
            grade,
            classes: Vec::new(),
        })
        .into_iter()
        .collect();
    let bytes = Rate::of(
        run.heap_steps.iter().map(|&s| s as f64).collect(),
        &run.sessions,
    );
    let assessment = Assessment {
        recording: &recording,
        measured: &measured,
        candidates: &candidates,
        bytes: &bytes,
    };
    assert_eq!(rule(&assessment).map(|finding| finding.outcome), expected);
}
