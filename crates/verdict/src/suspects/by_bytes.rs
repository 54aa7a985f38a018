//! Objects that keep more and more bytes alive, by the same amount per session: a text that gets
//! longer, an array that is replaced by a longer one, a buffer that doubles, many small containers below one large.

use heap::{Growth, NodeId, NodeIx};

use super::{Candidate, Fate, Measured};
use crate::Snapshots;
use crate::rate::{Grade, Rate};

/// Part of what a round brings that may come without load as well.
const IDLE_SHARE: f64 = 0.2;

/// An object that keeps more bytes alive.
pub(super) struct Keeper {
    owner: NodeId,
    /// What it keeps through one reference, if that is most of it; else the object itself.
    pub(super) shown: NodeIx,
    /// Whether that is the object itself.
    pub(super) shown_is_owner: bool,
    gains: Rate,
}

/// The object that accounts for most bytes, unless the holders `found` explain them.
pub(super) fn candidate(
    measured: &Measured<'_>,
    pair: &Snapshots<'_>,
    found: &[Candidate],
) -> Option<Candidate> {
    let keeper = keeper(measured, pair)?;
    let explained: f64 = found.iter().map(|c| c.bytes_per_session).sum();
    if explained > keeper.gains.per_session / 2.0 {
        return None;
    }
    let drains = measured.drains.iter();
    let in_drains: i64 = drains.map(|growth| bytes(growth, keeper.owner)).sum();
    Some(Candidate {
        holder: keeper.shown,
        fate: Fate::of(measured, &keeper.gains, in_drains as f64),
        bytes_per_session: keeper.gains.per_session,
        gains: keeper.gains,
        grade: Grade::B,
        unit: None,
        in_bytes: true,
        of_class: false,
        inside: keeper.shown_is_owner,
        classes: Vec::new(),
    })
}

/// The object that keeps most more bytes alive, by the same amount per session in every round, or in
/// steps over more rounds than planned.
pub(super) fn keeper(measured: &Measured<'_>, pair: &Snapshots<'_>) -> Option<Keeper> {
    let newest = measured.rounds.last()?;
    newest.retained.iter().find_map(|grown| {
        let gains = measured.rate(|growth| bytes(growth, grown.id) as f64);
        let idle = measured.idle.map_or(0, |idle| bytes(idle, grown.id)) as f64;
        let a_round = if gains.is_constant_in_bytes() {
            gains.least()
        } else if measured.beyond_plan() > 0 && gains.grows_in_steps() {
            gains.total() / measured.rounds.len() as f64
        } else {
            return None;
        };
        if idle > IDLE_SHARE * a_round {
            return None;
        }
        let owner = pair.last.node_by_id(grown.id)?;
        let last = (pair.last, pair.analysis);
        let grown_bytes = (grown.bytes.max(0) as f64 * pair.share) as u64;
        let reference = heap::growing_reference(pair.base, last, owner, grown_bytes);
        Some(Keeper {
            owner: grown.id,
            shown_is_owner: reference.is_none(),
            shown: reference.map_or(owner, |step| step.edge.to),
            gains,
        })
    })
}

fn bytes(growth: &Growth, id: NodeId) -> i64 {
    let found = growth.retained.iter().find(|r| r.id == id);
    found.map_or(0, |r| r.bytes)
}
