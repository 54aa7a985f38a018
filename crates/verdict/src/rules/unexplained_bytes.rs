//! Memory that grows with the sessions while no object does: not clean, but not named either.
//!
//! Trips when heap and external memory after collection grow by more than the noise of a clean
//! service per session, in every round, and more than they do without load.

use units::Bytes;

use super::{Assessment, Finding};
use crate::Outcome;

/// What a clean service may gain per session after collection, in bytes: feedback, code and
/// tables of the engine. An empty HTTP handler was measured at 4 to 200 bytes a request.
pub(super) const NOISE_PER_SESSION: f64 = 512.0;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    if assessment
        .bytes
        .per_round
        .iter()
        .any(|&bytes| bytes < NOISE_PER_SESSION)
    {
        return None;
    }
    let bytes = Bytes(assessment.bytes.per_session as u64);
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: format!(
            "memory grows by {bytes} per session in every round, but no object gains a constant \
             number"
        ),
        next: Some(
            "run again with three times the `--sessions`; then compare the snapshots with \
             `leakscope diff`"
                .into(),
        ),
        further: assessment.one_more_round(),
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
