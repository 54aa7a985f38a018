//! The strings of a snapshot: kept as they stand in the file, decoded when they are asked for.
//!
//! JavaScript's strings are UTF-16; their order and length follow UTF-16 units here too. A lone
//! surrogate, which V8's own writer never leaves, reads as U+FFFD.

use std::borrow::Cow;
use std::cmp::Ordering;

/// JSON string literals without their quotes, back to back.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    /// Where each string ends.
    ends: Vec<usize>,
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
    pub(crate) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// A string's text; empty if there is none of this number.
    pub(crate) fn get(&self, index: u32) -> Cow<'_, str> {
        decoded(self.literal(index))
    }

    /// The string as it stands in the file.
    pub(crate) fn literal(&self, index: u32) -> &[u8] {
        let index = index as usize;
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..end]
    }

    /// The numbers of all strings that are exactly `text`, which must need no escape.
    pub(crate) fn all_equal(&self, text: &str) -> Vec<u32> {
        let n_strings = u32::try_from(self.len()).unwrap_or(u32::MAX);
        (0..n_strings)
            .filter(|&i| self.literal(i) == text.as_bytes())
            .collect()
    }
}

/// Order by UTF-16 units, as JavaScript compares strings.
pub(crate) fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Length in UTF-16 units.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn decoded(literal: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', literal).is_none() {
        return String::from_utf8_lossy(literal);
    }
    let mut units: Vec<u16> = Vec::new();
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        if at > 0 {
            flush(&mut units, &mut text);
            text.push_str(&String::from_utf8_lossy(&rest[..at]));
        }
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
        units.push(unit);
    }
    flush(&mut units, &mut text);
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

fn flush(units: &mut Vec<u16>, text: &mut String) {
    text.push_str(&String::from_utf16_lossy(units));
    units.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_halves_of_a_pair_belong_together() {
        let text = |literal: &str| decoded(literal.as_bytes()).into_owned();
        assert_eq!(text("plain"), "plain");
        assert_eq!(text(r#"a\n\t\"\\\/b"#), "a\n\t\"\\/b");
        assert_eq!(text(r"\u00e4\ud83e\uddea!"), "ä🧪!");
        assert_eq!(text(r"\ud83e?"), "\u{fffd}?");
        assert_eq!(text("é\\u0041é"), "éAé");
        assert_eq!(text("\\u12"), "\u{fffd}");
        assert_eq!(text("\\"), "\\");
    }

    #[test]
    fn order_and_length_are_those_of_utf16() {
        assert_eq!(utf16_order("\u{ff5e}", "\u{1f9ea}"), Ordering::Greater);
        assert_eq!(utf16_len("a🧪"), 3);
    }
}
