//! How full the collections of a heap are, as text.

use explore::{CollectionKindRow, CollectionRow, Collections};

use super::cells;
use crate::{Column, Style, table};

/// Sums by kind, and single collections.
#[must_use]
pub fn collections_text(found: &Collections, style: Style) -> String {
    let columns = [
        Column::text("Kind"),
        Column::number("Count"),
        Column::number("Empty"),
        Column::number("Sparse"),
        Column::number("Stores"),
        Column::number("Unused"),
    ];
    let row = |row: &CollectionKindRow| {
        vec![
            row.kind.to_owned(),
            cells::count(row.count),
            cells::count(row.empty),
            cells::count(row.sparse),
            cells::count(row.store_size),
            cells::count(row.unused_size),
        ]
    };
    let rows: Vec<_> = found.kinds.iter().map(row).collect();
    let mut text = table(&columns, &rows, style) + "\n";
    let columns = [
        Column::text("Collection"),
        Column::text("Kind"),
        Column::number("Used"),
        Column::number("Capacity"),
        Column::number("Fill"),
        Column::number("Store"),
        Column::number("Unused"),
        Column::number("Retained Size"),
    ];
    let row = |row: &CollectionRow| {
        vec![
            cells::object(&row.object),
            row.kind.to_owned(),
            cells::count(row.used),
            cells::count(row.capacity),
            row.fill
                .map_or_else(|| "?".into(), |fill| format!("{:.1} %", 100.0 * fill)),
            cells::count(row.store_size),
            cells::count(row.unused_size),
            cells::count(row.object.retained_size),
        ]
    };
    let rows: Vec<_> = found.collections.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text + &cells::rest(found.page, "collections")
}
