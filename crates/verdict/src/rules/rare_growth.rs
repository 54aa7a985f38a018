//! An object that gains now and then, in every round and never without load, may be a leak of one
//! session in fifty, or chance: so few do not tell. More sessions do.
//!
//! Trips while the run may go on, when one object gained in every round in proportion to the
//! sessions, gained nothing in the idle round, and gave nothing back.

use heap::NodeId;

use super::{Assessment, Finding};
use crate::Outcome;
use crate::suspects::net;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let measured = assessment.measured;
    let newest = measured.rounds.last()?;
    let gains_now_and_then = |id: NodeId| {
        let rate = measured.rate(|growth| net(growth, id) as f64);
        measured.rounds.iter().all(|growth| net(growth, id) > 0)
            && measured.idle.is_none_or(|idle| net(idle, id) <= 0)
            && rate.is_constant()
            && rate.grade().is_none()
    };
    let found = newest
        .holders
        .iter()
        .any(|holder| holder.lost == 0 && gains_now_and_then(holder.id));
    (found && assessment.may_go_on()).then(|| Finding {
        outcome: Outcome::Inconclusive,
        reason: "an object gains now and then, too rarely to tell a leak from chance".into(),
        next: Some("run again with ten times the `--sessions`".into()),
        wants_more: true,
    })
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
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).holder(&[2, 0, 6]),
            None,
        );
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).holder(&[2, 4, 6]).idle(1),
            None,
        );
        check(
            rule,
            &Fixture::new(&[101, 211, 307]).holder(&[101, 211, 307]),
            None,
        );
    }
}
