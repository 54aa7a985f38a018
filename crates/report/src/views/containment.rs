//! What an object refers to, as text.

use explore::{ContainedRow, Containment};

use super::cells;
use super::retainers::object_line;
use super::tree::TreeTable;
use crate::{Style, printable};

/// An object and the tree of its references.
#[must_use]
pub fn containment_text(found: &Containment, style: Style) -> String {
    let mut table = TreeTable::new("Reference :: Object");
    add_rows(&mut table, &found.children, 0);
    let text = object_line(&found.object) + "\n\n" + &table.text(style);
    text + &cells::rest(found.page, "references")
}

fn add_rows(table: &mut TreeTable, rows: &[ContainedRow], depth: usize) {
    for row in rows {
        let edge = printable(&cells::cut(&row.edge, 60));
        let weak = if row.kind == "weak" { " (weak)" } else { "" };
        let label = format!("{edge}{weak} :: {}", cells::object(&row.object));
        table.object(depth, &label, &row.object);
        add_rows(table, &row.children, depth + 1);
        table.more(depth + 1, row.more);
    }
}
