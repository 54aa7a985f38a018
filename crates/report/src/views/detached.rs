//! Detached DOM nodes as text.

use explore::{Detached, DetachedClass};
use units::{Bytes, Count};

use super::cells;
use super::summary::objects_table;
use crate::{Column, Style, table};

/// The detached nodes of a snapshot.
#[must_use]
pub fn detached_text(found: &Detached, style: Style) -> String {
    if found.count == 0 {
        return "No detached nodes.\n".into();
    }
    let mut text = format!(
        "{} detached nodes, {} of their own; without them {} objects of {} would be free\n\n",
        Count(found.count),
        Bytes(found.shallow_size),
        Count(found.kept),
        Bytes(found.kept_size),
    );
    let columns = [
        Column::text("Constructor"),
        Column::number("Nodes"),
        Column::number("Shallow Size"),
    ];
    let row = |row: &DetachedClass| {
        vec![
            row.class.clone(),
            cells::count(row.count),
            cells::count(row.shallow_size),
        ]
    };
    let rows: Vec<_> = found.classes.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text.push('\n');
    text += &objects_table(&found.objects, style);
    text + &cells::rest(found.page, "nodes")
}
