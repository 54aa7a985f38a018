//! Counts and times by name, as a report has them: what can be added, written and read back.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use serde_json::{Map, Value, json};

/// A day: longer times count as this, so that no stray value makes a histogram large.
const LONGEST_MICROS: u64 = 24 * 3600 * 1_000_000;

/// Counts and times under Artillery's names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// How often.
    pub counters: BTreeMap<String, u64>,
    /// How often, where the rate is of interest.
    pub rates: BTreeMap<String, u64>,
    /// How long.
    pub times: BTreeMap<String, Times>,
}

/// A distribution of times, in microseconds to three significant digits.
#[derive(Debug, Clone, PartialEq)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        // Three digits are always a valid precision.
        #[expect(
            clippy::unwrap_used,
            reason = "the argument is a constant within its range"
        )]
        Self(Histogram::new(3).unwrap())
    }
}

impl Times {
    pub(crate) fn note(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.note_micros(micros, 1);
    }

    fn note_micros(&mut self, micros: u64, count: u64) {
        // Resizes itself up to the longest: the value is never out of range.
        let _ = self.0.record_n(micros.min(LONGEST_MICROS), count);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both resize themselves: no value is out of range.
        let _ = self.0.add(&other.0);
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// All of them together, in seconds.
    #[must_use]
    pub fn total_seconds(&self) -> f64 {
        self.0.mean() * self.0.len() as f64 / 1e6
    }

    /// The time that this share of all are no longer than, in milliseconds.
    #[must_use]
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        millis(self.0.value_at_quantile(quantile) as f64)
    }

    /// What Artillery says of a distribution, in milliseconds.
    fn summary(&self) -> Value {
        let at = |quantile| self.quantile_ms(quantile);
        json!({
            "min": millis(self.0.min() as f64),
            "max": millis(self.0.max() as f64),
            "count": self.0.len(),
            "mean": millis(self.0.mean()),
            "p50": at(0.5),
            "median": at(0.5),
            "p75": at(0.75),
            "p90": at(0.9),
            "p95": at(0.95),
            "p99": at(0.99),
            "p999": at(0.999),
        })
    }

    /// The whole distribution: `[microseconds, count]` for every bucket that is not empty, each by
    /// the longest time that falls into it.
    fn buckets(&self) -> Value {
        self.0
            .iter_recorded()
            .map(|step| json!([step.value_iterated_to(), step.count_at_value()]))
            .collect()
    }

    /// The same in HdrHistogram's own format, V2 with deflate, as base64: what its log files hold.
    fn encoded(&self) -> Option<String> {
        // What a histogram has grown to in its life is written too; a new one is as large as it must be.
        let mut exact = Histogram::<u64>::new_with_max(self.0.max().max(2), 3).ok()?;
        exact.add(&self.0).ok()?;
        let mut bytes = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        // Writing to memory fails only if a count does not fit, and none is that large.
        serializer.serialize(&exact, &mut bytes).ok()?;
        Some(STANDARD.encode(bytes))
    }

    /// Reads what [`Self::buckets`] wrote.
    fn of_buckets(value: &Value) -> Option<Self> {
        let mut times = Self::default();
        for bucket in value.as_array()? {
            let (micros, count) = (bucket.get(0)?.as_u64()?, bucket.get(1)?.as_u64()?);
            times.note_micros(micros, count);
        }
        Some(times)
    }
}

/// Microseconds as milliseconds, to a tenth: enough for people, and what is exact is elsewhere.
fn millis(micros: f64) -> f64 {
    (micros / 100.0).round() / 10.0
}

impl Tally {
    /// Adds what another part of the load has counted.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counters {
            self.count(name, *count);
        }
        for (name, count) in &other.rates {
            *self.rates.entry(name.clone()).or_default() += count;
        }
        for (name, times) in &other.times {
            self.times.entry(name.clone()).or_default().add(times);
        }
    }

    pub(crate) fn count(&mut self, name: &str, by: u64) {
        *self.counters.entry(name.to_owned()).or_default() += by;
    }

    pub(crate) fn add_times(&mut self, name: &str, times: &Times) {
        if times.count() > 0 {
            self.times.entry(name.to_owned()).or_default().add(times);
        }
    }

    /// A counter, 0 if nothing of that name was counted.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    /// In Artillery's shape, for a span of time that began at `unix_ms`.
    pub(crate) fn report(&self, unix_ms: u64, span: Duration) -> Value {
        let seconds = span.as_secs_f64().max(1e-3);
        let rates: Map<_, _> = self
            .rates
            .iter()
            .map(|(name, count)| {
                let rate = (*count as f64 / seconds * 100.0).round() / 100.0;
                (name.clone(), rate.into())
            })
            .collect();
        let summaries: Map<_, _> = self
            .times
            .iter()
            .map(|(name, times)| (name.clone(), times.summary()))
            .collect();
        let end = unix_ms + span.as_millis() as u64;
        json!({
            "counters": self.counters,
            "rates": rates,
            "firstCounterAt": unix_ms,
            "firstHistogramAt": unix_ms,
            "lastCounterAt": end,
            "lastHistogramAt": end,
            "firstMetricAt": unix_ms,
            "lastMetricAt": end,
            "period": unix_ms,
            "summaries": summaries,
            "histograms": summaries,
        })
    }

    /// Every distribution as a whole, by name.
    pub(crate) fn histograms(&self) -> Value {
        let all = self.times.iter();
        all.map(|(name, times)| (name.clone(), times.buckets()))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Every distribution in HdrHistogram's own format, by name.
    pub(crate) fn encoded_histograms(&self) -> Value {
        let all = self.times.iter();
        all.filter_map(|(name, times)| Some((name.clone(), times.encoded()?.into())))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Reads back what a report holds: counters, counts of rates, and whole distributions.
    pub(crate) fn of_report(counters: &Value, rates: &Value, histograms: &Value) -> Option<Self> {
        let counts = |value: &Value| -> Option<BTreeMap<String, u64>> {
            let entries = value.as_object()?.iter();
            entries
                .map(|(name, count)| Some((name.clone(), count.as_u64()?)))
                .collect()
        };
        let times = histograms.as_object()?.iter();
        let times: Option<_> = times
            .map(|(name, buckets)| Some((name.clone(), Times::of_buckets(buckets)?)))
            .collect();
        Some(Self {
            counters: counts(counters)?,
            rates: counts(rates)?,
            times: times?,
        })
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;

    use super::*;

    fn times(micros: impl IntoIterator<Item = u64>) -> Times {
        let mut times = Times::default();
        for micros in micros {
            times.note(Duration::from_micros(micros));
        }
        times
    }

    #[test]
    fn a_distribution_survives_being_written_and_read() {
        let before = times((0..5000).map(|i| i * i));
        let after = Times::of_buckets(&before.buckets()).unwrap();
        assert_eq!(before.summary(), after.summary());
        assert_eq!(before.buckets(), after.buckets());
    }

    #[test]
    fn other_programs_can_read_a_distribution() {
        let times = times((0..5000).map(|i| i * i));
        let text = times.encoded().unwrap();
        // The cookie of this format, as base64.
        assert!(text.starts_with("HISTFAAA"), "{text}");
        let bytes = STANDARD.decode(text).unwrap();
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut &*bytes).unwrap();
        assert_eq!(read, times.0);
    }

    #[test]
    fn adding_distributions_is_as_good_as_one() {
        let mut sum = times((0..5000).step_by(2));
        sum.add(&times((1..5000).step_by(2)));
        assert_eq!(sum.buckets(), times(0..5000).buckets());
    }

    #[test]
    fn no_time_is_too_long() {
        let mut endless = Times::default();
        endless.note(Duration::MAX);
        assert!(endless.quantile_ms(1.0) >= 86_400_000.0);
    }
}
