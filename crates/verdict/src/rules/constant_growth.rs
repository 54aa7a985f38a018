//! A holder that gains the same number of objects per session in every round, and none without
//! load, leaks.
//!
//! Grade A (a whole number per session) is proof by itself. Grade B (a constant fraction) is proof
//! if the memory after collection grows in every round too, or if more than three rounds agree.

use units::Bytes;

use super::{Assessment, Finding};
use crate::{Grade, Outcome};

/// More rounds than this with one fraction are no chance, whatever the memory says.
const ROUNDS_THAT_CONVINCE: usize = 3;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let certain = assessment.candidates.iter().find(|c| c.grade == Grade::A);
    let grows = assessment.bytes.per_round.iter().all(|&bytes| bytes > 0.0);
    let candidate = match certain {
        Some(candidate) => candidate,
        None => {
            let many_agree = assessment.measured.rounds.len() > ROUNDS_THAT_CONVINCE;
            (assessment.candidates.first()).filter(|_| grows || many_agree)?
        }
    };
    let rounds = assessment.measured.rounds.len();
    let rate = &candidate.gains;
    let amount = match candidate.grade {
        Grade::A => format!("exactly {:.0}", rate.per_session.round()),
        Grade::B => format!("{:.3}", rate.per_session),
    };
    let bytes = Bytes(candidate.bytes_per_session.max(0.0) as u64);
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: format!(
            "one object keeps {amount} new per session ({bytes}) in {rounds} of {rounds} rounds"
        ),
        next: Some("mend the line that adds, and run the same command again".into()),
        wants_more: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn one_object_per_session_in_every_round_leaks() {
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).holder(&[101, 211, 307]),
            Some(Outcome::Leaking),
        );
    }

    #[test]
    fn a_cache_that_fills_up_in_the_second_round_does_not() {
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).holder(&[101, 150, 0]),
            None,
        );
    }

    #[test]
    fn a_fraction_needs_bytes_that_grow_as_well() {
        let half = Fixture::new(&[101, 211, 307]).holder(&[51, 106, 153]);
        check(
            rule,
            &half.heap(&[5_000, 10_000, 15_000]),
            Some(Outcome::Leaking),
        );
        let half = Fixture::new(&[101, 211, 307]).holder(&[51, 106, 153]);
        check(rule, &half.heap(&[5_000, -900, 15_000]), None);
        let rare = Fixture::new(&[101, 211, 307, 619]).holder(&[2, 4, 6, 12]);
        check(rule, &rare, Some(Outcome::Leaking));
    }
}
