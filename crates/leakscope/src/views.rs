//! `leakscope summary`, `diff`, `retainers` and `nodes`: tables from snapshots on disk.

use explore::{ClassChange, ClassRow, ObjectRow, Retainers, Unknown};
use report::{Column, printable, table};
use serde::Serialize;
use units::{Bytes, Count};

use crate::args::{DiffArgs, NodesArgs, RetainersArgs, SummaryArgs};
use crate::exit::Exit;
use crate::failure::{Failure, answer, answer_in_parts};
use crate::judge::stdout_style;
use crate::snapshots;

/// From here on DevTools shows no distance, only a dash.
const NO_DISTANCE: i64 = 100_000_000;

pub(crate) fn summary(args: &SummaryArgs) -> Result<Exit, Failure> {
    let opened = snapshots::open(&args.snapshot)?;
    let mut summary = explore::summary(&opened.snapshot, &opened.analysis);
    let n_classes = summary.classes.len();
    if args.table.json {
        args.table.cut(&mut summary.classes);
        return json(&summary);
    }
    args.table.cut_to_default(&mut summary.classes);
    let statistics = &summary.statistics;
    let mut text = format!(
        "{}: {} nodes, {} edges, {} in all\n  V8 heap {}: code {}, strings {}, arrays {}, system {}\n  outside it {}: array buffers {}\n\n",
        args.snapshot.display(),
        Count(summary.nodes),
        Count(summary.edges),
        Bytes(summary.total_size),
        Bytes(statistics.v8heap_total),
        Bytes(statistics.code),
        Bytes(statistics.strings),
        Bytes(statistics.js_arrays),
        Bytes(statistics.system),
        Bytes(statistics.native_total),
        Bytes(statistics.typed_arrays),
    );
    let columns = [
        Column::text("Constructor"),
        Column::number("Distance"),
        Column::number("Objects"),
        Column::number("Shallow Size"),
        Column::number("Retained Size"),
    ];
    let rows: Vec<_> = summary.classes.iter().map(class_cells).collect();
    text += &table(&columns, &rows, stdout_style());
    text += &rest(n_classes, rows.len(), "classes");
    answer(&text)?;
    Ok(Exit::Clean)
}

pub(crate) fn diff(args: &DiffArgs) -> Result<Exit, Failure> {
    let base = snapshots::open(&args.base)?;
    let newer = snapshots::open(&args.snapshot)?;
    let mut diff = explore::diff(
        (&base.snapshot, &base.analysis),
        (&newer.snapshot, &newer.analysis),
    );
    let n_classes = diff.classes.len();
    if args.table.json {
        args.table.cut(&mut diff.classes);
        return json(&diff);
    }
    args.table.cut_to_default(&mut diff.classes);
    let columns = [
        Column::text("Constructor"),
        Column::number("# New"),
        Column::number("# Deleted"),
        Column::number("# Delta"),
        Column::number("Alloc. Size"),
        Column::number("Freed Size"),
        Column::number("Size Delta"),
    ];
    let rows: Vec<_> = diff.classes.iter().map(change_cells).collect();
    let mut text = table(&columns, &rows, stdout_style());
    text += &rest(n_classes, rows.len(), "classes");
    answer(&text)?;
    Ok(Exit::Clean)
}

pub(crate) fn retainers(args: &RetainersArgs) -> Result<Exit, Failure> {
    let opened = snapshots::open(&args.snapshot)?;
    let (snapshot, analysis) = (&opened.snapshot, &opened.analysis);
    let node = explore::find_object(snapshot, analysis, &args.object)
        .map_err(|unknown| not_found(args, &unknown))?;
    let mut found = explore::retainers(snapshot, analysis, node);
    let n_retainers = found.retainers.len();
    if args.table.json {
        args.table.cut(&mut found.retainers);
        return json(&found);
    }
    args.table.cut_to_default(&mut found.retainers);
    answer(&retainers_text(&found, n_retainers))?;
    Ok(Exit::Clean)
}

/// Every node of the snapshot as one line of tab-separated values.
pub(crate) fn nodes(args: &NodesArgs) -> Result<Exit, Failure> {
    let opened = snapshots::open(&args.snapshot)?;
    answer_in_parts(|out| {
        for row in explore::nodes(&opened.snapshot, &opened.analysis) {
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}\t{}",
                row.id,
                serde_json::Value::from(row.class),
                row.distance,
                row.self_size,
                row.retained_size,
                row.dominator
            )?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

fn json(view: &impl Serialize) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(view);
    let text = text.map_err(|error| Failure::of(Exit::Output, &error))?;
    answer(&(text + "\n"))?;
    Ok(Exit::Clean)
}

fn rest(all: usize, shown: usize, noun: &str) -> String {
    match all - shown {
        0 => String::new(),
        more => format!(
            "… and {} more {noun}: `--top N` shows them\n",
            Count(more as u64)
        ),
    }
}

fn class_cells(row: &ClassRow) -> Vec<String> {
    vec![
        row.class.clone(),
        distance(row.distance),
        Count(row.count).to_string(),
        Count(row.shallow_size).to_string(),
        Count(row.retained_size).to_string(),
    ]
}

fn change_cells(row: &ClassChange) -> Vec<String> {
    vec![
        row.class.clone(),
        format!("+{}", Count(row.new)),
        format!("\u{2212}{}", Count(row.deleted)),
        signed(row.delta),
        format!("+{}", Count(row.alloc_size)),
        format!("\u{2212}{}", Count(row.freed_size)),
        signed(row.size_delta),
    ]
}

fn signed(value: i64) -> String {
    let sign = match value {
        0 => "",
        1.. => "+",
        _ => "\u{2212}",
    };
    format!("{sign}{}", Count(value.unsigned_abs()))
}

fn distance(distance: i64) -> String {
    match distance {
        0..NO_DISTANCE => distance.to_string(),
        _ => "\u{2212}".into(),
    }
}

fn not_found(args: &RetainersArgs, unknown: &Unknown) -> Failure {
    let file = args.snapshot.display();
    match unknown {
        Unknown::Id(id) => Failure::new(Exit::Usage, format!("no object `@{id}` in `{file}`"))
            .hint(Some(
                "ids are V8's, and hold for the snapshots of one process only",
            )),
        Unknown::Class(similar) => {
            let wanted = printable(&args.object);
            let failure = Failure::new(Exit::Usage, format!("no class `{wanted}` in `{file}`"));
            let hint = match similar.as_slice() {
                [] => format!("`leakscope summary {file}` lists its classes"),
                names => format!("did you mean `{}`?", names.join("`, `")),
            };
            failure.hint(Some(hint))
        }
    }
}

fn retainers_text(found: &Retainers, n_retainers: usize) -> String {
    let mut text = format!(
        "{}   shallow size {}, retained size {}, distance {}; one of {} of its class\n",
        object_text(&found.object),
        Bytes(found.object.shallow_size),
        Bytes(found.object.retained_size),
        distance(found.object.distance),
        Count(found.of_class),
    );
    text += "\nRetaining path\n";
    for (depth, step) in found.path.iter().enumerate() {
        let edge = step
            .edge
            .as_ref()
            .map(|edge| format!("{} \u{2192} ", printable(edge)));
        text += &format!(
            "{}{}{}\n",
            "  ".repeat(depth.min(20) + 1),
            edge.unwrap_or_default(),
            object_text(&step.object)
        );
    }
    if found.path.is_empty() {
        text += "  none: only weak references lead to it, or it is the engine's own\n";
    }
    text += "\nRetainers\n";
    let columns = [
        Column::text("Reference"),
        Column::text("in Object"),
        Column::number("Distance"),
        Column::number("Shallow Size"),
        Column::number("Retained Size"),
    ];
    let cells = |row: &explore::RetainerRow| {
        vec![
            row.edge.clone(),
            object_text(&row.from),
            distance(row.from.distance),
            Count(row.from.shallow_size).to_string(),
            Count(row.from.retained_size).to_string(),
        ]
    };
    let rows: Vec<_> = found.retainers.iter().map(cells).collect();
    text += &table(&columns, &rows, stdout_style());
    text + &rest(n_retainers, rows.len(), "retainers")
}

/// `WebSocket @123`, and for what has a name of its own, `cleanup() @123` or `"text" @123`.
fn object_text(object: &ObjectRow) -> String {
    const LONGEST: usize = 40;
    let mut name: String = object.name.chars().take(LONGEST).collect();
    if object.name.chars().nth(LONGEST).is_some() {
        name.push('…');
    }
    let text = match object.class.as_str() {
        "Function" if name.is_empty() => "function ()".into(),
        "Function" => format!("{name}()"),
        "(string)" | "(concatenated string)" | "(sliced string)" => format!("\"{name}\""),
        class if name.is_empty() || class == name || !class.starts_with('(') => class.into(),
        class => format!("{class} {name}"),
    };
    format!("{} @{}", printable(&text), object.id)
}
