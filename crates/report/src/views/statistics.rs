//! The Statistics view as text.

use explore::StatisticsRow;
use units::Bytes;

use super::cells;
use super::tree::indented;
use crate::{Column, Style, table};

/// What a snapshot's memory is used for, with each part's share.
#[must_use]
pub fn statistics_text(statistics: &StatisticsRow, style: Style) -> String {
    let columns = [
        Column::text("Memory"),
        Column::number("Bytes"),
        Column::number("Size"),
        Column::number("Share"),
    ];
    let parts = [
        (0, "total", statistics.total),
        (1, "V8 heap", statistics.v8heap_total),
        (2, "code", statistics.code),
        (2, "strings", statistics.strings),
        (2, "JS arrays", statistics.js_arrays),
        (2, "system", statistics.system),
        (2, "other objects", statistics.other_objects()),
        (1, "outside the heap", statistics.native_total),
        (2, "array buffers", statistics.typed_arrays),
        (2, "other", statistics.other_native()),
    ];
    let row = |&(depth, name, bytes): &(usize, &str, u64)| {
        let share = 100.0 * bytes as f64 / statistics.total.max(1) as f64;
        vec![
            indented(depth, name),
            cells::count(bytes),
            Bytes(bytes).to_string(),
            format!("{share:.1} %"),
        ]
    };
    let rows: Vec<_> = parts.iter().map(row).collect();
    table(&columns, &rows, style)
}
