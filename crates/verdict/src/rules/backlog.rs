//! What piled up under load and went without it was a backlog, or had a time to live: no leak. What
//! was still going when the wait was over is not decided.
//!
//! Looks at everything that grew like a leak, after a drain. Went: at least nine tenths of what the
//! rounds had brought. Going: more than one tenth.

use units::Count;

use super::{Assessment, Finding};
use crate::Outcome;
use crate::suspects::Fate;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let fates = assessment.candidates.iter().map(|c| c.fate);
    let mut fates = fates.chain(assessment.resources.iter().map(|r| r.fate));
    if fates.clone().any(|fate| fate == Fate::Going) {
        return Some(Finding {
            outcome: Outcome::Inconclusive,
            reason: "what piles up under load is given back without it, but not all of it yet"
                .into(),
            next: Some(
                "give what is kept a shorter time to live for the test, and run the same command again"
                    .into(),
            ),
            further: assessment.drain(Fate::Going),
        });
    }
    if !fates.any(|fate| fate == Fate::Released) {
        return None;
    }
    let sessions = Count(assessment.measured.sessions.iter().sum());
    Some(Finding {
        outcome: Outcome::Clean,
        reason: format!(
            "what {sessions} sessions left behind was given back without load: a backlog, or \
             entries with a time to live"
        ),
        next: None,
        further: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn what_went_was_a_backlog_what_is_going_is_not_decided() {
        let run = || Fixture::new(&[101, 211, 307]).holder(&[101, 211, 307]);
        check(rule, &run().drain(-619), Some(Outcome::Clean));
        check(rule, &run().drain(-300), Some(Outcome::Inconclusive));
        check(rule, &run().drain(-10), None);
        check(rule, &run(), None);
    }
}
