//! What keeps an object alive, as text.

use explore::{ObjectRow, PathRow, RetainerRow, Retainers};
use units::{Bytes, Count};

use super::cells;
use super::tree::TreeTable;
use crate::{Style, printable};

/// Levels of a path that are indented further and further.
const DEEPEST_INDENT: usize = 20;

/// One object, a path to it and the references to it.
#[must_use]
pub fn retainers_text(found: &Retainers, style: Style) -> String {
    let mut text = format!(
        "{}; one of {} of its class\n",
        object_line(&found.object),
        Count(found.of_class),
    );
    text += "\nRetaining path\n";
    text += &path_lines(&found.path);
    text += "\nRetainers\n";
    let mut table = TreeTable::new("Reference in Object");
    add_rows(&mut table, &found.retainers, 0);
    text += &table.text(style);
    text + &cells::rest(found.page, "retainers")
}

fn add_rows(table: &mut TreeTable, rows: &[RetainerRow], depth: usize) {
    for row in rows {
        let edge = printable(&cells::cut(&row.edge, 60));
        let label = format!("{edge} in {}", cells::object(&row.from));
        table.object(depth, &label, &row.from);
        add_rows(table, &row.retainers, depth + 1);
        table.more(depth + 1, row.more);
    }
}

/// `Session @123   shallow size 48 B, retained size 1.2 KiB, distance 4`.
pub(super) fn object_line(object: &ObjectRow) -> String {
    format!(
        "{}   shallow size {}, retained size {}, distance {}",
        cells::object(object),
        Bytes(object.shallow_size),
        Bytes(object.retained_size),
        cells::distance(object.distance),
    )
}

/// The steps of a way, each further in than the one before.
pub(super) fn path_lines(path: &[PathRow]) -> String {
    if path.is_empty() {
        return "  none: only weak references lead to it, or it is the engine's own\n".into();
    }
    let mut text = String::new();
    for (depth, step) in path.iter().enumerate() {
        let edge = step.edge.as_ref().map(|edge| {
            let edge = printable(&cells::cut(edge, 60));
            format!("{edge} \u{2192} ")
        });
        text += &format!(
            "{}{}{}\n",
            "  ".repeat(depth.min(DEEPEST_INDENT) + 1),
            edge.unwrap_or_default(),
            cells::object(&step.object)
        );
    }
    text
}
