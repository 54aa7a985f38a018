//! When sessions arrive: a plan is a pure function of the script and a seed.
//!
//! Every arrival has its time in closed form, so that a plan can be split among machines and its
//! total is known before the first session starts. With the rate r(t) of a phase and its integral
//! A(t) = ∫r, arrival k (from 0) comes at the time t with A(t) = k, and ⌊A(duration)⌋ arrive in all:
//!
//! - `arrivalRate: r`: A(t) = r·t, so arrival k comes at k/r;
//! - `rampTo: b` from a over d seconds: A(t) = a·t + (b − a)·t²/(2d), a line where Artillery climbs
//!   a stair of one step a second;
//! - `arrivalCount: n` within d seconds: r = n/d;
//! - `pause`: r = 0.
//!
//! As Poisson process the k-th time is A⁻¹ of a sum of k + 1 exponentially distributed steps. Where
//! the script fixes the number of arrivals, these are scaled so that all of them come in time.

use std::time::Duration;

/// A stretch of a script's own plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phase {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// How long it lasts.
    pub duration: Duration,
    /// Arrivals a second at its start.
    pub arrival_rate: f64,
    /// Arrivals a second at its end, where it differs.
    pub ramp_to: Option<f64>,
    /// So many arrivals in all, whatever the rate says.
    pub arrival_count: Option<u64>,
    /// At most so many sessions at once; arrivals beyond are skipped.
    pub max_vusers: Option<u64>,
    /// How arrivals are spread, where the phase says so itself.
    pub spread: Option<Spread>,
}

/// How arrivals are spread over a phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spread {
    /// As evenly as the rate allows.
    #[default]
    Uniform,
    /// As if nobody knew of anybody else: a Poisson process.
    Poisson,
}

impl Phase {
    /// The highest rate within the phase.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        match self.arrival_count {
            Some(count) => count as f64 / self.duration.as_secs_f64().max(0.001),
            None => self.arrival_rate.max(self.ramp_to.unwrap_or(0.0)),
        }
    }
}

/// A known number of arrivals, each at a known time.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    stretches: Vec<Stretch>,
}

/// One arrival of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the whole plan, from 0.
    pub index: u64,
    /// When it comes, from the start of the plan.
    pub at: Duration,
    /// The phase it belongs to, from 0.
    pub phase: usize,
}

/// A phase of the plan, worked out.
#[derive(Debug, Clone, PartialEq)]
struct Stretch {
    start: Duration,
    sessions: u64,
    rate: Rate,
    /// Drawn from this seed, if it is a Poisson process.
    seed: Option<u64>,
    /// What the steps of a Poisson process are multiplied with.
    scale: f64,
}

/// Arrivals a second: a line over time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rate {
    from: f64,
    to: f64,
    seconds: f64,
}

impl Rate {
    /// A(duration): how many arrive in all, as a real number.
    fn integral(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.seconds
    }

    /// The time at which so many have arrived: A⁻¹, in the form that is exact for level rates too.
    fn time_of(&self, arrived: f64) -> Duration {
        let slope = (self.to - self.from) / self.seconds;
        let under_root = (self.from * self.from + 2.0 * arrived * slope).max(0.0);
        let seconds = match slope == 0.0 || self.seconds == 0.0 {
            true => arrived / self.from,
            false => 2.0 * arrived / (self.from + under_root.sqrt()),
        };
        // All come at once where the rate is no positive number.
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

impl Arrivals {
    /// `sessions` arrivals, `per_second` of them a second, the first at once.
    #[must_use]
    pub fn paced(sessions: u64, per_second: f64) -> Self {
        let rate = Rate {
            from: per_second,
            to: per_second,
            seconds: sessions as f64 / per_second,
        };
        let stretch = Stretch {
            start: Duration::ZERO,
            sessions,
            rate,
            seed: None,
            scale: 1.0,
        };
        Self {
            stretches: vec![stretch],
        }
    }

    /// The plan of a script's phases, one after another; a script without any has one session.
    /// Phases that do not say how they spread their arrivals spread them as `spread` says.
    #[must_use]
    pub fn of_phases(phases: &[Phase], spread: Spread, seed: u64) -> Self {
        if phases.is_empty() {
            return Self::paced(1, 1.0);
        }
        let mut start = Duration::ZERO;
        let mut stretches = Vec::with_capacity(phases.len());
        for (phase, nth) in phases.iter().zip(0..) {
            let spread = phase.spread.unwrap_or(spread);
            stretches.push(Stretch::of(phase, start, spread, mixed(seed ^ mixed(nth))));
            start += phase.duration;
        }
        Self { stretches }
    }

    /// How many sessions arrive.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.stretches.iter().map(|stretch| stretch.sessions).sum()
    }

    /// How many sessions arrive in the phase with this number, from 0.
    #[must_use]
    pub fn sessions_of(&self, phase: usize) -> u64 {
        self.stretches.get(phase).map_or(0, |s| s.sessions)
    }

    /// When the phase with this number begins.
    #[must_use]
    pub fn start_of(&self, phase: usize) -> Duration {
        self.stretches
            .get(phase)
            .map_or(Duration::ZERO, |s| s.start)
    }

    /// Every arrival in its order.
    pub fn iter(&self) -> impl Iterator<Item = Arrival> + '_ {
        let in_phases = self
            .stretches
            .iter()
            .enumerate()
            .flat_map(|(phase, stretch)| {
                let times = stretch.times();
                times.map(move |at| (phase, stretch.start + at))
            });
        in_phases
            .zip(0..)
            .map(|((phase, at), index)| Arrival { index, at, phase })
    }
}

impl Stretch {
    fn of(phase: &Phase, start: Duration, spread: Spread, seed: u64) -> Self {
        let seconds = phase.duration.as_secs_f64();
        let level = |rate| Rate {
            from: rate,
            to: rate,
            seconds,
        };
        let rate = match (phase.arrival_count, phase.ramp_to) {
            (Some(count), _) => level(count as f64 / seconds),
            (None, Some(to)) => Rate {
                from: phase.arrival_rate,
                to,
                seconds,
            },
            (None, None) => level(phase.arrival_rate),
        };
        let sessions = phase
            .arrival_count
            .unwrap_or_else(|| whole(rate.integral()));
        let stretch = Self {
            start,
            sessions,
            rate,
            seed: None,
            scale: 1.0,
        };
        match spread {
            Spread::Uniform => stretch,
            Spread::Poisson => stretch.drawn(seed, phase.arrival_count),
        }
    }

    /// The same as a Poisson process; with exactly `count` arrivals, if that is given.
    fn drawn(self, seed: u64, count: Option<u64>) -> Self {
        let expected = self.rate.integral();
        let steps = Steps::new(seed);
        let (sessions, scale) = match count {
            // Given their number, arrivals are spread as n of n + 1 steps are over their sum.
            Some(count) => {
                let sum = steps.take(count as usize + 1).last().unwrap_or(1.0);
                (count, count as f64 / sum)
            }
            None => (steps.take_while(|&at| at < expected).count() as u64, 1.0),
        };
        Self {
            sessions,
            seed: Some(seed),
            scale,
            ..self
        }
    }

    fn times(&self) -> impl Iterator<Item = Duration> + '_ {
        let mut steps = self.seed.map(Steps::new);
        (0..self.sessions).map(move |k| {
            let drawn = steps.as_mut().and_then(Iterator::next);
            self.rate
                .time_of(drawn.map_or(k as f64, |at| at * self.scale))
        })
    }
}

/// Rounded down, but for what floating-point arithmetic lacks of a whole number.
fn whole(number: f64) -> u64 {
    (number + 1e-6).floor().max(0.0) as u64
}

/// The times of a Poisson process of one arrival a second.
struct Steps {
    state: u64,
    at: f64,
}

impl Steps {
    fn new(seed: u64) -> Self {
        Self {
            state: seed,
            at: 0.0,
        }
    }
}

impl Iterator for Steps {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        // Above 0, so that the logarithm is finite.
        let uniform = ((mixed(self.state) >> 11) + 1) as f64 / (1u64 << 53) as f64;
        self.at -= uniform.ln();
        Some(self.at)
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn level(rate: f64, duration: u64) -> Phase {
        Phase {
            duration: seconds(duration),
            arrival_rate: rate,
            ..Phase::default()
        }
    }

    fn ramp(from: f64, to: f64, duration: u64) -> Phase {
        Phase {
            ramp_to: Some(to),
            ..level(from, duration)
        }
    }

    fn counted(count: u64, duration: u64) -> Phase {
        Phase {
            arrival_count: Some(count),
            ..level(0.0, duration)
        }
    }

    fn total(phase: Phase) -> u64 {
        let plan = Arrivals::of_phases(&[phase], Spread::Uniform, 0);
        assert_eq!(plan.iter().count() as u64, plan.sessions());
        plan.sessions()
    }

    fn times(arrivals: &Arrivals) -> Vec<Duration> {
        arrivals.iter().map(|arrival| arrival.at).collect()
    }

    #[test]
    fn arrivals_are_spread_evenly_from_the_start() {
        let arrivals = Arrivals::paced(101, 50.0);
        assert_eq!(arrivals.sessions(), 101);
        let times = times(&arrivals);
        assert_eq!(times[0], Duration::ZERO);
        assert_eq!(times[1], Duration::from_millis(20));
        assert_eq!(times[100], seconds(2));
    }

    #[test]
    fn a_rate_that_is_none_does_not_stop_the_clock() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                times(&Arrivals::paced(3, rate)),
                [Duration::ZERO; 3],
                "{rate}"
            );
        }
    }

    #[test]
    fn the_total_is_the_integral_of_the_rate_rounded_down() {
        for (phase, expected) in [
            (level(10.0, 120), 1200),
            (level(2400.0, 8), 19_200),
            (level(0.5, 10), 5),
            (level(0.1, 30), 3),
            (level(0.0, 60), 0),
            (ramp(5.0, 50.0, 10), 275),
            (ramp(1.0, 12.0, 7), 45),
            (ramp(0.0, 10.0, 10), 50),
            (ramp(50.0, 0.0, 10), 250),
            (counted(300, 7), 300),
        ] {
            assert_eq!(total(phase.clone()), expected, "{phase:?}");
        }
    }

    /// The closed form, checked against the integral it was derived from.
    #[test]
    fn a_ramp_comes_to_its_rate_in_a_line() {
        for (from, to) in [(5.0, 50.0), (0.0, 20.0), (40.0, 10.0), (30.0, 0.0)] {
            let plan = Arrivals::of_phases(&[ramp(from, to, 10)], Spread::Uniform, 0);
            for arrival in plan.iter() {
                let t = arrival.at.as_secs_f64();
                let arrived = from * t + (to - from) * t * t / 20.0;
                let error = (arrived - arrival.index as f64).abs();
                assert!(error < 1e-4, "{from} to {to}: {arrival:?} {arrived}");
                assert!(arrival.at <= seconds(10));
            }
        }
    }

    #[test]
    fn phases_follow_one_another_and_pauses_hold_nobody() {
        let phases = [level(1.0, 3), level(0.0, 5), counted(2, 4)];
        let plan = Arrivals::of_phases(&phases, Spread::Uniform, 0);
        let expected = [(0, 0), (1, 0), (2, 0), (8, 2), (10, 2)];
        let arrived: Vec<_> = plan.iter().map(|a| (a.at.as_secs(), a.phase)).collect();
        assert_eq!(arrived, expected);
        assert!(plan.iter().map(|a| a.index).eq(0..5));
        assert_eq!(Arrivals::of_phases(&[], Spread::Uniform, 0).sessions(), 1);
    }

    #[test]
    fn a_poisson_process_has_its_rate_and_follows_from_its_seed() {
        let plan = |seed| Arrivals::of_phases(&[level(50.0, 400)], Spread::Poisson, seed);
        assert_eq!(plan(7), plan(7));
        assert_ne!(times(&plan(7)), times(&plan(8)));
        let sessions = plan(7).sessions();
        // 20,000 expected; five standard deviations are 707.
        assert!((19_293..20_707).contains(&sessions), "{sessions}");
        let times = times(&plan(7));
        assert!(times.is_sorted() && *times.last().unwrap() < seconds(400));
        // Gaps are exponential: as long as their mean or longer in 1/e of all cases.
        let long = times
            .windows(2)
            .filter(|w| w[1] - w[0] >= Duration::from_millis(20));
        let share = long.count() as f64 / sessions as f64;
        assert!((share - (-1f64).exp()).abs() < 0.02, "{share}");
    }

    #[test]
    fn a_counted_poisson_process_has_all_of_its_arrivals_in_time() {
        let plan = Arrivals::of_phases(&[counted(300, 7)], Spread::Poisson, 3);
        let times = times(&plan);
        assert_eq!(times.len(), 300);
        assert!(times.is_sorted() && *times.last().unwrap() < seconds(7));
    }
}
