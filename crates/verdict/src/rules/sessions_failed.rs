//! A service that was not exercised is not clean: too many failed sessions, and nothing that grew
//! says little about what the script was meant to do.

use recording::Ledger;

use super::{Assessment, Finding};
use crate::Outcome;

/// Part of the sessions that may fail.
const FAILED: f64 = 0.05;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let mut ledger = Ledger::default();
    for round in assessment.recording.rounds() {
        ledger.add(round.ledger);
    }
    if (ledger.failed as f64) <= FAILED * ledger.created as f64 {
        return None;
    }
    let cause = ledger
        .main_failure()
        .map_or("unknown cause", |(cause, _)| cause);
    Some(Finding {
        outcome: Outcome::Inconclusive,
        reason: format!(
            "nothing grows, but {} of {} sessions failed ({cause}): the service was not exercised",
            ledger.failed, ledger.created
        ),
        next: Some("mend the script or the service until sessions get through".into()),
        further: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn many_failed_sessions_leave_doubt_a_few_do_not() {
        check(
            rule,
            &Fixture::new(&[100, 200]).failed(30),
            Some(Outcome::Inconclusive),
        );
        check(rule, &Fixture::new(&[100, 200]).failed(3), None);
    }
}
