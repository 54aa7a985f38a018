//! When every rule before it has passed, nothing grows with the sessions: clean.

use units::{Bytes, Count};

use super::{Assessment, Finding};
use crate::Outcome;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let sessions = Count(assessment.measured.sessions.iter().sum());
    let bytes = Bytes(assessment.bytes.per_session.max(0.0) as u64);
    Some(Finding {
        outcome: Outcome::Clean,
        reason: format!(
            "no object gains with the sessions; {bytes} per session over {sessions} sessions is \
             within the noise"
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
    fn what_no_other_rule_answers_is_clean() {
        let run = Fixture::new(&[101, 211, 307]).heap(&[1_000, 2_000, -500]);
        check(rule, &run, Some(Outcome::Clean));
    }
}
