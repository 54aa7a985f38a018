//! An object that gains without load grows with time, not with sessions: a timer's work, most
//! often.
//!
//! Trips when one object gains in the idle round and in every measured round, at rates per second
//! that agree within a factor of two; and just as fast in a drain of fifty seconds: what keeps the
//! samples of the last minute has reached its bound by then.

use heap::NodeId;
use recording::{Further, Recording, Stage, StageRecord};

use super::{Assessment, Finding};
use crate::Outcome;
use crate::suspects::Measured;

/// Objects gained without load that are too few to tell from chance.
const LEAST: i64 = 3;

/// Seconds without load that must bring as much as the others.
const DRAIN_SECONDS: u64 = 50;

/// Part of that which they must bring.
const AS_FAST: f64 = 0.8;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let (_, per_second) = holder(assessment.recording, assessment.measured)?;
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: format!(
            "one object gains {per_second:.1} a second, with load and without: it grows with \
             time, not with sessions"
        ),
        next: Some("look for a timer that adds to it".into()),
        further: assessment
            .measured
            .drains
            .is_empty()
            .then_some(Further::Drain(DRAIN_SECONDS)),
    })
}

/// The object that gains with time, and how many a second it gains without load.
pub(crate) fn holder(recording: &Recording, measured: &Measured<'_>) -> Option<(NodeId, f64)> {
    measured.idle?;
    let idle_seconds = seconds(recording.stage(Stage::Idle)?)?;
    let gaining = measured.gaining().into_iter();
    let gaining = gaining.map(|id| (id, measured.idle_gain(id)));
    let rates = gaining
        .filter(|&(_, gain)| gain >= LEAST)
        .map(|(id, gain)| (id, gain as f64 / idle_seconds));
    let drains = recording.stages.iter().filter(|s| s.stage == Stage::Drain);
    let drain_seconds: f64 = drains.filter_map(seconds).sum();
    rates.into_iter().find(|&(id, per_second)| {
        let gains = measured.gains(id);
        // A round counts few: all together tell the pace best.
        let rounds = (1..=gains.changes().len()).filter_map(|n| round_seconds(recording, n));
        let all_seconds = idle_seconds + rounds.sum::<f64>();
        let pace = (per_second * idle_seconds + gains.total()) / all_seconds;
        let in_drains = measured.drain_gain(id) as f64;
        if !measured.drains.is_empty() && in_drains < AS_FAST * drain_seconds * pace {
            return false;
        }
        (1..).zip(gains.changes()).all(|(number, &gain)| {
            let agrees = |rate: f64| rate > per_second / 2.0 && rate < per_second * 2.0;
            round_seconds(recording, number).is_some_and(|s| agrees(gain / s))
        })
    })
}

fn round_seconds(recording: &Recording, number: usize) -> Option<f64> {
    let number = u32::try_from(number).ok()?;
    seconds(recording.stage(Stage::Round(number))?)
}

fn seconds(stage: &StageRecord) -> Option<f64> {
    let span = stage.ended_at?.as_secs_f64() - stage.started_at.as_secs_f64();
    (span > 0.0).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn an_object_that_gains_as_much_without_load_grows_with_time() {
        // Every stage of the fixture lasts ten seconds.
        let run = Fixture::new(&[101, 211, 307])
            .holder(&[20, 21, 19])
            .idle(20);
        check(rule, &run, Some(Outcome::Leaking));
    }

    #[test]
    fn what_reaches_its_bound_in_the_drain_does_not() {
        let run = || {
            Fixture::new(&[101, 211, 307])
                .holder(&[20, 21, 19])
                .idle(20)
        };
        check(rule, &run().drain(20), Some(Outcome::Leaking));
        check(rule, &run().drain(17), Some(Outcome::Leaking));
        // Its minute was over in the last third of the drain.
        check(rule, &run().drain(13), None);
        check(rule, &run().drain(3), None);
    }

    #[test]
    fn one_that_gains_with_the_sessions_does_not() {
        let run = Fixture::new(&[101, 211, 307])
            .holder(&[101, 211, 307])
            .idle(0);
        check(rule, &run, None);
        let run = Fixture::new(&[101, 211, 307])
            .holder(&[101, 211, 307])
            .idle(4);
        check(rule, &run, None);
    }
}
