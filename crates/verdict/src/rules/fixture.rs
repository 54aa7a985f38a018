//! Runs as a few numbers, for the tests of the rules.

use heap::{Growth, HolderGrowth, NodeId, NodeIx};
use recording::{
    Event, Further, HeapFigures, Ledger, MemoryFigures, Plan, Reading, Recording, SnapshotFacts,
    Stage,
};
use units::Elapsed;

use super::{Assessment, Finding, Rule};
use crate::memory::Growths;
use crate::rate::{Grade, Rate};
use crate::suspects::{self, Candidate, Fate, Measured};
use crate::{Evidence, Outcome, Sources, resources};

/// One holder with id 7 and one heap size over a run whose stages last ten seconds each.
pub(crate) struct Fixture {
    sessions: Vec<u64>,
    gains: Vec<u64>,
    idle_gain: i64,
    heap_steps: Vec<i64>,
    native_steps: Vec<i64>,
    external_steps: Vec<i64>,
    descriptors: Vec<u64>,
    failed: Vec<u64>,
    warm_up: (i64, u64),
    planned: usize,
    drain_change: Option<i64>,
    may_be_bounded: bool,
    in_bytes: bool,
}

impl Fixture {
    pub(crate) fn new(sessions: &[u64]) -> Self {
        Self {
            sessions: sessions.to_vec(),
            gains: vec![0; sessions.len()],
            idle_gain: 0,
            heap_steps: vec![0; sessions.len()],
            native_steps: vec![0; sessions.len()],
            external_steps: vec![0; sessions.len()],
            descriptors: vec![0; sessions.len()],
            failed: vec![0; sessions.len()],
            warm_up: (0, 0),
            planned: sessions.len(),
            drain_change: None,
            may_be_bounded: false,
            in_bytes: false,
        }
    }

    pub(crate) fn holder(mut self, gains: &[u64]) -> Self {
        self.gains = gains.to_vec();
        self
    }

    /// An object that keeps so many bytes more alive.
    pub(crate) fn keeper(mut self, bytes: &[u64]) -> Self {
        self.in_bytes = true;
        self.holder(bytes)
    }

    pub(crate) fn idle(mut self, gain: i64) -> Self {
        self.idle_gain = gain;
        self
    }

    pub(crate) fn heap(mut self, steps: &[i64]) -> Self {
        self.heap_steps = steps.to_vec();
        self
    }

    /// Bytes by which the resident set grows in each round, beside the heap.
    pub(crate) fn native(mut self, steps: &[i64]) -> Self {
        self.native_steps = steps.to_vec();
        self
    }

    /// Bytes by which the resident set grows over the warm-up, beside the heap, and its sessions.
    pub(crate) fn warm_up(mut self, bytes: i64, sessions: u64) -> Self {
        self.warm_up = (bytes, sessions);
        self
    }

    /// Bytes by which external memory grows in each round.
    pub(crate) fn external(mut self, steps: &[i64]) -> Self {
        self.external_steps = steps.to_vec();
        self
    }

    /// File descriptors more in each round.
    pub(crate) fn descriptors(mut self, opened: &[u64]) -> Self {
        self.descriptors = opened.to_vec();
        self
    }

    /// Sessions that fail, all in the first round.
    pub(crate) fn failed(mut self, sessions: u64) -> Self {
        self.failed[0] = sessions;
        self
    }

    /// Sessions that fail in each round.
    pub(crate) fn failing(mut self, sessions: &[u64]) -> Self {
        self.failed = sessions.to_vec();
        self
    }

    /// How many of the rounds were planned; the others were asked for.
    pub(crate) fn planned(mut self, rounds: usize) -> Self {
        self.planned = rounds;
        self
    }

    /// A holder from which something is taken.
    pub(crate) fn may_be_bounded(mut self) -> Self {
        self.may_be_bounded = true;
        self
    }

    /// A drain over which the holder changes so.
    pub(crate) fn drain(mut self, change: i64) -> Self {
        self.drain_change = Some(change);
        self
    }

    pub(crate) fn recording(&self) -> Recording {
        let plan = Plan {
            command: vec!["node".into()],
            working_dir: "/srv".into(),
            script: "load.json".into(),
            base_url: "http://127.0.0.1:1".into(),
            rounds: self.sessions[..self.planned].to_vec(),
            arrival_rate: 50.0,
            walkthrough: false,
        };
        let mut teller = Teller {
            recording: Recording::new(plan, "0.0.0"),
            at: Elapsed::default(),
            heap_used: 5_000_000,
            native: 50_000_000,
            external: 1_000_000,
            descriptors: 20,
        };
        let (grown, sessions) = self.warm_up;
        let warm_up = Ledger {
            created: sessions,
            completed: sessions,
            ..Ledger::default()
        };
        teller.begin(Stage::WarmUp, warm_up);
        teller.read();
        teller.native += grown;
        teller.end();
        teller.stage(Stage::Idle, Ledger::default());
        for (i, &created) in self.sessions.iter().enumerate() {
            let failed = self.failed[i];
            let ledger = Ledger {
                created,
                completed: created - failed,
                failed,
                ..Ledger::default()
            };
            teller.heap_used += self.heap_steps[i];
            teller.native += self.native_steps[i];
            teller.external += self.external_steps[i];
            teller.descriptors += self.descriptors[i];
            let number = u32::try_from(i + 1).unwrap();
            teller.stage(Stage::Round(number), ledger);
        }
        if self.drain_change.is_some() {
            teller.stage(Stage::Drain, Ledger::default());
        }
        teller.recording
    }

    fn growth(change: i64) -> Growth {
        let holder = HolderGrowth {
            id: NodeId(7),
            gained: change.max(0).unsigned_abs(),
            lost: change.min(0).unsigned_abs(),
            held: 1000,
            dragged: Vec::new(),
            dragged_bytes: change.max(0).unsigned_abs() * 100,
        };
        let holders = if change == 0 {
            Vec::new()
        } else {
            vec![holder]
        };
        Growth {
            holders,
            ..Growth::default()
        }
    }
}

/// Tells one stage after the other, ten seconds each.
struct Teller {
    recording: Recording,
    at: Elapsed,
    heap_used: i64,
    native: i64,
    external: i64,
    descriptors: u64,
}

impl Teller {
    fn stage(&mut self, stage: Stage, ledger: Ledger) {
        self.begin(stage, ledger);
        self.end();
    }

    fn begin(&mut self, stage: Stage, ledger: Ledger) {
        let at = self.at;
        self.recording.apply(&Event::StageStarted {
            at,
            stage,
            sessions: None,
        });
        self.recording.apply(&Event::LoadProgress(ledger));
        self.at.nanos += 10_000_000_000;
    }

    fn read(&mut self) {
        let heap = HeapFigures {
            heap_used: self.heap_used.unsigned_abs(),
            heap_total: self.heap_used.unsigned_abs(),
            external: self.external.unsigned_abs(),
            ..HeapFigures::default()
        };
        let memory = MemoryFigures {
            rss: (self.heap_used + self.external + self.native).unsigned_abs(),
            fds: Some(self.descriptors),
            sockets: Some(4),
            threads: Some(11),
            ..MemoryFigures::default()
        };
        self.recording.apply(&Event::Settled(Reading {
            at: self.at,
            memory,
            heap,
            at_rest: true,
        }));
    }

    fn end(&mut self) {
        self.read();
        let taken = SnapshotFacts {
            file: "a.heapsnapshot".into(),
            bytes: 1,
            took: Elapsed::default(),
        };
        self.recording.apply(&Event::SnapshotTaken(taken));
        self.recording.apply(&Event::StageEnded { at: self.at });
    }
}

/// Asks one rule about a run.
#[track_caller]
/// The stage that a rule asks for after a run.
pub(crate) fn further(rule: Rule, run: &Fixture) -> Option<Further> {
    asked(rule, run).and_then(|finding| finding.further)
}

pub(crate) fn check(rule: Rule, run: &Fixture, expected: Option<Outcome>) {
    assert_eq!(asked(rule, run).map(|finding| finding.outcome), expected);
}

fn asked(rule: Rule, run: &Fixture) -> Option<Finding> {
    let recording = run.recording();
    let mut growth = vec![(Stage::Idle, Fixture::growth(run.idle_gain))];
    for (number, &gain) in (1..).zip(&run.gains) {
        let gain = i64::try_from(gain).unwrap();
        growth.push((Stage::Round(number), Fixture::growth(gain)));
    }
    growth.extend(
        run.drain_change
            .map(|change| (Stage::Drain, Fixture::growth(change))),
    );
    let sources = Sources::default();
    let evidence = Evidence {
        recording: &recording,
        growth: &growth,
        snapshots: None,
        sources: &sources,
    };
    let measured = Measured::of(&evidence);
    let gains = measured.gains(NodeId(7));
    let graded = match run.in_bytes {
        true => gains.is_constant_in_bytes().then_some((Grade::B, None)),
        false => suspects::graded(&measured, &gains).filter(|_| run.idle_gain <= 2),
    };
    let candidates: Vec<Candidate> = graded
        .map(|(grade, unit)| Candidate {
            holder: NodeIx(0),
            bytes_per_session: gains.per_session * 100.0,
            fate: Fate::of(&measured, &gains, measured.drain_gain(NodeId(7)) as f64),
            gains,
            grade,
            unit,
            classes: Vec::new(),
            in_bytes: run.in_bytes,
            of_class: false,
            inside: false,
        })
        .into_iter()
        .collect();
    let changes = run.heap_steps.iter().map(|&step| step as f64).collect();
    let assessment = Assessment {
        recording: &recording,
        measured: &measured,
        candidates: &candidates,
        may_be_bounded: &|_| run.may_be_bounded,
        resources: &resources::leaking(&recording, &measured),
        bytes: &Rate::of(changes, &run.sessions),
        memory: &Growths::of(&recording),
    };
    rule(&assessment)
}
