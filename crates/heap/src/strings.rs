//! The strings of a snapshot: kept as they stand in the file, decoded when they are asked for.
//!
//! JavaScript's strings are UTF-16: where equality, order or length counts, the units are taken
//! ([`Strings::units`]). As a text, a lone surrogate reads as U+FFFD.

use std::borrow::Cow;

use crate::utf16;

/// JSON string literals without their quotes, back to back.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    /// Where each string ends, less the times that 32 bits were too few.
    ends: Vec<u32>,
    /// The strings at whose end the 32 bits overflow once more.
    wraps: Vec<usize>,
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// More of the string that is being added.
    pub(crate) fn append(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
    }

    /// Ends the string that is being added.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the wraps keep what is lost"
    )]
    pub(crate) fn end(&mut self) {
        let end = self.bytes.len();
        while (end >> 32) > self.wraps.len() {
            self.wraps.push(self.ends.len());
        }
        self.ends.push(end as u32);
    }

    /// Adds a text that needs no escape; a string that was begun and not ended is no more.
    pub(crate) fn add(&mut self, text: &str) {
        let end = self.len().checked_sub(1).and_then(|last| self.end_of(last));
        self.bytes.truncate(end.unwrap_or(0));
        self.append(text.as_bytes());
        self.end();
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn end_of(&self, index: usize) -> Option<usize> {
        let end = *self.ends.get(index)? as usize;
        let wraps = self.wraps.iter().take_while(|&&first| first <= index);
        Some((wraps.count() << 32) + end)
    }

    /// A string's text; empty if there is none of this number.
    pub(crate) fn get(&self, index: u32) -> Cow<'_, str> {
        let literal = self.literal(index);
        if has_escapes(literal) {
            return Cow::Owned(utf16::text(&decoded(literal)).into_owned());
        }
        String::from_utf8_lossy(literal)
    }

    /// A string's units in the form of [`utf16`]; none if there is no string of this number.
    pub(crate) fn units(&self, index: u32) -> Cow<'_, [u8]> {
        let literal = self.literal(index);
        if has_escapes(literal) {
            return Cow::Owned(decoded(literal));
        }
        if literal.is_ascii() {
            return Cow::Borrowed(literal);
        }
        match String::from_utf8_lossy(literal) {
            Cow::Borrowed(text) => utf16::of_text(text),
            Cow::Owned(text) => Cow::Owned(utf16::of_text(&text).into_owned()),
        }
    }

    /// Whether a string is exactly `text`.
    pub(crate) fn is(&self, index: u32, text: &str) -> bool {
        let literal = self.literal(index);
        // An escape has six bytes at most, and stands for one at least.
        if literal.len() <= 6 * text.len() && has_escapes(literal) {
            return decoded(literal) == *utf16::of_text(text);
        }
        literal == text.as_bytes()
    }

    /// The string as it stands in the file.
    pub(crate) fn literal(&self, index: u32) -> &[u8] {
        let index = index as usize;
        let Some(end) = self.end_of(index) else {
            return &[];
        };
        let before = index.checked_sub(1).and_then(|before| self.end_of(before));
        &self.bytes[before.unwrap_or(0)..end]
    }

    /// The numbers of all strings that are exactly `text`.
    pub(crate) fn all_equal(&self, text: &str) -> Vec<u32> {
        let n_strings = u32::try_from(self.len()).unwrap_or(u32::MAX);
        (0..n_strings).filter(|&i| self.is(i, text)).collect()
    }
}

fn has_escapes(literal: &[u8]) -> bool {
    memchr::memchr(b'\\', literal).is_some()
}

/// The units that a literal with escapes stands for.
pub(crate) fn decoded(literal: &[u8]) -> Vec<u8> {
    let mut units = Vec::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        append_plain(&mut units, &rest[..at]);
        let (escape, after) = rest[at + 1..].split_first().unwrap_or((&b'\\', &[]));
        rest = after;
        let unit = match escape {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => 0x0a,
            b'r' => 0x0d,
            b't' => 0x09,
            b'u' => {
                let hex = rest.get(..4).and_then(|hex| std::str::from_utf8(hex).ok());
                rest = rest.get(4..).unwrap_or(&[]);
                hex.and_then(|hex| u16::from_str_radix(hex, 16).ok())
                    .unwrap_or(0xfffd)
            }
            other => u16::from(*other),
        };
        utf16::push(&mut units, unit);
    }
    append_plain(&mut units, rest);
    units
}

fn append_plain(units: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_ascii() {
        units.extend_from_slice(bytes);
    } else {
        units.extend_from_slice(&utf16::of_text(&String::from_utf8_lossy(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(literals: &[&str]) -> Strings {
        let mut strings = Strings::default();
        for literal in literals {
            strings.append(literal.as_bytes());
            strings.end();
        }
        strings
    }

    #[test]
    fn escapes_are_read_and_halves_of_a_pair_belong_together() {
        let text = |literal: &str| strings(&[literal]).get(0).into_owned();
        assert_eq!(text("plain"), "plain");
        assert_eq!(text(r#"a\n\t\"\\\/b"#), "a\n\t\"\\/b");
        assert_eq!(text(r"\u00e4\ud83e\uddea!"), "ä🧪!");
        assert_eq!(text(r"\ud83e?"), "\u{fffd}?");
        assert_eq!(text("é\\u0041é"), "éAé");
        assert_eq!(text("\\u12"), "\u{fffd}");
        assert_eq!(text("\\"), "\\");
    }

    #[test]
    fn a_string_is_the_same_however_it_is_written() {
        let same = strings(&["a/é🧪", r"\u0061\/\u00e9\ud83e\uddea"]);
        assert_eq!(same.units(0), same.units(1));
        assert_eq!(same.all_equal("a/é🧪"), [0, 1]);
        let lone = strings(&[r"\ud83e", r"\ud83d", "\u{fffd}"]);
        assert_eq!(lone.get(0), lone.get(2));
        assert!(lone.units(0) > lone.units(1) && lone.units(0) < lone.units(2));
        assert!(lone.all_equal("\u{fffd}") == [2] && !lone.is(0, "\u{fffd}"));
    }
}
