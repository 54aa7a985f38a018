//! Plain tables: aligned columns, one header line, no rules.

use crate::{Style, printable};

/// Characters of a cell, however wide the terminal is: a heap's names may be a megabyte long.
const LONGEST_CELL: usize = 160;

/// Which side a column's cells stick to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A column's header and alignment.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The header.
    pub title: &'static str,
    /// Which side its cells stick to.
    pub align: Align,
}

impl Column {
    /// A column of text.
    #[must_use]
    pub const fn text(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
        }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Right,
        }
    }
}

/// Renders rows of cells under their headers; a line that is too wide loses the end of its text
/// column, never a number.
#[must_use]
pub fn table(columns: &[Column], rows: &[Vec<String>], style: Style) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| bounded(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = columns.iter().map(|c| c.title.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    fit(columns, &mut widths, style.width);
    let titles: Vec<String> = columns.iter().map(|c| c.title.to_owned()).collect();
    let mut text = style.paint("1", &line(columns, &widths, &titles));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(columns, &widths, row));
        text.push('\n');
    }
    text
}

fn bounded(cell: &str) -> String {
    let end = cell.char_indices().nth(LONGEST_CELL + 1);
    let shown = end.map_or(cell, |(end, _)| &cell[..end]);
    shortened(&printable(shown), LONGEST_CELL)
}

/// Narrows the widest text column until the line fits.
fn fit(columns: &[Column], widths: &mut [usize], width: usize) {
    let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    let widest_text = (0..columns.len())
        .filter(|&i| columns[i].align == Align::Left)
        .max_by_key(|&i| widths[i]);
    if let Some(i) = widest_text {
        let least = columns[i].title.chars().count().max(12);
        let over = total.saturating_sub(width);
        widths[i] = widths[i].saturating_sub(over).max(least.min(widths[i]));
    }
}

fn line(columns: &[Column], widths: &[usize], cells: &[String]) -> String {
    let cells: Vec<String> = columns
        .iter()
        .zip(widths)
        .zip(cells)
        .map(|((column, &width), cell)| {
            let cell = shortened(cell, width);
            match column.align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            }
        })
        .collect();
    cells.join("  ").trim_end().to_owned()
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    const COLUMNS: [Column; 2] = [Column::text("Class"), Column::number("Count")];

    fn rows() -> Vec<Vec<String>> {
        vec![
            vec!["AVeryLongClassNameIndeed".into(), "7".into()],
            vec!["A\u{1b}[31m".into(), "1,234".into()],
        ]
    }

    #[test]
    fn numbers_stick_right_and_control_characters_are_shown() {
        let text = table(&COLUMNS, &rows(), Style::PLAIN);
        assert_eq!(
            text,
            "Class                     Count\n\
             AVeryLongClassNameIndeed      7\n\
             A\\u{1b}[31m               1,234\n"
        );
    }

    #[test]
    fn a_narrow_terminal_shortens_the_text_column_only() {
        let text = table(
            &COLUMNS,
            &rows(),
            Style {
                width: 24,
                color: Color::Plain,
            },
        );
        assert_eq!(text.lines().nth(1), Some("AVeryLongClassNa…      7"));
        assert!(text.lines().all(|line| line.chars().count() <= 24));
    }
}
