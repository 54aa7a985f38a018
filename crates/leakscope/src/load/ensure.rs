//! `ensure`: what a load has to have kept to, held against its report.
//!
//! Works on a report alone, so that `merge` can hold the whole against what no segment could judge.

use std::borrow::Cow;

use scenario::Expression;
use scenario::value::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What has to hold. Kept in every report, for `merge`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ensure {
    /// A metric's name, as `http.response_time.p95`, and what it may be at most.
    pub(crate) thresholds: Vec<(String, f64)>,
    /// Conditions over metrics by their names.
    pub(crate) conditions: Vec<Condition>,
    /// The share of sessions that may fail, in percent.
    pub(crate) max_error_rate: Option<f64>,
}

/// A condition over metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Condition {
    /// What has to be true.
    pub(crate) expression: String,
    /// Whether the load fails otherwise; it is only told if not.
    pub(crate) strict: bool,
}

/// What became of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) text: String,
    pub(crate) holds: bool,
    pub(crate) strict: bool,
}

impl Ensure {
    /// What a script asks for.
    pub(crate) fn of_script(ensure: &scenario::Ensure) -> Self {
        let conditions = ensure.conditions.iter().map(|condition| Condition {
            expression: condition.expression.text().to_owned(),
            strict: condition.is_strict,
        });
        Self {
            thresholds: ensure.thresholds.clone(),
            conditions: conditions.collect(),
            max_error_rate: ensure.max_error_rate,
        }
    }

    /// What a report's own part keeps of it.
    pub(crate) fn of_report(ours: &Value) -> Self {
        ours.get("ensure")
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or_default()
    }

    /// Keeps it in a report.
    pub(crate) fn note(&self, ours: &mut Value) {
        if *self != Self::default()
            && let Ok(value) = serde_json::to_value(self)
        {
            ours["ensure"] = value;
        }
    }

    /// Holds everything against a report's `aggregate`.
    pub(crate) fn check(&self, aggregate: &Value) -> Vec<Check> {
        let mut checks = Vec::new();
        for (metric, most) in &self.thresholds {
            // What was never measured cannot have been kept to.
            let holds = figure(aggregate, metric).is_some_and(|value| value < *most);
            let text = format!("{metric} < {most}");
            checks.push(Check {
                text,
                holds,
                strict: true,
            });
        }
        for condition in &self.conditions {
            checks.push(Check {
                text: condition.expression.clone(),
                holds: holds(&condition.expression, aggregate),
                strict: condition.strict,
            });
        }
        if let Some(most) = self.max_error_rate {
            let count = |name| figure(aggregate, name).unwrap_or(0.0);
            let failed = 100.0 * count("vusers.failed") / count("vusers.created").max(1.0);
            checks.push(Check {
                text: format!("maxErrorRate < {most}"),
                holds: failed <= most,
                strict: true,
            });
        }
        checks
    }
}

/// Whether a condition is true of the metrics; one that cannot be understood is not.
fn holds(expression: &str, aggregate: &Value) -> bool {
    let lookup = |path: &Path| {
        let keys = std::iter::once(path.root()).chain(path.keys().iter().map(String::as_str));
        let name = keys.collect::<Vec<_>>().join(".");
        figure(aggregate, &name).map(|value| Cow::Owned(value.into()))
    };
    Expression::parse(expression).is_ok_and(|expression| expression.is_true(&lookup))
}

/// Artillery's lines for checks.
pub(crate) fn text(checks: &[Check]) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let mut text = "\nChecks:\n".to_owned();
    for check in checks {
        let word = if check.holds { "ok" } else { "fail" };
        let optional = if check.strict { "" } else { " (optional)" };
        text += &format!("{word}: {}{optional}\n", report::printable(&check.text));
    }
    text
}

/// A metric by its name: a counter, a rate, or a figure of a distribution, whose name is the
/// distribution's with `.p95` or such behind it.
pub(crate) fn figure(aggregate: &Value, name: &str) -> Option<f64> {
    for part in ["counters", "rates"] {
        if let Some(value) = aggregate[part].get(name) {
            return value.as_f64();
        }
    }
    let (of, figure) = name.rsplit_once('.')?;
    aggregate["summaries"].get(of)?.get(figure)?.as_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn aggregate() -> Value {
        json!({
            "counters": {"vusers.created": 200, "vusers.failed": 3},
            "rates": {"http.request_rate": 9.5},
            "summaries": {"http.response_time": {"p95": 120.5, "count": 200}},
        })
    }

    fn strict(expression: &str) -> Condition {
        Condition {
            expression: expression.to_owned(),
            strict: true,
        }
    }

    fn failed(ensure: &Ensure) -> Vec<String> {
        let checks = ensure.check(&aggregate()).into_iter();
        checks.filter(|c| !c.holds).map(|c| c.text).collect()
    }

    #[test]
    fn thresholds_are_held_against_the_figures() {
        let ensure = Ensure {
            thresholds: vec![
                ("http.response_time.p95".into(), 121.0),
                ("http.response_time.p95".into(), 120.5),
                ("http.response_time.p42".into(), 1e9),
                ("vusers.failed".into(), 4.0),
            ],
            conditions: vec![
                strict("http.response_time.p95 < 121 and vusers.failed == 3"),
                strict("http.request_rate > 10 or vusers.created < 200"),
                strict("nothing.of.that.name < 1"),
            ],
            max_error_rate: Some(1.5),
        };
        assert_eq!(
            failed(&ensure),
            [
                "http.response_time.p95 < 120.5",
                "http.response_time.p42 < 1000000000",
                "http.request_rate > 10 or vusers.created < 200",
                "nothing.of.that.name < 1",
            ]
        );
        let stricter = Ensure {
            max_error_rate: Some(1.4),
            ..Ensure::default()
        };
        assert_eq!(failed(&stricter), ["maxErrorRate < 1.4"]);
    }

    #[test]
    fn what_has_to_hold_survives_in_a_report() {
        let ensure = Ensure {
            thresholds: vec![("a.b".into(), 1.0)],
            conditions: vec![Condition {
                expression: "a.b > 1".into(),
                strict: false,
            }],
            max_error_rate: Some(0.0),
        };
        let mut ours = json!({});
        ensure.note(&mut ours);
        assert_eq!(Ensure::of_report(&ours), ensure);
        assert_eq!(Ensure::of_report(&json!({})), Ensure::default());
    }
}
