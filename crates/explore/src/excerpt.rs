//! A few lines of a script around one of them.

use serde::Serialize;

/// Characters of a line that are shown: a minified script is one line.
const LONGEST_LINE: usize = 300;

/// Some lines of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The number of the first of them, from 1.
    pub first: usize,
    /// The number of the line that counts.
    pub line: usize,
    /// The lines as they are, but for what is too long.
    pub lines: Vec<String>,
}

/// The lines around a line, which is counted from 1; `None` if the text has no such line.
#[must_use]
pub fn excerpt(text: &str, line: usize, around: usize) -> Option<Excerpt> {
    let before = line.checked_sub(1)?.min(around);
    let first = line - before;
    let lines: Vec<String> = text
        .lines()
        .skip(first - 1)
        .take(before + 1 + around)
        .map(shortened)
        .collect();
    (lines.len() > before).then_some(Excerpt { first, line, lines })
}

fn shortened(line: &str) -> String {
    let mut kept: String = line.chars().take(LONGEST_LINE).collect();
    if kept.len() < line.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_script_does() {
        let text = "one\ntwo\nthree\nfour\n";
        let of = |line| excerpt(text, line, 1).map(|e| (e.first, e.lines.join(" ")));
        assert_eq!(of(1), Some((1, "one two".into())));
        assert_eq!(of(3), Some((2, "two three four".into())));
        assert_eq!(of(4), Some((3, "three four".into())));
        assert_eq!(of(5), None);
        assert_eq!(of(0), None);
    }

    #[test]
    fn a_minified_line_is_cut() {
        let long = "x".repeat(10 * LONGEST_LINE);
        let excerpt = excerpt(&long, 1, 3).unwrap();
        assert_eq!(excerpt.lines[0].chars().count(), LONGEST_LINE + 1);
    }
}
