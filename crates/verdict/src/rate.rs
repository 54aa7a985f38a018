//! How much of something there is per session, and whether that is arithmetic or chance.
//!
//! Source: the acceptance rule of `docs/verdict.md`. With Δᵢ the change over round i and nᵢ its
//! sessions, the rate is k = ΣΔ / Σn; growth is *constant* when every round agrees with k within
//! 5 % and two objects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Part of k by which a round may differ from it.
const TOLERANCE: f64 = 0.05;
/// Objects by which a round may differ from k besides.
const SLACK_OBJECTS: f64 = 2.0;
/// So many rounds with more than the slack are enough, where there are more.
const ROUNDS_THAT_TELL: usize = 3;
/// A rate this close to a whole number is that number.
const WHOLE: f64 = 0.02;

/// How a rate speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Grade {
    /// A whole number per session, the same in every round: arithmetic, not chance.
    A,
    /// A constant fraction per session.
    B,
}

/// A change per session over several rounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// ΣΔ / Σn.
    pub per_session: f64,
    /// Δᵢ / nᵢ, one a round.
    pub per_round: Vec<f64>,
    changes: Vec<f64>,
    sessions: Vec<u64>,
}

impl Rate {
    /// From the change over each round and its sessions.
    #[must_use]
    pub fn of(changes: Vec<f64>, sessions: &[u64]) -> Self {
        debug_assert_eq!(changes.len(), sessions.len(), "one change a round");
        let total: u64 = sessions.iter().sum();
        let per = |change: f64, n: u64| if n == 0 { 0.0 } else { change / n as f64 };
        Self {
            per_session: per(changes.iter().sum(), total),
            per_round: changes
                .iter()
                .zip(sessions)
                .map(|(&c, &n)| per(c, n))
                .collect(),
            changes,
            sessions: sessions.to_vec(),
        }
    }

    /// Whether every round agrees with the whole.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let k = self.per_session;
        self.sessions.iter().all(|&n| n > 0)
            && self.per_round.iter().zip(&self.sessions).all(|(rate, &n)| {
                (rate - k).abs() <= TOLERANCE * k.abs() + SLACK_OBJECTS / n as f64
            })
    }

    /// The grade of constant growth; `None` where growth is not constant, or is none.
    ///
    /// Growth of less than one in a hundred sessions, or of fewer objects than the slack in any of
    /// the first rounds, is not told from chance; where more rounds agree, three such rounds do.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        let k = self.per_session;
        let telling = self.changes.iter().filter(|&&c| c > SLACK_OBJECTS).count();
        let enough = telling >= self.changes.len().min(ROUNDS_THAT_TELL)
            && self.changes.iter().all(|&change| change > 0.0);
        if !enough || k < 0.01 || !self.is_constant() {
            return None;
        }
        let is_whole = k > 0.5 && (k - k.round()).abs() <= WHOLE * k.round().max(1.0);
        Some(if is_whole { Grade::A } else { Grade::B })
    }

    /// Whether every round grew, but by less and less per session: a cache or a pool that fills.
    #[must_use]
    pub fn is_slowing(&self) -> bool {
        let falls = self.per_round.windows(2).all(|pair| pair[1] < pair[0]);
        let (first, last) = (self.per_round.first(), self.per_round.last());
        falls
            && first
                .zip(last)
                .is_some_and(|(first, last)| *last >= 0.0 && *last < 0.7 * first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: [u64; 3] = [101, 211, 307];

    fn check(changes: [i32; 3], grade: Option<Grade>) {
        let rate = Rate::of(changes.map(f64::from).to_vec(), &SESSIONS);
        assert_eq!(rate.grade(), grade, "{rate:?}");
    }

    #[test]
    fn a_whole_number_in_every_round_is_grade_a() {
        check([101, 211, 307], Some(Grade::A));
        check([102, 211, 307], Some(Grade::A));
        check([303, 633, 921], Some(Grade::A));
    }

    #[test]
    fn a_constant_fraction_is_grade_b() {
        check([50, 106, 153], Some(Grade::B));
        check([10, 21, 30], Some(Grade::B));
    }

    #[test]
    fn growth_that_slows_or_jumps_or_is_too_small_has_no_grade() {
        check([101, 150, 20], None);
        check([0, 0, 307], None);
        check([1, 2, 3], None);
        check([0, 0, 0], None);
        check([-101, -211, -307], None);
    }

    #[test]
    fn a_cache_that_fills_is_slowing_and_a_leak_is_not() {
        let rate = |changes: [i32; 3]| Rate::of(changes.map(f64::from).to_vec(), &SESSIONS);
        assert!(rate([101, 150, 49]).is_slowing());
        assert!(!rate([101, 211, 307]).is_slowing());
        assert!(!rate([101, 209, 301]).is_slowing());
    }
}
