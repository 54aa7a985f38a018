//! When somebody is to be told: `rss > 512MiB for 1m`, `heap grows 1MiB/min for 10m`.
//!
//! Owns the grammar of conditions, also where one is waited for, and the state of each alert. An alert fires once when its condition has held for
//! its time, and again only after it has not. Growth is Theil and Sen's slope over just that time, so
//! that a collection in between neither fires nor hides it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::amount::{AmountError, amount, seconds};
use crate::growth::slope;
use crate::metric::Unit;
use crate::{History, Metric};

/// Readings of a growing figure that its slope is taken of.
const POINTS: usize = 120;

/// Of the time asked for, what must have been watched for a slope.
const COVERED: f64 = 0.95;

/// An alert as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    metric: Metric,
    condition: Condition,
    /// Seconds for which it must hold.
    seconds: f64,
    /// As it was written.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Condition {
    Above(f64),
    Below(f64),
    /// A second.
    Grows(f64),
}

/// An alert that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}; an alert reads `rss > 512MiB for 1m` or `heap grows 1MiB/min for 10m`")]
pub struct AlertError {
    what: String,
}

impl From<AmountError> for AlertError {
    fn from(error: AmountError) -> Self {
        Self {
            what: error.to_string(),
        }
    }
}

fn wrong<T>(what: impl Into<String>) -> Result<T, AlertError> {
    Err(AlertError { what: what.into() })
}

impl FromStr for Alert {
    type Err = AlertError;

    fn from_str(text: &str) -> Result<Self, AlertError> {
        // `rss>512MiB` has no blanks.
        let spaced = text.replace(">=", ">").replace("<=", "<");
        let spaced = spaced.replace('>', " > ").replace('<', " < ");
        let mut words = spaced.split_whitespace();
        let Some(name) = words.next() else {
            return wrong("an alert is empty");
        };
        let Some(mut metric) = Metric::named(name) else {
            let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
            return wrong(format!(
                "no figure is called `{name}`: there are {}",
                names.join(", ")
            ));
        };
        let verb = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        let at_for = rest.iter().position(|word| *word == "for");
        let (amount, span) = match at_for {
            Some(at) => (rest[..at].concat(), Some(rest[at + 1..].concat())),
            None => (rest.concat(), None),
        };
        let is_level = matches!(verb, ">" | "above" | "<" | "below");
        if metric == Metric::HeapUsed && is_level && amount.ends_with('%') {
            // Of its limit.
            metric = Metric::HeapFull;
        }
        let level = |text: &str| self::amount(text, metric.unit());
        let condition = match verb {
            ">" | "above" => Condition::Above(level(&amount)?),
            "<" | "below" => Condition::Below(level(&amount)?),
            "grows" => Condition::Grows(rate(&amount, metric.unit())?),
            _ => return wrong(format!("`{verb}` is not `>`, `<` or `grows`")),
        };
        let seconds = match (&condition, span) {
            (_, Some(span)) => seconds(&span)?,
            (Condition::Grows(_), None) => return wrong("a growth needs its time: `for 10m`"),
            _ => 0.0,
        };
        if let (Metric::HeapFull, Condition::Above(percent) | Condition::Below(percent)) =
            (metric, condition)
            && !(1.0..=100.0).contains(&percent)
        {
            return wrong("a part of the heap's limit is between 1% and 100%");
        }
        if matches!(condition, Condition::Grows(_)) && seconds <= 0.0 {
            return wrong("growth takes time: more than `0s`");
        }
        Ok(Self {
            metric,
            condition,
            seconds,
            text: text.trim().to_owned(),
        })
    }
}

impl Alert {
    /// The figure that it is about.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Of several amounts at once, the one that decides.
    #[must_use]
    pub fn nearest(&self, amounts: impl Iterator<Item = f64>) -> Option<f64> {
        match self.condition {
            Condition::Below(_) => amounts.reduce(f64::min),
            Condition::Above(_) | Condition::Grows(_) => amounts.reduce(f64::max),
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// An amount over a time, a second.
fn rate(text: &str, unit: Unit) -> Result<f64, AlertError> {
    let Some((amount, time)) = text.split_once('/') else {
        return wrong(format!("`{text}` is no rate such as `1MiB/min`"));
    };
    let time = match time.starts_with(|c: char| c.is_ascii_digit()) {
        true => seconds(time)?,
        false => seconds(&format!("1{time}"))?,
    };
    match time > 0.0 {
        true => Ok(self::amount(amount, unit)? / time),
        false => wrong("a rate over no time"),
    }
}

/// An alert with what it has seen.
#[derive(Debug, Clone)]
pub struct Watched {
    alert: Alert,
    /// Since when the condition has held.
    since: Option<f64>,
    has_fired: bool,
}

/// An alert that fires, with the sentence to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// As the alert was written.
    pub alert: String,
    /// What was seen.
    pub message: String,
}

impl Watched {
    /// An alert that has seen nothing yet.
    #[must_use]
    pub fn new(alert: Alert) -> Self {
        Self {
            alert,
            since: None,
            has_fired: false,
        }
    }

    /// As it was asked for.
    #[must_use]
    pub fn alert(&self) -> &Alert {
        &self.alert
    }

    /// Looks at the readings with the newest, which was at `at` seconds.
    pub fn look(&mut self, at: f64, history: &History) -> Option<Fired> {
        let Alert {
            metric,
            condition,
            seconds,
            ..
        } = self.alert;
        let seen = match condition {
            Condition::Grows(least) => {
                growth(history, metric, seconds).filter(|&rate| rate > least)
            }
            Condition::Above(least) => current(history, metric).filter(|&now| now > least),
            Condition::Below(most) => current(history, metric).filter(|&now| now < most),
        };
        let Some(seen) = seen else {
            self.since = None;
            self.has_fired = false;
            return None;
        };
        let since = *self.since.get_or_insert(at);
        let has_held = matches!(condition, Condition::Grows(_)) || at - since >= seconds;
        if !has_held || self.has_fired {
            return None;
        }
        self.has_fired = true;
        let unit = metric.unit();
        let message = match condition {
            Condition::Grows(_) => format!("{metric} grows {}/min", unit.show(seen * 60.0)),
            _ => format!("{metric} is {}", unit.show(seen)),
        };
        Some(Fired {
            alert: self.alert.text.clone(),
            message,
        })
    }

    /// Forgets what it has seen: the process is another one now.
    pub fn reset(&mut self) {
        self.since = None;
        self.has_fired = false;
    }
}

fn current(history: &History, metric: Metric) -> Option<f64> {
    history.last()?.get(metric)
}

/// The slope over the last so many seconds, if they were watched.
fn growth(history: &History, metric: Metric, seconds: f64) -> Option<f64> {
    let series = history.series(metric, seconds);
    let (first, last) = (series.first()?, series.last()?);
    if last.0 - first.0 < COVERED * seconds {
        return None;
    }
    let every = series.len().div_ceil(POINTS);
    let points: Vec<(f64, f64)> = series.into_iter().step_by(every.max(1)).collect();
    slope(&points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Figures;

    /// At which seconds an alert fires, if the amount is read once a second.
    fn fires_at(alert: &str, amounts: impl Fn(u32) -> f64, seconds: u32) -> Vec<u32> {
        let mut watched = Watched::new(alert.parse().unwrap());
        let mut history = History::default();
        let metric = watched.alert.metric;
        let mut fired = Vec::new();
        for second in 0..=seconds {
            let mut figures = Figures::default();
            figures.set(metric, Some(amounts(second)));
            history.push(f64::from(second), figures);
            if watched.look(f64::from(second), &history).is_some() {
                fired.push(second);
            }
        }
        fired
    }

    #[test]
    fn a_level_fires_when_it_has_held_and_again_after_a_pause() {
        let mib = |mib: u32| f64::from(mib) * 1_048_576.0;
        let level = |second: u32| {
            mib(if (10..80).contains(&second) || second >= 100 {
                600
            } else {
                100
            })
        };
        assert_eq!(fires_at("rss > 512MiB for 1m", level, 170), [70, 160]);
        assert_eq!(fires_at("rss>512MiB", level, 170), [10, 100]);
        let short = |second: u32| mib(if second % 30 < 29 { 600 } else { 1 });
        assert_eq!(fires_at("rss > 512MiB for 1m", short, 300), [0; 0]);
        assert_eq!(
            fires_at("fds < 5 for 2s", |s| f64::from(10 - s.min(9)), 20),
            [8]
        );
    }

    #[test]
    fn growth_fires_through_a_saw_and_not_on_a_step() {
        let saw = |second: u32| f64::from(second % 7) * 1e5;
        let rising = |second: u32| saw(second) + f64::from(second) * 30_000.0;
        assert_eq!(fires_at("heap grows 1MiB/min for 2m", rising, 300), [114]);
        assert_eq!(fires_at("heap grows 3MiB/min for 2m", rising, 300), [0; 0]);
        let step = |second: u32| if second < 100 { 0.0 } else { 1e9 };
        assert_eq!(fires_at("heap grows 1MiB/min for 10m", step, 900), [0; 0]);
    }

    #[test]
    fn what_is_no_alert_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("memory > 5", "no figure is called `memory`"),
            ("rss = 5", "`=` is not"),
            ("rss > lots", "`lots` does not begin"),
            ("rss > 5ms", "`ms` is no unit"),
            ("rss > 90%", "percents are of the heap's limit"),
            ("heap > 0%", "between 1% and 100%"),
            (
                "heap grows 5%/min for 1m",
                "percents are of the heap's limit",
            ),
            ("rss grows 5MiB for 1m", "no rate"),
            ("heap grows 1MiB/min", "needs its time"),
            ("heap grows 1MiB/min for 0s", "takes time"),
            ("rss > 5 for 3 weeks", "`weeks` is no unit of time"),
            ("heap grows 1MiB/fortnight for 1m", "`fortnight` is no unit"),
        ] {
            let error = text.parse::<Alert>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn units_and_blanks_are_free() {
        for text in [
            "rss > 512 MiB for 1 m",
            "rss above 536870912b for 60s",
            "RSS>0.5GiB for 1min",
        ] {
            let alert: Alert = text.parse().unwrap();
            assert_eq!(alert.condition, Condition::Above(536_870_912.0), "{text}");
            assert_eq!(alert.seconds, 60.0);
        }
        let full: Alert = "heap > 90%".parse().unwrap();
        assert_eq!(
            (full.metric, full.condition),
            (Metric::HeapFull, Condition::Above(90.0))
        );
        let few: Alert = "array-buffers <= 3".parse().unwrap();
        assert_eq!(
            (few.metric, few.condition),
            (Metric::ArrayBuffers, Condition::Below(3.0))
        );
        assert_eq!(few.nearest([5.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(full.nearest([5.0, 2.0].into_iter()), Some(5.0));
        let per_ten_seconds: Alert = "fds grows 5/10s for 1m".parse().unwrap();
        assert_eq!(per_ten_seconds.condition, Condition::Grows(0.5));
        assert_eq!(
            "lag > 1s".parse::<Alert>().unwrap().condition,
            Condition::Above(1000.0)
        );
    }
}
