//! Spans of time, sizes and conditions as they are written on a command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// `60s`, `5m`, `1.5h`, `250ms`; a bare number is seconds.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let scale = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of time: write 500ms, 60s, 5m or 1h"
            ));
        }
    };
    let number: f64 = number.parse().map_err(|_| "must be a span, as 60s or 5m")?;
    let span = Duration::try_from_secs_f64(number * scale);
    let span = span.map_err(|_| "must be a span of time")?;
    match span.is_zero() {
        true => Err("must be longer than nothing".into()),
        false => Ok(span),
    }
}

/// `512MiB`, `1.5GB`, `64k`; a bare number is bytes. Units of 1024 are those with an `i`, and the
/// bare letters.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let scale: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of memory: write 512MiB or 2GB"
            ));
        }
    };
    let number: f64 = number.parse().map_err(|_| "must be a size, as 512MiB")?;
    let bytes = number * scale as f64;
    match bytes >= 1.0 && bytes < u64::MAX as f64 {
        true => Ok(bytes as u64),
        false => Err("must be a size of at least a byte".into()),
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    (number, unit.trim())
}

/// A state of a service that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    /// As given.
    text: String,
    pub(crate) metric: Metric,
    pub(crate) is_above: bool,
    pub(crate) bound: Bound,
    /// How long it must hold without a break.
    pub(crate) held_for: Duration,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Rss,
    Pss,
    Uss,
    Swap,
    Threads,
    Fds,
    Sockets,
    Heap,
    External,
    ArrayBuffers,
}

/// What it is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Bytes, or a number of things.
    Value(u64),
    /// Percent of the heap's limit.
    OfLimit(f64),
}

impl Metric {
    const NAMES: [(&'static str, Self); 10] = [
        ("rss", Self::Rss),
        ("pss", Self::Pss),
        ("uss", Self::Uss),
        ("swap", Self::Swap),
        ("threads", Self::Threads),
        ("fds", Self::Fds),
        ("sockets", Self::Sockets),
        ("heap", Self::Heap),
        ("external", Self::External),
        ("array-buffers", Self::ArrayBuffers),
    ];

    /// Whether only the isolate's inspector can tell it.
    pub(crate) fn is_of_heap(self) -> bool {
        matches!(self, Self::Heap | Self::External | Self::ArrayBuffers)
    }
}

impl Condition {
    /// The heap fills nine tenths of what it may.
    pub(crate) fn near_limit() -> Self {
        Self {
            text: "heap > 90%".into(),
            metric: Metric::Heap,
            is_above: true,
            bound: Bound::OfLimit(90.0),
            held_for: Duration::ZERO,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "must be as `rss > 512MiB` or `heap > 80% for 1m`";
        let (comparison, held_for) = match text.split_once(" for ") {
            Some((comparison, held)) => (comparison, span(held)?),
            None => (text, Duration::ZERO),
        };
        let at = comparison.find(['>', '<']).ok_or(FORM)?;
        let (name, rest) = comparison.split_at(at);
        let name = name.trim().to_lowercase().replace('_', "-");
        let metric = Metric::NAMES.iter().find(|(known, _)| *known == name);
        let (_, metric) = metric.ok_or_else(|| {
            let names = Metric::NAMES.map(|(name, _)| name);
            format!("`{name}` is not measured: {}", names.join(", "))
        })?;
        let bound = rest[1..].trim_start_matches('=').trim();
        let bound = match bound.strip_suffix('%') {
            Some(percent) if *metric == Metric::Heap => {
                let percent = percent.trim().parse().ok();
                let percent = percent.filter(|p| (1.0..=100.0).contains(p));
                Bound::OfLimit(percent.ok_or("must be between 1% and 100%")?)
            }
            Some(_) => return Err("only the heap has a limit that percents are of".into()),
            None => Bound::Value(size(bound)?),
        };
        Ok(Self {
            text: text.trim().to_owned(),
            metric: *metric,
            is_above: comparison[at..].starts_with('>'),
            bound,
            held_for,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_with_their_units() {
        assert_eq!(span("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(span("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span(" 2 h"), Ok(Duration::from_secs(7200)));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1.5k"), Ok(1536));
        assert_eq!(size("2 GB"), Ok(2_000_000_000));
        for wrong in ["", "s", "0s", "-1s", "5 parsecs", "1e400s", "NaN"] {
            assert!(span(wrong).is_err(), "{wrong}");
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_are_read_and_wrong_ones_told() {
        let condition: Condition = "RSS>512MiB for 1m".parse().unwrap();
        let expected = (Metric::Rss, true, Bound::Value(512 << 20));
        let Condition {
            metric,
            is_above,
            bound,
            held_for,
            ..
        } = condition;
        assert_eq!((metric, is_above, bound), expected);
        assert_eq!(held_for, Duration::from_secs(60));
        let near: Condition = "heap > 90%".parse().unwrap();
        assert_eq!(near, Condition::near_limit());
        let few: Condition = "array_buffers <= 3".parse().unwrap();
        assert_eq!((few.is_above, few.metric), (false, Metric::ArrayBuffers));
        for wrong in [
            "rss",
            "rss > much",
            "rss > 90%",
            "age > 5",
            "heap > 0%",
            "> 5",
            "",
        ] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
    }
}
