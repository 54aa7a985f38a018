//! The rules of the verdict, as one list: each looks at the whole run and answers, or passes.
//!
//! The first rule that answers decides. Every rule has its formula and threshold in its own file
//! and in `docs/verdict.md`, a run that trips it and a near miss that does not in its tests.

mod constant_growth;
mod enough_data;
mod growth_that_slows;
pub(crate) mod growth_with_time;
mod nothing_grows;
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
}

/// A rule: `None` passes the question on.
type Rule = fn(&Assessment<'_>) -> Option<Finding>;

/// In this order: what makes a verdict impossible, what shows a leak, what leaves doubt, the rest.
const RULES: [Rule; 7] = [
    enough_data::rule,
    constant_growth::rule,
    growth_with_time::rule,
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
    };
    RULES
        .iter()
        .find_map(|rule| rule(assessment))
        .unwrap_or_else(unanswered)
}

#[cfg(test)]
pub(crate) mod fixture;
