//! Trees of objects as tables: the first column is indented by the level.

use explore::ObjectRow;
use units::Count;

use super::cells;
use crate::{Column, Style, table};

/// Levels that are indented further and further.
const DEEPEST_INDENT: usize = 30;

pub(super) struct TreeTable {
    title: &'static str,
    rows: Vec<Vec<String>>,
}

impl TreeTable {
    pub(super) fn new(title: &'static str) -> Self {
        Self {
            title,
            rows: Vec::new(),
        }
    }

    /// A row about an object.
    pub(super) fn object(&mut self, depth: usize, label: &str, object: &ObjectRow) {
        self.rows.push(vec![
            indented(depth, label),
            cells::distance(object.distance),
            cells::count(object.shallow_size),
            cells::count(object.retained_size),
        ]);
    }

    /// A line for what a level leaves out, if it does.
    pub(super) fn more(&mut self, depth: usize, more: u64) {
        if more > 0 {
            let label = format!("… {} more", Count(more));
            let nothing = String::new;
            self.rows.push(vec![
                indented(depth, &label),
                nothing(),
                nothing(),
                nothing(),
            ]);
        }
    }

    pub(super) fn text(&self, style: Style) -> String {
        let columns = [
            Column::text(self.title),
            Column::number("Distance"),
            Column::number("Shallow Size"),
            Column::number("Retained Size"),
        ];
        table(&columns, &self.rows, style)
    }
}

pub(super) fn indented(depth: usize, label: &str) -> String {
    format!("{}{label}", "  ".repeat(depth.min(DEEPEST_INDENT)))
}
