//! Lines and columns as V8 counts them.
//!
//! Owns the way between a byte offset, which the parser speaks, and a position, which V8 speaks.
//! Invariant: lines end where V8 ends them (`\n`, `\r\n`, `\r`, U+2028, U+2029); a column counts
//! UTF-16 units from the line's start. Cost: one pass to find the lines; a conversion is linear in
//! its line, which may be the whole text of a minified script, so only answers are converted.

use std::ops::Range;

use crate::Position;

/// A line longer than this is not told whole, in characters.
const LONG_LINE: usize = 160;

/// Where each line starts and ends, as byte offsets; the end is before the line's terminator.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    ranges: Vec<Range<u32>>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let mut ranges = Vec::new();
        let mut start = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let width = match char {
                '\r' if chars.next_if(|&(_, next)| next == '\n').is_some() => 2,
                '\n' | '\r' => 1,
                '\u{2028}' | '\u{2029}' => 3,
                _ => continue,
            };
            ranges.push(narrow(start)..narrow(at));
            start = at + width;
        }
        ranges.push(narrow(start)..narrow(text.len()));
        Self { ranges }
    }

    /// The byte at a position; nothing if the text has no such line. A column past the line's end
    /// is its end.
    pub(crate) fn offset(&self, text: &str, position: Position) -> Option<u32> {
        let range = self.ranges.get(position.line as usize)?;
        let line = &text[wide(range)];
        let mut units_left = position.column as usize;
        for (at, char) in line.char_indices() {
            if units_left < char.len_utf16() {
                return Some(range.start + narrow(at));
            }
            units_left -= char.len_utf16();
        }
        Some(range.end)
    }

    /// The position of a byte.
    pub(crate) fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.ranges.get(line).map_or(0, |range| range.start);
        let before = text
            .get(start as usize..offset as usize)
            .unwrap_or_default();
        let column = before.chars().map(char::len_utf16).sum();
        Position {
            line: narrow(line),
            column: narrow(column),
        }
    }

    /// The trimmed line that `offset` is in; if it is long, only what stands in `span`, cut short.
    pub(crate) fn excerpt(&self, text: &str, offset: u32, span: Range<u32>) -> String {
        let Some(range) = self.ranges.get(self.line_of(offset)) else {
            return String::new();
        };
        let line = text[wide(range)].trim();
        if line.chars().nth(LONG_LINE).is_none() {
            return line.to_owned();
        }
        let on_line = span.start.max(range.start)..span.end.min(range.end);
        let statement = text.get(wide(&on_line)).unwrap_or(line).trim();
        match statement.char_indices().nth(LONG_LINE - 1) {
            Some((cut, _)) if statement.chars().nth(LONG_LINE).is_some() => {
                format!("{}…", statement[..cut].trim_end())
            }
            _ => statement.to_owned(),
        }
    }

    fn line_of(&self, offset: u32) -> usize {
        self.ranges
            .partition_point(|range| range.start <= offset)
            .saturating_sub(1)
    }
}

fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// The parser refuses texts of 4 GiB, so offsets fit; a longer text keeps its first lines.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_offsets_are_each_others_inverse() {
        let text = "a\r\nb\rc\u{2028}d😀e\u{2029}\n日本";
        let lines = Lines::of(text);
        let all = text
            .char_indices()
            .map(|(at, _)| narrow(at))
            .chain([narrow(text.len())]);
        let terminators = ['\r', '\n', '\u{2028}', '\u{2029}'];
        for offset in all {
            let starts_line = lines.ranges.iter().any(|range| range.start == offset);
            let terminates = text[offset as usize..].starts_with(terminators);
            if starts_line || !terminates {
                let position = lines.position(text, offset);
                assert_eq!(lines.offset(text, position), Some(offset), "{position:?}");
            }
        }
        let emoji_over = narrow(text.find('e').unwrap());
        assert_eq!(
            lines.position(text, emoji_over),
            Position { line: 3, column: 3 }
        );
        assert_eq!(lines.ranges.len(), 6);
    }

    #[test]
    fn a_position_outside_the_text_is_nowhere_or_at_a_lines_end() {
        let lines = Lines::of("ab\nc");
        let at = |line, column| lines.offset("ab\nc", Position { line, column });
        assert_eq!(at(0, 99), Some(2));
        assert_eq!(at(1, 1), Some(4));
        assert_eq!(at(2, 0), None);
        assert_eq!(at(u32::MAX, u32::MAX), None);
    }

    #[test]
    fn a_long_line_gives_the_statement_alone() {
        let text = format!(
            "{}clients.push(ws);{}",
            "a();".repeat(100),
            "b();".repeat(100)
        );
        let lines = Lines::of(&text);
        assert_eq!(lines.excerpt(&text, 400, 400..416), "clients.push(ws)");
        let cut = lines.excerpt(&text, 0, 0..800);
        assert_eq!(cut.chars().count(), LONG_LINE);
        assert!(cut.ends_with('…'));
        assert_eq!(Lines::of("  x;  ").excerpt("  x;  ", 2, 2..3), "x;");
    }
}
