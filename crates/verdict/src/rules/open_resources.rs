//! Open files, sockets or threads that grow by a constant number per session leak, whatever the
//! heap says: a file descriptor is a number to it.
//!
//! Trips on grade A; on grade B only if more than the planned rounds agree.

use super::{Assessment, Finding};
use crate::suspects::Fate;
use crate::{Grade, Outcome};

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let measured = assessment.measured;
    let went_on = measured.beyond_plan() > 0;
    let leaks = |r: &&crate::resources::Resource| {
        matches!(r.fate, Fate::Unknown | Fate::Kept) && (r.grade == Grade::A || went_on)
    };
    let resource = assessment.resources.iter().find(leaks)?;
    let rounds = measured.rounds.len();
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: format!(
            "{:.2} {}s more are open per session in {rounds} of {rounds} rounds",
            resource.gains.per_session, resource.noun
        ),
        next: Some("close what each session opens, and run the same command again".into()),
        further: assessment.drain(resource.fate),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    #[test]
    fn one_file_per_session_leaks_a_pool_that_fills_does_not() {
        let open = |fds: &[u64]| Fixture::new(&[101, 211, 307]).descriptors(fds);
        check(rule, &open(&[101, 211, 307]), Some(Outcome::Leaking));
        check(rule, &open(&[20, 0, 0]), None);
        check(rule, &open(&[0, 1, 0]), None);
    }
}
