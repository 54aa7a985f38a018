//! Memory that grows with the sessions while no object does: not clean, but not named either.
//!
//! Trips when heap and external memory after collection grow by more than the noise of a clean
//! service per session in every round; or, while the run may go on, by much more than that in some of
//! them: a buffer that doubles when it is full grows in steps.

use units::Bytes;

use super::{Assessment, Finding};
use crate::Outcome;
use crate::rate::MUCH_PER_SESSION;

/// What a clean service may gain per session after collection, in bytes: feedback, code and
/// tables of the engine. An empty HTTP handler was measured at 4 to 200 bytes a request.
pub(super) const NOISE_PER_SESSION: f64 = 512.0;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let rate = assessment.bytes;
    let further = assessment.one_more_round();
    let mut rounds = rate.per_round.iter();
    let always = rounds.all(|&bytes| bytes >= NOISE_PER_SESSION);
    let in_steps = rate.per_session >= MUCH_PER_SESSION && further.is_some();
    if !always && !in_steps {
        return None;
    }
    let when = if always { "in every round" } else { "in steps" };
    let bytes = Bytes(rate.per_session as u64);
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: format!(
            "memory grows by {bytes} per session {when}, but no object gains a constant number"
        ),
        next: Some(
            "run again with three times the `--sessions`; then compare the snapshots with \
             `leakscope diff`"
                .into(),
        ),
        further,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn bytes_that_grow_in_every_round_are_not_clean() {
        let run = Fixture::new(&[101, 211, 307]).heap(&[101_000, 150_000, 500_000]);
        check(rule, &run, Some(Outcome::Inconclusive));
    }

    #[test]
    fn a_step_calls_for_more_sessions() {
        let run = Fixture::new(&[101, 211, 307]).heap(&[0, 0, 4_000_000]);
        check(rule, &run, Some(Outcome::Inconclusive));
        let run = Fixture::new(&[101, 211, 307, 1857, 9904]).planned(3);
        check(rule, &run.heap(&[0, 0, 4_000_000, 0, 4_000_000]), None);
    }

    #[test]
    fn the_noise_of_a_clean_service_is() {
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).heap(&[40_000, 30_000, 20_000]),
            None,
        );
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).heap(&[400_000, 0, 400_000]),
            None,
        );
    }
}
