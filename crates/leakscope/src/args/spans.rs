//! Spans of time, sizes and conditions as they are written on a command line.
//!
//! What may be written is the `watch` crate's; here is what a command takes of it.

use std::time::Duration;

use watch::{Alert, Metric};

/// `60s`, `5m`, `1.5h`, `250ms`; a bare number is seconds.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let seconds = watch::seconds(text).map_err(|error| error.to_string())?;
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| "must be a span of time")?;
    match span.is_zero() {
        true => Err("must be longer than nothing".into()),
        false => Ok(span),
    }
}

/// `512MiB`, `1.5GB`, `64k`; a bare number is bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let bytes = watch::bytes(text).map_err(|error| error.to_string())?;
    match bytes >= 1.0 && bytes < u64::MAX as f64 {
        true => Ok(bytes as u64),
        false => Err("must be a size of at least a byte".into()),
    }
}

/// The figures that a service is looked at for while its snapshot waits: those that cost it nothing.
const LOOKED_AT: [Metric; 12] = [
    Metric::Rss,
    Metric::Vsz,
    Metric::Pss,
    Metric::Uss,
    Metric::Swap,
    Metric::Threads,
    Metric::Fds,
    Metric::Sockets,
    Metric::HeapUsed,
    Metric::HeapFull,
    Metric::External,
    Metric::ArrayBuffers,
];

/// What a snapshot waits for, as an alert of `watch` is written.
pub(crate) fn condition(text: &str) -> Result<Alert, String> {
    let alert: Alert = text
        .parse()
        .map_err(|error: watch::AlertError| error.to_string())?;
    if LOOKED_AT.contains(&alert.metric()) {
        return Ok(alert);
    }
    let names = LOOKED_AT.map(Metric::name).join(", ");
    Err(format!(
        "`{}` is for `leakscope watch`; here there are {names}",
        alert.metric()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_something() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(size("64k"), Ok(65_536));
        for wrong in ["", "0", "5 parsecs", "1e400"] {
            assert!(span(wrong).is_err() && size(wrong).is_err(), "{wrong}");
        }
        assert!(span("99999999999999999999d").is_err());
    }

    #[test]
    fn a_snapshot_waits_for_what_is_looked_at() {
        for text in [
            "RSS>512MiB for 1m",
            "heap > 90%",
            "heap grows 1MiB/min for 10m",
        ] {
            assert_eq!(condition(text).unwrap().to_string(), text);
        }
        for wrong in ["rss", "rss > much", "rss > 90%", "lag > 1s", "cpu > 50", ""] {
            assert!(condition(wrong).is_err(), "{wrong}");
        }
    }
}
