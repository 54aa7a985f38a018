//! A share of a plan: many machines perform one plan without talking to one another.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Every `of`-th arrival of a plan, beginning with the one numbered `index` (from 0).
///
/// The segments `1/N` to `N/N` share a plan: each arrival belongs to exactly one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    index: u64,
    of: u64,
}

/// Why a text is no segment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a segment is written `i/N`, with i from 1 to N, as in `2/4`")]
pub struct SegmentError;

impl Segment {
    /// The whole plan.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Whether the arrival with this number is in it.
    #[must_use]
    pub fn has(self, arrival: u64) -> bool {
        arrival % self.of == self.index
    }

    /// How many of the numbers 0 to `total - 1` are in it.
    #[must_use]
    pub fn share_of(self, total: u64) -> u64 {
        total / self.of + u64::from(total % self.of > self.index)
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.index + 1
    }

    /// How many segments there are.
    #[must_use]
    pub fn of(self) -> u64 {
        self.of
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number(), self.of)
    }
}

impl FromStr for Segment {
    type Err = SegmentError;

    fn from_str(text: &str) -> Result<Self, SegmentError> {
        let (number, of) = text.split_once('/').ok_or(SegmentError)?;
        let number: u64 = number.trim().parse().map_err(|_| SegmentError)?;
        let of: u64 = of.trim().parse().map_err(|_| SegmentError)?;
        match number {
            1.. if number <= of => Ok(Self {
                index: number - 1,
                of,
            }),
            _ => Err(SegmentError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_written_from_one() {
        let segment: Segment = "2/4".parse().unwrap();
        assert_eq!((segment.number(), segment.of()), (2, 4));
        assert_eq!(segment.to_string(), "2/4");
        for text in ["", "1", "0/4", "5/4", "1/0", "a/b", "-1/2", "1/4/2"] {
            assert_eq!(text.parse::<Segment>(), Err(SegmentError), "{text}");
        }
    }

    #[test]
    fn every_arrival_is_in_exactly_one_segment_and_shares_add_up() {
        for of in 1..=5 {
            let segments: Vec<Segment> = (1..=of)
                .map(|i| format!("{i}/{of}").parse().unwrap())
                .collect();
            for total in 0..23 {
                for arrival in 0..total {
                    assert_eq!(segments.iter().filter(|s| s.has(arrival)).count(), 1);
                }
                for segment in &segments {
                    let counted = (0..total).filter(|&k| segment.has(k)).count() as u64;
                    assert_eq!(segment.share_of(total), counted);
                }
            }
        }
    }
}
