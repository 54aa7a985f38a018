//! What a run measured: its rounds, and the facts around them.

use recording::{Recording, Stage};
use serde::Serialize;

/// What one measured round left behind, read when its load had drained and V8 had collected twice.
/// Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundRow {
    /// From 1.
    pub round: usize,
    /// Sessions created.
    pub sessions: u64,
    /// Of them, those that ended early.
    pub failed: u64,
    /// V8's heap and the memory that its objects hold outside, after the round.
    pub heap: u64,
    /// What that gained in the round.
    pub heap_change: i64,
    /// The gain's share of each session.
    pub heap_per_session: f64,
    /// Resident set size after the round.
    pub rss: u64,
    /// What that gained in the round.
    pub rss_change: i64,
}

/// What a run was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// The service's command line.
    pub command: Vec<String>,
    /// The folder it ran in.
    pub working_dir: String,
    /// `process.version`.
    pub node_version: Option<String>,
    /// V8's version.
    pub v8_version: Option<String>,
    /// The load script.
    pub script: String,
    /// Where the load went.
    pub base_url: String,
    /// Arrivals a second at most.
    pub arrival_rate: f64,
    /// Sessions of the whole run by outcome, warm-up included.
    pub created: u64,
    /// Of them, those that went through their whole scenario.
    pub completed: u64,
    /// Of them, those that ended early.
    pub failed: u64,
    /// How much heap and external memory moved in the same time without load.
    pub idle_change: Option<i64>,
    /// What the reader must know.
    pub warnings: Vec<String>,
}

/// The measured rounds of a run.
#[must_use]
pub fn rounds(recording: &Recording) -> Vec<RoundRow> {
    let heap = |reading: &recording::Reading| reading.heap.heap_used + reading.heap.external;
    let rounds = recording.rounds();
    let row = |(round, facts): (usize, &recording::Round<'_>)| {
        let change = heap(facts.after).cast_signed() - heap(facts.before).cast_signed();
        let rss = |reading: &recording::Reading| reading.memory.rss;
        RoundRow {
            round,
            sessions: facts.ledger.created,
            failed: facts.ledger.failed,
            heap: heap(facts.after),
            heap_change: change,
            heap_per_session: change as f64 / facts.ledger.created.max(1) as f64,
            rss: rss(facts.after),
            rss_change: rss(facts.after).cast_signed() - rss(facts.before).cast_signed(),
        }
    };
    (1..).zip(&rounds).map(row).collect()
}

/// The facts of a run.
#[must_use]
pub fn run_facts(recording: &Recording) -> RunRow {
    let plan = &recording.plan;
    let total = recording.total_ledger();
    RunRow {
        command: plan.command.clone(),
        working_dir: plan.working_dir.to_string_lossy().into_owned(),
        node_version: recording.service.node_version.clone(),
        v8_version: recording.service.v8_version.clone(),
        script: plan.script.clone(),
        base_url: plan.base_url.clone(),
        arrival_rate: plan.arrival_rate,
        created: total.created,
        completed: total.completed,
        failed: total.failed,
        idle_change: idle_change(recording),
        warnings: recording.warnings.clone(),
    }
}

fn idle_change(recording: &Recording) -> Option<i64> {
    let heap = |reading: &recording::Reading| reading.heap.heap_used + reading.heap.external;
    let last = |stage| recording.stage(stage)?.readings.last().map(heap);
    let (before, after) = (last(Stage::WarmUp)?, last(Stage::Idle)?);
    Some(after.cast_signed() - before.cast_signed())
}
