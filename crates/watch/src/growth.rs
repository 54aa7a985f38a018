//! How a figure grows, and what that says so far.
//!
//! A heap's curve is a saw: garbage piles up until it is collected, and only the feet of the teeth
//! tell what stays. So the time is cut into equal parts, and the least reading of each is taken. The
//! slope is Theil and Sen's: the median of the slopes of all pairs, which a third of wild readings
//! does not move. The noise floor is what the scatter around that line could pretend: the slope
//! between two readings that are as far off as nine in ten are, over the whole time.
//!
//! Cost: constant, for the number of parts is.

use std::fmt;

use crate::metric::Unit;

/// Parts that the time is cut into.
const PARTS: usize = 24;

/// Parts, and seconds, before which nothing is said.
const FEWEST_PARTS: usize = 6;
const SHORTEST: f64 = 30.0;

/// A slope so many times the noise is growth.
const CLEAR: f64 = 2.0;

/// Growth of less than this share of the amount, over the whole time, is none worth a word.
const WORTH_A_WORD: f64 = 0.01;

/// A later half that grows by less than this share of the first is leveling off.
const LEVELING: f64 = 0.4;

/// What growth says of a leak so far. A proof is what `leakscope hunt` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It was not watched for long enough.
    TooEarly,
    /// It does not grow beyond its noise.
    Steady,
    /// It grew, and grows less and less.
    LevelingOff,
    /// It grows and goes on growing.
    LooksLikeALeak,
}

/// The growth of a figure over a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The amount that a minute adds.
    pub per_minute: f64,
    /// What noise alone could pretend, a minute.
    pub noise_per_minute: f64,
    /// How long it was watched, in seconds.
    pub seconds: f64,
    /// What that says.
    pub judgement: Judgement,
}

impl Growth {
    /// Of a figure's times, in seconds, and amounts, in order.
    #[must_use]
    pub fn of(series: &[(f64, f64)]) -> Self {
        let seconds = match (series.first(), series.last()) {
            (Some(first), Some(last)) => last.0 - first.0,
            _ => 0.0,
        };
        let feet = feet(series);
        let slope = slope(&feet).unwrap_or(0.0);
        let noise = noise(&feet, slope, seconds);
        let judgement = if seconds < SHORTEST || feet.len() < FEWEST_PARTS {
            Judgement::TooEarly
        } else {
            judge(&feet, slope, noise, seconds)
        };
        Self {
            per_minute: slope * 60.0,
            noise_per_minute: noise * 60.0,
            seconds,
            judgement,
        }
    }

    /// The sentence about it, for a figure of this name and unit.
    #[must_use]
    pub fn sentence(&self, name: &str, unit: Unit) -> String {
        let Self {
            per_minute,
            noise_per_minute,
            seconds,
            judgement,
        } = *self;
        let rate = format!("{}/min", unit.show_change(per_minute));
        let noise = format!("noise ±{}/min", unit.show(noise_per_minute));
        let watched = Span(seconds);
        match judgement {
            Judgement::TooEarly => {
                let missing = Span((SHORTEST - seconds).max(1.0));
                format!("{name}: too early to tell, {missing} more are needed")
            }
            Judgement::Steady => {
                format!("{name}: no leak to be seen in {watched}: {rate} ({noise})")
            }
            Judgement::LevelingOff => {
                format!("{name}: grew, and is leveling off: {rate} over {watched} ({noise})")
            }
            Judgement::LooksLikeALeak => {
                format!("{name}: looks like a leak so far: {rate} over {watched} ({noise})")
            }
        }
    }
}

fn judge(feet: &[(f64, f64)], all: f64, noise: f64, seconds: f64) -> Judgement {
    let level = median(feet.iter().map(|&(_, amount)| amount).collect()).unwrap_or(0.0);
    let is_clear = all > CLEAR * noise && all * seconds > WORTH_A_WORD * level;
    if !is_clear {
        return Judgement::Steady;
    }
    let (first, second) = feet.split_at(feet.len() / 2);
    let later = slope(second).unwrap_or(0.0);
    let earlier = slope(first).unwrap_or(0.0);
    match later < LEVELING * earlier {
        true => Judgement::LevelingOff,
        false => Judgement::LooksLikeALeak,
    }
}

/// The least reading of each part of the time.
fn feet(series: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (series.first(), series.last()) else {
        return Vec::new();
    };
    let length = (last.0 - first.0) / PARTS as f64;
    let mut feet: Vec<(usize, (f64, f64))> = Vec::new();
    for &(at, amount) in series {
        let part = match length > 0.0 {
            true => (((at - first.0) / length) as usize).min(PARTS - 1),
            false => 0,
        };
        match feet.last_mut() {
            Some((known, foot)) if *known == part => {
                if amount < foot.1 {
                    *foot = (at, amount);
                }
            }
            _ => feet.push((part, (at, amount))),
        }
    }
    feet.into_iter().map(|(_, foot)| foot).collect()
}

/// Theil and Sen's slope: the median of those of all pairs.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (i, a) in points.iter().enumerate() {
        for b in &points[i + 1..] {
            if b.0 > a.0 {
                slopes.push((b.1 - a.1) / (b.0 - a.0));
            }
        }
    }
    median(slopes)
}

/// The slope that two readings could pretend which are as far off the line as nine in ten are.
fn noise(points: &[(f64, f64)], slope: f64, seconds: f64) -> f64 {
    if points.is_empty() || seconds <= 0.0 {
        return 0.0;
    }
    let offsets = points.iter().map(|&(at, amount)| amount - slope * at);
    let Some(offset) = median(offsets.collect()) else {
        return 0.0;
    };
    let mut distances: Vec<f64> = points
        .iter()
        .map(|&(at, amount)| (amount - slope * at - offset).abs())
        .collect();
    distances.sort_by(f64::total_cmp);
    let at = (distances.len() * 9).div_ceil(10).saturating_sub(1);
    // The scatter of a slope falls with the number of readings.
    let spread = 2.0 * distances[at] / (points.len() as f64).sqrt();
    2.0 * spread / seconds
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// Seconds for a person to read.
struct Span(f64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds < 120.0 => write!(f, "{seconds:.0} s"),
            seconds if seconds < 7200.0 => write!(f, "{:.0} min", seconds / 60.0),
            seconds => write!(f, "{:.1} h", seconds / 3600.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// A figure that is read once a second.
    fn series(seconds: u32, amount: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..=seconds)
            .map(|second| (f64::from(second), amount(f64::from(second))))
            .collect()
    }

    /// Garbage that is collected every 17 seconds.
    fn saw(at: f64) -> f64 {
        (at % 17.0) * MIB
    }

    fn judged(series: &[(f64, f64)]) -> Judgement {
        Growth::of(series).judgement
    }

    #[test]
    fn a_saw_is_steady_and_a_rising_saw_is_not() {
        let steady = series(300, |at| 40.0 * MIB + saw(at));
        assert_eq!(judged(&steady), Judgement::Steady);
        let rising = series(300, |at| 40.0 * MIB + saw(at) + at * MIB / 30.0);
        let growth = Growth::of(&rising);
        assert_eq!(growth.judgement, Judgement::LooksLikeALeak);
        assert!((growth.per_minute / MIB - 2.0).abs() < 0.2, "{growth:?}");
    }

    #[test]
    fn what_slows_down_is_leveling_off() {
        let filling = series(300, |at| {
            40.0 * MIB + 30.0 * MIB * (1.0 - (-at / 60.0).exp())
        });
        assert_eq!(judged(&filling), Judgement::LevelingOff);
    }

    #[test]
    fn noise_and_a_shrinking_heap_are_no_growth() {
        // Two waves that meet nowhere: as good as chance, and the same every time.
        let noisy = series(300, |at| {
            40.0 * MIB + 5.0 * MIB * ((at * 1.7).sin() + (at * 0.9).cos())
        });
        assert_eq!(judged(&noisy), Judgement::Steady);
        let shrinking = series(300, |at| 40.0 * MIB - at * MIB / 30.0);
        assert_eq!(judged(&shrinking), Judgement::Steady);
        assert_eq!(judged(&series(300, |_| MIB)), Judgement::Steady);
        let step = series(300, |at| if at < 20.0 { 30.0 * MIB } else { 60.0 * MIB });
        assert_eq!(judged(&step), Judgement::Steady);
    }

    #[test]
    fn nothing_is_said_too_early() {
        assert_eq!(judged(&series(10, |at| at * MIB)), Judgement::TooEarly);
        assert_eq!(judged(&[]), Judgement::TooEarly);
        assert_eq!(judged(&[(0.0, 1.0), (100.0, 2.0)]), Judgement::TooEarly);
    }

    #[test]
    fn the_sentence_has_rate_noise_and_time() {
        let rising = series(300, |at| 40.0 * MIB + at * MIB / 30.0);
        let sentence = Growth::of(&rising).sentence("heap_used", Unit::Bytes);
        assert_eq!(
            sentence,
            "heap_used: looks like a leak so far: +2.0 MiB/min over 5 min (noise ±0 B/min)"
        );
        let early = Growth::of(&series(10, |_| MIB)).sentence("rss", Unit::Bytes);
        assert_eq!(early, "rss: too early to tell, 20 s more are needed");
    }
}
