//! Holders: objects that gain entries.

use heap::{Growth, HolderGrowth, NodeId, Snapshot};

use super::{Candidate, ClassGrowth, Fate, Measured, graded};
use crate::Snapshots;
use crate::rate::{Grade, Rate};

/// Less than this part of its bytes to itself, and a holder only shares in another's leak.
const OWN_SHARE: f64 = 0.1;

/// Growth without load that is still none: entries.
pub(super) const IDLE_SLACK: i64 = 2;

/// Bytes for an entry whose value is no object: a slot.
const SLOT: f64 = 8.0;

pub(super) fn candidates(measured: &Measured<'_>, pair: &Snapshots<'_>) -> Vec<Candidate> {
    let ids = measured.gaining();
    let found = ids.iter().filter_map(|&id| by_holder(measured, id, pair));
    let mut found: Vec<Candidate> = found.collect();
    found.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    let ids: Vec<NodeId> = found.iter().map(|c| pair.last.node_id(c.holder)).collect();
    let own = heap::own_bytes(pair.base, pair.last, &ids);
    let sessions = measured.last_sessions();
    let keeps_own = |c: &Candidate, own: u64| {
        let of_slots = c.classes.is_empty();
        of_slots || own as f64 >= OWN_SHARE * c.bytes_per_session * sessions * pair.share
    };
    let kept = found.into_iter().zip(own);
    let kept = kept.filter(|(candidate, own)| keeps_own(candidate, *own));
    kept.map(|(candidate, _)| candidate).collect()
}

fn by_holder(measured: &Measured<'_>, id: NodeId, pair: &Snapshots<'_>) -> Option<Candidate> {
    if measured.idle_gain(id) > IDLE_SLACK {
        return None;
    }
    let gains = measured.gains(id);
    let (grade, unit) = graded(measured, &gains)?;
    let mut candidate = candidate(measured, id, pair.last, grade)?;
    candidate.unit = unit;
    Some(candidate)
}

/// The object with this id, which gains with time, as a candidate.
pub(crate) fn by_time(measured: &Measured<'_>, id: NodeId, last: &Snapshot) -> Option<Candidate> {
    candidate(measured, id, last, Grade::B)
}

fn candidate(
    measured: &Measured<'_>,
    id: NodeId,
    last: &Snapshot,
    grade: Grade,
) -> Option<Candidate> {
    let holder = last.node_by_id(id)?;
    let gains = measured.gains(id);
    let of = |growth: &Growth| growth.holders.iter().find(|h| h.id == id).cloned();
    let dragged = |growth: &Growth, class: &str, figure: fn(&heap::Dragged) -> u64| {
        let found = |h: HolderGrowth| h.dragged.into_iter().find(|d| d.class == class);
        of(growth).and_then(found).map_or(0, |d| figure(&d)) as f64
    };
    let newest = measured.rounds.last().and_then(|growth| of(growth));
    let dragged_last = newest.map(|h| h.dragged).unwrap_or_default();
    let class = |d: &heap::Dragged| ClassGrowth {
        class: d.class.clone(),
        rate: measured.rate(|g| dragged(g, &d.class, |d| d.count)),
        bytes_per_session: measured
            .rate(|g| dragged(g, &d.class, |d| d.bytes))
            .per_session,
        depth: d.depth,
    };
    let classes = dragged_last.iter().map(class);
    // What piles up by chance has no grade of its own.
    let goes_along = |c: &ClassGrowth| is_regular(measured, &c.rate) || gains.grade().is_none();
    let mut classes: Vec<ClassGrowth> = classes.filter(goes_along).collect();
    classes.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    let bytes = measured.rate(|g| of(g).map_or(0, |h| h.dragged_bytes) as f64);
    let bytes_per_session = bytes.per_session.max(SLOT * gains.per_session);
    let fate = Fate::of(measured, &gains, measured.drain_gain(id) as f64);
    Some(Candidate {
        holder,
        gains,
        grade,
        unit: None,
        in_bytes: false,
        of_class: false,
        inside: false,
        classes,
        bytes_per_session,
        fate,
    })
}

/// Whether a class has a grade, by the sessions or by something else that is counted: two for each
/// session of a rare scenario are further from constant by session than one is.
fn is_regular(measured: &Measured<'_>, rate: &Rate) -> bool {
    rate.grade().is_some() || graded(measured, rate).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::Unit;

    #[test]
    fn two_for_each_session_of_a_rare_scenario_are_as_regular_as_one() {
        let sessions = [101, 211, 307];
        let mut measured = Measured::default();
        measured.units.push(Unit {
            name: "session of the scenario `double`".into(),
            counts: vec![4, 6, 14],
        });
        let rate = |changes: [f64; 3]| Rate::of(changes.to_vec(), &sessions);
        assert!(is_regular(&measured, &rate([4.0, 6.0, 14.0])));
        assert!(is_regular(&measured, &rate([8.0, 12.0, 28.0])));
        assert!(!is_regular(&measured, &rate([8.0, 19.0, 14.0])));
        assert!(!is_regular(&Measured::default(), &rate([8.0, 12.0, 28.0])));
    }
}
