//! Classes that grow by a whole number per session where no object gains as many entries: a list, a
//! chain of promises, handles of the engine's own.

use heap::{Below, Growth, NodeIx, RetainingPaths};

use super::by_entries::IDLE_SLACK;
use super::telling::{is_telling, nearest_class};
use super::{Candidate, ClassGrowth, Fate, Measured, by_bytes, graded, is_old};
use crate::Snapshots;
use crate::rate::Grade;

/// Classes that count the engine's own bookkeeping, never a program's objects.
const ENGINE_CLASSES: [&str; 7] = [
    "(system)",
    "(compiled code)",
    "(array)",
    "(object shape)",
    "(number)",
    "(heap number)",
    "(synthetic)",
];

/// The class with most bytes and whatever grows with it. Classes that the holders `found` already
/// drag along are theirs.
pub(super) fn candidate(
    measured: &Measured<'_>,
    pair: &Snapshots<'_>,
    found: &[Candidate],
) -> Option<Candidate> {
    let newest = measured.rounds.last()?;
    let mut graded_classes = Vec::new();
    for class in &newest.classes {
        let name = class.class.as_str();
        let idle = measured.idle.map_or(0, |idle| change(idle, name).0);
        if ENGINE_CLASSES.contains(&name) || idle > IDLE_SLACK {
            continue;
        }
        let rate = measured.rate(|g| change(g, name).0 as f64);
        let Some((Grade::A, unit)) = graded(measured, &rate) else {
            continue;
        };
        if is_dragged(found, name, rate.per_session) {
            continue;
        }
        let bytes_per_session = measured.rate(|g| change(g, name).1 as f64).per_session;
        let growth = ClassGrowth {
            class: name.to_owned(),
            rate,
            bytes_per_session,
            depth: u32::MAX,
        };
        graded_classes.push((growth, unit));
    }
    // A text may be in the engine's own tables as well: it shows no way.
    graded_classes.sort_by(|(a, _), (b, _)| {
        let is_plain = |c: &ClassGrowth| c.class.starts_with('(');
        let by_bytes = b.bytes_per_session.total_cmp(&a.bytes_per_session);
        is_plain(a).cmp(&is_plain(b)).then(by_bytes)
    });
    let largest = graded_classes.first()?.0.class.clone();
    let last = (pair.last, pair.analysis);
    let example = heap::example_of_class(pair.base, last, &largest)?;
    let keeper = by_bytes::keeper(measured, pair);
    let inside = keeper.as_ref().is_some_and(|keeper| keeper.shown_is_owner);
    let holder = keeper
        .map(|keeper| keeper.shown)
        .or_else(|| old_object_before(pair, example, &largest))
        .unwrap_or(example);
    let own = pair.analysis.class_name(pair.analysis.class_of(holder));
    let may_chain = is_telling(own) || own.starts_with('{');
    let below = Below::of(pair.base, last, holder);
    let depths = below.depths();
    for (class, _) in &mut graded_classes {
        // The head of a chain gains its own kind.
        let is_chain = may_chain && class.class == own;
        let below = depths
            .get(class.class.as_str())
            .copied()
            .unwrap_or(u32::MAX);
        class.depth = if is_chain { 0 } else { below };
    }
    let (classes, mut units): (Vec<ClassGrowth>, Vec<_>) = graded_classes.into_iter().unzip();
    // The holder gains what is nearest to it.
    let main = nearest_class(&classes)?.clone();
    let at = classes.iter().position(|class| class.class == main.class)?;
    let unit = units.swap_remove(at);
    let in_drains = measured.drains.iter();
    let in_drains: i64 = in_drains.map(|g| change(g, &main.class).0).sum();
    Some(Candidate {
        holder,
        fate: Fate::of(measured, &main.rate, in_drains as f64),
        gains: main.rate,
        grade: Grade::A,
        unit,
        in_bytes: false,
        of_class: true,
        inside,
        bytes_per_session: classes.iter().map(|c| c.bytes_per_session).sum(),
        classes,
    })
}

/// Objects and bytes of a class more than before.
fn change(growth: &Growth, class: &str) -> (i64, i64) {
    let found = growth.classes.iter().find(|c| c.class == class);
    found.map_or((0, 0), |c| (c.delta, c.size_delta))
}

fn is_dragged(found: &[Candidate], class: &str, per_session: f64) -> bool {
    let of_class = |c: &Candidate| {
        let same = c.classes.iter().find(|d| d.class == class);
        same.map_or(0.0, |d| d.rate.per_session)
    };
    found.iter().map(of_class).sum::<f64>() >= per_session / 2.0
}

/// The last object on the way to `example` that was there before and is of another class.
fn old_object_before(pair: &Snapshots<'_>, example: NodeIx, class: &str) -> Option<NodeIx> {
    let (snapshot, analysis) = (pair.last, pair.analysis);
    let steps = RetainingPaths::of(snapshot).to(example)?;
    let is_other = |node: NodeIx| analysis.class_name(analysis.class_of(node)) != class;
    let is_holder = |&node: &NodeIx| {
        is_old(pair, snapshot.node_id(node)) && is_other(node) && heap::is_visible(snapshot, node)
    };
    steps.iter().rev().map(|step| step.from).find(is_holder)
}
