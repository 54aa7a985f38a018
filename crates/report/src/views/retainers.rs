//! What keeps an object alive, as text.

use explore::{ObjectRow, PathRow, RetainerRow, Retainers};
use units::{Bytes, Count};

use super::cells;
use super::tree::TreeTable;
use crate::{Style, printable};

/// Levels of a path that are indented further and further.
const DEEPEST_INDENT: usize = 20;

/// Steps alike that are shown one by one.
const LONGEST_RUN: usize = 6;

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
    let mut at = 0;
    let mut depth = 0;
    let mut line = |depth: usize, words: &str| {
        text += &format!("{}{words}\n", "  ".repeat(depth.min(DEEPEST_INDENT) + 1));
    };
    while let Some(step) = path.get(at) {
        line(depth, &step_text(step));
        depth += 1;
        // A list is told by its first and its last.
        let is_alike = |next: &&PathRow| alike(step, next);
        let run = path[at + 1..].iter().take_while(is_alike).count();
        at += 1;
        if run >= LONGEST_RUN {
            line(depth, &format!("… {} more like it", Count(run as u64 - 1)));
            depth += 1;
            at += run - 1;
        }
    }
    text
}

fn step_text(step: &PathRow) -> String {
    let edge = step.edge.as_ref().map(|edge| {
        let edge = printable(&cells::cut(edge, 60));
        format!("{edge} \u{2192} ")
    });
    edge.unwrap_or_default() + &cells::object(&step.object)
}

/// Whether two steps differ in nothing but which object they lead to.
fn alike(a: &PathRow, b: &PathRow) -> bool {
    a.edge == b.edge && a.object.class == b.object.class && a.object.name == b.object.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_told_by_its_ends() {
        let step = |id: u64, edge: &str| PathRow {
            edge: Some(edge.into()),
            kind: Some("property"),
            object: ObjectRow {
                id,
                class: "Link".into(),
                name: "Link".into(),
                kind: "object".into(),
                distance: 1,
                shallow_size: 8,
                retained_size: 8,
            },
        };
        let mut path: Vec<PathRow> = (2..2000).map(|id| step(id, "next")).collect();
        path.insert(0, step(1, "head"));
        path.push(step(2000, "value"));
        assert_eq!(
            path_lines(&path),
            "  head \u{2192} Link @1\n    next \u{2192} Link @2\n      … 1,996 more like it\n        \
             next \u{2192} Link @1999\n          value \u{2192} Link @2000\n"
        );
        let short: Vec<PathRow> = (1..4).map(|id| step(id, "next")).collect();
        assert_eq!(path_lines(&short).lines().count(), 3);
    }
}
