//! The measured rounds as numbers: how many sessions, failures, responses of each kind ran in each,
//! and by how much an object or class changed over it.
//!
//! Invariant: all vectors are as long as there are rounds, in their order.

use std::collections::HashMap;

use heap::{Growth, HolderGrowth, NodeId};
use recording::{ContainerSize, Ledger, MOST_CONTAINERS, Recording, Stage, StageRecord};

use crate::Evidence;
use crate::rate::Rate;

/// A count that something may be proportional to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// In the singular, as it stands after `per`: `session`, `failed session`, `response 503`.
    pub(crate) name: String,
    /// How many there were in each round.
    pub(crate) counts: Vec<u64>,
}

/// The measured rounds that have both a session count and a snapshot, and the stages around them.
#[derive(Debug, Default)]
pub(crate) struct Measured<'a> {
    pub(crate) sessions: Vec<u64>,
    pub(crate) rounds: Vec<&'a Growth>,
    pub(crate) idle: Option<&'a Growth>,
    /// What changed over each drain.
    pub(crate) drains: Vec<&'a Growth>,
    /// Sessions of all drains together, which may leave something as well.
    pub(crate) drain_sessions: u64,
    /// Counts other than the sessions'.
    pub(crate) units: Vec<Unit>,
    /// V8's heap in use after collection.
    pub(crate) heap: Rate,
    /// Rounds that were planned.
    planned: usize,
    /// Rounds that ran, and their sessions: an isolate may have been there for a part of them.
    ran: (usize, u64),
    sizes_in_rounds: Vec<SizeChanges>,
    sizes_in_idle: SizeChanges,
    sizes_in_drains: Vec<SizeChanges>,
}

/// By how much large containers grew over a stage, as the service counts.
#[derive(Debug, Default)]
pub(crate) struct SizeChanges {
    /// Of those that were counted before and after.
    counted: HashMap<u64, i64>,
    /// Of those that were not told of any more: they are gone, or small now.
    emptied: HashMap<u64, i64>,
}

impl<'a> Measured<'a> {
    pub(crate) fn of(evidence: &Evidence<'a>) -> Self {
        let mut measured = Self::default();
        let mut ledgers = Vec::new();
        for (stage, growth) in evidence.growth {
            let stages = &evidence.recording.stages;
            let Some(at) = position(stages, stage, growth, evidence.growth) else {
                continue;
            };
            let record = &stages[at];
            let before = before(stages, at).map_or(&[][..], |stage| &stage.containers);
            let sizes = SizeChanges::of(before, &record.containers);
            match stage {
                Stage::Idle => {
                    measured.idle = Some(growth);
                    measured.sizes_in_idle = sizes;
                }
                Stage::Round(_) if record.ledger.created > 0 => {
                    measured.sessions.push(record.ledger.created);
                    measured.rounds.push(growth);
                    measured.sizes_in_rounds.push(sizes);
                    ledgers.push(&record.ledger);
                }
                Stage::Drain => {
                    measured.drains.push(growth);
                    measured.drain_sessions += record.ledger.created;
                    measured.sizes_in_drains.push(sizes);
                }
                _ => {}
            }
        }
        measured.units = units(&ledgers);
        measured.planned = evidence.recording.plan.rounds.len();
        let stages = evidence.recording.stages.iter();
        let rounds = stages.filter(|s| matches!(s.stage, Stage::Round(_)) && s.ledger.created > 0);
        measured.ran = rounds.fold((0, 0), |(n, sessions), round| {
            (n + 1, sessions + round.ledger.created)
        });
        measured.heap = heap_rate(evidence.recording);
        measured
    }

    /// How many rounds ran beyond those that were planned.
    pub(crate) fn beyond_plan(&self) -> usize {
        self.ran.0.saturating_sub(self.planned)
    }

    /// The sessions of all rounds that ran.
    pub(crate) fn sessions_ran(&self) -> u64 {
        self.ran.1
    }

    /// The change of one figure over each round, per session.
    pub(crate) fn rate(&self, figure: impl Fn(&Growth) -> f64) -> Rate {
        let changes = self.rounds.iter().map(|&growth| figure(growth)).collect();
        Rate::of(changes, &self.sessions)
    }

    /// Sessions of the last round.
    pub(crate) fn last_sessions(&self) -> f64 {
        self.sessions.last().copied().unwrap_or(1) as f64
    }

    /// What an object gained over each round.
    pub(crate) fn gains(&self, id: NodeId) -> Rate {
        let empty = SizeChanges::default();
        let sizes = self.sizes_in_rounds.iter();
        let sizes = sizes.chain(std::iter::repeat(&empty));
        let changes = self.rounds.iter().zip(sizes);
        let changes = changes.map(|(growth, sizes)| net(growth, sizes, id) as f64);
        Rate::of(changes.collect(), &self.sessions)
    }

    /// What an object gained in the idle round.
    pub(crate) fn idle_gain(&self, id: NodeId) -> i64 {
        self.idle
            .map_or(0, |idle| net(idle, &self.sizes_in_idle, id))
    }

    /// What an object gained over all drains.
    pub(crate) fn drain_gain(&self, id: NodeId) -> i64 {
        let empty = SizeChanges::default();
        let sizes = self.sizes_in_drains.iter().chain(std::iter::repeat(&empty));
        let drains = self.drains.iter().zip(sizes);
        drains.map(|(growth, sizes)| net(growth, sizes, id)).sum()
    }

    /// Whether an object ever lost something in the rounds that it had before.
    pub(crate) fn loses(&self, id: NodeId) -> bool {
        let lost = |growth: &&Growth| of_holder(growth, id).is_some_and(|h| h.lost > 0);
        self.rounds.iter().any(lost)
    }

    /// All objects that gained something in the last round, or hold more than after the warm-up.
    pub(crate) fn gaining(&self) -> Vec<NodeId> {
        let newest = self.rounds.last();
        let holders = newest.into_iter().flat_map(|growth| &growth.holders);
        let mut ids: Vec<NodeId> = holders.map(|holder| holder.id).collect();
        if let Some(sizes) = self.sizes_in_rounds.last() {
            let growing = sizes.counted.iter().filter(|&(_, change)| *change > 0);
            ids.extend(growing.map(|(&id, _)| NodeId(id)));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// V8's heap in use, after collection, over each round.
fn heap_rate(recording: &Recording) -> Rate {
    let rounds = recording.rounds();
    let used = |reading: &recording::Reading| reading.heap.heap_used as f64;
    let changes = rounds.iter().map(|r| used(r.after) - used(r.before));
    let sessions: Vec<u64> = rounds.iter().map(|r| r.ledger.created).collect();
    Rate::of(changes.collect(), &sessions)
}

impl SizeChanges {
    fn of(before: &[ContainerSize], after: &[ContainerSize]) -> Self {
        let known: HashMap<u64, u64> = before.iter().map(|c| (c.id, c.size)).collect();
        let change = |container: &ContainerSize| {
            let before = *known.get(&container.id)?;
            Some((container.id, container.size as i64 - before as i64))
        };
        let counted: HashMap<_, _> = after.iter().filter_map(change).collect();
        // What is not told of any more is gone, or no larger than the smallest that is.
        let sizes = after.iter().map(|container| container.size);
        let all_told = after.len() < MOST_CONTAINERS;
        let at_most = sizes.min().map(|least| if all_told { 0 } else { least });
        let fell = |(id, before): (u64, u64)| {
            let at_most = at_most.filter(|&n| before > n && !counted.contains_key(&id))?;
            Some((id, at_most as i64 - before as i64))
        };
        Self {
            emptied: known.into_iter().filter_map(fell).collect(),
            counted,
        }
    }
}

/// Entries that an object gained over one stage: as the service counts where it does, else as the
/// snapshots show, in which numbers are no objects.
fn net(growth: &Growth, sizes: &SizeChanges, id: NodeId) -> i64 {
    let counted = sizes.counted.get(&id.0).copied();
    // What it held may live on elsewhere: the snapshots know.
    let seen = of_holder(growth, id).filter(|holder| holder.held + holder.gained > 0);
    let emptied = || sizes.emptied.get(&id.0).copied();
    let known = counted.or_else(|| seen.map(HolderGrowth::net));
    known.or_else(emptied).unwrap_or(0)
}

fn of_holder(growth: &Growth, id: NodeId) -> Option<&HolderGrowth> {
    growth.holders.iter().find(|holder| holder.id == id)
}

/// Where the stage of a growth stands: of stages that come more than once, the one in turn.
fn position(
    stages: &[StageRecord],
    stage: &Stage,
    growth: &Growth,
    all: &[(Stage, Growth)],
) -> Option<usize> {
    let earlier = all.iter().take_while(|(_, g)| !std::ptr::eq(g, growth));
    let turn = earlier.filter(|(s, _)| s == stage).count();
    let of_kind = stages.iter().enumerate().filter(|(_, s)| s.stage == *stage);
    of_kind.map(|(at, _)| at).nth(turn)
}

/// The last stage before that has a snapshot.
fn before(stages: &[StageRecord], at: usize) -> Option<&StageRecord> {
    stages[..at].iter().rev().find(|s| s.snapshot.is_some())
}

/// Everything the ledgers count in every round but the sessions themselves.
fn units(ledgers: &[&Ledger]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |name: String, count: &dyn Fn(&Ledger) -> u64| {
        let counts: Vec<u64> = ledgers.iter().map(|ledger| count(ledger)).collect();
        if counts.iter().all(|&n| n > 0) {
            units.push(Unit { name, counts });
        }
    };
    add("failed session".into(), &|l| l.failed);
    let Some(newest) = ledgers.last() else {
        return units;
    };
    for scenario in newest.scenarios.keys() {
        add(format!("session of the scenario `{scenario}`"), &|l| {
            l.scenarios.get(scenario).copied().unwrap_or(0)
        });
    }
    for status in newest.responses.keys() {
        add(format!("response {status}"), &|l| {
            l.responses.get(status).copied().unwrap_or(0)
        });
    }
    add("request".into(), &|l| l.requests);
    add("message".into(), &|l| l.messages_sent);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: &[(u64, u64)], after: &[(u64, u64)], id: u64) -> Option<i64> {
        let told = |sizes: &[(u64, u64)]| -> Vec<ContainerSize> {
            let told = sizes.iter().map(|&(id, size)| ContainerSize { id, size });
            told.collect()
        };
        let changes = SizeChanges::of(&told(before), &told(after));
        let counted = changes.counted.get(&id).copied();
        counted.or_else(|| changes.emptied.get(&id).copied())
    }

    #[test]
    fn what_a_container_held_is_lost_unless_it_lives_on() {
        let sizes = SizeChanges {
            emptied: HashMap::from([(7, -900)]),
            ..SizeChanges::default()
        };
        let growth = |held, lost| Growth {
            holders: vec![HolderGrowth {
                id: NodeId(7),
                gained: 0,
                lost,
                held,
                dragged: Vec::new(),
                dragged_bytes: 0,
            }],
            ..Growth::default()
        };
        // It held numbers, which no snapshot shows.
        assert_eq!(net(&growth(0, 0), &sizes, NodeId(7)), -900);
        assert_eq!(net(&Growth::default(), &sizes, NodeId(7)), -900);
        assert_eq!(net(&growth(900, 900), &sizes, NodeId(7)), -900);
        // Another object has it all now.
        assert_eq!(net(&growth(900, 0), &sizes, NodeId(7)), 0);
    }

    #[test]
    fn a_container_that_is_told_of_no_more_lost_what_it_held() {
        let before = [(7, 900), (9, 400)];
        assert_eq!(change(&before, &[(7, 950), (9, 400)], 7), Some(50));
        assert_eq!(change(&before, &[(9, 400)], 7), Some(-900));
        // Nothing was counted at all.
        assert_eq!(change(&before, &[], 7), None);
        // Only the largest were told.
        let many: Vec<(u64, u64)> = (100..100 + MOST_CONTAINERS as u64)
            .map(|id| (id, 500))
            .collect();
        assert_eq!(change(&before, &many, 7), Some(-400));
        assert_eq!(change(&before, &many, 9), None);
    }
}
