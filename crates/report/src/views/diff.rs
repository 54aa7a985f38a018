//! The Comparison view as text.

use explore::{ClassChange, Diff};

use super::cells;
use crate::{Column, Style, table};

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
    table(&columns, &rows, style) + &cells::rest(diff.page, "classes")
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
