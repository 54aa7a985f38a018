//! Questions about the run.

use std::sync::Arc;

use axum::extract::State;
use explore::{RunSnapshot, run_snapshots};
use serde::Serialize;

use super::{Answer, Api, Json};
use crate::{Problem, Run};

/// Lines of a script that are shown before and after the one that counts.
const AROUND: usize = 4;

#[derive(Serialize)]
struct Workbench<'w> {
    title: &'w str,
    version: &'w str,
    run: Option<RunFacts<'w>>,
    snapshots: Vec<SnapshotRow<'w>>,
}

#[derive(Serialize)]
struct RunFacts<'w> {
    command: &'w [String],
    outcome: Option<&'w serde_json::Value>,
    has_load: bool,
    has_allocations: bool,
}

#[derive(Serialize)]
struct SnapshotRow<'w> {
    name: String,
    bytes: u64,
    #[serde(flatten)]
    of_run: Option<&'w RunSnapshot>,
}

pub(super) async fn workbench(State(api): State<Arc<Api>>) -> Answer {
    let workbench = &api.shelf.workbench;
    let of_run = api.run_snapshots();
    let name = |path: &std::path::Path| match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    };
    let snapshots = workbench.snapshots.iter().enumerate();
    Json::of(&Workbench {
        title: &workbench.title,
        version: workbench.version,
        run: workbench.run.as_ref().map(|run| RunFacts {
            command: &run.recording.plan.command,
            outcome: run.verdict.as_ref().map(|verdict| &verdict["outcome"]),
            has_load: run.load.is_some(),
            has_allocations: run.profile.is_some(),
        }),
        snapshots: snapshots
            .map(|(at, file)| SnapshotRow {
                name: name(&file.path),
                bytes: file.bytes,
                of_run: of_run.get(at),
            })
            .collect(),
    })
}

#[derive(Serialize)]
struct VerdictAnswer<'w> {
    verdict: Option<&'w serde_json::Value>,
    rounds: Vec<explore::RoundRow>,
    facts: explore::RunRow,
    sources: Vec<SuspectSources>,
}

/// The lines around those that a suspect names.
#[derive(Serialize)]
struct SuspectSources {
    source: Option<explore::Excerpt>,
    writer: Option<explore::Excerpt>,
}

pub(super) async fn verdict(State(api): State<Arc<Api>>) -> Answer {
    let run = api.run()?;
    let suspects = run.verdict.as_ref().map(|verdict| &verdict["suspects"]);
    let suspects = suspects.and_then(serde_json::Value::as_array);
    let excerpt = |line: &serde_json::Value| {
        let file = line["file"].as_str()?;
        let number = usize::try_from(line["line"].as_u64()?).ok()?;
        let mut texts = run.scripts.iter();
        let (_, text) = texts.find(|(path, _)| path == file)?;
        explore::excerpt(text, number, AROUND)
    };
    let sources = suspects
        .into_iter()
        .flatten()
        .map(|suspect| SuspectSources {
            source: excerpt(&suspect["source"]),
            writer: excerpt(&suspect["writer"]),
        });
    Json::of(&VerdictAnswer {
        verdict: run.verdict.as_ref(),
        rounds: explore::rounds(&run.recording),
        facts: explore::run_facts(&run.recording),
        sources: sources.collect(),
    })
}

pub(super) async fn timeline(State(api): State<Arc<Api>>) -> Answer {
    let run = api.run()?;
    Json::of(&explore::timeline(&run.recording, run.load.as_ref()))
}

pub(super) async fn load(State(api): State<Arc<Api>>) -> Answer {
    let run = api.run()?;
    Json::of(&explore::load_view(&run.recording, run.load.as_ref()))
}

pub(super) async fn allocations(State(api): State<Arc<Api>>) -> Answer {
    let run = api.run()?;
    let profile = run.profile.as_ref().ok_or_else(|| Problem {
        message: "this run has no heap profile".into(),
        hint: Some("a hunt writes it when its rounds are over: this one ended before".into()),
    })?;
    let working_dir = run.recording.plan.working_dir.to_string_lossy();
    Json::of(&explore::flame_graph(profile, &working_dir))
}

impl Api {
    fn run(&self) -> Result<&Run, Problem> {
        self.shelf.workbench.run.as_ref().ok_or_else(|| Problem {
            message: "these are snapshots without a run".into(),
            hint: Some("open the folder that `leakscope hunt` wrote to see its verdict".into()),
        })
    }

    /// The snapshots of the run, in the order of the workbench's.
    pub(super) fn run_snapshots(&self) -> Vec<RunSnapshot> {
        let run = self.shelf.workbench.run.as_ref();
        run.map_or_else(Vec::new, |run| run_snapshots(&run.recording))
    }
}
