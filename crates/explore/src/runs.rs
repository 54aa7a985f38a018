//! What a run was: its snapshots, and the sessions before each of them.

use recording::{Recording, Stage};
use serde::Serialize;

/// A snapshot of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSnapshot {
    /// The file's name in the run's folder.
    pub file: String,
    /// The stage at whose end it was taken, in words.
    pub stage: String,
    /// Seconds since the start of the run, at the end of the stage.
    pub at_s: Option<f64>,
    /// Sessions created until then, warm-up included.
    pub sessions: u64,
    /// How long the service stood still for it, in seconds.
    pub took_s: f64,
}

/// A stage in words.
#[must_use]
pub fn stage_name(stage: Stage) -> String {
    match stage {
        Stage::Start => "start".into(),
        Stage::WarmUp => "warm-up".into(),
        Stage::Idle => "idle".into(),
        Stage::Round(number) => format!("round {number}"),
        Stage::Drain => "drain".into(),
        Stage::Proof(n) => format!("proof {n}"),
        Stage::Stop => "stop".into(),
    }
}

/// The snapshots of a run, in the order they were taken.
#[must_use]
pub fn run_snapshots(recording: &Recording) -> Vec<RunSnapshot> {
    let mut sessions = 0;
    let mut found = Vec::new();
    for stage in &recording.stages {
        sessions += stage.ledger.created;
        let Some(facts) = &stage.snapshot else {
            continue;
        };
        found.push(RunSnapshot {
            file: facts.file.clone(),
            stage: stage_name(stage.stage),
            at_s: stage.ended_at.map(units::Elapsed::as_secs_f64),
            sessions,
            took_s: facts.took.as_secs_f64(),
        });
    }
    found
}

/// Sessions between two snapshots of a run; `None` if the second is not the later one.
#[must_use]
pub fn sessions_between(snapshots: &[RunSnapshot], base: usize, newer: usize) -> Option<u64> {
    let (base, newer) = (snapshots.get(base)?, snapshots.get(newer)?);
    newer.sessions.checked_sub(base.sessions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{Event, Ledger, Plan, SnapshotFacts};
    use units::Elapsed;

    #[test]
    fn sessions_are_counted_up_to_each_snapshot() {
        let plan = Plan {
            command: vec!["node".into()],
            working_dir: "/srv".into(),
            script: "load.yml".into(),
            base_url: "http://127.0.0.1:1".into(),
            rounds: vec![10, 20],
            arrival_rate: 50.0,
            walkthrough: false,
        };
        let mut recording = Recording::new(plan, "0.0.0");
        let stages = [(Stage::WarmUp, 7), (Stage::Idle, 0), (Stage::Round(1), 10)];
        for (second, (stage, created)) in (1..).zip(stages) {
            let at = Elapsed {
                nanos: second * 1_000_000_000,
            };
            recording.apply(&Event::StageStarted {
                at,
                stage,
                sessions: None,
            });
            recording.apply(&Event::LoadProgress(Ledger {
                created,
                ..Ledger::default()
            }));
            recording.apply(&Event::SnapshotTaken(SnapshotFacts {
                file: format!("{second}.heapsnapshot"),
                bytes: 1,
                took: at,
            }));
            recording.apply(&Event::StageEnded { at });
        }
        let snapshots = run_snapshots(&recording);
        let told: Vec<_> = snapshots
            .iter()
            .map(|s| (&*s.file, &*s.stage, s.sessions))
            .collect();
        assert_eq!(
            told,
            [
                ("1.heapsnapshot", "warm-up", 7),
                ("2.heapsnapshot", "idle", 7),
                ("3.heapsnapshot", "round 1", 17)
            ]
        );
        assert_eq!(sessions_between(&snapshots, 0, 2), Some(10));
        assert_eq!(sessions_between(&snapshots, 2, 0), None);
        assert_eq!(sessions_between(&snapshots, 0, 9), None);
    }
}
