//! A run on one axis of time: memory, load, stages, collections and snapshots.
//!
//! Numbers are in columns, one for each line of a chart. The load's clock is another than the
//! run's: they are laid on one another where the first load begins.

use recording::{GcFigures, HeapFigures, Recording, Sample, Stage};
use serde::Serialize;
use units::Elapsed;

use crate::load::{LoadPart, LoadReport};
use crate::runs::stage_name;

/// A run on one axis. Times are in seconds since its start, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// Memory.
    pub memory: MemoryColumns,
    /// Load, a number for each of its periods.
    pub load: LoadColumns,
    /// The stages, in order.
    pub stages: Vec<StageSpan>,
    /// When everything that could be was collected, twice, and what was left.
    pub collections: Vec<CollectionMark>,
    /// When snapshots were taken.
    pub snapshots: Vec<SnapshotMark>,
}

/// Memory, a number for each sample. Where V8 did not answer there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MemoryColumns {
    /// When.
    pub at: Vec<f64>,
    /// Resident set size.
    pub rss: Vec<u64>,
    /// V8's heap in use, garbage included.
    pub heap_used: Vec<Option<u64>>,
    /// Reserved for V8's heap.
    pub heap_total: Vec<Option<u64>>,
    /// Memory outside the heap that its objects hold.
    pub external: Vec<Option<u64>>,
    /// Open sockets.
    pub sockets: Vec<Option<u64>>,
    /// Collections of garbage since the sample before.
    pub gcs: Vec<Option<u64>>,
    /// Milliseconds that they took together.
    pub gc_pause_ms: Vec<Option<f64>>,
    /// Sessions created so far.
    pub sessions: Vec<u64>,
}

/// Load over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LoadColumns {
    /// When each period ends.
    pub at: Vec<f64>,
    /// Sessions a second that arrived in it.
    pub arrivals: Vec<f64>,
    /// Sessions a second that failed in it.
    pub errors: Vec<f64>,
    /// How long the middle one of its answers, or sessions, took, in milliseconds.
    pub median_ms: Vec<Option<f64>>,
    /// 95 of 100 took no longer.
    pub p95_ms: Vec<Option<f64>>,
}

/// A stage on the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageSpan {
    /// In words.
    pub stage: String,
    /// From.
    pub from: f64,
    /// To; `None` if the run ended in it.
    pub to: Option<f64>,
    /// Sessions created in it.
    pub sessions: u64,
    /// Of them, those that failed.
    pub failed: u64,
}

/// A moment when everything that could be was collected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CollectionMark {
    /// When.
    pub at: f64,
    /// V8's heap in use and the memory outside that its objects hold, afterwards.
    pub heap: u64,
    /// Whether the heap had come to rest.
    pub at_rest: bool,
}

/// A moment when a snapshot was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnapshotMark {
    /// When the stage ended at whose end it was taken.
    pub at: Option<f64>,
    /// How long the service stood still.
    pub took: f64,
    /// The file's name.
    pub file: String,
}

/// A run on one axis of time.
#[must_use]
pub fn timeline(recording: &Recording, load: Option<&LoadReport>) -> Timeline {
    let stages = &recording.stages;
    let readings = stages.iter().flat_map(|stage| &stage.readings);
    let taken = stages
        .iter()
        .filter_map(|stage| Some((stage.snapshot.as_ref()?, stage.ended_at)));
    Timeline {
        memory: memory(&recording.samples),
        load: load.map_or_else(LoadColumns::default, |load| columns(recording, load)),
        stages: stages
            .iter()
            .map(|record| StageSpan {
                stage: stage_name(record.stage),
                from: record.started_at.as_secs_f64(),
                to: record.ended_at.map(Elapsed::as_secs_f64),
                sessions: record.ledger.created,
                failed: record.ledger.failed,
            })
            .collect(),
        collections: readings
            .map(|reading| CollectionMark {
                at: reading.at.as_secs_f64(),
                heap: reading.heap.heap_used + reading.heap.external,
                at_rest: reading.at_rest,
            })
            .collect(),
        snapshots: taken
            .map(|(facts, at)| SnapshotMark {
                at: at.map(Elapsed::as_secs_f64),
                took: facts.took.as_secs_f64(),
                file: facts.file.clone(),
            })
            .collect(),
    }
}

/// What happened from one sample that knows to the next.
fn collections_between(samples: &[Sample]) -> impl Iterator<Item = Option<GcFigures>> {
    let mut before: Option<GcFigures> = None;
    samples.iter().map(move |sample| {
        let now = sample.gc?;
        let before = before.replace(now)?;
        Some(GcFigures {
            count: now.count.checked_sub(before.count)?,
            pause_us: now.pause_us.checked_sub(before.pause_us)?,
        })
    })
}

fn memory(samples: &[Sample]) -> MemoryColumns {
    let heap = |figure: fn(&HeapFigures) -> u64| {
        let figures = samples.iter().map(|sample| sample.heap.as_ref());
        figures.map(|heap| heap.map(figure)).collect()
    };
    MemoryColumns {
        at: samples.iter().map(|s| s.at.as_secs_f64()).collect(),
        rss: samples.iter().map(|s| s.memory.rss).collect(),
        heap_used: heap(|heap| heap.heap_used),
        heap_total: heap(|heap| heap.heap_total),
        external: heap(|heap| heap.external),
        sockets: samples.iter().map(|s| s.memory.sockets).collect(),
        gcs: collections_between(samples)
            .map(|gc| Some(gc?.count))
            .collect(),
        gc_pause_ms: collections_between(samples)
            .map(|gc| Some(gc?.pause_us as f64 / 1000.0))
            .collect(),
        sessions: samples.iter().map(|s| s.sessions).collect(),
    }
}

/// The periods of a load, from where its first one begins: that is the warm-up.
fn columns(recording: &Recording, load: &LoadReport) -> LoadColumns {
    let start = recording
        .stage(Stage::WarmUp)
        .map_or(0.0, |stage| stage.started_at.as_secs_f64());
    let began = load.intermediate.first().and_then(LoadPart::began_ms);
    let mut columns = LoadColumns::default();
    for part in &load.intermediate {
        let (Some(began), Some(from), Some(to)) = (began, part.began_ms(), part.ended_ms()) else {
            continue;
        };
        // A period of which little is known yet would show a rate that never was.
        let lasted = ((to - from) / 1000.0).max(0.5);
        let waited = part.waited();
        columns.at.push(start + (to - began) / 1000.0);
        columns
            .arrivals
            .push(part.count("vusers.created") as f64 / lasted);
        columns
            .errors
            .push(part.count("vusers.failed") as f64 / lasted);
        columns.median_ms.push(waited.map(|times| times.median));
        columns.p95_ms.push(waited.map(|times| times.p95));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{Event, MemoryFigures, Plan};

    #[test]
    fn collections_are_those_since_the_sample_before_that_knew() {
        let sample = |gc: Option<(u64, u64)>| Sample {
            at: Elapsed { nanos: 0 },
            memory: MemoryFigures::default(),
            heap: None,
            gc: gc.map(|(count, pause_us)| GcFigures { count, pause_us }),
            sessions: 0,
        };
        let columns = memory(&[
            sample(Some((5, 1000))),
            sample(Some((7, 4500))),
            sample(None),
            sample(Some((8, 5000))),
            // Another process answers: its count begins again.
            sample(Some((1, 100))),
        ]);
        assert_eq!(columns.gcs, [None, Some(2), None, Some(1), None]);
        assert_eq!(
            columns.gc_pause_ms,
            [None, Some(3.5), None, Some(0.5), None]
        );
    }

    #[test]
    fn load_is_laid_on_the_runs_clock() {
        let plan = Plan {
            command: vec!["node".into()],
            working_dir: "/srv".into(),
            script: "load.yml".into(),
            base_url: "http://127.0.0.1:1".into(),
            rounds: vec![10],
            arrival_rate: 50.0,
            walkthrough: false,
        };
        let mut recording = Recording::new(plan, "0.0.0");
        recording.apply(&Event::StageStarted {
            at: Elapsed {
                nanos: 2_000_000_000,
            },
            stage: Stage::WarmUp,
            sessions: Some(10),
        });
        let text = r#"{"intermediate": [
            {"period": "1000000", "lastMetricAt": 1001000,
             "counters": {"vusers.created": 50, "vusers.failed": 1},
             "summaries": {"vusers.session_length": {"count": 49, "median": 3.5, "p95": 9}}},
            {"period": "1001000", "lastMetricAt": 1003000, "counters": {"vusers.created": 10}}]}"#;
        let report: LoadReport = serde_json::from_str(text).unwrap();
        let timeline = timeline(&recording, Some(&report));
        assert_eq!(timeline.load.at, [3.0, 5.0]);
        assert_eq!(timeline.load.arrivals, [50.0, 5.0]);
        assert_eq!(timeline.load.errors, [1.0, 0.0]);
        assert_eq!(timeline.load.p95_ms, [Some(9.0), None]);
        assert_eq!(timeline.stages[0].to, None);
    }
}
