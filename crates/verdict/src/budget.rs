//! Budgets: what a service may gain or use, as `bytes/session < 1KiB`.
//!
//! A budget is a check beside the verdict. It never turns a leak into a pass.

use recording::{Ledger, Reading, Recording};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Verdict;

/// A bound of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    text: String,
    figure: Figure,
    per: Option<Per>,
    may_equal: bool,
    limit: f64,
}

/// How a run stands to a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetCheck {
    /// The budget as it was given.
    pub budget: String,
    /// The figure that it bounds, in bytes or objects; `null` if the run did not measure it.
    pub measured: Option<f64>,
    /// The bound, in the same unit.
    pub limit: f64,
    /// Whether the run keeps to it; `null` if the run cannot tell.
    pub kept: Option<bool>,
}

/// What is wrong with the text of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetError {
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Figure {
    /// Heap and external memory after collection.
    Bytes,
    Heap,
    External,
    Rss,
    /// Objects of a class.
    Class(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Per {
    Session,
    Request,
    Message,
}

const UNITS: [(&str, f64); 8] = [
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("", 1.0),
];

const HINT: &str = "as `bytes/session < 1KiB`, `rss < 300MiB`, `heap/request <= 100B` or \
                    `WebSocket/session < 0.01`";

impl Budget {
    /// Reads a budget: a figure (`bytes`, `heap`, `external`, `rss` or the name of a class), a part
    /// of the load that it is divided by (`session`, `request`, `message`), `<` or `<=`, a number
    /// and a unit.
    ///
    /// # Errors
    /// If the text is not of this form.
    pub fn parse(text: &str) -> Result<Self, BudgetError> {
        let wrong = |message: String| BudgetError {
            message,
            hint: HINT.into(),
        };
        let Some((left, right)) = text.split_once('<') else {
            return Err(wrong(format!("`{text}` has no `<`")));
        };
        let (may_equal, right) = match right.strip_prefix('=') {
            Some(right) => (true, right),
            None => (false, right),
        };
        let (name, per) = match left.rsplit_once('/') {
            None => (left.trim(), None),
            Some((name, per)) => (name.trim(), Some(per.trim())),
        };
        let per = per
            .map(|per| match per {
                "session" => Ok(Per::Session),
                "request" => Ok(Per::Request),
                "message" => Ok(Per::Message),
                _ => Err(wrong(format!(
                    "nothing is counted per `{per}`: it is `session`, `request` or `message`"
                ))),
            })
            .transpose()?;
        let figure = match name {
            "" => return Err(wrong(format!("`{text}` does not say what is bounded"))),
            "bytes" => Figure::Bytes,
            "heap" => Figure::Heap,
            "external" => Figure::External,
            "rss" => Figure::Rss,
            class => Figure::Class(class.to_owned()),
        };
        if per.is_none() && matches!(figure, Figure::Class(_)) {
            return Err(wrong(format!(
                "objects of a class are counted per session: `{name}/session`"
            )));
        }
        let right = right.trim();
        let digits = right
            .find(|c: char| c.is_alphabetic())
            .unwrap_or(right.len());
        let (number, unit) = right.split_at(digits);
        let number: f64 = match number.trim().parse() {
            Ok(number) if f64::is_finite(number) && number >= 0.0 => number,
            _ => return Err(wrong(format!("`{right}` is no amount"))),
        };
        let unit = unit.to_lowercase();
        let is_counted = matches!(figure, Figure::Class(_));
        let factor = UNITS.iter().find(|(name, _)| *name == unit);
        let factor = match factor {
            Some((name, factor)) if !is_counted || name.is_empty() => *factor,
            Some(_) => return Err(wrong("objects are counted, they have no unit".into())),
            None => return Err(wrong(format!("`{unit}` is no unit of memory"))),
        };
        Ok(Self {
            text: text.trim().to_owned(),
            figure,
            per,
            may_equal,
            limit: number * factor,
        })
    }

    /// How a run stands to it.
    #[must_use]
    pub fn check(&self, verdict: &Verdict, recording: &Recording) -> BudgetCheck {
        let measured = self.measure(verdict, recording);
        let is_kept = |figure: f64| figure < self.limit || (self.may_equal && figure == self.limit);
        BudgetCheck {
            budget: self.text.clone(),
            measured,
            limit: self.limit,
            kept: measured.map(is_kept),
        }
    }

    fn measure(&self, verdict: &Verdict, recording: &Recording) -> Option<f64> {
        let rounds = recording.rounds();
        let (first, last) = (rounds.first()?, rounds.last()?);
        let mut ledger = Ledger::default();
        for round in &rounds {
            ledger.add(round.ledger);
        }
        if let Figure::Class(class) = &self.figure {
            let classes = verdict.suspects.iter().flat_map(|s| &s.classes);
            let of_class = classes.filter(|c| c.class == *class);
            let per_session: f64 = of_class.map(|c| c.per_session).sum();
            return self.divided(per_session * ledger.created as f64, &ledger);
        }
        let size = |reading: &Reading| {
            let (heap, external) = (reading.heap.heap_used, reading.heap.external);
            let size = match self.figure {
                Figure::Heap => heap,
                Figure::External => external,
                Figure::Rss => reading.memory.rss,
                Figure::Bytes | Figure::Class(_) => heap + external,
            };
            size as f64
        };
        match self.per {
            None => Some(size(last.after)),
            Some(_) => self.divided(size(last.after) - size(first.before), &ledger),
        }
    }

    fn divided(&self, growth: f64, ledger: &Ledger) -> Option<f64> {
        let count = match self.per? {
            Per::Session => ledger.created,
            Per::Request => ledger.requests,
            Per::Message => ledger.messages_sent,
        };
        (count > 0).then(|| growth / count as f64)
    }
}

impl Verdict {
    /// Holds the run against budgets.
    pub fn hold_against(&mut self, budgets: &[Budget], recording: &Recording) {
        let whole = recording.whole();
        let checks = budgets.iter().map(|budget| budget.check(self, &whole));
        self.budgets = checks.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::verdict_of;
    use crate::rules::fixture::Fixture;

    fn check(budget: &str, measured: Option<f64>, kept: Option<bool>) {
        let recording = Fixture::new(&[100, 300])
            .heap(&[40_000, 160_000])
            .recording();
        let verdict = verdict_of(&[("WebSocket", "clients", 1.0)]);
        let found = Budget::parse(budget).unwrap().check(&verdict, &recording);
        assert_eq!((found.measured, found.kept), (measured, kept), "{budget}");
    }

    #[test]
    fn a_figure_is_measured_and_held_against_its_bound() {
        check("bytes/session < 1KiB", Some(500.0), Some(true));
        check("bytes/session<0.5kB", Some(500.0), Some(false));
        check("heap/session <= 500 B", Some(500.0), Some(true));
        check("heap < 5MB", Some(5_200_000.0), Some(false));
        check("external/session < 1", Some(0.0), Some(true));
        check("WebSocket/session < 0.01", Some(1.0), Some(false));
        check("Socket/session < 0.01", Some(0.0), Some(true));
        check("bytes/message < 1KiB", None, None);
    }

    #[test]
    fn what_is_no_budget_is_told_with_an_example() {
        for (text, word) in [
            ("bytes/session", "no `<`"),
            ("bytes/visit < 1", "`visit`"),
            ("bytes/session < much", "no amount"),
            ("bytes/session < 1KX", "`kx`"),
            ("bytes/session < -1", "no amount"),
            ("WebSocket/session < 1KiB", "no unit"),
            ("WebSocket < 1", "per session"),
            (" < 1", "what is bounded"),
        ] {
            let error = Budget::parse(text).unwrap_err();
            assert!(error.message.contains(word), "{text}: {}", error.message);
            assert!(error.hint.contains("bytes/session < 1KiB"));
        }
    }
}
