//! Growth that is known and accepted for a while: the baseline of a project.
//!
//! An entry is for a class or a holder, says why, and until when. After its last day it accepts
//! nothing any more and is warned of. A verdict whose every leak is accepted is clean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Outcome, Suspect, Verdict};

/// One entry of the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptance {
    /// The class that piles up; any if there is none.
    pub class: Option<String>,
    /// The name of the holder; any if there is none.
    pub holder: Option<String>,
    /// Objects per session that are accepted at most; any number if there is none.
    pub at_most: Option<f64>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, as `2027-01-31`.
    pub expires: String,
}

/// That and why a leak is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Why.
    pub reason: String,
    /// The last day on which it is.
    pub expires: String,
}

impl Acceptance {
    fn is_for(&self, suspect: &Suspect) -> bool {
        let class = self.class.as_ref();
        let holder = self.holder.as_ref();
        class.is_none_or(|class| *class == suspect.class)
            && holder.is_none_or(|holder| Some(holder) == suspect.holder.name.as_ref())
            && (class.is_some() || holder.is_some())
    }

    fn allows(&self, suspect: &Suspect) -> bool {
        // Growth that a hunt measures again is never the same to the last digit.
        const SLACK: f64 = 1.02;
        self.at_most
            .is_none_or(|most| suspect.per_session <= most * SLACK)
    }

    /// What it is for, in words.
    fn subject(&self) -> String {
        match (&self.class, &self.holder) {
            (Some(class), Some(holder)) => format!("{class} in `{holder}`"),
            (Some(class), None) => class.clone(),
            (None, Some(holder)) => format!("`{holder}`"),
            (None, None) => "nothing".into(),
        }
    }
}

impl Verdict {
    /// Marks what the baseline accepts on the day `today`, given as `2027-01-31`.
    pub fn accept(&mut self, baseline: &[Acceptance], today: &str) {
        for suspect in &mut self.suspects {
            let entries: Vec<_> = baseline.iter().filter(|e| e.is_for(suspect)).collect();
            for entry in entries {
                let subject = entry.subject();
                if entry.expires.as_str() < today {
                    self.warnings.push(format!(
                        "the acceptance of {subject} expired on {}, and counts no longer ({})",
                        entry.expires, entry.reason
                    ));
                } else if !entry.allows(suspect) {
                    let most = entry.at_most.unwrap_or_default();
                    self.warnings.push(format!(
                        "{subject} is accepted up to {most} per session, and grows by {:.3}",
                        suspect.per_session
                    ));
                } else {
                    suspect.accepted = Some(Accepted {
                        reason: entry.reason.clone(),
                        expires: entry.expires.clone(),
                    });
                }
            }
        }
        let all = !self.suspects.is_empty() && self.suspects.iter().all(|s| s.accepted.is_some());
        if self.outcome == Outcome::Leaking && all {
            self.outcome = Outcome::Clean;
            self.reason = match self.suspects.len() {
                1 => "the one leak that was found is accepted".into(),
                n => format!("all {n} leaks that were found are accepted"),
            };
            self.next = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::verdict_of;

    fn entry(class: Option<&str>, holder: Option<&str>) -> Acceptance {
        Acceptance {
            class: class.map(Into::into),
            holder: holder.map(Into::into),
            at_most: None,
            reason: "ticket 12".into(),
            expires: "2027-01-31".into(),
        }
    }

    fn check(entry: Acceptance, today: &str, outcome: Outcome, warnings: usize) {
        let mut verdict = verdict_of(&[("WebSocket", "clients", 1.0)]);
        verdict.accept(&[entry], today);
        assert_eq!(verdict.outcome, outcome, "{verdict:?}");
        assert_eq!(verdict.warnings.len(), warnings, "{verdict:?}");
    }

    #[test]
    fn an_entry_for_the_class_or_the_holder_accepts_until_its_last_day() {
        let clean = Outcome::Clean;
        check(entry(Some("WebSocket"), None), "2027-01-31", clean, 0);
        check(entry(None, Some("clients")), "2026-12-01", clean, 0);
        check(
            entry(Some("WebSocket"), Some("clients")),
            "2026-12-01",
            clean,
            0,
        );
        check(
            entry(Some("WebSocket"), None),
            "2027-02-01",
            Outcome::Leaking,
            1,
        );
    }

    #[test]
    fn an_entry_for_something_else_or_for_less_accepts_nothing() {
        let leaking = Outcome::Leaking;
        check(entry(Some("Socket"), None), "2026-12-01", leaking, 0);
        check(
            entry(Some("WebSocket"), Some("pool")),
            "2026-12-01",
            leaking,
            0,
        );
        check(entry(None, None), "2026-12-01", leaking, 0);
        let less = Acceptance {
            at_most: Some(0.5),
            ..entry(Some("WebSocket"), None)
        };
        check(less, "2026-12-01", leaking, 1);
    }

    #[test]
    fn one_leak_that_is_not_accepted_is_enough() {
        let mut verdict = verdict_of(&[("WebSocket", "clients", 1.0), ("Order", "orders", 2.0)]);
        verdict.accept(&[entry(Some("WebSocket"), None)], "2026-12-01");
        assert_eq!(verdict.outcome, Outcome::Leaking);
        assert!(verdict.suspects[0].accepted.is_some());
        assert_eq!(verdict.suspects[1].accepted, None);
    }
}
