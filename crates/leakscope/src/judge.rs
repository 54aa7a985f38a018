//! `leakscope judge`: the verdict from a run's folder alone.

use std::collections::BTreeSet;

use recording::{IsolateFacts, MAIN, Recording, Stage};
use run::{Folder, ScriptText};
use source::Position;
use verdict::{Allocator, Evidence, Frame, Joint, Member, Part, Snapshots, Sources, Verdict};

use crate::args::{JudgeArgs, ReadingArgs};
use crate::demands::Demands;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origins::Origins;
use crate::outputs;
use crate::proofs;
use crate::snapshots::{self, Opened};

pub(crate) fn judge(args: &JudgeArgs) -> Result<Exit, Failure> {
    outputs::check(&args.outputs)?;
    let here = std::env::current_dir().unwrap_or_default();
    let demands = Demands::of(&args.demands, &here)?;
    let folder = Folder::open(&args.run);
    let recording = folder
        .read_recording()
        .map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))?;
    let mut verdict = judge_folder(&folder, &recording, &mut |_| {})?;
    demands.apply(&mut verdict, &recording);
    outputs::publish(&verdict, &recording, &args.outputs)?;
    Ok(Exit::of_verdict(&verdict))
}

/// Reads the snapshots of a run one after the other, at most two at a time (three in a drain), and
/// judges each isolate.
pub(crate) fn judge_folder(
    folder: &Folder,
    recording: &Recording,
    reading: &mut dyn FnMut(&str),
) -> Result<Verdict, Failure> {
    let kept = Kept {
        folder,
        recording,
        texts: folder.read_scripts(),
        origins: crate::origins::read(folder),
    };
    let main = judge_main(&kept, reading)?;
    let mut parts = Vec::new();
    for siblings in recording.siblings() {
        match siblings.judged.as_slice() {
            [] => {}
            [isolate] => {
                let series = Series::of(&kept, &isolate.name, reading)?;
                let grown = (series.growth.as_slice(), series.pair());
                let sources = kept.sources(&isolate.name);
                parts.push(Part::of_one(recording, isolate, grown, &sources));
            }
            several => parts.push(judge_siblings(&kept, several, reading)?),
        }
    }
    Ok(verdict::together(recording, main, parts))
}

fn judge_main(kept: &Kept<'_>, reading: &mut dyn FnMut(&str)) -> Result<Verdict, Failure> {
    let series = Series::of(kept, MAIN, reading)?;
    let mut verdict = verdict::judge(&Evidence {
        recording: &kept.recording.seen_by(&[MAIN]),
        growth: &series.growth,
        snapshots: series.pair(),
        sources: &kept.sources(MAIN),
    });
    let tried = proofs::tried(kept.recording, series.pair());
    // There may be no room for another snapshot.
    drop(series);
    proofs::count(&mut verdict, kept.folder, tried)?;
    Ok(verdict)
}

/// Judges isolates that run the same script as one: nobody knows how the load is shared.
fn judge_siblings(
    kept: &Kept<'_>,
    siblings: &[&IsolateFacts],
    reading: &mut dyn FnMut(&str),
) -> Result<Part, Failure> {
    let mut members = Vec::new();
    for isolate in siblings {
        let mut series = Series::of(kept, &isolate.name, reading)?;
        let growth = std::mem::take(&mut series.growth);
        members.push(Member::of(kept.recording, isolate, growth, series.pair()));
    }
    let joint = Joint::of(kept.recording, members);
    let last = Series::around_last_round(kept, joint.shown(), reading)?;
    Ok(joint.judge(last.pair(), &kept.sources(joint.shown())))
}

/// What a run left behind.
struct Kept<'a> {
    folder: &'a Folder,
    recording: &'a Recording,
    texts: Vec<ScriptText>,
    origins: Origins,
}

impl Kept<'_> {
    /// The stages with an isolate's snapshots, before anything was cleared.
    fn snapshots(&self, isolate: &str) -> impl DoubleEndedIterator<Item = (Stage, &str)> {
        let stages = self.recording.stages.iter();
        let stages = stages.filter(|stage| !matches!(stage.stage, Stage::Proof(_)));
        stages.filter_map(move |stage| {
            let facts = stage.snapshot_of(isolate)?;
            Some((stage.stage, facts.file.as_str()))
        })
    }

    fn open(&self, file: &str, reading: &mut dyn FnMut(&str)) -> Result<Opened, Failure> {
        reading(file);
        snapshots::open(&self.folder.file(file), ReadingArgs::default())
    }

    /// The texts of scripts under the ids that they have in an isolate.
    fn sources(&self, isolate: &str) -> Sources {
        let profile = self.folder.read_profile(isolate);
        let profile = profile.unwrap_or_default();
        let working_dir = self.recording.plan.working_dir.to_string_lossy();
        let scripts = self.texts.iter();
        let scripts =
            scripts.filter_map(|s| Some((s.id_in(isolate)?, s.url.as_str(), s.text.as_str())));
        Sources::parse(scripts, &working_dir, allocators(&profile))
            .with_frames(frames(&profile))
            .with_origins(self.origins.maps(), self.origins.packages())
    }
}

/// The snapshots of an isolate as they are read, and what grew from one to the next.
#[derive(Default)]
struct Series {
    growth: Vec<(Stage, heap::Growth)>,
    previous: Option<Opened>,
    last: Option<Opened>,
    /// A drain brings nothing to be named: it only goes on from the last round.
    drained: Option<Opened>,
}

impl Series {
    fn of(kept: &Kept<'_>, isolate: &str, reading: &mut dyn FnMut(&str)) -> Result<Self, Failure> {
        let mut series = Self::default();
        for (stage, file) in kept.snapshots(isolate) {
            series.push(stage, kept.open(file, reading)?);
        }
        Ok(series)
    }

    /// Only the last two, which give names.
    fn around_last_round(
        kept: &Kept<'_>,
        isolate: &str,
        reading: &mut dyn FnMut(&str),
    ) -> Result<Self, Failure> {
        let rounds = kept.snapshots(isolate).rev();
        let mut last_first = rounds.filter(|(stage, _)| *stage != Stage::Drain);
        let mut open = || {
            let next = last_first.next();
            next.map(|(_, file)| kept.open(file, reading)).transpose()
        };
        Ok(Self {
            last: open()?,
            previous: open()?,
            ..Self::default()
        })
    }

    fn push(&mut self, stage: Stage, opened: Opened) {
        let base = self.drained.as_ref().or(self.last.as_ref());
        if let Some(base) = base {
            let growth = || self.growth.iter().map(|(_, growth)| growth);
            let holders = growth().flat_map(|g| g.holders.iter().map(|holder| holder.id));
            let keepers = growth().flat_map(|g| g.retained.iter().map(|grown| grown.id));
            let watched: BTreeSet<heap::NodeId> = holders.chain(keepers).collect();
            let watched: Vec<heap::NodeId> = watched.into_iter().collect();
            let grown = heap::growth_watching(
                (&base.snapshot, &base.analysis),
                (&opened.snapshot, &opened.analysis),
                &watched,
            );
            self.growth.push((stage, grown));
        }
        if stage == Stage::Drain {
            self.drained = Some(opened);
        } else {
            self.previous = self.last.replace(opened);
        }
    }

    /// The snapshots around the last round.
    fn pair(&self) -> Option<Snapshots<'_>> {
        let (base, last) = self.previous.as_ref().zip(self.last.as_ref())?;
        Some(Snapshots {
            base: &base.snapshot,
            last: &last.snapshot,
            analysis: &last.analysis,
            share: 1.0,
        })
    }
}

/// The functions of V8's sampling heap profile with the bytes alive below them, most first.
fn allocators(profile: &serde_json::Value) -> Vec<Allocator> {
    let mut found: Vec<Allocator> = Vec::new();
    let mut open = vec![(&profile["head"], false)];
    let mut sums: Vec<u64> = Vec::new();
    // Children before their parent: a node is met twice, its sum is on the stack the second time.
    while let Some((node, done)) = open.pop() {
        let children = node["children"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !done {
            open.push((node, true));
            open.extend(children.iter().map(|child| (child, false)));
            continue;
        }
        let below = sums.split_off(sums.len().saturating_sub(children.len()));
        // The last child was met first.
        let callees = children.iter().rev().zip(&below).map(|(child, &bytes)| {
            let name = child["callFrame"]["functionName"].as_str();
            (name.unwrap_or_default().to_owned(), bytes)
        });
        let callees = callees.collect();
        let below: u64 = below.iter().sum();
        let live_bytes = below + node["selfSize"].as_u64().unwrap_or(0);
        sums.push(live_bytes);
        let frame = &node["callFrame"];
        let number = |key: &str| u32::try_from(frame[key].as_i64().unwrap_or(-1)).ok();
        let script_id = frame["scriptId"].as_str().and_then(|id| id.parse().ok());
        if let (Some(script_id), Some(line), Some(column)) =
            (script_id, number("lineNumber"), number("columnNumber"))
        {
            let function = frame["functionName"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            found.push(Allocator {
                script_id,
                function,
                line,
                column,
                live_bytes,
                callees,
            });
        }
    }
    merged(found)
}

/// The stacks of V8's sampling heap profile: callers before those that they called.
fn frames(profile: &serde_json::Value) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut open = vec![(&profile["head"], None)];
    while let Some((node, caller)) = open.pop() {
        let at = &node["callFrame"];
        let number = |key: &str| u32::try_from(at[key].as_i64()?).ok();
        let script_id = at["scriptId"].as_str().and_then(|id| id.parse().ok());
        let place = script_id.zip(number("lineNumber").zip(number("columnNumber")));
        let index = place.map(|(script_id, (line, column))| {
            frames.push(Frame {
                script_id,
                function: at["functionName"].as_str().unwrap_or_default().to_owned(),
                start: Position { line, column },
                caller,
                live_bytes: node["selfSize"].as_u64().unwrap_or(0),
            });
            frames.len() - 1
        });
        let children = node["children"].as_array().into_iter().flatten();
        open.extend(children.map(|child| (child, index.or(caller))));
    }
    for index in (0..frames.len()).rev() {
        if let Some(caller) = frames[index].caller {
            frames[caller].live_bytes += frames[index].live_bytes;
        }
    }
    frames
}

/// One entry a function, however many ways led to it.
fn merged(mut found: Vec<Allocator>) -> Vec<Allocator> {
    found.sort_by_key(|a| (a.script_id, a.line, a.column));
    found.dedup_by(|later, earlier| {
        let place = |a: &Allocator| (a.script_id, a.line, a.column);
        let same = place(later) == place(earlier);
        if same {
            earlier.live_bytes += later.live_bytes;
            for (name, bytes) in later.callees.drain(..) {
                match earlier.callees.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known += bytes,
                    None => earlier.callees.push((name, bytes)),
                }
            }
        }
        same
    });
    for allocator in &mut found {
        allocator
            .callees
            .sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    }
    found.sort_by_key(|a| std::cmp::Reverse(a.live_bytes));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_bytes_of_a_function_include_what_it_called_over_all_ways() {
        let frame = |name: &str, line: i64| {
            serde_json::json!({ "functionName": name, "scriptId": "7", "url": "a.js",
                "lineNumber": line, "columnNumber": 0 })
        };
        let profile = serde_json::json!({ "head": {
            "callFrame": { "functionName": "(root)", "scriptId": "0", "url": "",
                "lineNumber": -1, "columnNumber": -1 },
            "selfSize": 5,
            "children": [
                { "callFrame": frame("outer", 1), "selfSize": 10, "children": [
                    { "callFrame": frame("inner", 2), "selfSize": 100, "children": [] } ] },
                { "callFrame": frame("inner", 2), "selfSize": 1000, "children": [] },
            ],
        } });
        let found = allocators(&profile);
        let summary: Vec<_> = found
            .iter()
            .map(|a| (a.function.as_str(), a.live_bytes))
            .collect();
        assert_eq!(summary, [("inner", 1100), ("outer", 110)]);
        assert_eq!(found[1].callees, [("inner".to_owned(), 100)]);
        let frames = frames(&profile);
        let stacks: Vec<_> = frames
            .iter()
            .map(|f| (f.function.as_str(), f.caller, f.live_bytes))
            .collect();
        // V8's root is nobody's function.
        assert_eq!(
            stacks,
            [
                ("inner", None, 1000),
                ("outer", None, 110),
                ("inner", Some(1), 100)
            ]
        );
    }
}
