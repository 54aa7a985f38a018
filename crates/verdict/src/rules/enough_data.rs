//! Fewer than two whole rounds with a snapshot decide nothing: one round has nothing to agree
//! with.

use super::{Assessment, Finding};
use crate::Outcome;

/// Rounds that must agree.
const ROUNDS: usize = 2;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let whole = assessment.measured.rounds.len();
    if whole >= ROUNDS {
        return None;
    }
    let planned = assessment.recording.plan.rounds.len();
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: format!("only {whole} of {planned} rounds came to their end; {ROUNDS} must agree"),
        next: Some("run again and let at least two rounds finish".into()),
        further: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn one_round_decides_nothing_two_do() {
        check(
            rule,
            &Fixture::new(&[101]).holder(&[101]),
            Some(Outcome::Inconclusive),
        );
        check(rule, &Fixture::new(&[101, 211]).holder(&[101, 211]), None);
    }
}
