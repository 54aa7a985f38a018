//! The dominator tree as text.

use explore::{DominatedClass, DominatedRow, DominatorClasses, Dominators};
use units::Count;

use super::cells;
use super::retainers::object_line;
use super::tree::{TreeTable, indented};
use crate::{Column, Style, table};

/// Dominators of the object that are named.
const NAMED: usize = 8;

/// An object, what it hangs from, and the tree below it.
#[must_use]
pub fn dominators_text(found: &Dominators, style: Style) -> String {
    let mut text = object_line(&found.object) + "\n";
    if !found.dominators.is_empty() {
        let above = found.dominators.iter().take(NAMED).map(cells::object);
        let above: Vec<String> = above.collect();
        let end = if found.dominators.len() > NAMED {
            ", …"
        } else {
            ""
        };
        text += &format!("dominated by {}{end}\n", above.join(", "));
    }
    let mut table = TreeTable::new("Object");
    add_rows(&mut table, &found.children, 0);
    text + "\n" + &table.text(style) + &cells::rest(found.page, "objects")
}

fn add_rows(table: &mut TreeTable, rows: &[DominatedRow], depth: usize) {
    for row in rows {
        table.object(depth, &cells::object(&row.object), &row.object);
        add_rows(table, &row.children, depth + 1);
        table.more(depth + 1, row.more);
    }
}

/// The same merged by class.
#[must_use]
pub fn dominator_classes_text(found: &DominatorClasses, style: Style) -> String {
    let columns = [
        Column::text("Constructor"),
        Column::number("Objects"),
        Column::number("Shallow Size"),
        Column::number("Retained Size"),
    ];
    let mut rows = Vec::new();
    add_classes(&mut rows, &found.classes, 0);
    let text = object_line(&found.object) + "\n\n" + &table(&columns, &rows, style);
    text + &cells::rest(found.page, "classes")
}

fn add_classes(rows: &mut Vec<Vec<String>>, classes: &[DominatedClass], depth: usize) {
    for class in classes {
        rows.push(vec![
            indented(depth, &cells::cut(&class.class, 80)),
            cells::count(class.count),
            cells::count(class.shallow_size),
            cells::count(class.retained_size),
        ]);
        add_classes(rows, &class.classes, depth + 1);
        if class.more > 0 {
            let label = format!("… {} more", Count(class.more));
            let nothing = String::new;
            rows.push(vec![
                indented(depth + 1, &label),
                nothing(),
                nothing(),
                nothing(),
            ]);
        }
    }
}
