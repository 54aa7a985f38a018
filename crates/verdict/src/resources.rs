//! What the kernel counts for the process: open files, sockets, threads. They leak as objects do,
//! but no heap snapshot shows them.

use recording::{MemoryFigures, Reading, Recording, Stage};

use crate::rate::{Grade, Rate};
use crate::suspects::{Fate, Measured};

/// A kind of thing that the kernel counts and that grows per session.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// In the singular.
    pub(crate) noun: &'static str,
    pub(crate) gains: Rate,
    pub(crate) grade: Grade,
    pub(crate) fate: Fate,
}

/// A noun, and how many of them there are.
type Kind = (&'static str, fn(&MemoryFigures) -> Option<u64>);

const KINDS: [Kind; 3] = [
    ("socket", |figures| figures.sockets),
    ("file descriptor", |figures| {
        Some(figures.fds?.saturating_sub(figures.sockets?))
    }),
    ("thread", |figures| figures.threads),
];

/// Growth without load that is still none.
const IDLE_SLACK: f64 = 2.0;

/// The kinds that grow by the same number per session in every round, and not without load.
pub(crate) fn leaking(recording: &Recording, measured: &Measured<'_>) -> Vec<Resource> {
    let found = KINDS
        .iter()
        .filter_map(|&kind| leak(recording, measured, kind));
    found.collect()
}

fn leak(recording: &Recording, measured: &Measured<'_>, (noun, count): Kind) -> Option<Resource> {
    let of = |reading: &Reading| count(&reading.memory).map(|n| n as f64);
    let rounds = recording.rounds();
    let changes: Option<Vec<f64>> = rounds
        .iter()
        .map(|round| Some(of(round.after)? - of(round.before)?))
        .collect();
    let sessions: Vec<u64> = rounds.iter().map(|round| round.ledger.created).collect();
    let gains = Rate::of(changes?, &sessions);
    let grade = gains.grade()?;
    let idle = over_stage(recording, Stage::Idle, of).unwrap_or(0.0);
    let in_drain = over_stage(recording, Stage::Drain, of).unwrap_or(0.0);
    (idle <= IDLE_SLACK).then(|| Resource {
        noun,
        grade,
        fate: Fate::of(measured, &gains, in_drain),
        gains,
    })
}

/// The change of a figure from the last reading before a stage to the last in it.
pub(crate) fn over_stage(
    recording: &Recording,
    stage: Stage,
    figure: impl Fn(&Reading) -> Option<f64>,
) -> Option<f64> {
    let at = recording.stages.iter().rposition(|s| s.stage == stage)?;
    let earlier = recording.stages[..at].iter().rev();
    let before = earlier.flat_map(|s| s.readings.last()).next()?;
    let after = recording.stages[at].readings.last()?;
    Some(figure(after)? - figure(before)?)
}
