//! Quantities and their only rendering.
//!
//! Owns how a number with a unit is shown to a person: [`Bytes`], [`ByteDelta`], [`Elapsed`],
//! [`PerSession`] and [`Count`]. Must not know what the number is about. Every face of leakscope
//! prints through these types, so the same figure reads the same everywhere.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An amount of memory in bytes, shown in binary units: `15.2 KiB`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A signed difference of two amounts of memory, shown with its sign: `+1.5 MiB`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ByteDelta(pub i64);

/// A span of time in nanoseconds, shown in the largest fitting unit: `12.3 s`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Elapsed {
    /// The span in nanoseconds.
    pub nanos: u64,
}

/// A number of things per session, shown with three decimals: `1.000`.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerSession(pub f64);

/// A number of things, shown with thousands separated: `1,234,567`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(pub u64);

impl Bytes {
    /// The difference `self - earlier`, saturating at the ends of `i64`.
    #[must_use]
    pub fn since(self, earlier: Self) -> ByteDelta {
        let delta = i128::from(self.0) - i128::from(earlier.0);
        let clamped = delta.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        ByteDelta(i64::try_from(clamped).unwrap_or(i64::MAX))
    }
}

impl Elapsed {
    /// The span as a standard [`Duration`].
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// The span in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.as_duration().as_secs_f64()
    }
}

impl From<Duration> for Elapsed {
    fn from(span: Duration) -> Self {
        Self {
            nanos: u64::try_from(span.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// Digits after the point for a magnitude: three significant figures, at most one decimal.
fn write_scaled(f: &mut fmt::Formatter<'_>, sign: &str, bytes: u64) -> fmt::Result {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return f.pad(&format!("{sign}{bytes} B"));
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would print as "1024.0": move up a unit before that.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    f.pad(&format!("{sign}{value:.1} {}", UNITS[unit]))
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, "", self.0)
    }
}

impl fmt::Display for ByteDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.0 {
            0 => "",
            1.. => "+",
            _ => "\u{2212}",
        };
        write_scaled(f, sign, self.0.unsigned_abs())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.as_secs_f64();
        let text = if self.nanos < 1_000_000 {
            format!("{:.0} µs", secs * 1e6)
        } else if secs < 1.0 {
            format!("{:.0} ms", secs * 1e3)
        } else if secs < 60.0 {
            format!("{secs:.1} s")
        } else if secs < 3600.0 {
            let whole = secs.round() as u64;
            format!("{} min {:02} s", whole / 60, whole % 60)
        } else {
            let minutes = (secs / 60.0).round() as u64;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        };
        f.pad(&text)
    }
}

impl fmt::Display for PerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.3}", self.0))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_move_to_the_next_unit_before_they_would_read_1024() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (15_565, "15.2 KiB"),
            (1_048_575, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
    }

    #[test]
    fn differences_carry_their_sign_and_saturate() {
        assert_eq!(Bytes(3072).since(Bytes(1024)).to_string(), "+2.0 KiB");
        assert_eq!(Bytes(0).since(Bytes(512)).to_string(), "\u{2212}512 B");
        assert_eq!(Bytes(7).since(Bytes(7)).to_string(), "0 B");
        assert_eq!(Bytes(u64::MAX).since(Bytes(0)), ByteDelta(i64::MAX));
    }

    #[test]
    fn spans_use_the_largest_fitting_unit() {
        for (millis, shown) in [
            (0, "0 µs"),
            (12, "12 ms"),
            (12_340, "12.3 s"),
            (61_000, "1 min 01 s"),
        ] {
            assert_eq!(
                Elapsed::from(Duration::from_millis(millis)).to_string(),
                shown
            );
        }
        assert_eq!(
            Elapsed::from(Duration::from_secs(3_900)).to_string(),
            "1 h 05 min"
        );
    }

    #[test]
    fn counts_are_grouped_and_padded() {
        assert_eq!(Count(1_234_567).to_string(), "1,234,567");
        assert_eq!(format!("{:>6}", Count(999)), "   999");
    }
}
