//! Memory that grows with the sessions outside of everything that V8 knows: allocated by an add-on
//! or by Node.js itself and never freed, or freed and scattered so that the allocator cannot give
//! it back.
//!
//! A snapshot, and the allocator's own ways, move the resident set by some megabytes at any time:
//! what a round brings counts from there. Trips when the native part grew by more than that and by
//! 3 KiB a session in each of the last two rounds, and by that over all rounds together, after rounds
//! beyond those planned: worker threads that come and go swing it up and down. The two are told apart
//! by the course: what is scattered comes to a level as its gaps are used again, a leak does not slow.

use recording::Further;
use units::Bytes;

use super::{Assessment, Finding};
use crate::Outcome;

/// What a round may bring by chance, in bytes.
const NOISE: f64 = 6.0 * 1024.0 * 1024.0;

/// What a warm-up brings that fills pools, starts threads and compiles, in bytes: clean services were
/// seen to take 30 MiB, most of them less than 10.
const WARM: f64 = 32.0 * 1024.0 * 1024.0;

/// Bytes per session that are worth a word.
const LEAST: f64 = 3.0 * 1024.0;

/// What the last round brings is at least this part of what the one before did, or growth slows.
const STEADY: f64 = 0.6;

pub(super) fn rule(assessment: &Assessment<'_>) -> Option<Finding> {
    let native = &assessment.memory.native;
    let further = assessment.one_more_round();
    let went_on = assessment.measured.beyond_plan() > 0;
    let [.., before, last] = native.per_round[..] else {
        return None;
    };
    let [.., sessions_before, sessions_last] = native.sessions()[..] else {
        return None;
    };
    let shows = |rate: f64, sessions: u64| rate >= LEAST.max(NOISE / sessions.max(1) as f64);
    // It has so many sessions that nothing hides what each of them leaves.
    let (warmed_by, warm_up) = assessment.memory.native_in_warm_up;
    let grew_in_warm_up = warmed_by as f64 > WARM.max(LEAST * warm_up as f64);
    if !went_on {
        // So few sessions show only what is large: but what never falls, or brings more than chance all
        // together, is looked at again.
        let sessions: u64 = native.sessions().iter().sum();
        let much = native.total() > NOISE + LEAST * sessions as f64;
        let grows = much || grew_in_warm_up || (before > LEAST && last > LEAST);
        return further.filter(|_| grows).map(again);
    }
    if !shows(last, sessions_last) || native.per_session < LEAST {
        return None;
    }
    if !shows(before, sessions_before) {
        // A planned round is too small to show what it brought; the next one has a large one before it.
        return further.map(again);
    }
    let bytes = Bytes(last as u64);
    if last < STEADY * before {
        return Some(Finding {
            outcome: Outcome::Inconclusive,
            reason: format!(
                "memory outside V8's heap grows by {bytes} per session, but by less and less: \
                 scattered free memory (fragmentation) is likelier than a leak"
            ),
            next: Some(
                "run again with `MALLOC_ARENA_MAX=1` before the command, and compare".into(),
            ),
            further,
        });
    }
    Some(Finding {
        outcome: Outcome::Leaking,
        reason: format!(
            "memory outside V8's heap grows by {bytes} per session and does not slow: a native \
             leak is likelier than fragmentation"
        ),
        next: Some(
            "run again with `MALLOC_ARENA_MAX=1` before the command: if it still grows, look at \
             add-ons and at handles that are never closed"
                .into(),
        ),
        further: None,
    })
}

fn again(further: Further) -> Finding {
    Finding {
        outcome: Outcome::Inconclusive,
        reason: "memory outside V8's heap grows".into(),
        next: Some("run again with ten times the `--sessions`".into()),
        further: Some(further),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, check};
    use super::*;

    const MIB: i64 = 1 << 20;

    #[test]
    fn native_memory_that_does_not_slow_leaks() {
        let run = |steps: &[i64]| {
            Fixture::new(&[101, 211, 307, 619, 1238])
                .planned(3)
                .native(steps)
        };
        let steady = run(&[9 * MIB, 4 * MIB, 7 * MIB, 12 * MIB, 24 * MIB]);
        check(rule, &steady, Some(Outcome::Leaking));
        let slowing = run(&[30 * MIB, 30 * MIB, 30 * MIB, 25 * MIB, 20 * MIB]);
        check(rule, &slowing, Some(Outcome::Inconclusive));
        let noise = run(&[9 * MIB, 4 * MIB, 7 * MIB, 5 * MIB, 5 * MIB]);
        check(rule, &noise, None);
        let unseen = Fixture::new(&[101, 211, 307, 1857]).planned(3).native(&[
            -2 * MIB,
            5 * MIB,
            3 * MIB,
            46 * MIB,
        ]);
        check(rule, &unseen, Some(Outcome::Inconclusive));
        let swings = run(&[9 * MIB, 4 * MIB, -45 * MIB, 12 * MIB, 24 * MIB]);
        check(rule, &swings, None);
    }

    #[test]
    fn few_sessions_only_call_for_more() {
        let run = |steps: &[i64]| Fixture::new(&[101, 211, 307]).native(steps);
        check(
            rule,
            &run(&[9 * MIB, 4 * MIB, 7 * MIB]),
            Some(Outcome::Inconclusive),
        );
        check(rule, &run(&[4 * MIB, 3 * MIB, -MIB]), None);
        let much = run(&[4 * MIB, -MIB, 7 * MIB]);
        check(rule, &much, Some(Outcome::Inconclusive));
        // The snapshots hid what they brought; the warm-up shows it, or started some threads.
        let hidden = || run(&[-2 * MIB, MIB / 2, 7 * MIB]);
        check(rule, &hidden(), None);
        check(
            rule,
            &hidden().warm_up(257 * MIB, 10_365),
            Some(Outcome::Inconclusive),
        );
        check(rule, &hidden().warm_up(31 * MIB, 10_365), None);
        check(rule, &hidden().warm_up(257 * MIB, 100_000), None);
    }
}
