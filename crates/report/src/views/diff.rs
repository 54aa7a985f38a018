//! The Comparison view as text.

use explore::{ClassChange, Diff, DiffObjects, Grown, GrownClass, GrownObject};
use units::{Bytes, Count};

use super::cells;
use super::summary::objects_table;
use crate::{Column, Style, printable, table};

/// The classes between two snapshots.
#[must_use]
pub fn diff_text(diff: &Diff, style: Style) -> String {
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
    let text = table(&columns, &rows, style) + &cells::rest(diff.page, "classes");
    text + &grown_text(&diff.grown, style)
}

/// The objects of a class that came and went.
#[must_use]
pub fn diff_objects_text(found: &DiffObjects, style: Style) -> String {
    let class = printable(&cells::cut(&found.class, 100));
    let part = |word: &str, objects: &[_], page: explore::PageOf| {
        let heading = format!("{word}: {} objects of {class}\n", Count(page.all));
        let objects = match page.all {
            0 => String::new(),
            _ => objects_table(objects, style) + &cells::rest(page, "objects"),
        };
        heading + &objects
    };
    let new = part("New", &found.new, found.new_page);
    new + "\n" + &part("Deleted", &found.deleted, found.deleted_page)
}

/// What the Comparison view does not count.
fn grown_text(grown: &Grown, style: Style) -> String {
    if grown.count == 0 {
        return "\nNo object grew in place.\n".into();
    }
    let mut text = format!(
        "\nGrown in place: {} objects of both snapshots by {} (not counted above); {} shrank by {}\n",
        Count(grown.count),
        Bytes(grown.size_delta),
        Count(grown.shrunk_count),
        Bytes(grown.shrunk_size),
    );
    let columns = [
        Column::text("Constructor"),
        Column::number("# Grown"),
        Column::number("Size Delta"),
    ];
    let row = |row: &GrownClass| {
        vec![
            row.class.clone(),
            cells::count(row.count),
            format!("+{}", cells::count(row.size_delta)),
        ]
    };
    let rows: Vec<_> = grown.classes.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text += &cells::rest(grown.classes_page, "classes");
    text.push('\n');
    let columns = [
        Column::text("Object"),
        Column::number("Size before"),
        Column::number("Size now"),
        Column::number("Size Delta"),
    ];
    let row = |row: &GrownObject| {
        vec![
            cells::object(&row.object),
            cells::count(row.base_size),
            cells::count(row.object.shallow_size),
            format!("+{}", cells::count(row.size_delta)),
        ]
    };
    let rows: Vec<_> = grown.objects.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text + &cells::rest(grown.objects_page, "objects")
}

fn change_cells(row: &ClassChange) -> Vec<String> {
    vec![
        row.class.clone(),
        format!("+{}", cells::count(row.new)),
        format!("\u{2212}{}", cells::count(row.deleted)),
        cells::signed(row.delta),
        format!("+{}", cells::count(row.alloc_size)),
        format!("\u{2212}{}", cells::count(row.freed_size)),
        cells::signed(row.size_delta),
    ]
}
