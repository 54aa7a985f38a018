//! An object that gains now and then, in every round and never without load, may be a leak of one
//! session in fifty, a leak by chance, or a table that fills: so few rounds do not tell. More
//! sessions do.
//!
//! Trips when one object gained in every round, gained nothing in the idle round, gave nothing
//! back, and has no grade. While the run may go on, it asks for another round. At the end the
//! course of the rate decides: less than six tenths of what it was is a table that fills.

use heap::NodeId;

use super::{Assessment, Finding};
use crate::Outcome;
use crate::rate::{Course, Rate};

/// Entries that an object must have gained in all, to be worth more rounds.
const LEAST: f64 = 6.0;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let measured = assessment.measured;
    let gains = measured
        .gaining()
        .into_iter()
        .filter_map(|id| doubtful(assessment, id));
    let rates: Vec<Rate> = gains.collect();
    let further = assessment.one_more_round();
    let worst = match further {
        Some(_) => rates.first()?,
        None => rates.iter().find(|r| r.course() == Some(Course::Falling))?,
    };
    let reason = match worst.course() {
        Some(Course::Falling | Course::Ending) => {
            "an object gains less and less per session: a cache or a table may be filling"
        }
        Some(Course::Steady) | None => {
            "an object gains now and then, too rarely to tell a leak from chance"
        }
    };
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: reason.into(),
        next: Some("run again with ten times the `--sessions`".into()),
        further,
    })
}

fn doubtful(assessment: &Assessment<'_>, id: NodeId) -> Option<Rate> {
    let measured = assessment.measured;
    let rate = measured.gains(id);
    let grows = rate.always_grows() && measured.idle_gain(id) <= 0 && !measured.loses(id);
    (grows && rate.grade().is_none() && rate.total() >= LEAST).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn a_few_objects_in_every_round_call_for_more_sessions() {
        let run = Fixture::new(&[101, 211, 307]).holder(&[2, 4, 6]);
        check(rule, &run, Some(Outcome::Inconclusive));
    }

    #[test]
    fn none_in_one_round_or_some_without_load_do_not() {
        let run = |gains: &[u64]| Fixture::new(&[101, 211, 307]).holder(gains);
        check(rule, &run(&[2, 0, 6]), None);
        check(rule, &run(&[2, 4, 6]).idle(1), None);
        check(rule, &run(&[101, 211, 307]), None);
    }

    #[test]
    fn a_table_that_is_nearly_full_at_the_end_is_none_of_it() {
        let all = |gains: &[u64]| {
            let sizes = [101, 211, 307, 619, 1238, 2476];
            Fixture::new(&sizes).planned(3).holder(gains)
        };
        check(rule, &all(&[33, 60, 80, 120, 110, 40]), None);
        let filling = all(&[60, 120, 160, 290, 500, 800]);
        check(rule, &filling, Some(Outcome::Inconclusive));
    }
}
