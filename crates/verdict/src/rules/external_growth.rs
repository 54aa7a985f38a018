//! The heap is flat, but what its objects hold outside of it grows: buffers, WebAssembly memory, the
//! insides of handles. No object gains entries; one of them gets bigger.
//!
//! Trips when external memory grows by a constant number of bytes per session, at least 512, in
//! every round, and not without load; and keeps it in the drain.

use recording::Stage;
use units::Bytes;

use super::unexplained_bytes::NOISE_PER_SESSION;
use super::{Assessment, Finding};
use crate::Outcome;
use crate::resources::over_stage;
use crate::suspects::Fate;

/// Part of what the least round brings that may come without load.
const IDLE_SHARE: f64 = 0.2;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let external = &assessment.memory.external;
    let over = |stage| {
        over_stage(assessment.recording, stage, |r| {
            Some(r.heap.external as f64)
        })
        .unwrap_or(0.0)
    };
    let grows = external.is_constant_in_bytes() && external.per_session >= NOISE_PER_SESSION;
    if !grows || over(Stage::Idle) > IDLE_SHARE * external.least() {
        return None;
    }
    let fate = Fate::of(assessment.measured, external, over(Stage::Drain));
    if matches!(fate, Fate::Released | Fate::Going) {
        return None;
    }
    let rounds = assessment.measured.rounds.len();
    let bytes = Bytes(external.per_session as u64);
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: format!(
            "{bytes} of memory outside V8's heap stay per session in {rounds} of {rounds} rounds, \
             held by objects whose number does not grow"
        ),
        next: Some("look for a buffer, a WebAssembly memory or a handle that gets bigger".into()),
        further: assessment.drain(fate),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn buffers_that_grow_by_the_same_in_every_round_leak() {
        let run = |steps: &[i64]| Fixture::new(&[101, 211, 307]).external(steps);
        let leak = run(&[101_000, 211_000, 307_000]);
        check(rule, &leak, Some(Outcome::Leaking));
        check(rule, &run(&[101_000, 0, 307_000]), None);
        check(rule, &run(&[10_100, 21_100, 30_700]), None);
    }
}
