//! What keeps an object alive, as text.

use explore::{RetainerRow, Retainers};
use units::{Bytes, Count};

use super::cells;
use crate::{Column, Style, printable, table};

/// Levels of a path that are indented further and further.
const DEEPEST_INDENT: usize = 20;

/// One object, a path to it and the references to it.
#[must_use]
pub fn retainers_text(found: &Retainers, style: Style) -> String {
    let mut text = format!(
        "{}   shallow size {}, retained size {}, distance {}; one of {} of its class\n",
        cells::object(&found.object),
        Bytes(found.object.shallow_size),
        Bytes(found.object.retained_size),
        cells::distance(found.object.distance),
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
            "  ".repeat(depth.min(DEEPEST_INDENT) + 1),
            edge.unwrap_or_default(),
            cells::object(&step.object)
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
    let row = |row: &RetainerRow| {
        vec![
            row.edge.clone(),
            cells::object(&row.from),
            cells::distance(row.from.distance),
            cells::count(row.from.shallow_size),
            cells::count(row.from.retained_size),
        ]
    };
    let rows: Vec<_> = found.retainers.iter().map(row).collect();
    text += &table(&columns, &rows, style);
    text + &cells::rest(found.page, "retainers")
}
