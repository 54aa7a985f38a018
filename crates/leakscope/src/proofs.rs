//! What went when holders were cleared, counted in the snapshots that were taken afterwards.

use recording::{CutFacts, Recording, Stage};
use run::Folder;
use verdict::{Proof, Snapshots, Verdict};

use crate::args::ReadingArgs;
use crate::failure::Failure;
use crate::snapshots;

/// A holder that was cleared, and what it led to before.
pub(crate) struct Tried {
    facts: CutFacts,
    snapshot: Option<String>,
    cohort: Vec<heap::NodeId>,
}

/// What was cleared in a run, with what each holder led to in the last snapshot before.
pub(crate) fn tried(recording: &Recording, pair: Option<Snapshots<'_>>) -> Vec<Tried> {
    let stages = recording.stages.iter();
    let proofs = stages.filter(|record| matches!(record.stage, Stage::Proof(_)));
    proofs
        .filter_map(|record| {
            let facts = record.cut.clone()?;
            let cohort = pair.and_then(|pair| {
                let holder = pair.last.node_by_id(heap::NodeId(facts.holder))?;
                Some(heap::followers(pair.base, pair.last, holder))
            });
            Some(Tried {
                facts,
                snapshot: record.snapshot.as_ref().map(|s| s.file.clone()),
                cohort: cohort.unwrap_or_default(),
            })
        })
        .collect()
}

/// Counts what is left of each, and keeps the answer with the verdict.
pub(crate) fn count(
    verdict: &mut Verdict,
    folder: &Folder,
    mut tried: Vec<Tried>,
) -> Result<(), Failure> {
    for i in 0..tried.len() {
        let cohort = tried[i].cohort.len();
        let mut left = cohort;
        if let Some(file) = tried[i].snapshot.clone() {
            let after = snapshots::open(&folder.file(&file), ReadingArgs::default())?.snapshot;
            // What an earlier cut took with it says nothing of a later one.
            for tried in &mut tried[i..] {
                tried.cohort.retain(|&id| after.node_by_id(id).is_some());
            }
            left = tried[i].cohort.len();
        }
        let gone = cohort - left;
        let proof = Proof::of(&tried[i].facts, cohort as u64, gone as u64);
        verdict.prove(tried[i].facts.holder, proof);
    }
    Ok(())
}
