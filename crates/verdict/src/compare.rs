//! Whether a fix holds: the leaks of an earlier run, rate against rate.
//!
//! A leak is *fixed* when the upper bound of its rate in the new run is under 5 % of its old rate.
//! The bound is one-sided, 95 %: with rᵢ the rates of m rounds and n sessions in all,
//! k + t·s/√m, and at least 3/n, since nothing seen in n sessions says no more than that.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rate::Rate;
use crate::{Outcome, Suspect, Verdict};

/// Part of the old rate that a new one has to stay under.
const FIXED: f64 = 0.05;

/// Rates of this run that a comparison may ask for, whether or not anything leaks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Observed {
    /// By class.
    pub(crate) classes: BTreeMap<String, Rate>,
    /// Sessions of the measured rounds.
    pub(crate) sessions: u64,
}

/// What became of the leaks of another run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The other run's folder, as it was named.
    pub run: String,
    /// The answer.
    pub outcome: Progress,
    /// The other run's leaks, in its order.
    pub leaks: Vec<ComparedLeak>,
    /// Ranks of the leaks of this run that the other did not have.
    pub new: Vec<usize>,
}

/// What became of leaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Every leak is gone, and none is new.
    Fixed,
    /// A leak is still there, or a new one is.
    NotFixed,
    /// The new run is too short to tell, or did not decide.
    Undecided,
}

/// A leak of another run in this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedLeak {
    /// The class that piled up.
    pub class: String,
    /// The holder's class and name.
    pub holder: String,
    /// Objects of that class per session, or gains per second of a holder that grew with time, in
    /// the other run.
    pub before: f64,
    /// The same in this run.
    pub after: f64,
    /// With 95 % certainty it is not more than this.
    pub upper_bound: f64,
    /// What became of it.
    pub outcome: Progress,
}

impl Verdict {
    /// Compares the run with an earlier one that is called `run`.
    pub fn compare(&mut self, earlier: &Self, run: &str) {
        let leaks: Vec<ComparedLeak> = (earlier.suspects.iter())
            .map(|suspect| self.again(suspect))
            .collect();
        let is_new = |suspect: &&Suspect| {
            let known = |old: &Suspect| is_same(old, suspect);
            suspect.accepted.is_none() && !earlier.suspects.iter().any(known)
        };
        let new: Vec<usize> = self
            .suspects
            .iter()
            .filter(is_new)
            .map(|s| s.rank)
            .collect();
        let any = |wanted: Progress| leaks.iter().any(|leak| leak.outcome == wanted);
        let outcome = if !new.is_empty() || any(Progress::NotFixed) {
            Progress::NotFixed
        } else if any(Progress::Undecided) || self.outcome == Outcome::Inconclusive {
            Progress::Undecided
        } else {
            Progress::Fixed
        };
        self.comparison = Some(Comparison {
            run: run.to_owned(),
            outcome,
            leaks,
            new,
        });
    }

    /// What became of a leak of another run.
    fn again(&self, old: &Suspect) -> ComparedLeak {
        let found = self.suspects.iter().find(|new| is_same(old, new));
        let (before, after, upper_bound) = match (old.gains_per_second, found) {
            (Some(before), found) => {
                let after = found.and_then(|new| new.gains_per_second).unwrap_or(0.0);
                (before, after, after)
            }
            (None, Some(new)) => {
                let rate = rate_of(new);
                let bound = upper_bound(new.per_session, &rate, self.observed.sessions);
                (old.per_session, new.per_session, bound)
            }
            (None, None) => {
                let rate = self.observed.classes.get(&old.class);
                let per_round = rate.map(|r| r.per_round.clone()).unwrap_or_default();
                let after = rate.map_or(0.0, |r| r.per_session);
                let bound = upper_bound(after, &per_round, self.observed.sessions);
                (old.per_session, after, bound)
            }
        };
        let outcome = match found {
            _ if upper_bound < FIXED * before => Progress::Fixed,
            Some(_) => Progress::NotFixed,
            None => Progress::Undecided,
        };
        ComparedLeak {
            class: old.class.clone(),
            holder: match &old.holder.name {
                Some(name) => format!("{} `{name}`", old.holder.class),
                None => old.holder.class.clone(),
            },
            before,
            after,
            upper_bound,
            outcome,
        }
    }
}

fn rate_of(suspect: &Suspect) -> Vec<f64> {
    suspect.per_round.clone()
}

/// Whether two runs speak of the same leak: ids and lines change from run to run, names hardly.
fn is_same(a: &Suspect, b: &Suspect) -> bool {
    let holder = a.holder.class == b.holder.class && a.holder.name == b.holder.name;
    let named = a.holder.name.is_some();
    holder && (named || a.class == b.class)
}

/// What a rate is not above, with a certainty of 95 %.
fn upper_bound(mean: f64, per_round: &[f64], sessions: u64) -> f64 {
    /// Student's t, one-sided 95 %, by degrees of freedom from 1.
    const T: [f64; 9] = [
        6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833,
    ];
    let least = match sessions {
        0 => f64::INFINITY,
        n => 3.0 / n as f64,
    };
    let m = per_round.len();
    let Some(t) = m.checked_sub(2).map(|df| T[df.min(T.len() - 1)]) else {
        return mean.max(0.0) + least;
    };
    let squares: f64 = per_round.iter().map(|rate| (rate - mean).powi(2)).sum();
    let deviation = (squares / (m - 1) as f64).sqrt();
    (mean + t * deviation / (m as f64).sqrt()).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::verdict_of;

    fn observed(class: &str, changes: [i32; 3]) -> Observed {
        let changes = changes.map(f64::from).to_vec();
        let rate = Rate::of(changes, &[101, 211, 307]);
        Observed {
            classes: [(class.to_owned(), rate)].into(),
            sessions: 619,
        }
    }

    fn check(mut new: Verdict, changes: [i32; 3], outcome: Progress) -> Comparison {
        let old = verdict_of(&[("WebSocket", "clients", 1.0)]);
        new.observed = observed("WebSocket", changes);
        new.compare(&old, "before");
        let comparison = new.comparison.unwrap();
        assert_eq!(comparison.outcome, outcome, "{comparison:?}");
        comparison
    }

    #[test]
    fn a_leak_that_is_gone_is_fixed_and_one_that_shrank_is_not() {
        check(verdict_of(&[]), [0, 1, 0], Progress::Fixed);
        let half = verdict_of(&[("WebSocket", "clients", 0.5)]);
        let found = check(half, [50, 105, 154], Progress::NotFixed);
        assert_eq!((found.leaks[0].before, found.leaks[0].after), (1.0, 0.5));
    }

    #[test]
    fn something_else_that_grows_now_is_no_fix() {
        let new = verdict_of(&[("Order", "orders", 1.0)]);
        let found = check(new, [0, 0, 0], Progress::NotFixed);
        assert_eq!(found.new, [1]);
        assert_eq!(found.leaks[0].outcome, Progress::Fixed);
    }

    #[test]
    fn a_run_with_too_few_sessions_for_a_rare_leak_cannot_tell() {
        let old = verdict_of(&[("Job", "jobs", 0.02)]);
        let mut new = verdict_of(&[]);
        new.observed = observed("Job", [0, 0, 0]);
        new.compare(&old, "before");
        assert_eq!(new.comparison.unwrap().outcome, Progress::Undecided);
    }

    #[test]
    fn the_bound_is_above_what_was_seen() {
        assert!((upper_bound(0.0, &[0.0; 3], 600) - 0.005).abs() < 1e-9);
        let bound = upper_bound(0.5, &[0.4, 0.5, 0.6], 600);
        assert!((bound - (0.5 + 2.920 * 0.1 / 3_f64.sqrt())).abs() < 1e-9);
        assert!(upper_bound(0.0, &[], 0).is_infinite());
    }
}
