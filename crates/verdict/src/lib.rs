//! Whether the facts of a run show a leak, and why.
//!
//! Owns the judgement: rates per session, the rules, and the names of holder, path, writer and
//! mechanism. Pure: the same [`Evidence`] always gives the same [`Verdict`]. Must not know text
//! layout, color or width, nor where the facts came from.

mod accept;
mod budget;
mod compare;
mod evidence;
mod isolates;
mod measured;
mod memory;
mod naming;
mod proof;
mod rate;
mod resources;
mod rules;
mod suspects;
mod verdict;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use recording::Recording;

pub use accept::{Acceptance, Accepted};
pub use budget::{Budget, BudgetCheck, BudgetError};
pub use compare::{ComparedLeak, Comparison, Progress};
pub use evidence::{Allocator, Evidence, Frame, Package, Script, Snapshots, Sources};
pub use isolates::{Isolate, IsolateKind, Joint, JudgedIsolate, Member, Part, together};
pub use memory::{MemoryGrowth, MemorySplit};
pub use proof::Proof;
pub use rate::{Grade, Rate};
pub use verdict::{
    ClassRate, Holder, Outcome, RoundFigures, SCHEMA, Sessions, SourceLine, Suspect, Unit, Verdict,
    json_schema,
};

use compare::Observed;
use naming::Namer;
use rules::Assessment;
use suspects::{Candidate, Fate, Measured};

/// Judges one isolate of a run; `recording` and `growth` are that isolate's.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let measured = Measured::of(evidence);
    let candidates = suspects::candidates(evidence, &measured);
    // Where nothing grows there is nothing to name.
    let namer = LazyCell::new(|| {
        let pair = evidence.snapshots.as_ref();
        pair.map(|pair| Namer::new(pair, evidence.sources))
    });
    let may_be_bounded = |candidate: &Candidate| {
        let namer = namer.as_ref();
        namer.is_some_and(|namer| namer.may_be_bounded(candidate))
    };
    let resources = resources::leaking(evidence.recording, &measured);
    let bytes = bytes_rate(evidence.recording);
    let (rule, finding) = rules::decide(&Assessment {
        recording: evidence.recording,
        measured: &measured,
        candidates: &candidates,
        may_be_bounded: &may_be_bounded,
        resources: &resources,
        bytes: &bytes,
        memory: &memory::Growths::of(evidence.recording),
    });
    // What a drain released is no suspect.
    let kept: Vec<Candidate> = candidates
        .into_iter()
        .filter(|c| c.fate != Fate::Released)
        .collect();
    let timed = match kept.as_slice() {
        [] => rules::growth_with_time::holder(evidence.recording, &measured),
        _ => None,
    };
    let mut suspects = match (kept.as_slice(), timed) {
        ([], None) => Vec::new(),
        _ => namer
            .as_ref()
            .map_or_else(Vec::new, |namer| named(&measured, namer, &kept, timed)),
    };
    if suspects.is_empty() {
        let leaking = resources.iter().filter(|r| r.fate != Fate::Released);
        let ranked = (1..).zip(leaking);
        suspects.extend(ranked.map(|(rank, r)| naming::of_resource(rank, r, evidence.sources)));
    }
    Verdict {
        schema: SCHEMA.into(),
        outcome: finding.outcome,
        rule: rule.into(),
        reason: finding.reason,
        next: finding.next,
        further: finding.further,
        sessions: sessions(evidence.recording),
        rounds: round_figures(evidence.recording),
        bytes_per_session: bytes.per_session,
        memory: MemoryGrowth::of(evidence.recording),
        suspects,
        warnings: warnings(evidence.recording),
        isolates: Vec::new(),
        budgets: Vec::new(),
        comparison: None,
        observed: observed(&measured),
    }
}

/// The rates of all classes that changed in a round.
fn observed(measured: &Measured<'_>) -> Observed {
    let of = |growth: &heap::Growth, class: &str| {
        let found = growth.classes.iter().find(|c| c.class == class);
        found.map_or(0, |c| c.delta) as f64
    };
    let names = measured.rounds.iter().flat_map(|growth| &growth.classes);
    let names: BTreeSet<&str> = names.map(|class| class.class.as_str()).collect();
    let rate = |name: &str| measured.rate(|growth| of(growth, name));
    Observed {
        classes: names.into_iter().map(|n| (n.to_owned(), rate(n))).collect(),
        sessions: measured.sessions.iter().sum(),
    }
}

/// The candidates with their names, and what gains with time.
fn named(
    measured: &Measured<'_>,
    namer: &Namer<'_>,
    candidates: &[Candidate],
    timed: Option<(heap::NodeId, f64)>,
) -> Vec<Suspect> {
    let timed = timed.and_then(|(id, per_second)| {
        let candidate = suspects::by_time(measured, id, namer.last)?;
        Some(Suspect {
            gains_per_second: Some(per_second),
            ..namer.suspect(1, &candidate)
        })
    });
    let ranked = (1..).zip(candidates);
    let by_session = ranked.map(|(rank, candidate)| namer.suspect(rank, candidate));
    let mut named: Vec<Suspect> = by_session.chain(timed).collect();
    // Of those that keep the same, first the one of which the line is known.
    named.sort_by(|a, b| {
        let by_bytes = b.bytes_per_session.total_cmp(&a.bytes_per_session);
        by_bytes.then(a.writer.is_none().cmp(&b.writer.is_none()))
    });
    for (rank, suspect) in (1..).zip(&mut named) {
        suspect.rank = rank;
    }
    named
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
    // Nobody expects rest in the middle of a load.
    let under_load = usize::from(recording.plan.walkthrough);
    let rounds = recording.rounds();
    let after_load = rounds.iter().skip(under_load);
    let restless = after_load.filter(|round| !round.after.at_rest).count();
    if restless > 0 {
        warnings.push(format!(
            "the service did not come to rest after {restless} of {} rounds; give it longer with \
             `--max-settle`",
            rounds.len() - under_load
        ));
    }
    warnings
}

#[cfg(test)]
mod fixture;
