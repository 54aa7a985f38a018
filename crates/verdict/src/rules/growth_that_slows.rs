//! Memory that grows by less and less per session may be a cache or a pool that fills: three
//! rounds cannot tell whether it stops.
//!
//! Trips when heap and external memory grow in every round, each round by less per session than
//! the one before, and the last still by more than the noise of a clean service.

use units::Bytes;

use super::unexplained_bytes::NOISE_PER_SESSION;
use super::{Assessment, Finding};
use crate::Outcome;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let last = *assessment.bytes.per_round.last()?;
    if !assessment.bytes.is_slowing() || last < NOISE_PER_SESSION {
        return None;
    }
    let first = Bytes(assessment.bytes.per_round.first()?.max(0.0) as u64);
    let last = Bytes(last.max(0.0) as u64);
    let sessions: u64 = assessment.measured.sessions.iter().sum();
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: format!(
            "memory grows by less and less per session ({first}, then {last}): a cache or a pool \
             may be filling"
        ),
        next: Some(format!("run again with `--sessions {}`", sessions.max(100))),
        further: assessment.one_more_round(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn memory_that_grows_ever_less_is_not_decided() {
        let run = Fixture::new(&[100, 200, 300]).heap(&[900_000, 900_000, 600_000]);
        check(rule, &run, Some(Outcome::Inconclusive));
    }

    #[test]
    fn memory_that_comes_to_a_level_or_grows_steadily_is() {
        check(
            rule,
            &Fixture::new(&[100, 200, 300]).heap(&[900_000, 20_000, 1_000]),
            None,
        );
        check(
            rule,
            &Fixture::new(&[100, 200, 300]).heap(&[100_000, 200_000, 300_000]),
            None,
        );
    }
}
