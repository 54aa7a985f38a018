//! What stands behind a verdict, from the files of its run: for the report, which must do without
//! them. What cannot be read is left out; the verdict itself has been read from the same files.

use explore::{ChangePerSession, ClassChange, Outlined, Wanted};
use recording::{Recording, Stage};
use report::Evidence;
use run::Folder;
use verdict::Verdict;

use crate::args::ReadingArgs;
use crate::snapshots;

/// Classes of the comparison that a report has room for.
const CLASSES: usize = 25;

/// Lines shown before and after each that counts.
const AROUND: usize = 3;

/// The evidence in a run's folder.
pub(crate) fn of(folder: &Folder, recording: &Recording, verdict: &Verdict) -> Evidence {
    let suspect = verdict.suspects.first();
    let isolate = suspect.map_or(recording::MAIN, |suspect| &suspect.isolate);
    let view = recording.seen_by(&[isolate]);
    let (changes, sessions) = comparison(folder, &view).unwrap_or_default();
    let report = folder.read_json(run::LOAD);
    let load = report.and_then(|report| serde_json::from_value(report).ok());
    Evidence {
        changes,
        sessions,
        load: Some(explore::load_view(recording, load.as_ref())),
        excerpts: excerpts(folder, recording, verdict),
    }
}

/// The classes that gained most between the snapshots around all rounds, in the isolate that is
/// seen.
fn comparison(
    folder: &Folder,
    recording: &Recording,
) -> Option<(Vec<ChangePerSession>, Option<u64>)> {
    let stages = &recording.stages;
    let rounds = stages
        .iter()
        .filter(|stage| matches!(stage.stage, Stage::Round(_)));
    let last = rounds
        .filter_map(|stage| stage.snapshot.as_ref())
        .next_back()?;
    let before = stages
        .iter()
        .take_while(|stage| !matches!(stage.stage, Stage::Round(_)));
    let base = before.filter_map(|stage| stage.snapshot.as_ref()).last()?;
    let reading = ReadingArgs::default();
    let (snapshot, outline) = snapshots::outline(&folder.file(&base.file), reading).ok()?;
    let newer = snapshots::open(&folder.file(&last.file), reading).ok()?;
    let base_heap = Outlined {
        snapshot: &snapshot,
        outline: &outline,
    };
    let changes = explore::class_changes(base_heap, newer.heap());
    let wanted = Wanted {
        top: Some(CLASSES),
        ..Wanted::default()
    };
    let page = wanted.listing::<ClassChange>().ok()?.page(changes);
    let sessions = recording.sessions_between(&base.file, &last.file);
    let gained = page.rows.into_iter().filter(|change| change.size_delta > 0);
    let rows = gained.map(|change| change.per_session(sessions)).collect();
    Some((rows, sessions))
}

/// The lines around those that suspects name, where the run kept their scripts.
fn excerpts(
    folder: &Folder,
    recording: &Recording,
    verdict: &Verdict,
) -> Vec<(String, u32, explore::Excerpt)> {
    let working_dir = recording.plan.working_dir.to_string_lossy();
    let texts = crate::open::texts(folder, &working_dir);
    let lines = verdict
        .suspects
        .iter()
        .flat_map(|suspect| [&suspect.source, &suspect.writer]);
    let found = lines.flatten().filter_map(|line| {
        let mut texts = texts.iter();
        let (_, text) = texts.find(|(path, _)| *path == line.file)?;
        let excerpt = explore::excerpt(text, line.line as usize, AROUND)?;
        let named = excerpt.lines.get(excerpt.line - excerpt.first)?;
        (named.trim() == line.text).then(|| (line.file.clone(), line.line, excerpt))
    });
    found.collect()
}
