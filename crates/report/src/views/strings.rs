//! The strings of a heap as text.

use explore::{DuplicateRow, PinnedRow, Strings};
use units::{Bytes, Count};

use super::cells;
use super::summary::objects_table;
use crate::{Column, Style, table};

/// Characters of a text that are shown.
const LONGEST_VALUE: usize = 60;

/// Duplicates, the largest, and those that are kept for a part of them.
#[must_use]
pub fn strings_text(strings: &Strings, style: Style) -> String {
    let mut text = format!(
        "{} strings, {} of their own; {} would be saved if every text were there once\n",
        Count(strings.count),
        Bytes(strings.shallow_size),
        Bytes(strings.wasted),
    );
    text += "\nDuplicates\n";
    let columns = [
        Column::text("Text"),
        Column::number("Copies"),
        Column::number("Shallow Size"),
        Column::number("Wasted"),
    ];
    let row = |row: &DuplicateRow| {
        vec![
            format!("\"{}\"", cells::cut(&row.value, LONGEST_VALUE)),
            cells::count(row.count),
            cells::count(row.shallow_size),
            cells::count(row.wasted),
        ]
    };
    let rows: Vec<_> = strings.duplicates.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text += &cells::rest(strings.duplicates_page, "texts");
    text += "\nLargest\n";
    text += &objects_table(&strings.largest, style);
    text += &cells::rest(strings.largest_page, "strings");
    text += "\nParts of other strings\n";
    if strings.pinned_page.all == 0 {
        return text + "none: no slice and no concatenation refers to another string\n";
    }
    text += &pinned_table(&strings.pinned, style);
    text + &cells::rest(strings.pinned_page, "strings")
}

fn pinned_table(rows: &[PinnedRow], style: Style) -> String {
    let columns = [
        Column::text("String"),
        Column::number("Size"),
        Column::number("Slices"),
        Column::number("Concatenations"),
        Column::text("Kept"),
        Column::text("For"),
    ];
    let row = |row: &PinnedRow| {
        let kept = if row.alone {
            "for them alone"
        } else {
            "elsewhere too"
        };
        vec![
            cells::object(&row.object),
            cells::count(row.object.shallow_size),
            cells::count(row.slices),
            cells::count(row.concatenations),
            kept.into(),
            format!("@{}", row.example),
        ]
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    table(&columns, &rows, style)
}
