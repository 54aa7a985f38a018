//! What grows with the sessions: objects that gain the same number of entries per session in every
//! round; where no single object is seen to, classes that do, and objects that keep more and more
//! bytes alive.
//!
//! One leak is found once: of several holders of the same objects, the one that keeps most bytes
//! stands for all; and what a holder drags along is not looked for again.

mod by_bytes;
mod by_class;
mod by_entries;
pub(crate) mod telling;

use heap::{NodeId, NodeIx};

use crate::rate::{Course, Grade, Rate};
use crate::{Evidence, Snapshots};

pub(crate) use crate::measured::{Measured, Unit};
pub(crate) use by_entries::by_time;

/// Holders that account for less than this part of what memory grows by do not explain it.
const EXPLAINED: f64 = 0.5;

/// Part of what it gained that an object loses in a drain if it was a backlog.
const RELEASED: f64 = 0.9;
/// An object that loses a smaller part holds on to the rest.
const KEPT: f64 = 0.1;

/// An object that gains per session, before it has a name.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The object to be named: in the last of the snapshots.
    pub(crate) holder: NodeIx,
    pub(crate) gains: Rate,
    pub(crate) grade: Grade,
    /// What the gains are a whole number of, if not of the sessions.
    pub(crate) unit: Option<(String, Rate)>,
    /// Classes that pile up at a constant rate, with bytes per session and depth below the holder.
    pub(crate) classes: Vec<ClassGrowth>,
    pub(crate) bytes_per_session: f64,
    /// Whether it piles up inside of what the holder holds, and the holder itself gains nothing.
    pub(crate) inside: bool,
    /// Whether the gains are bytes.
    pub(crate) in_bytes: bool,
    /// Whether the gains are those of a class, and the holder is only on the way to it.
    pub(crate) of_class: bool,
    /// What became of the gains in the drain.
    pub(crate) fate: Fate,
}

/// One class that piles up below a holder.
#[derive(Debug, Clone)]
pub(crate) struct ClassGrowth {
    pub(crate) class: String,
    pub(crate) rate: Rate,
    pub(crate) bytes_per_session: f64,
    pub(crate) depth: u32,
}

/// What became, without load, of what piled up under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// There was no drain.
    Unknown,
    /// It is still there.
    Kept,
    /// Some of it went.
    Going,
    /// It went: it was a backlog, or had a time to live.
    Released,
}

impl Fate {
    /// Of something that gained `gained` over the rounds, and then `change` over the drain, in
    /// which `expected` more would have come.
    pub(crate) fn of(measured: &Measured<'_>, gained: &Rate, change: f64) -> Self {
        if measured.drains.is_empty() {
            return Self::Unknown;
        }
        let expected = gained.per_session * measured.drain_sessions as f64;
        let lost = expected - change;
        let total = gained.total();
        if lost >= RELEASED * total {
            Self::Released
        } else if lost > KEPT * total {
            Self::Going
        } else {
            Self::Kept
        }
    }
}

/// All leaks, most bytes first. Those that a drain released are among them.
pub(crate) fn candidates(evidence: &Evidence<'_>, measured: &Measured<'_>) -> Vec<Candidate> {
    let Some(pair) = &evidence.snapshots else {
        return Vec::new();
    };
    let mut found = by_entries::candidates(measured, pair);
    if let Some((whole, rest)) = of_many_places(measured, pair, &found) {
        found = rest;
        found.push(whole);
    }
    let explained: f64 = found.iter().map(|c| c.bytes_per_session).sum();
    if found.is_empty() || explained < EXPLAINED * measured.heap.per_session {
        let chained = by_class::candidate(measured, pair, &found);
        let chained = chained.or_else(|| by_bytes::candidate(measured, pair, &found));
        found.extend(chained);
    }
    found.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    found
}

/// Where several objects of one kind gain a fraction each, and what they gain is a whole number
/// together: what keeps all of them, and what else was found. A list for each of a few tenants is
/// one leak.
fn of_many_places(
    measured: &Measured<'_>,
    pair: &Snapshots<'_>,
    found: &[Candidate],
) -> Option<(Candidate, Vec<Candidate>)> {
    let class = |c: &Candidate| pair.analysis.class_of(c.holder);
    let is_part = |c: &&Candidate| {
        let same = found.iter().filter(|d| class(d) == class(c));
        c.grade == Grade::B && same.count() > 1
    };
    let (parts, others): (Vec<_>, Vec<_>) = found.iter().partition(is_part);
    let others: Vec<Candidate> = others.into_iter().cloned().collect();
    let whole = parts
        .first()
        .and_then(|_| by_class::candidate(measured, pair, &others))?;
    let keepers = |node| heap::keepers((pair.last, pair.analysis), node);
    let belongs = |c: &&Candidate| {
        let piles_up = |class: &str| whole.classes.iter().any(|w| w.class == class);
        let main = telling::main_class(&c.classes);
        main.is_some_and(|main| piles_up(&main.class))
            && keepers(c.holder).any(|n| n == whole.holder)
    };
    let (own, strangers): (Vec<_>, Vec<_>) = parts.into_iter().partition(belongs);
    let rest = others.into_iter().chain(strangers.into_iter().cloned());
    (own.len() > 1).then(|| (whole, rest.collect()))
}

/// The grade of a rate by the sessions, or by whatever else it is a whole number of.
///
/// A constant fraction is only a guess while there are no more rounds than were planned. Then what
/// comes by chance at a steady rate is as good as a constant fraction, and one that falls is not.
pub(crate) fn graded(
    measured: &Measured<'_>,
    gains: &Rate,
) -> Option<(Grade, Option<(String, Rate)>)> {
    let by_session = gains.grade();
    if by_session == Some(Grade::A) {
        return Some((Grade::A, None));
    }
    let whole = |unit: &Unit| {
        let rate = gains.by(&unit.counts);
        (rate.grade() == Some(Grade::A)).then(|| (unit.name.clone(), rate))
    };
    if let Some(unit) = measured.units.iter().find_map(whole) {
        return Some((Grade::A, Some(unit)));
    }
    let steady = gains.always_grows() && gains.course() == Some(Course::Steady);
    let grade = match measured.beyond_plan() > 0 {
        true => steady.then_some(Grade::B),
        false => by_session,
    };
    grade.map(|grade| (grade, None))
}

/// Whether an object was there before the last snapshot.
fn is_old(pair: &Snapshots<'_>, id: NodeId) -> bool {
    pair.base.node_by_id(id).is_some()
}
