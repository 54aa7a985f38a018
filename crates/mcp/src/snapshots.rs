//! Tools about heap snapshots: classes, what grew, one object and what keeps it alive.

use std::fmt::Write;

use explore::{
    ClassChange, DetailsListing, DiffListing, Heap, ObjectRow, PathRow, RetainerRow, Unknown,
};
use heap::{NodeIx, Overview};
use recording::{Recording, Stage, StageRecord};
use serde::Deserialize;
use units::{ByteDelta, Bytes, Count, PerSession};

use crate::answer::{Answer, counted};
use crate::arguments::{Rows, no_column};
use crate::data::{name, text};
use crate::desk::{Desk, Opened, Problem};

/// Rows of each list in an answer that has two.
const SECTION: usize = 8;

/// Steps of a path; of a longer one the middle is left out.
const STEPS: usize = 24;

/// Levels of a tree at most.
const DEEPEST: usize = 6;

#[derive(Debug, Deserialize)]
pub(crate) struct SummaryArgs {
    snapshot: String,
    class: Option<String>,
    #[serde(flatten)]
    rows: Rows,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DiffArgs {
    run: Option<String>,
    base: Option<String>,
    newer: Option<String>,
    #[serde(flatten)]
    rows: Rows,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ObjectArgs {
    snapshot: String,
    object: String,
    #[serde(flatten)]
    rows: Rows,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RetainersArgs {
    snapshot: String,
    object: String,
    depth: Option<usize>,
    #[serde(flatten)]
    rows: Rows,
}

pub(crate) fn summary(desk: &dyn Desk, args: &SummaryArgs) -> Result<Answer, Problem> {
    let wanted = args.rows.wanted()?;
    let mut answer = Answer::default();
    if let Some(class) = &args.class {
        let listing = wanted.listing().map_err(|e| no_column(&e))?;
        let opened = desk.snapshot(&args.snapshot)?;
        let found = explore::class_objects(opened.heap(), class, None, &listing)
            .map_err(|unknown| not_found(class, &unknown))?;
        answer.say(format!(
            "{}, {} of their own. @ID name | shallow | retained | distance",
            counted(found.count, "object"),
            Bytes(found.shallow_size)
        ));
        answer.data(format!("class {}", name(class)));
        for object in &found.objects {
            answer.data(object_cells(object, &name(&object.name)));
        }
        answer.rest(found.page, "object");
        return Ok(answer);
    }
    let listing = wanted.listing().map_err(|e| no_column(&e))?;
    let opened = desk.snapshot(&args.snapshot)?;
    let overview = Overview::of(&opened.snapshot, &opened.analysis);
    let view = explore::summary(&overview, &listing);
    let kinds = view.statistics;
    answer.say(format!(
        "{} nodes, {} in all: code {}, strings {}, arrays {}, system {}, outside the heap {}",
        Count(view.nodes),
        Bytes(view.total_size),
        Bytes(kinds.code),
        Bytes(kinds.strings),
        Bytes(kinds.js_arrays),
        Bytes(kinds.system),
        Bytes(kinds.native_total),
    ));
    answer.say("class | objects | shallow | retained | distance");
    for class in &view.classes {
        answer.data(format!(
            "{} | {} | {} | {} | {}",
            name(&class.class),
            Count(class.count),
            Bytes(class.shallow_size),
            Bytes(class.retained_size),
            class.distance,
        ));
    }
    answer.rest(view.page, "class");
    Ok(answer)
}

pub(crate) fn diff(desk: &dyn Desk, args: &DiffArgs) -> Result<Answer, Problem> {
    let wanted = args.rows.wanted()?;
    let classes = wanted.listing().map_err(|e| no_column(&e))?;
    let (base, newer, sessions) = pair(desk, args)?;
    let of_objects = explore::Wanted {
        top: Some(SECTION),
        sort: None,
        ..wanted
    };
    let view = explore::diff(
        base.heap().outlined(),
        newer.heap(),
        &DiffListing {
            classes,
            grown_classes: of_objects.listing_among(),
            grown_objects: of_objects.listing_among(),
        },
    );
    let mut answer = Answer::default();
    let per_session = match sessions {
        Some(n) => {
            answer.say(format!("Between the two ran {}.", counted(n, "session")));
            " | delta per session"
        }
        None => "",
    };
    answer.say(format!(
        "class | new | deleted | delta | size delta{per_session}"
    ));
    for change in &view.classes {
        answer.data(change_cells(change, sessions));
    }
    answer.rest(view.page, "class");
    let grown = &view.grown;
    if grown.count > 0 {
        answer.say(format!(
            "{} of both grew in place by {}, not counted above:",
            counted(grown.count, "object"),
            ByteDelta(i64::try_from(grown.size_delta).unwrap_or(i64::MAX)),
        ));
    }
    for object in &grown.objects {
        answer.data(format!(
            "{} @{} {}, now {}",
            name(&object.object.class),
            object.object.id,
            ByteDelta(i64::try_from(object.size_delta).unwrap_or(i64::MAX)),
            Bytes(object.object.shallow_size),
        ));
    }
    Ok(answer)
}

fn change_cells(change: &ClassChange, sessions: Option<u64>) -> String {
    let per_session = sessions.filter(|&n| n > 0).map(|n| {
        let rate = PerSession(change.delta as f64 / n as f64);
        format!(" | {rate}")
    });
    format!(
        "{} | {} | {} | {:+} | {}{}",
        name(&change.class),
        Count(change.new),
        Count(change.deleted),
        change.delta,
        ByteDelta(change.size_delta),
        per_session.unwrap_or_default(),
    )
}

type Pair = (std::sync::Arc<Opened>, std::sync::Arc<Opened>, Option<u64>);

/// The two snapshots that are meant, and the sessions between them where those are known.
fn pair(desk: &dyn Desk, args: &DiffArgs) -> Result<Pair, Problem> {
    match (&args.run, &args.base, &args.newer) {
        (Some(run), None, None) => {
            let run = desk.run(run)?;
            let (base, newer) = measured(&run.recording).ok_or_else(|| {
                Problem::new("this run has no two snapshots around its measured rounds")
                    .hint("`list` shows other runs and snapshots")
            })?;
            let sessions = run.recording.sessions_between(base, newer);
            let file = |name: &str| format!("{}/{name}", run.path);
            Ok((
                desk.snapshot(&file(base))?,
                desk.snapshot(&file(newer))?,
                sessions,
            ))
        }
        (None, Some(base), Some(newer)) => Ok((desk.snapshot(base)?, desk.snapshot(newer)?, None)),
        _ => Err(
            Problem::new("it is not clear which two snapshots are meant")
                .hint("give `run`, or both `base` and `newer`"),
        ),
    }
}

/// The snapshots before and after the measured rounds.
fn measured(recording: &Recording) -> Option<(&str, &str)> {
    fn file(stage: &StageRecord) -> Option<&str> {
        stage.snapshot.as_ref().map(|facts| facts.file.as_str())
    }
    let is_round = |stage: &&StageRecord| matches!(stage.stage, Stage::Round(_));
    let stages = &recording.stages;
    let before = stages.iter().take_while(|stage| !is_round(stage));
    let base = before.filter_map(file).last()?;
    let newer = stages
        .iter()
        .filter(is_round)
        .filter_map(file)
        .next_back()?;
    Some((base, newer))
}

pub(crate) fn object(desk: &dyn Desk, args: &ObjectArgs) -> Result<Answer, Problem> {
    let wanted = explore::Wanted {
        top: Some(SECTION),
        ..args.rows.wanted()?
    };
    let opened = desk.snapshot(&args.snapshot)?;
    let heap = opened.heap();
    let node = find(heap, &args.object)?;
    let listing = DetailsListing {
        edges: wanted.listing_among(),
        retainers: wanted.listing_among(),
    };
    let view = explore::object_details(heap, node, &listing);
    let object = &view.object;
    let mut answer = Answer::default();
    answer.say(format!(
        "@{}: shallow {}, retained {}, distance {}; of its class there are {}",
        object.id,
        Bytes(object.shallow_size),
        Bytes(object.retained_size),
        object.distance,
        Count(view.of_class),
    ));
    answer.data(format!(
        "class {} of type {}",
        name(&object.class),
        object.kind
    ));
    answer.data(format!("content {}", text(&view.preview)));
    if let Some(dominator) = &view.dominator {
        answer.data(format!("freed with {}", named(dominator)));
    }
    answer.data(format!("path {}", path_line(&view.path)));
    answer.say(format!("It refers to {}:", Count(view.edges_page.matching)));
    for edge in &view.edges {
        answer.data(format!(
            "{} {} = {} retained {}",
            edge.kind,
            name(&edge.edge),
            named(&edge.object),
            Bytes(edge.object.retained_size),
        ));
    }
    answer.say(format!("Kept by {}:", Count(view.retainers_page.matching)));
    for retainer in &view.retainers {
        answer.data(retainer_line(retainer, 0));
    }
    Ok(answer)
}

pub(crate) fn retainers(desk: &dyn Desk, args: &RetainersArgs) -> Result<Answer, Problem> {
    let depth = args.depth.unwrap_or(1).clamp(1, DEEPEST);
    let unfolding = args.rows.wanted()?.unfolding(depth);
    let unfolding = unfolding.map_err(|e| no_column(&e))?;
    let opened = desk.snapshot(&args.snapshot)?;
    let heap = opened.heap();
    let node = find(heap, &args.object)?;
    let view = explore::retainers(heap, node, &unfolding);
    let mut answer = Answer::default();
    answer.say(format!(
        "@{}, retained {}, one of {} of its class, is kept by {}:",
        view.object.id,
        Bytes(view.object.retained_size),
        Count(view.of_class),
        counted(view.page.all, "reference"),
    ));
    answer.data(format!("object {}", named(&view.object)));
    for retainer in &view.retainers {
        retainer_lines(&mut answer, retainer, 0);
    }
    answer.rest(view.page, "reference");
    answer.data(format!("path {}", path_line(&view.path)));
    Ok(answer)
}

fn retainer_lines(answer: &mut Answer, retainer: &RetainerRow, depth: usize) {
    answer.data(retainer_line(retainer, depth));
    for above in &retainer.retainers {
        retainer_lines(answer, above, depth + 1);
    }
    if retainer.more > 0 {
        let indent = "  ".repeat(depth + 1);
        answer.data(format!("{indent}and {} more", retainer.more));
    }
}

fn retainer_line(retainer: &RetainerRow, depth: usize) -> String {
    format!(
        "{}{} {} of {} distance {}, retained {}",
        "  ".repeat(depth),
        retainer.kind,
        name(&retainer.edge),
        named(&retainer.from),
        retainer.from.distance,
        Bytes(retainer.from.retained_size),
    )
}

pub(crate) fn path(desk: &dyn Desk, args: &ObjectArgs) -> Result<Answer, Problem> {
    let wanted = args.rows.wanted()?;
    let opened = desk.snapshot(&args.snapshot)?;
    let heap = opened.heap();
    let mut answer = Answer::default();
    let is_id = |wanted: &str| wanted.trim_start_matches('@').parse::<u64>().is_ok();
    if is_id(&args.object) {
        let view = explore::paths(heap, find(heap, &args.object)?);
        answer.say("The path from the roots, one step a line:");
        answer.data(format!("object {}", named(&view.object)));
        match view.user.is_empty() {
            true => answer.say("Only weak references lead to it: it will be collected."),
            false => path_lines(&mut answer, &view.user),
        }
        return Ok(answer);
    }
    let listing = wanted.listing().map_err(|e| no_column(&e))?;
    let view = explore::path_groups(heap, &args.object, &listing)
        .map_err(|unknown| not_found(&args.object, &unknown))?;
    answer.say(format!(
        "{}; how many by each path, and one for example:",
        counted(view.count, "object")
    ));
    answer.data(format!("class {}", name(&view.class)));
    for group in &view.groups {
        let steps: Vec<_> = group.path.iter().map(|step| name(step)).collect();
        let way = match steps.is_empty() {
            true => "weak references only".to_owned(),
            false => shortened(&steps).join(" > "),
        };
        answer.data(format!(
            "{} retaining {}, @{}: {way}",
            Count(group.count),
            Bytes(group.retained_size),
            group.example,
        ));
    }
    answer.rest(view.page, "path");
    Ok(answer)
}

fn path_lines(answer: &mut Answer, path: &[PathRow]) {
    let steps: Vec<_> = path.iter().map(step).collect();
    for step in shortened(&steps) {
        answer.data(step);
    }
}

fn path_line(path: &[PathRow]) -> String {
    if path.is_empty() {
        return "none: only weak references lead to it".into();
    }
    let steps: Vec<_> = path.iter().map(step).collect();
    shortened(&steps).join(" > ")
}

fn step(row: &PathRow) -> String {
    let mut step = String::new();
    if let (Some(edge), Some(kind)) = (&row.edge, row.kind) {
        // Writing to a string cannot fail.
        let _ = write!(step, "{kind} {} = ", name(edge));
    }
    step + &named(&row.object)
}

/// The first and the last steps of a long way.
fn shortened(steps: &[String]) -> Vec<String> {
    if steps.len() <= STEPS {
        return steps.to_vec();
    }
    let (first, last) = (&steps[..STEPS / 2], &steps[steps.len() - STEPS / 2..]);
    let left_out = format!("… {} steps …", steps.len() - STEPS);
    [first, &[left_out], last].concat()
}

fn named(object: &ObjectRow) -> String {
    let class = name(&object.class);
    match object.name == object.class || object.name.is_empty() {
        true => format!("{class} @{}", object.id),
        false => format!("{class} {} @{}", name(&object.name), object.id),
    }
}

fn object_cells(object: &ObjectRow, shown: &str) -> String {
    format!(
        "@{} {shown} | {} | {} | {}",
        object.id,
        Bytes(object.shallow_size),
        Bytes(object.retained_size),
        object.distance,
    )
}

fn find(heap: Heap<'_>, wanted: &str) -> Result<NodeIx, Problem> {
    heap.find(wanted)
        .map_err(|unknown| not_found(wanted, &unknown))
}

fn not_found(wanted: &str, unknown: &Unknown) -> Problem {
    match unknown {
        Unknown::Id(id) => Problem::new(format!("no object @{id} in this snapshot"))
            .hint("ids hold for the snapshots of one process only"),
        Unknown::Class(similar) => {
            let problem = Problem::new(format!("no class {} in this snapshot", name(wanted)));
            match similar.as_slice() {
                [] => problem.hint("`summary` lists the classes"),
                names => {
                    let names: Vec<_> = names.iter().map(|known| name(known)).collect();
                    problem.hint(format!("did you mean {}?", names.join(", ")))
                }
            }
        }
    }
}
