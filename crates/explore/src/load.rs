//! What the load of a run was: counts and times over all of it, and stage by stage.
//!
//! Reads the report that a load writes (`load.json`, in Artillery's shape) as far as it is shown; a
//! field that is not there is left out, since a report may come from another tool.

use std::collections::BTreeMap;

use recording::Recording;
use serde::{Deserialize, Serialize};

use crate::runs::stage_name;

/// The report of a load, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct LoadReport {
    /// All of it.
    #[serde(default)]
    pub aggregate: LoadPart,
    /// One period after the other.
    #[serde(default)]
    pub intermediate: Vec<LoadPart>,
}

/// Counts and times of a part of a load. Times are in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct LoadPart {
    /// Counts by their names.
    #[serde(default)]
    pub counters: BTreeMap<String, u64>,
    /// Times by their names.
    #[serde(default)]
    pub summaries: BTreeMap<String, Times>,
    /// When it began, in milliseconds since 1970.
    #[serde(default)]
    period: Option<Period>,
    /// When the last thing was counted.
    #[serde(default, rename = "lastMetricAt")]
    last_metric_at: Option<f64>,
}

/// A time that is a text in one place and a number in another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Period {
    Number(f64),
    Text(String),
}

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// How many there were.
    pub count: u64,
    /// The shortest.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// 95 of 100 took no longer.
    pub p95: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// The Load view of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadView {
    /// The load of each stage that had one.
    pub stages: Vec<StageLoad>,
    /// Times by what took them.
    pub times: Vec<NamedTimes>,
    /// Everything that was counted, by name.
    pub counters: BTreeMap<String, u64>,
}

/// The load of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageLoad {
    /// The stage in words.
    pub stage: String,
    /// Sessions planned.
    pub planned: Option<u64>,
    /// Sessions started.
    pub created: u64,
    /// Sessions that went through their whole scenario.
    pub completed: u64,
    /// Sessions that ended early.
    pub failed: u64,
    /// Why they did.
    pub failures: BTreeMap<String, u64>,
    /// HTTP requests sent.
    pub requests: u64,
    /// WebSocket messages sent.
    pub messages_sent: u64,
    /// WebSocket messages received.
    pub messages_received: u64,
}

/// How long something of a name took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedTimes {
    /// What took so long.
    pub name: String,
    /// How long.
    #[serde(flatten)]
    pub times: Times,
}

impl LoadPart {
    /// When it began, in milliseconds since 1970.
    #[must_use]
    pub fn began_ms(&self) -> Option<f64> {
        match self.period.as_ref()? {
            Period::Number(ms) => Some(*ms),
            Period::Text(text) => text.parse().ok(),
        }
    }

    /// When the last thing of it was counted, likewise.
    #[must_use]
    pub fn ended_ms(&self) -> Option<f64> {
        self.last_metric_at
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or_default()
    }

    /// How long a person waited: for responses, or for whole sessions where there are none.
    pub(crate) fn waited(&self) -> Option<Times> {
        let names = ["http.response_time", "vusers.session_length"];
        let mut known = names.iter().filter_map(|name| self.summaries.get(*name));
        known.find(|times| times.count > 0).copied()
    }
}

/// The Load view of a run; without a report it has the stages alone.
#[must_use]
pub fn load_view(recording: &Recording, report: Option<&LoadReport>) -> LoadView {
    let stages = recording.stages.iter();
    let stages = stages.filter(|stage| stage.planned.is_some() || stage.ledger.created > 0);
    let aggregate = report.map(|report| &report.aggregate);
    let times = aggregate.into_iter().flat_map(|part| &part.summaries);
    LoadView {
        stages: stages
            .map(|record| StageLoad {
                stage: stage_name(record.stage),
                planned: record.planned,
                created: record.ledger.created,
                completed: record.ledger.completed,
                failed: record.ledger.failed,
                failures: record.ledger.failures.clone(),
                requests: record.ledger.requests,
                messages_sent: record.ledger.messages_sent,
                messages_received: record.ledger.messages_received,
            })
            .collect(),
        times: times
            .map(|(name, times)| NamedTimes {
                name: name.clone(),
                times: *times,
            })
            .collect(),
        counters: aggregate.map_or_else(BTreeMap::new, |part| part.counters.clone()),
    }
}
