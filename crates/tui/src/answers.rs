//! Answers to questions, as rows: `explore` finds them, here they get their columns.

use std::rc::Rc;

use explore::{ObjectRow, PathRow, Unknown, Wanted};
use heap::{NodeIx, Overview};
use report::printable;
use units::{ByteDelta, Bytes, Count};

use crate::bench::{Opened, Trouble};
use crate::question::{Object, Row, Rows, Subject, Tone};

/// Characters of a name that are kept: no terminal shows more.
const NAME: usize = 300;

/// Opens snapshots by their number.
pub(crate) type Open<'o> = dyn FnMut(usize) -> Result<Rc<Opened>, Trouble> + 'o;

/// The rows of a list.
pub(crate) fn rows(
    subject: &Subject,
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    match subject {
        // It has no rows, and is told elsewhere.
        Subject::Verdict => Ok(Rows::default()),
        Subject::Classes { snapshot } => classes(*snapshot, wanted, open),
        Subject::ObjectsOf { snapshot, class } => objects_of(*snapshot, class, wanted, open),
        Subject::References(object) => references(*object, wanted, open),
        Subject::Changes { base, newer } => changes((*base, *newer), wanted, open),
        Subject::ObjectsChanged { base, newer, class } => {
            objects_changed((*base, *newer), class, wanted, open)
        }
        Subject::Dominated { snapshot, id } => dominated(*snapshot, *id, wanted, open),
        Subject::Retainers(Object { snapshot, id }) => {
            retainers(*snapshot, &format!("@{id}"), wanted, open)
        }
        Subject::RetainersOf {
            snapshot,
            wanted: name,
        } => retainers(*snapshot, name, wanted, open),
    }
}

fn classes(snapshot: usize, wanted: &Wanted, open: &mut Open<'_>) -> Result<Rows, Trouble> {
    let opened = open(snapshot)?;
    let overview = Overview::of(&opened.snapshot, &opened.analysis);
    let view = explore::summary(&overview, &wanted.listing_among());
    let rows = view.classes.iter().map(|class| Row {
        name: vec![part(Tone::Class, &class.class)],
        cells: vec![
            distance(class.distance),
            Count(class.count).to_string(),
            Bytes(class.shallow_size).to_string(),
            Bytes(class.retained_size).to_string(),
        ],
        object: None,
        below: Some(Subject::ObjectsOf {
            snapshot,
            class: class.class.clone(),
        }),
    });
    let note = format!(
        "{} nodes, {} in all",
        Count(view.nodes),
        Bytes(view.total_size)
    );
    Ok(listed(rows.collect(), view.page, note))
}

fn objects_of(
    snapshot: usize,
    class: &str,
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    let opened = open(snapshot)?;
    let view = explore::class_objects(opened.heap(), class, None, &wanted.listing_among());
    let view = view.map_err(|unknown| not_found(class, &unknown))?;
    let rows = view.objects.iter().map(|object| {
        let place = place(snapshot, object);
        row(vec![], object, place, Subject::References(place), 4)
    });
    Ok(listed(rows.collect(), view.page, String::new()))
}

fn references(object: Object, wanted: &Wanted, open: &mut Open<'_>) -> Result<Rows, Trouble> {
    let opened = open(object.snapshot)?;
    let heap = opened.heap();
    let node = find(heap, &format!("@{}", object.id))?;
    let view = explore::containment(heap, node, &unfolding(wanted)?);
    let rows = view.children.iter().map(|child| {
        let place = place(object.snapshot, &child.object);
        let edge = vec![part(Tone::Edge, &child.edge), part(Tone::Dim, " = ")];
        row(edge, &child.object, place, Subject::References(place), 4)
    });
    Ok(listed(rows.collect(), view.page, String::new()))
}

fn changes(
    (base, newer): (usize, usize),
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    let (first, last) = (open(base)?, open(newer)?);
    let none = Wanted {
        top: Some(0),
        ..Wanted::default()
    };
    let listing = explore::DiffListing {
        classes: wanted.listing_among(),
        grown_classes: none.listing_among(),
        grown_objects: none.listing_among(),
    };
    let view = explore::diff(first.heap().outlined(), last.heap(), &listing);
    let rows = view.classes.iter().map(|change| Row {
        name: vec![part(Tone::Class, &change.class)],
        cells: vec![
            Count(change.new).to_string(),
            Count(change.deleted).to_string(),
            signed(change.delta),
            Bytes(change.alloc_size).to_string(),
            Bytes(change.freed_size).to_string(),
            ByteDelta(change.size_delta).to_string(),
        ],
        object: None,
        below: Some(Subject::ObjectsChanged {
            base,
            newer,
            class: change.class.clone(),
        }),
    });
    let grown = &view.grown;
    let note = format!(
        "{} objects of both grew in place, by {}",
        Count(grown.count),
        Bytes(grown.size_delta)
    );
    Ok(listed(rows.collect(), view.page, note))
}

fn objects_changed(
    (base, newer): (usize, usize),
    class: &str,
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    let (first, last) = (open(base)?, open(newer)?);
    let view = explore::diff_objects(first.heap(), last.heap(), class, &wanted.listing_among());
    let view = view.map_err(|unknown| not_found(class, &unknown))?;
    let of = |snapshot: usize, tone: Tone, mark: &str, object: &ObjectRow| {
        let place = place(snapshot, object);
        let size = Bytes(object.shallow_size).to_string();
        let mut row = row(
            vec![part(tone, mark)],
            object,
            place,
            Subject::References(place),
            0,
        );
        row.cells = match tone {
            Tone::New => vec![String::new(), String::new(), String::new(), size],
            _ => vec![
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                size,
            ],
        };
        row
    };
    let new = view.new.iter().map(|o| of(newer, Tone::New, "+ ", o));
    let deleted = view
        .deleted
        .iter()
        .map(|o| of(base, Tone::Gone, "\u{2212} ", o));
    let matching = view.new_page.matching + view.deleted_page.matching;
    let seen = |page: explore::PageOf| page.skipped.min(page.matching) + page.shown;
    Ok(Rows {
        rows: new.chain(deleted).collect(),
        more: matching - seen(view.new_page) - seen(view.deleted_page),
        matching,
        ..Rows::default()
    })
}

fn dominated(
    snapshot: usize,
    id: Option<u64>,
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    let opened = open(snapshot)?;
    let heap = opened.heap();
    let node = match id {
        Some(id) => find(heap, &format!("@{id}"))?,
        None => heap.snapshot.root(),
    };
    let view = explore::dominators(heap, node, &unfolding(wanted)?);
    let rows = view.children.iter().map(|child| {
        let place = place(snapshot, &child.object);
        let below = Subject::Dominated {
            snapshot,
            id: Some(child.object.id),
        };
        row(vec![], &child.object, place, below, 3)
    });
    let note = match id {
        Some(id) => format!("below @{id}, {} retained", Bytes(view.object.retained_size)),
        None => format!("{} retained by all", Bytes(view.object.retained_size)),
    };
    Ok(listed(rows.collect(), view.page, note))
}

fn retainers(
    snapshot: usize,
    wanted_object: &str,
    wanted: &Wanted,
    open: &mut Open<'_>,
) -> Result<Rows, Trouble> {
    let opened = open(snapshot)?;
    let heap = opened.heap();
    let node = find(heap, wanted_object)?;
    let view = explore::retainers(heap, node, &unfolding(wanted)?);
    let rows = view.retainers.iter().map(|retainer| {
        let place = place(snapshot, &retainer.from);
        let edge = vec![part(Tone::Edge, &retainer.edge), part(Tone::Dim, " in ")];
        row(edge, &retainer.from, place, Subject::Retainers(place), 3)
    });
    let mut note = format!("{} @{}", printable(&view.object.class), view.object.id);
    match view.path.is_empty() {
        true => note += ": only weak references lead to it",
        false => note += &format!(" is kept by  {}", path_text(&view.path)),
    }
    Ok(Rows {
        about: Some(place(snapshot, &view.object)),
        ..listed(rows.collect(), view.page, note)
    })
}

/// `process ─ app ─ Map @105 ─ [0] Session @201`.
fn path_text(path: &[PathRow]) -> String {
    let step = |row: &PathRow| {
        let edge = row.edge.as_ref().map(|edge| format!("{} ", shown(edge)));
        let class = shown(&row.object.class);
        format!("{}{class} @{}", edge.unwrap_or_default(), row.object.id)
    };
    // The root itself says nothing.
    let steps = path.iter().skip(usize::from(path.len() > 1));
    steps.map(step).collect::<Vec<_>>().join(" \u{2500} ")
}

fn listed(rows: Vec<Row>, page: explore::PageOf, note: String) -> Rows {
    Rows {
        rows,
        more: page.matching.saturating_sub(page.skipped + page.shown),
        matching: page.matching,
        note,
        about: None,
    }
}

fn place(snapshot: usize, object: &ObjectRow) -> Object {
    Object {
        snapshot,
        id: object.id,
    }
}

/// An object with its figures; of four columns the second, a class's count, stays empty.
fn row(
    mut name: Vec<(Tone, String)>,
    object: &ObjectRow,
    place: Object,
    below: Subject,
    columns: usize,
) -> Row {
    name.push(part(Tone::Class, &object.class));
    if object.name != object.class && !object.name.is_empty() {
        name.push((Tone::Dim, " ".into()));
        name.push(part(Tone::Text, &object.name));
    }
    name.push((Tone::Dim, format!(" @{}", object.id)));
    let mut cells = vec![
        distance(object.distance),
        Bytes(object.shallow_size).to_string(),
        Bytes(object.retained_size).to_string(),
    ];
    if columns == 4 {
        cells.insert(1, String::new());
    }
    Row {
        name,
        cells,
        object: Some(place),
        below: Some(below),
    }
}

/// Of what only the engine's own roots reach, DevTools shows a dash.
fn distance(distance: i64) -> String {
    match distance {
        0..heap::SYSTEM_DISTANCE => distance.to_string(),
        _ => "\u{2212}".into(),
    }
}

fn part(tone: Tone, text: &str) -> (Tone, String) {
    (tone, shown(text))
}

fn shown(text: &str) -> String {
    let kept: String = text.chars().take(NAME).collect();
    printable(&kept)
}

fn signed(delta: i64) -> String {
    match delta {
        0 => "0".into(),
        1.. => format!("+{}", Count(delta.unsigned_abs())),
        _ => format!("\u{2212}{}", Count(delta.unsigned_abs())),
    }
}

/// One level of a tree, the screen unfolds the next.
fn unfolding<T: explore::Listed>(wanted: &Wanted) -> Result<explore::Unfolding<T>, Trouble> {
    let unfolding = wanted.unfolding(1).or_else(|_| {
        let natural = Wanted {
            sort: None,
            ..wanted.clone()
        };
        natural.unfolding(1)
    });
    unfolding.map_err(|unknown| Trouble {
        message: unknown.to_string(),
        hint: None,
    })
}

fn find(heap: explore::Heap<'_>, wanted: &str) -> Result<NodeIx, Trouble> {
    let found = heap.find(wanted);
    found.map_err(|unknown| not_found(wanted, &unknown))
}

fn not_found(wanted: &str, unknown: &Unknown) -> Trouble {
    let (message, hint) = match unknown {
        Unknown::Id(id) => (
            format!("no object @{id} in this snapshot"),
            Some("objects that came later or went earlier are in the other snapshots".to_owned()),
        ),
        Unknown::Class(similar) => {
            let similar: Vec<_> = similar.iter().map(|class| shown(class)).collect();
            let hint = format!("did you mean {}?", similar.join(", "));
            (
                format!("no class `{}` in this snapshot", shown(wanted)),
                (!similar.is_empty()).then_some(hint),
            )
        }
    };
    Trouble { message, hint }
}
