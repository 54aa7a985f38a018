//! Answers as documents: terminal text, HTML, JUnit, SARIF, Markdown.
//!
//! Owns layout: width, color, order of lines. Must not judge or measure anything: every figure
//! comes from the verdict or the recording. What is escaped, is escaped here.

mod html;
mod junit;
mod markdown;
mod sarif;
mod table;
mod verdict_text;
mod views;
mod words;

pub use html::{Evidence, html};
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use table::{Align, Column, table};
pub use verdict_text::verdict_text;
pub use views::{
    class_objects_text, closures_text, collections_text, containment_text, detached_text,
    diff_objects_text, diff_text, dominator_classes_text, dominators_text, holders_text,
    object_details_text, path_groups_text, paths_text, retainers_text, statistics_text,
    strings_text, summary_text, trend_text,
};

/// How text may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; lines are broken to fit where they can be.
    pub width: usize,
    /// Whether color may be used; no meaning hangs on it.
    pub color: Color,
}

/// Whether color may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// ANSI escape sequences.
    Ansi,
    /// None.
    Plain,
}

impl Style {
    /// Text without color and without line breaks of its own, for files and pipes.
    pub const PLAIN: Self = Self {
        width: usize::MAX,
        color: Color::Plain,
    };

    fn paint(self, code: &str, text: &str) -> String {
        match self.color {
            Color::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
            Color::Plain => text.to_owned(),
        }
    }
}

/// Text from the heap with control characters, marks that turn the direction of writing, and
/// characters without width made visible, so that it cannot steer a terminal or hide in a line.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let escape = |c: char| {
        if is_unsafe(c) {
            c.escape_default().to_string()
        } else {
            c.into()
        }
    };
    text.chars().map(escape).collect()
}
