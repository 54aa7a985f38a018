//! A holder that gains the same number of objects per session in every round, and none without
//! load, leaks: unless it lets go of them when there is time.
//!
//! Grade A (a whole number per session, per failed session, per response of one status) is proof
//! by itself. Grade B is proof when rounds beyond those that were planned agree: both of them for a
//! constant fraction, the first, with three times the sessions, for constant bytes.
//!
//! Where the program's text shows that the holder may have a bound (something is taken from it, its
//! size is compared), the rounds go on as far as they may: a cache that fills looks like a leak
//! until it is full.

use units::Bytes;

use super::{Assessment, Finding};
use crate::suspects::{Candidate, Fate};
use crate::{Grade, Outcome};

/// Bytes that bring less than this part of what they did may come to an end.
const FALLING: f64 = 0.9;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let certain = assessment.leaks().find(|c| c.grade == Grade::A);
    let candidate = certain.or_else(|| assessment.leaks().next())?;
    let measured = assessment.measured;
    if candidate.grade == Grade::B && measured.beyond_plan() == 0 {
        // A table that fills may look like this for three rounds.
        return Some(Finding {
            outcome: Outcome::Inconclusive,
            reason: reason(candidate, measured.rounds.len()),
            next: Some("run again with ten times the `--sessions`".into()),
            further: assessment.one_more_round(),
        });
    }
    let may_fill = || {
        // A table whose keys come by chance and that is nearly full may bring as much in the first
        // such round, by chance: not in a second. Bytes do not come by chance.
        let by_chance = !candidate.in_bytes || candidate.gains.falls_below(FALLING);
        (candidate.grade == Grade::B && by_chance) || (assessment.may_be_bounded)(candidate)
    };
    let until_full = assessment
        .one_more_round()
        .filter(|_| candidate.fate == Fate::Unknown && may_fill());
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: reason(candidate, assessment.measured.rounds.len()),
        next: Some("mend the line that adds, and run the same command again".into()),
        further: until_full.or_else(|| assessment.drain(candidate.fate)),
    })
}

fn reason(candidate: &Candidate, rounds: usize) -> String {
    let bytes = Bytes(candidate.bytes_per_session.max(0.0) as u64);
    if candidate.in_bytes {
        let grew = candidate.gains.changes().iter().filter(|&&c| c > 0.0);
        let grew = grew.count();
        return format!(
            "one object keeps {bytes} more alive per session in {grew} of {rounds} rounds"
        );
    }
    let (rate, unit) = match &candidate.unit {
        Some((unit, rate)) => (rate, unit.as_str()),
        None => (&candidate.gains, "session"),
    };
    let amount = match candidate.grade {
        Grade::A => format!("exactly {:.0}", rate.per_session.round()),
        Grade::B => format!("{:.3}", rate.per_session),
    };
    format!(
        "one object keeps {amount} new per {unit} ({bytes} per session) in {rounds} of {rounds} \
         rounds"
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check, further};
    use super::*;
    use recording::Further;

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
    fn a_fraction_needs_a_round_more_that_agrees() {
        let half = Fixture::new(&[101, 211, 307]).holder(&[51, 106, 153]);
        check(rule, &half, Some(Outcome::Inconclusive));
        let all = |gains: &[u64]| {
            Fixture::new(&[101, 211, 307, 1857])
                .planned(3)
                .holder(gains)
        };
        check(rule, &all(&[51, 106, 153, 930]), Some(Outcome::Leaking));
        check(rule, &all(&[2, 4, 6, 37]), Some(Outcome::Leaking));
        check(rule, &all(&[51, 106, 153, 700]), None);
    }

    #[test]
    fn a_fraction_is_given_a_second_round_more_whether_it_falls_or_not() {
        let four = |gains: &[u64]| {
            Fixture::new(&[101, 211, 307, 1857])
                .planned(3)
                .holder(gains)
        };
        // The last is what 4,000 keys by chance brought, 301 of which were missing at first.
        for gains in [[4, 6, 9, 47], [4, 6, 9, 60], [7, 12, 16, 114]] {
            let further = further(rule, &four(&gains));
            assert_eq!(further, Some(Further::Round(9904)));
        }
        let five = |gains: &[u64]| {
            Fixture::new(&[101, 211, 307, 1857, 9904])
                .planned(3)
                .holder(gains)
        };
        check(rule, &five(&[4, 6, 9, 47, 24]), None);
        check(rule, &five(&[7, 12, 16, 114, 139]), None);
        let leaks = five(&[4, 6, 9, 47, 250]);
        assert_eq!(further(rule, &leaks), Some(Further::Drain(0)));
        check(rule, &leaks, Some(Outcome::Leaking));
    }

    #[test]
    fn bytes_that_fall_by_a_tenth_are_given_a_second_round_more() {
        let four = |last: u64| {
            Fixture::new(&[101, 211, 307, 1857])
                .planned(3)
                .keeper(&[2784, 5280, 7648, last])
        };
        let falling = further(rule, &four(35304));
        assert_eq!(falling, Some(Further::Round(9904)));
        assert_eq!(further(rule, &four(44000)), Some(Further::Drain(0)));
    }

    #[test]
    fn what_may_have_a_bound_is_given_sessions_to_come_to_it() {
        let three = || Fixture::new(&[101, 211, 307]).holder(&[101, 211, 307]);
        assert_eq!(further(rule, &three()), Some(Further::Drain(0)));
        let bounded = three().may_be_bounded();
        assert_eq!(further(rule, &bounded), Some(Further::Round(1857)));
        let five = Fixture::new(&[101, 211, 307, 1857, 9904]).planned(3);
        let still = five.holder(&[101, 211, 307, 1857, 9904]).may_be_bounded();
        assert_eq!(further(rule, &still), Some(Further::Drain(0)));
        let five = Fixture::new(&[101, 211, 307, 1857, 9904]).planned(3);
        let full = five.holder(&[101, 211, 307, 1857, 1500]).may_be_bounded();
        check(rule, &full, None);
    }

    #[test]
    fn what_a_drain_releases_is_no_leak_what_it_keeps_is() {
        let run = || Fixture::new(&[101, 211, 307]).holder(&[101, 211, 307]);
        check(rule, &run().drain(0), Some(Outcome::Leaking));
        check(rule, &run().drain(-600), None);
        check(rule, &run().drain(-300), None);
    }

    #[test]
    fn one_in_every_failed_session_is_arithmetic() {
        let run = Fixture::new(&[101, 211, 307]).failing(&[9, 4, 13]);
        check(rule, &run.holder(&[9, 4, 13]), Some(Outcome::Leaking));
        let run = Fixture::new(&[101, 211, 307]).failing(&[9, 4, 13]);
        check(rule, &run.holder(&[9, 8, 13]), None);
    }

    #[test]
    fn what_comes_by_chance_convinces_after_more_rounds_than_planned() {
        let by_chance = |gains: &[u64]| {
            Fixture::new(&[101, 211, 307, 1857])
                .planned(3)
                .holder(gains)
        };
        check(rule, &by_chance(&[7, 9, 14, 99]), Some(Outcome::Leaking));
        check(rule, &by_chance(&[33, 65, 88, 290]), None);
    }
}
