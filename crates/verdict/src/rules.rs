//! The rules of the verdict, as one list: each looks at the whole run and answers, or passes.
//!
//! The first rule that answers decides. Every rule has its formula and threshold in its own file
//! and in `docs/verdict.md`, a run that trips it and a near miss that does not in its tests.

mod constant_growth;
mod enough_data;
mod growth_that_slows;
pub(crate) mod growth_with_time;
mod nothing_grows;
mod rare_growth;
mod sessions_failed;
mod unexplained_bytes;

use recording::Recording;

use crate::Outcome;
use crate::rate::Rate;
use crate::suspects::{Candidate, Measured};

/// What the rules look at.
pub(crate) struct Assessment<'a> {
    pub(crate) recording: &'a Recording,
    pub(crate) measured: &'a Measured<'a>,
    pub(crate) candidates: &'a [Candidate],
    /// Heap and external memory after collection, per session.
    pub(crate) bytes: &'a Rate,
}

/// An answer, its reason and what to do next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    pub(crate) reason: String,
    pub(crate) next: Option<String>,
    /// Whether one more round, with many sessions, may decide.
    pub(crate) wants_more: bool,
}

/// Rounds beyond those that were planned, at most.
pub(crate) const MORE_ROUNDS: usize = 3;

impl Assessment<'_> {
    /// Whether the run may still go on with another round.
    fn may_go_on(&self) -> bool {
        self.measured.rounds.len() < self.recording.plan.rounds.len() + MORE_ROUNDS
    }
}

/// A rule: `None` passes the question on.
type Rule = fn(&Assessment<'_>) -> Option<Finding>;

/// In this order: what makes a verdict impossible, what shows a leak, what leaves doubt, the rest.
const RULES: [Rule; 8] = [
    enough_data::rule,
    constant_growth::rule,
    growth_with_time::rule,
    rare_growth::rule,
    growth_that_slows::rule,
    unexplained_bytes::rule,
    sessions_failed::rule,
    nothing_grows::rule,
];

/// The first answer.
pub(crate) fn decide(assessment: &Assessment<'_>) -> Finding {
    let unanswered = || Finding {
        outcome: Outcome::Inconclusive,
        reason: "no rule has an answer for this run".into(),
        next: None,
        wants_more: false,
    };
    RULES
        .iter()
        .find_map(|rule| rule(assessment))
        .unwrap_or_else(unanswered)
}

#[cfg(test)]
pub(crate) mod fixture;
