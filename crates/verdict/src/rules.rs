//! The rules of the verdict, as one list: each looks at the whole run and answers, or passes.
//!
//! The first rule that answers decides. Every rule has its formula and threshold in its own file
//! and in `docs/verdict.md`, a run that trips it and a near miss that does not in its tests.

mod backlog;
mod constant_growth;
mod enough_data;
mod external_growth;
mod growth_that_slows;
pub(crate) mod growth_with_time;
mod native_growth;
mod nothing_grows;
mod open_resources;
mod rare_growth;
mod sessions_failed;
mod unexplained_bytes;

use recording::{Further, Recording};

use crate::Outcome;
use crate::memory::Growths;
use crate::rate::Rate;
use crate::resources::Resource;
use crate::suspects::{Candidate, Fate, Measured};

/// What the rules look at.
pub(crate) struct Assessment<'a> {
    pub(crate) recording: &'a Recording,
    pub(crate) measured: &'a Measured<'a>,
    pub(crate) candidates: &'a [Candidate],
    /// Whether the program's text tells of a bound that a candidate's holder may have.
    pub(crate) may_be_bounded: &'a dyn Fn(&Candidate) -> bool,
    pub(crate) resources: &'a [Resource],
    /// Heap and external memory after collection, per session.
    pub(crate) bytes: &'a Rate,
    /// The parts of the memory.
    pub(crate) memory: &'a Growths,
}

/// An answer, its reason and what to do next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    pub(crate) reason: String,
    pub(crate) next: Option<String>,
    /// The stage that may decide, where this does not yet.
    pub(crate) further: Option<Further>,
}

/// How many times the sessions before the first of them has, so that a table that fills is told
/// from a leak by chance, and how many times the second.
const MORE: [u64; 2] = [3, 4];

/// Drains at most: a second one for what was still going at the end of the first.
const DRAINS: usize = 2;

impl Assessment<'_> {
    /// One more round, of several times the sessions of all before, so that a cache's bound is met
    /// soon; nothing when there were enough.
    fn one_more_round(&self) -> Option<Further> {
        let before = self.measured.sessions_ran();
        let times = MORE.get(self.measured.beyond_plan())?;
        let may = before > 0 && self.measured.drains.is_empty();
        may.then_some(Further::Round(before * times))
    }

    /// A drain, unless there was one that told what becomes of this.
    fn drain(&self, fate: Fate) -> Option<Further> {
        let may = match fate {
            Fate::Unknown => true,
            Fate::Going => self.measured.drains.len() < DRAINS,
            Fate::Kept | Fate::Released => false,
        };
        may.then_some(Further::Drain(0))
    }

    /// What leaks as far as is known: not what a drain released.
    fn leaks(&self) -> impl Iterator<Item = &Candidate> {
        let leaks = |c: &&Candidate| matches!(c.fate, Fate::Unknown | Fate::Kept);
        self.candidates.iter().filter(leaks)
    }
}

/// A rule: `None` passes the question on.
type Rule = fn(&Assessment<'_>) -> Option<Finding>;

/// In this order: what makes a verdict impossible, what shows a leak, what leaves doubt, the rest.
const RULES: [(&str, Rule); 12] = [
    ("enough_data", enough_data::rule),
    ("constant_growth", constant_growth::rule),
    ("growth_with_time", growth_with_time::rule),
    ("open_resources", open_resources::rule),
    ("external_growth", external_growth::rule),
    ("backlog", backlog::rule),
    ("rare_growth", rare_growth::rule),
    ("growth_that_slows", growth_that_slows::rule),
    ("unexplained_bytes", unexplained_bytes::rule),
    ("native_growth", native_growth::rule),
    ("sessions_failed", sessions_failed::rule),
    ("nothing_grows", nothing_grows::rule),
];

/// The first answer, with the name of the rule that gave it.
pub(crate) fn decide(assessment: &Assessment<'_>) -> (&'static str, Finding) {
    let unanswered = || Finding {
        outcome: Outcome::Inconclusive,
        reason: "no rule has an answer for this run".into(),
        next: None,
        further: None,
    };
    RULES
        .iter()
        .find_map(|(name, rule)| Some((*name, rule(assessment)?)))
        .unwrap_or_else(|| ("none", unanswered()))
}

#[cfg(test)]
pub(crate) mod fixture;
