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

/// Part of k by which a round's bytes may differ from it: sizes of texts and tables vary.
const TOLERANCE_OF_BYTES: f64 = 0.1;
/// Bytes by which a round may differ from k besides.
const SLACK_BYTES: f64 = 1024.0;
/// Bytes per session that are not told from the engine's own.
const LEAST_BYTES: f64 = 16.0;

/// A round that brings less than this part of the mean is a level.
const LEVEL: f64 = 0.25;
/// Bytes per session that are no noise, though they do not come in every round: clean services were
/// measured at up to 700.
pub(crate) const MUCH_PER_SESSION: f64 = 2048.0;

/// What happens by chance is told from none by so many events.
const CHANCE_EVENTS: f64 = 20.0;
/// Standard errors that a later rate may lie below an earlier by chance.
const CHANCE_ERRORS: f64 = 1.28;
/// A rate that falls to less than this part of what it was is falling.
const STEADY: f64 = 0.9;
/// A rate that falls to less than this part of what it was comes to an end.
const ENDING: f64 = 0.6;

/// How a rate speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Grade {
    /// A whole number per session, the same in every round: arithmetic, not chance.
    A,
    /// A constant fraction per session, or constant bytes.
    B,
}

/// How a rate goes on over the rounds, where it is not constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// As chance would have it, it stays.
    Steady,
    /// It falls, to less than six tenths of what it was: something fills.
    Ending,
    /// It falls.
    Falling,
}

/// A change per session over several rounds.
#[derive(Debug, Clone, Default, PartialEq)]
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

    /// The same changes, by another count than that of the sessions.
    pub(crate) fn by(&self, counts: &[u64]) -> Self {
        Self::of(self.changes.clone(), counts)
    }

    /// Δᵢ, one a round.
    pub(crate) fn changes(&self) -> &[f64] {
        &self.changes
    }

    /// The sessions of each round.
    pub(crate) fn sessions(&self) -> &[u64] {
        &self.sessions
    }

    /// ΣΔ.
    pub(crate) fn total(&self) -> f64 {
        self.changes.iter().sum()
    }

    /// Whether every round agrees with the whole.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.agrees(TOLERANCE, SLACK_OBJECTS)
    }

    fn agrees(&self, tolerance: f64, slack: f64) -> bool {
        let k = self.per_session;
        self.sessions.iter().all(|&n| n > 0)
            && self
                .per_round
                .iter()
                .zip(&self.sessions)
                .all(|(rate, &n)| (rate - k).abs() <= tolerance * k.abs() + slack / n as f64)
    }

    /// The grade of constant growth; `None` where growth is not constant, or is none.
    ///
    /// Growth of less than one in a hundred sessions, or of fewer objects than the slack in any of
    /// the first rounds, is not told from chance; where more rounds agree, three such rounds do.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        let k = self.per_session;
        let telling = self.changes.iter().filter(|&&c| c > SLACK_OBJECTS).count();
        let enough = telling >= self.changes.len().min(ROUNDS_THAT_TELL) && self.always_grows();
        if !enough || k < 0.01 || !self.is_constant() {
            return None;
        }
        let is_whole = k > 0.5 && (k - k.round()).abs() <= WHOLE * k.round().max(1.0);
        Some(if is_whole { Grade::A } else { Grade::B })
    }

    /// Whether these are bytes that grow by the same amount per session in every round.
    #[must_use]
    pub fn is_constant_in_bytes(&self) -> bool {
        self.per_session >= LEAST_BYTES
            && self.always_grows()
            && self.agrees(TOLERANCE_OF_BYTES, SLACK_BYTES)
    }

    /// Whether these are bytes that grow in steps, as a buffer that doubles when it is full does: a
    /// level in one round, and later growth again, which something that fills does not show.
    pub(crate) fn grows_in_steps(&self) -> bool {
        let is_level = |rate: &f64| *rate <= LEVEL * self.per_session;
        let after_level = self.per_round.iter().skip_while(|rate| !is_level(rate));
        let grows_again = after_level.skip(1).any(|rate| *rate >= self.per_session);
        let last = self.per_round.last().copied().unwrap_or(0.0);
        grows_again && last.min(self.per_session) >= MUCH_PER_SESSION
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

    /// The change of the round in which it was least.
    pub(crate) fn least(&self) -> f64 {
        self.changes.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Whether it grew in every round.
    pub(crate) fn always_grows(&self) -> bool {
        self.changes.iter().all(|&change| change > 0.0)
    }

    /// Whether the last round brought less per session than this part of what all before it together
    /// brought.
    pub(crate) fn falls_below(&self, part: f64) -> bool {
        let (Some(last), Some((_, before))) = (self.per_round.last(), self.changes.split_last())
        else {
            return false;
        };
        let sessions: u64 = self.sessions.iter().rev().skip(1).sum();
        *last * (sessions as f64) < part * before.iter().sum::<f64>()
    }

    /// How events that come by chance go on: the last round is held against all before it, with
    /// the errors that counts have (those of a Poisson process). `None` if there are too few.
    pub(crate) fn course(&self) -> Option<Course> {
        let (&last, before) = self.changes.split_last()?;
        let (&n_last, n_before) = self.sessions.split_last()?;
        let (before, n_before) = (before.iter().sum::<f64>(), n_before.iter().sum::<u64>());
        let (n_last, n_before) = (n_last as f64, n_before as f64);
        if before + last < CHANCE_EVENTS || n_last == 0.0 || n_before == 0.0 {
            return None;
        }
        let (late, early) = (last / n_last, before / n_before);
        let rate = (before + last) / (n_before + n_last);
        let error = (rate / n_last + rate / n_before).max(0.0).sqrt();
        Some(if late + CHANCE_ERRORS * error >= STEADY * early {
            Course::Steady
        } else if late < ENDING * early {
            Course::Ending
        } else {
            Course::Falling
        })
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

    #[test]
    fn bytes_may_vary_more_than_counts_but_not_jump() {
        let rate = |changes: [i32; 3]| Rate::of(changes.map(f64::from).to_vec(), &SESSIONS);
        assert!(rate([9_800, 21_300, 32_000]).is_constant_in_bytes());
        assert!(!rate([98_000, 21_300, 1_000]).is_constant_in_bytes());
        assert!(!rate([900, 2_000, 3_000]).is_constant_in_bytes());
    }

    #[test]
    fn steps_are_a_level_and_growth_after_it() {
        let sessions = [101, 211, 307, 1857, 9904];
        let steps =
            |bytes: [i32; 5]| Rate::of(bytes.map(f64::from).to_vec(), &sessions).grows_in_steps();
        assert!(steps([0, 0, 4_000_000, 8_000_000, 48_000_000]));
        // A cache that fills, memory that came once, noise.
        assert!(!steps([
            1_010_000, 2_110_000, 3_070_000, 18_570_000, 36_000_000
        ]));
        assert!(!steps([0, 0, 40_000_000, 0, 0]));
        assert!(!steps([0, 0, 40_000, 80_000, 480_000]));
    }

    #[test]
    fn chance_is_told_from_a_table_that_fills() {
        let course = |changes: [i32; 4]| {
            let changes = changes.map(f64::from).to_vec();
            Rate::of(changes, &[101, 211, 307, 619]).course()
        };
        // One in twenty, by chance.
        assert_eq!(course([7, 9, 14, 33]), Some(Course::Steady));
        // 4,000 keys that come by chance, a third of them new at first.
        assert_eq!(course([33, 65, 88, 90]), Some(Course::Ending));
        assert_eq!(course([33, 65, 88, 140]), Some(Course::Falling));
        assert_eq!(course([1, 1, 2, 3]), None);
    }
}
