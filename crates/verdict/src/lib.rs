//! Whether the facts of a run show a leak, and why.
//!
//! Owns the judgement: rates per session, the rules, and the names of holder, path, writer and
//! mechanism. Pure: the same [`Evidence`] always gives the same [`Verdict`]. Must not know text
//! layout, color or width, nor where the facts came from.

mod evidence;
mod naming;
mod rate;
mod rules;
mod suspects;
mod verdict;

use recording::Recording;

pub use evidence::{Allocator, Evidence, Package, Script, Snapshots, Sources};
pub use rate::{Grade, Rate};
pub use verdict::{
    ClassRate, Holder, Outcome, RoundFigures, SCHEMA, Sessions, SourceLine, Suspect, Verdict,
    json_schema,
};

use naming::Namer;
use rules::Assessment;
use suspects::Measured;

/// Judges a run.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let measured = Measured::of(evidence);
    let candidates = match &evidence.snapshots {
        Some(pair) => suspects::candidates(&measured, pair),
        None => Vec::new(),
    };
    let bytes = bytes_rate(evidence.recording);
    let finding = rules::decide(&Assessment {
        recording: evidence.recording,
        measured: &measured,
        candidates: &candidates,
        bytes: &bytes,
    });
    let suspects = match &evidence.snapshots {
        Some(pair) => named(evidence, &measured, pair, &candidates),
        None => Vec::new(),
    };
    Verdict {
        schema: SCHEMA.into(),
        outcome: finding.outcome,
        reason: finding.reason,
        next: finding.next,
        next_round: next_round(&measured).filter(|_| {
            let planned = evidence.recording.plan.rounds.len();
            finding.wants_more && measured.rounds.len() < planned + rules::MORE_ROUNDS
        }),
        sessions: sessions(evidence.recording),
        rounds: round_figures(evidence.recording),
        bytes_per_session: bytes.per_session,
        suspects,
        warnings: warnings(evidence.recording),
    }
}

/// As many sessions as all rounds before, so that a cache's bound is met soon.
fn next_round(measured: &Measured<'_>) -> Option<u64> {
    let sessions = measured.sessions.iter().sum();
    (sessions > 0).then_some(sessions)
}

/// The candidates with their names; where nothing gains with the sessions, what gains with time.
fn named(
    evidence: &Evidence<'_>,
    measured: &Measured<'_>,
    pair: &Snapshots<'_>,
    candidates: &[suspects::Candidate],
) -> Vec<Suspect> {
    let timed = match candidates {
        [] => rules::growth_with_time::holder(evidence.recording, measured),
        _ => None,
    };
    if candidates.is_empty() && timed.is_none() {
        return Vec::new();
    }
    let namer = Namer::new(pair, evidence.sources);
    let timed = timed.and_then(|(id, per_second)| {
        let candidate = suspects::by_time(measured, id, pair.last)?;
        Some(Suspect {
            gains_per_second: Some(per_second),
            ..namer.suspect(1, &candidate)
        })
    });
    let ranked = (1..).zip(candidates);
    let by_session = ranked.map(|(rank, candidate)| namer.suspect(rank, candidate));
    by_session.chain(timed).collect()
}

/// Heap and external memory after collection, per session of the measured rounds.
fn bytes_rate(recording: &Recording) -> Rate {
    let rounds = recording.rounds();
    let size = |heap: &recording::HeapFigures| heap.heap_used as f64 + heap.external as f64;
    let changes = rounds
        .iter()
        .map(|r| size(&r.after.heap) - size(&r.before.heap))
        .collect();
    let sessions: Vec<u64> = rounds.iter().map(|r| r.ledger.created).collect();
    Rate::of(changes, &sessions)
}

fn sessions(recording: &Recording) -> Sessions {
    let mut total = recording::Ledger::default();
    for round in recording.rounds() {
        total.add(round.ledger);
    }
    Sessions {
        created: total.created,
        completed: total.completed,
        failed: total.failed,
    }
}

fn round_figures(recording: &Recording) -> Vec<RoundFigures> {
    let figures = |round: &recording::Round<'_>| RoundFigures {
        sessions: round.ledger.created,
        heap_used_bytes: round.after.heap.heap_used,
        external_bytes: round.after.heap.external,
        rss_bytes: round.after.memory.rss,
    };
    recording.rounds().iter().map(figures).collect()
}

fn warnings(recording: &Recording) -> Vec<String> {
    let mut warnings = recording.warnings.clone();
    let restless = recording
        .rounds()
        .iter()
        .filter(|round| !round.after.at_rest)
        .count();
    if restless > 0 {
        warnings.push(format!(
            "the service did not come to rest after {restless} of {} rounds; give it longer with \
             `--max-settle`",
            recording.rounds().len()
        ));
    }
    warnings
}
