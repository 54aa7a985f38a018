//! What grows with the sessions: holders that gain the same number of referents per session in
//! every round, and classes that do where no single holder is seen.
//!
//! One leak is found once: of several holders of the same objects, the one that keeps most bytes
//! stands for all.

use heap::{Growth, HolderGrowth, NodeId, NodeIx, RetainingPaths, Snapshot};
use recording::Stage;

use crate::rate::{Grade, Rate};
use crate::{Evidence, Snapshots};

/// Less than this part of its bytes to itself, and a holder only shares in another's leak.
const OWN_SHARE: f64 = 0.1;

/// Growth without load that is still none: objects.
const IDLE_SLACK: i64 = 2;

/// Classes that count the engine's own bookkeeping, never a program's objects.
const ENGINE_CLASSES: [&str; 7] = [
    "(system)",
    "(compiled code)",
    "(array)",
    "(object shape)",
    "(number)",
    "(heap number)",
    "(synthetic)",
];

/// An object that gains per session, before it has a name.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) holder: NodeIx,
    pub(crate) gains: Rate,
    pub(crate) grade: Grade,
    /// Classes that pile up at a constant rate, with bytes per session and depth below the holder.
    pub(crate) classes: Vec<ClassGrowth>,
    pub(crate) bytes_per_session: f64,
}

/// One class that piles up below a holder.
#[derive(Debug, Clone)]
pub(crate) struct ClassGrowth {
    pub(crate) class: String,
    pub(crate) rate: Rate,
    pub(crate) bytes_per_session: f64,
    pub(crate) depth: u32,
}

/// The measured rounds that have both a session count and a snapshot.
pub(crate) struct Measured<'a> {
    pub(crate) sessions: Vec<u64>,
    pub(crate) rounds: Vec<&'a Growth>,
    pub(crate) idle: Option<&'a Growth>,
}

impl<'a> Measured<'a> {
    pub(crate) fn of(evidence: &Evidence<'a>) -> Self {
        let mut measured = Self {
            sessions: Vec::new(),
            rounds: Vec::new(),
            idle: None,
        };
        for (stage, growth) in evidence.growth {
            let record = evidence.recording.stage(*stage);
            match (stage, record) {
                (Stage::Idle, _) => measured.idle = Some(growth),
                (Stage::Round(_), Some(record)) if record.ledger.created > 0 => {
                    measured.sessions.push(record.ledger.created);
                    measured.rounds.push(growth);
                }
                _ => {}
            }
        }
        measured
    }

    /// The change of one figure over each round, per session.
    pub(crate) fn rate(&self, figure: impl Fn(&Growth) -> f64) -> Rate {
        Rate::of(
            self.rounds.iter().map(|&g| figure(g)).collect(),
            &self.sessions,
        )
    }
}

/// All leaks, most bytes first.
pub(crate) fn candidates(measured: &Measured<'_>, pair: &Snapshots<'_>) -> Vec<Candidate> {
    let Some(newest) = measured.rounds.last() else {
        return Vec::new();
    };
    let mut found: Vec<Candidate> = newest
        .holders
        .iter()
        .filter_map(|h| by_holder(measured, h.id, pair.last))
        .collect();
    found.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    let ids: Vec<NodeId> = found.iter().map(|c| pair.last.node_id(c.holder)).collect();
    let own = heap::own_bytes(pair.base, pair.last, &ids);
    let sessions = measured.sessions.last().copied().unwrap_or(1) as f64;
    let keeps_own =
        |c: &Candidate, own: u64| own as f64 >= OWN_SHARE * c.bytes_per_session * sessions;
    let mut kept: Vec<Candidate> = found
        .into_iter()
        .zip(own)
        .filter(|(c, own)| keeps_own(c, *own))
        .map(|(c, _)| c)
        .collect();
    if kept.is_empty() {
        kept.extend(by_class(measured, pair));
    }
    kept
}

fn by_holder(measured: &Measured<'_>, id: NodeId, last: &Snapshot) -> Option<Candidate> {
    if measured.idle.is_some_and(|idle| net(idle, id) > IDLE_SLACK) {
        return None;
    }
    let gains = measured.rate(|growth| net(growth, id) as f64);
    let grade = gains.grade()?;
    candidate(measured, id, last, (gains, grade))
}

/// The object with this id, which gains with time, as a candidate.
pub(crate) fn by_time(measured: &Measured<'_>, id: NodeId, last: &Snapshot) -> Option<Candidate> {
    let gains = measured.rate(|growth| net(growth, id) as f64);
    candidate(measured, id, last, (gains, Grade::B))
}

fn candidate(
    measured: &Measured<'_>,
    id: NodeId,
    last: &Snapshot,
    (gains, grade): (Rate, Grade),
) -> Option<Candidate> {
    let of = |growth: &Growth| of_holder(growth, id).cloned();
    let dragged = |growth: &Growth, class: &str, figure: fn(&heap::Dragged) -> u64| {
        let found = |h: HolderGrowth| h.dragged.into_iter().find(|d| d.class == class);
        of(growth).and_then(found).map_or(0, |d| figure(&d)) as f64
    };
    let newest = of(measured.rounds.last()?)?;
    let mut classes: Vec<ClassGrowth> = newest
        .dragged
        .iter()
        .map(|d| ClassGrowth {
            class: d.class.clone(),
            rate: measured.rate(|g| dragged(g, &d.class, |d| d.count)),
            bytes_per_session: measured
                .rate(|g| dragged(g, &d.class, |d| d.bytes))
                .per_session,
            depth: d.depth,
        })
        .filter(|class| class.rate.grade().is_some())
        .collect();
    classes.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    let bytes = measured.rate(|g| of(g).map_or(0, |h| h.dragged_bytes) as f64);
    let holder = last.node_by_id(id)?;
    Some(Candidate {
        holder,
        gains,
        grade,
        classes,
        bytes_per_session: bytes.per_session,
    })
}

fn of_holder(growth: &Growth, id: NodeId) -> Option<&HolderGrowth> {
    growth.holders.iter().find(|holder| holder.id == id)
}

/// Entries that an object gained over one stage.
pub(crate) fn net(growth: &Growth, id: NodeId) -> i64 {
    of_holder(growth, id).map_or(0, HolderGrowth::net)
}

/// A class that grows by a whole number per session where no object gains as many referents: a
/// list, a chain of promises. Its holder is the last old object on the way to a new one.
fn by_class(measured: &Measured<'_>, pair: &Snapshots<'_>) -> Option<Candidate> {
    let of = |growth: &Growth, class: &str| {
        growth
            .classes
            .iter()
            .find(|c| c.class == class)
            .map_or((0, 0), |c| (c.delta, c.size_delta))
    };
    let mut classes: Vec<ClassGrowth> = (measured.rounds.last()?.classes.iter())
        .filter(|c| !ENGINE_CLASSES.contains(&c.class.as_str()))
        .filter(|c| {
            measured
                .idle
                .is_none_or(|idle| of(idle, &c.class).0 <= IDLE_SLACK)
        })
        .map(|c| ClassGrowth {
            class: c.class.clone(),
            rate: measured.rate(|g| of(g, &c.class).0 as f64),
            bytes_per_session: measured.rate(|g| of(g, &c.class).1 as f64).per_session,
            depth: 1,
        })
        .filter(|c| c.rate.grade() == Some(Grade::A))
        .collect();
    classes.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    let main = classes.first()?;
    let last = (pair.last, pair.analysis);
    let example = heap::example_of_class(pair.base, last, &main.class)?;
    let holder = old_object_before(pair, example, &main.class)?;
    let bytes_per_session = classes.iter().map(|c| c.bytes_per_session).sum();
    Some(Candidate {
        holder,
        gains: main.rate.clone(),
        grade: Grade::A,
        classes,
        bytes_per_session,
    })
}

/// The last object on the way to `example` that was there before and is of another class.
fn old_object_before(pair: &Snapshots<'_>, example: NodeIx, class: &str) -> Option<NodeIx> {
    let (snapshot, analysis) = (pair.last, pair.analysis);
    let steps = RetainingPaths::of(snapshot).to(example)?;
    let is_old = |node: NodeIx| pair.base.node_by_id(snapshot.node_id(node)).is_some();
    let is_other = |node: NodeIx| analysis.class_name(analysis.class_of(node)) != class;
    let is_holder =
        |&node: &NodeIx| is_old(node) && is_other(node) && heap::is_visible(snapshot, node);
    steps.iter().rev().map(|step| step.from).find(is_holder)
}
