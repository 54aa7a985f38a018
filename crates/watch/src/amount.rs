//! Amounts and times as people write them on a command line: `512MiB`, `20ms`, `1.5h`.

use thiserror::Error;

use crate::metric::Unit;

/// An amount or a time that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct AmountError(String);

fn wrong<T>(what: impl Into<String>) -> Result<T, AmountError> {
    Err(AmountError(what.into()))
}

/// A size as `512MiB`, `1.5GB` or `64k`, in bytes; units of 1024 are those with an `i`, and the bare
/// letters. A bare number is bytes.
///
/// # Errors
/// If it is none.
pub fn bytes(text: &str) -> Result<f64, AmountError> {
    amount(text, Unit::Bytes)
}

/// A span of time as `250ms`, `90s`, `10m` or `1.5h`, in seconds. A bare number is seconds.
///
/// # Errors
/// If it is none.
pub fn seconds(text: &str) -> Result<f64, AmountError> {
    let (number, unit) = number(text)?;
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return wrong(format!("`{unit}` is no unit of time: ms, s, m, h or d")),
    };
    Ok(number * factor)
}

/// An amount of a figure that is counted in this unit.
pub(crate) fn amount(text: &str, unit: Unit) -> Result<f64, AmountError> {
    let (number, suffix) = number(text)?;
    let factor = match (unit, suffix.to_ascii_lowercase().as_str()) {
        (Unit::Bytes, "" | "b") => 1.0,
        (Unit::Bytes, "k" | "kib") => 1024.0,
        (Unit::Bytes, "m" | "mib") => 1_048_576.0,
        (Unit::Bytes, "g" | "gib") => 1_073_741_824.0,
        (Unit::Bytes, "t" | "tib") => 1_099_511_627_776.0,
        (Unit::Bytes, "kb") => 1e3,
        (Unit::Bytes, "mb") => 1e6,
        (Unit::Bytes, "gb") => 1e9,
        (Unit::Bytes, "tb") => 1e12,
        (Unit::Milliseconds, "ms" | "") | (Unit::Count, "") | (Unit::Percent, "%" | "") => 1.0,
        (Unit::Milliseconds, "s") => 1e3,
        (Unit::Milliseconds, "us" | "µs") => 1e-3,
        (Unit::Count, "k") => 1e3,
        (Unit::Bytes, "%") => return wrong("percents are of the heap's limit: `heap > 80%`"),
        (Unit::Bytes, _) => {
            return wrong(format!("`{suffix}` is no unit of memory: 512MiB or 2GB"));
        }
        _ => return wrong(format!("`{suffix}` is no unit of this figure")),
    };
    Ok(number * factor)
}

/// A number and what is written right behind it.
fn number(text: &str) -> Result<(f64, &str), AmountError> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((number, unit.trim_start())),
        _ => wrong(format!("`{text}` does not begin with a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_with_their_units() {
        for (text, expected) in [
            ("60s", 60.0),
            ("1.5m", 90.0),
            ("250ms", 0.25),
            (" 2 h", 7200.0),
            ("7", 7.0),
        ] {
            assert_eq!(seconds(text).unwrap(), expected, "{text}");
        }
        for (text, expected) in [
            ("512MiB", 536_870_912.0),
            ("1.5k", 1536.0),
            ("2 GB", 2e9),
            ("1t", 1_099_511_627_776.0),
        ] {
            assert_eq!(bytes(text).unwrap(), expected, "{text}");
        }
        for wrong in ["", "s", "-1s", "5 parsecs", "1e400s", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
