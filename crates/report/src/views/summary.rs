//! The Summary view as text.

use explore::{ClassObjects, ClassRow, ObjectRow, Summary};
use units::{Bytes, Count};

use super::cells;
use crate::{Column, Style, printable, table};

/// A snapshot's classes; `file` is what the snapshot is called.
#[must_use]
pub fn summary_text(summary: &Summary, file: &str, style: Style) -> String {
    let statistics = &summary.statistics;
    let mut text = format!(
        "{}: {} nodes, {} edges, {} in all\n  V8 heap {}: code {}, strings {}, arrays {}, system {}\n  outside it {}: array buffers {}\n\n",
        printable(file),
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
    text += &table(&columns, &rows, style);
    text + &cells::rest(summary.page, "classes")
}

/// The objects of one class.
#[must_use]
pub fn class_objects_text(found: &ClassObjects, style: Style) -> String {
    let class = printable(&cells::cut(&found.class, 100));
    let (count, size) = (Count(found.count), Bytes(found.shallow_size));
    let text = format!("{class}: {count} objects, {size} of their own\n\n");
    text + &objects_table(&found.objects, style) + &cells::rest(found.page, "objects")
}

/// Objects with DevTools' columns.
pub(super) fn objects_table(objects: &[ObjectRow], style: Style) -> String {
    let columns = [
        Column::text("Object"),
        Column::number("Distance"),
        Column::number("Shallow Size"),
        Column::number("Retained Size"),
    ];
    let row = |object: &ObjectRow| {
        vec![
            cells::object(object),
            cells::distance(object.distance),
            cells::count(object.shallow_size),
            cells::count(object.retained_size),
        ]
    };
    let rows: Vec<_> = objects.iter().map(row).collect();
    table(&columns, &rows, style)
}

fn class_cells(row: &ClassRow) -> Vec<String> {
    vec![
        row.class.clone(),
        cells::distance(row.distance),
        cells::count(row.count),
        cells::count(row.shallow_size),
        cells::count(row.retained_size),
    ]
}
