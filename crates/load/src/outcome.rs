//! What came of a load: its report in Artillery's shape, written and read back.

use std::time::Duration;

use recording::Ledger;
use serde_json::{Value, json};

use crate::Segment;
use crate::meter::{BY_SCENARIO, Meter, forget_the_only};
use crate::tally::Tally;

/// The counts and times of one load, or of several together.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Sessions that were to start.
    pub planned: u64,
    /// Which part of a plan it was.
    pub segment: Segment,
    /// Everything that was counted and timed.
    pub tally: Tally,
    /// Reports of the periods, in their order.
    pub periods: Vec<Value>,
    /// When it began, in milliseconds since 1970.
    pub began_unix_ms: u64,
    /// How long it lasted.
    pub lasted: Duration,
}

impl Outcome {
    /// What a meter shows of a load of `planned` sessions.
    #[must_use]
    pub fn of(meter: &Meter, planned: u64, segment: Segment) -> Self {
        let (periods, began_unix_ms, lasted) = meter.course();
        Self {
            planned,
            segment,
            tally: meter.tally(),
            periods,
            began_unix_ms,
            lasted,
        }
    }

    /// Adds the load that came after this one.
    pub fn add(&mut self, later: Self) {
        let ended = later.began_unix_ms + later.lasted.as_millis() as u64;
        self.planned += later.planned;
        self.tally.add(&later.tally);
        self.periods.extend(later.periods);
        self.lasted = Duration::from_millis(ended.saturating_sub(self.began_unix_ms));
    }

    /// How many sessions there were, by how they ended.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let count = |name| self.tally.counter(name);
        let causes = self.tally.counters.iter();
        let failures = causes
            .filter_map(|(name, count)| Some((name.strip_prefix("errors.")?.to_owned(), *count)));
        let by_name = |name: &String, prefix: &str| name.strip_prefix(prefix).map(str::to_owned);
        let counters = || self.tally.counters.iter();
        let scenarios = counters().filter_map(|(name, n)| Some((by_name(name, BY_SCENARIO)?, *n)));
        let mut scenarios = scenarios.collect();
        forget_the_only(&mut scenarios);
        let responses = counters().filter_map(|(name, n)| {
            let status = name.strip_prefix("http.codes.")?;
            Some((status.parse().ok()?, *n))
        });
        Ledger {
            created: count("vusers.created"),
            completed: count("vusers.completed"),
            failed: count("vusers.failed"),
            skipped: count("vusers.skipped"),
            failures: failures.collect(),
            requests: count("http.requests"),
            messages_sent: count("websocket.messages_sent"),
            messages_received: count("websocket.messages_received"),
            scenarios,
            responses: responses.collect(),
        }
    }

    /// Whether every session that was to start did, or was skipped by `maxVusers`; and every one
    /// that started has ended.
    #[must_use]
    pub fn kept_plan(&self) -> bool {
        let ledger = self.ledger();
        self.planned == ledger.created + ledger.skipped && ledger.in_flight() == 0
    }
}

/// The report of a load: Artillery 2's `aggregate` and `intermediate`, times in milliseconds; under
/// `leakscope` the plan, what became of it, and whole histograms as `[microseconds, count]` pairs.
#[must_use]
pub fn load_json(outcome: &Outcome) -> Value {
    let ledger = outcome.ledger();
    let tally = &outcome.tally;
    json!({
        "aggregate": tally.report(outcome.began_unix_ms, outcome.lasted),
        "intermediate": outcome.periods,
        "leakscope": {
            "schema": "leakscope.load/1",
            "planned": outcome.planned,
            "started": ledger.created,
            "skipped": ledger.skipped,
            "completed": ledger.completed,
            "failed": ledger.failed,
            "late": tally.counter("leakscope.late"),
            "began_unix_ms": outcome.began_unix_ms,
            "lasted_ms": outcome.lasted.as_millis() as u64,
            "segment": outcome.segment.to_string(),
            "rates": tally.rates,
            "histograms": tally.histograms(),
            "hdr": tally.encoded_histograms(),
        },
    })
}

/// Reads a report that [`load_json`] wrote; `None` if it is something else.
#[must_use]
pub fn read_load_json(report: &Value) -> Option<Outcome> {
    let ours = report.get("leakscope")?;
    let counters = report.get("aggregate")?.get("counters")?;
    let periods = report.get("intermediate")?.as_array()?.clone();
    Some(Outcome {
        planned: ours.get("planned")?.as_u64()?,
        segment: ours.get("segment")?.as_str()?.parse().ok()?,
        tally: Tally::of_report(counters, ours.get("rates")?, ours.get("histograms")?)?,
        periods,
        began_unix_ms: ours.get("began_unix_ms")?.as_u64()?,
        lasted: Duration::from_millis(ours.get("lasted_ms")?.as_u64()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Cause;

    fn meter() -> Meter {
        let meter = Meter::default();
        for number in 0..6 {
            meter.session_started();
            meter.session_lagged(Duration::from_millis(4 * number));
            let result = if number < 4 {
                Ok(())
            } else {
                Err(Cause::timeout())
            };
            meter.session_ended(result, Duration::from_millis(20));
        }
        meter.session_skipped();
        meter
    }

    #[test]
    fn a_report_has_artillerys_names_and_the_plan() {
        let outcome = Outcome::of(&meter(), 7, Segment::WHOLE);
        assert!(outcome.kept_plan());
        let report = load_json(&outcome);
        let counters = &report["aggregate"]["counters"];
        assert_eq!(counters["vusers.created"], 6);
        assert_eq!(counters["vusers.completed"], 4);
        assert_eq!(counters["vusers.skipped"], 1);
        assert_eq!(counters["errors.ETIMEDOUT"], 2);
        assert_eq!(report["leakscope"]["planned"], 7);
        assert_eq!(report["leakscope"]["late"], 3);
        let length = &report["aggregate"]["summaries"]["vusers.session_length"];
        assert_eq!(
            (&length["count"], &length["max"]),
            (&json!(4), &json!(20.0))
        );
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let outcome = Outcome::of(&meter(), 9, "2/3".parse().unwrap());
        assert!(!outcome.kept_plan());
        let report = load_json(&outcome);
        assert_eq!(load_json(&read_load_json(&report).unwrap()), report);
        assert!(read_load_json(&json!({"aggregate": {"counters": {}}})).is_none());
    }

    #[test]
    fn loads_one_after_the_other_are_one_load() {
        let part = |planned| {
            let meter = meter();
            meter.end_period();
            Outcome::of(&meter, planned, Segment::WHOLE)
        };
        let mut whole = part(7);
        let later = Outcome {
            began_unix_ms: whole.began_unix_ms + 60_000,
            lasted: Duration::from_secs(5),
            ..part(8)
        };
        whole.add(later);
        assert_eq!((whole.planned, whole.periods.len()), (15, 2));
        assert_eq!(whole.ledger().created, 12);
        assert_eq!(whole.lasted, Duration::from_secs(65));
    }

    #[test]
    fn periods_add_up_to_the_whole() {
        let meter = meter();
        let first = meter.end_period();
        meter.session_started();
        let second = meter.end_period();
        let created = |report: &Value| report["counters"]["vusers.created"].as_u64();
        assert_eq!((created(&first), created(&second)), (Some(6), Some(1)));
        let outcome = Outcome::of(&meter, 7, Segment::WHOLE);
        assert_eq!(outcome.ledger().created, 7);
        assert_eq!(outcome.periods, [first, second]);
        assert_eq!(meter.ledger(), outcome.ledger());
    }
}
