//! What came of a load, and its report in Artillery's shape.

use serde_json::{Value, json};

use crate::meter::{Counts, Times};

/// The counts and times of one load, or of several after one another.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub(crate) planned: u64,
    pub(crate) counts: Counts,
}

impl Outcome {
    /// Adds the outcome of a load that came after.
    pub fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.counts.add(&other.counts);
    }
}

/// The report of a load: Artillery 2's `aggregate`, times in milliseconds; under `leakscope` the
/// plan, what became of it, and whole histograms as `[microseconds, count]` pairs.
#[must_use]
pub fn load_json(outcome: &Outcome) -> Value {
    let Counts {
        ledger,
        codes,
        downloaded_bytes,
        session_length,
        response_time,
        service_time,
        start_lag,
    } = &outcome.counts;
    let mut counters = serde_json::Map::new();
    for (name, count) in [
        ("vusers.created", ledger.created),
        ("vusers.completed", ledger.completed),
        ("vusers.failed", ledger.failed),
        ("vusers.skipped", ledger.skipped),
        ("http.requests", ledger.requests),
        ("http.responses", codes.values().sum()),
        ("http.downloaded_bytes", *downloaded_bytes),
        ("websocket.messages_sent", ledger.messages_sent),
        ("websocket.messages_received", ledger.messages_received),
    ] {
        if count > 0 || name.starts_with("vusers.") {
            counters.insert(name.into(), count.into());
        }
    }
    for (code, count) in codes {
        counters.insert(format!("http.codes.{code}"), (*count).into());
    }
    for (cause, count) in &ledger.failures {
        counters.insert(format!("errors.{cause}"), (*count).into());
    }
    let times = [
        ("vusers.session_length", session_length),
        ("http.response_time", response_time),
        ("leakscope.service_time", service_time),
        ("leakscope.start_lag", start_lag),
    ];
    let timed = || times.iter().filter(|(_, times)| !times.0.is_empty());
    let summaries: serde_json::Map<_, _> = timed()
        .map(|(name, times)| ((*name).to_owned(), summary(times)))
        .collect();
    let histograms: serde_json::Map<_, _> = timed()
        .map(|(name, times)| ((*name).to_owned(), buckets(times)))
        .collect();
    json!({
        "aggregate": { "counters": counters, "rates": {}, "summaries": summaries },
        "intermediate": [],
        "leakscope": {
            "planned": outcome.planned,
            "started": ledger.created,
            "skipped": ledger.skipped,
            "completed": ledger.completed,
            "failed": ledger.failed,
            "histograms": histograms,
        },
    })
}

fn summary(Times(times): &Times) -> Value {
    let millis = |micros: u64| (micros as f64 / 100.0).round() / 10.0;
    let at = |quantile| millis(times.value_at_quantile(quantile));
    json!({
        "min": millis(times.min()),
        "max": millis(times.max()),
        "count": times.len(),
        "mean": (times.mean() / 100.0).round() / 10.0,
        "p50": at(0.5),
        "median": at(0.5),
        "p75": at(0.75),
        "p90": at(0.9),
        "p95": at(0.95),
        "p99": at(0.99),
        "p999": at(0.999),
    })
}

fn buckets(Times(times): &Times) -> Value {
    times
        .iter_recorded()
        .map(|step| json!([step.value_iterated_to(), step.count_at_value()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Meter;
    use crate::cause::Cause;

    #[test]
    fn outcomes_add_up_in_the_report() {
        let outcome = |sessions: u64| {
            let meter = Meter::default();
            for _ in 0..sessions {
                meter.session_started(Duration::ZERO);
                meter.session_ended(Ok(()), Duration::from_millis(20));
            }
            meter.session_started(Duration::ZERO);
            meter.session_ended(Err(Cause::timeout()), Duration::from_secs(10));
            Outcome {
                planned: sessions + 1,
                counts: meter.snapshot(),
            }
        };
        let mut total = outcome(2);
        total.add(&outcome(3));
        let report = load_json(&total);
        let counters = &report["aggregate"]["counters"];
        assert_eq!(counters["vusers.created"], 7);
        assert_eq!(counters["vusers.completed"], 5);
        assert_eq!(counters["errors.timeout"], 2);
        assert_eq!(report["leakscope"]["planned"], 7);
        let length = &report["aggregate"]["summaries"]["vusers.session_length"];
        assert_eq!(
            (&length["count"], &length["max"]),
            (&json!(5), &json!(20.0))
        );
    }
}
