//! Proof by cutting: a holder is cleared in the running service, and nine tenths of what it holds
//! must go.

use recording::{Cut, CutFacts, CutTarget};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Snapshots;
use crate::{Suspect, Verdict};

/// Part of the objects that must go.
const PROVED: f64 = 0.9;

/// Objects tried in place of a holder that no program can touch, such as a function's variables.
const TARGETS: usize = 4;

/// What went when the holder was cleared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Whether nine tenths went.
    pub proved: bool,
    /// What was done to the holder: `length = 0`.
    pub done: Option<String>,
    /// Objects born in the last round that it led to.
    pub cohort: u64,
    /// Those of them that were gone afterwards.
    pub gone: u64,
    /// Why nothing was done, or nothing could be counted.
    pub failure: Option<String>,
}

impl Proof {
    /// From what was cleared, and what was there before and after.
    #[must_use]
    pub fn of(facts: &CutFacts, cohort: u64, gone: u64) -> Self {
        Self {
            proved: facts.failure.is_none() && cohort > 0 && gone as f64 >= PROVED * cohort as f64,
            done: facts.done.clone(),
            cohort,
            gone,
            failure: facts.failure.clone(),
        }
    }
}

impl Verdict {
    /// What to clear to prove each leak that an object of the main isolate's heap holds, the first
    /// first.
    #[must_use]
    pub fn cuts(&self) -> Vec<Cut> {
        let cuts = self.suspects.iter().map(|s| s.cut.clone());
        cuts.filter(|cut| !cut.targets.is_empty()).collect()
    }

    /// Keeps a proof with the leak that it is about.
    pub fn prove(&mut self, holder: u64, proof: Proof) {
        let of_main = |s: &&mut Suspect| s.isolate == recording::MAIN;
        let mut suspects = self.suspects.iter_mut().filter(of_main);
        let of_holder = suspects.find(|s| s.holder.id == holder);
        if let Some(suspect) = of_holder {
            suspect.proof = Some(proof);
        }
    }
}

/// What to clear of a holder: itself, or else what it leads to first.
pub(crate) fn cut(pair: &Snapshots<'_>, holder: heap::NodeIx) -> Cut {
    let ties = |nodes: &[heap::NodeIx]| heap::ties(pair.base, pair.last, nodes);
    let own = ties(&[holder]).pop().unwrap_or_default();
    let mut inner: Vec<heap::NodeIx> = own.iter().map(|tie| tie.to).collect();
    // The newest leads to all others of a list.
    inner.sort_by_key(|&node| std::cmp::Reverse(pair.last.node_id(node)));
    inner.dedup();
    inner.truncate(TARGETS);
    let inner_ties = ties(&inner);
    let target = |(node, ties): (heap::NodeIx, Vec<heap::Tie>)| CutTarget {
        id: pair.last.node_id(node).0,
        properties: ties.into_iter().filter_map(|tie| tie.name).collect(),
    };
    let nodes = std::iter::once((holder, own)).chain(inner.into_iter().zip(inner_ties));
    Cut {
        holder: pair.last.node_id(holder).0,
        targets: nodes.map(target).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_must_go() {
        let facts = |failure: Option<&str>| CutFacts {
            holder: 7,
            done: Some("length = 0".into()),
            failure: failure.map(Into::into),
        };
        assert!(Proof::of(&facts(None), 300, 270).proved);
        assert!(!Proof::of(&facts(None), 300, 269).proved);
        assert!(!Proof::of(&facts(None), 0, 0).proved);
        assert!(!Proof::of(&facts(Some("it died")), 300, 300).proved);
    }
}
