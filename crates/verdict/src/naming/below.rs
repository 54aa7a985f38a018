//! The way from a holder down to what piles up, in words, and what it is bound to there.

use heap::{Below, EdgeKind, EdgeName, NodeIx, NodeType, PathStep};

use super::Namer;
use super::path::{Binding, collapse_runs};

/// The words for the way from a holder down to what piles up.
pub(super) fn words(namer: &Namer<'_>, steps: &[PathStep]) -> Vec<String> {
    let mut words = Vec::new();
    for step in steps {
        let is_store = !heap::is_visible(namer.last, step.edge.to);
        match step.edge.kind {
            EdgeKind::Internal if is_store => {}
            EdgeKind::Element => words.push("[n]".to_owned()),
            EdgeKind::Internal if namer.last.node_type(step.from) == NodeType::Array => {
                words.push(
                    if is_table(namer, step.from) {
                        "entry"
                    } else {
                        "[n]"
                    }
                    .to_owned(),
                );
            }
            _ => {}
        }
        if !is_store {
            words.push(namer.class(step.edge.to));
        }
    }
    collapse_runs(&dedup_neighbors(words))
}

/// The property by which the last old object on a way down is reached, or reaches what is new: that
/// is what a program adds to where the holder is only above it. A holder that is new itself was set
/// anew: its own name is what counts.
pub(super) fn bound(namer: &Namer<'_>, below: &Below<'_>, steps: &[PathStep]) -> Option<Binding> {
    let is_visible = |node: NodeIx| heap::is_visible(namer.last, node);
    if below.is_new(steps.first()?.from) {
        return None;
    }
    let first_new = steps.iter().position(|step| below.is_new(step.edge.to))?;
    // Of an entry, the step to the object whose entry it is.
    let is_named = |step: &PathStep| step.edge.kind == EdgeKind::Property && is_visible(step.from);
    let entered = steps[..=first_new].iter().rev();
    let step = match steps.get(first_new).filter(|step| is_named(step)) {
        Some(step) => step,
        None => entered.skip(1).find(|step| is_visible(step.edge.to))?,
    };
    let EdgeName::Name(name) = namer.last.edge_name(step.edge) else {
        return None;
    };
    is_named(step).then(|| Binding::Property {
        name: name.into_owned(),
        owner: step.from,
        owner_class: namer.class(step.from),
    })
}

/// Whether the holder itself refers to the first new object on a way down.
pub(super) fn is_direct(namer: &Namer<'_>, below: &Below<'_>, steps: &[PathStep]) -> bool {
    let is_visible = |step: &&PathStep| heap::is_visible(namer.last, step.edge.to);
    let first = steps.iter().find(is_visible);
    first.is_none_or(|step| below.is_new(step.edge.to))
}

/// `elements` of an array show each entry twice: as an element of the array and inside its store.
fn is_table(namer: &Namer<'_>, store: NodeIx) -> bool {
    !namer.last.name(store).contains("elements")
}

fn dedup_neighbors(mut words: Vec<String>) -> Vec<String> {
    words.dedup();
    words
}
