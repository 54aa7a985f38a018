//! JavaScript's strings as bytes, without loss: every UTF-16 unit by itself, as UTF-8 would write
//! a character of that number; so both halves of a pair are three bytes each (CESU-8).
//!
//! In this form a comparison of bytes is JavaScript's comparison, joined bytes are the joined
//! string, and a lone surrogate is like any other unit. ASCII is what it always was.

use std::borrow::Cow;

/// Length in UTF-16 units.
pub(crate) fn len(units: &[u8]) -> usize {
    units.iter().filter(|&&byte| !is_continuation(byte)).count()
}

/// As a Rust text: a lone surrogate becomes U+FFFD.
pub(crate) fn text(units: &[u8]) -> Cow<'_, str> {
    if !units.contains(&SURROGATE_LEAD) {
        // The rare three bytes that start so and are no surrogate are kept by the slow way too.
        return String::from_utf8_lossy(units);
    }
    let decoded: Vec<u16> = iter(units).collect();
    Cow::Owned(String::from_utf16_lossy(&decoded))
}

/// Of a Rust text.
pub(crate) fn of_text(text: &str) -> Cow<'_, [u8]> {
    if text.bytes().all(|byte| byte < FOUR_BYTE_LEAD) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut units = Vec::with_capacity(text.len() + text.len() / 2);
    for unit in text.encode_utf16() {
        push(&mut units, unit);
    }
    Cow::Owned(units)
}

/// Appends one unit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "shifted and masked to 6 bits"
)]
pub(crate) fn push(units: &mut Vec<u8>, unit: u16) {
    let tail = |shift: u16| 0x80 | (unit >> shift & 0x3f) as u8;
    match unit {
        0..0x80 => units.push(unit as u8),
        0x80..0x800 => units.extend([0xc0 | (unit >> 6) as u8, tail(0)]),
        _ => units.extend([0xe0 | (unit >> 12) as u8, tail(6), tail(0)]),
    }
}

/// The units, one by one.
pub(crate) fn iter(units: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let starts = (0..units.len()).filter(|&at| !is_continuation(units[at]));
    starts.map(|at| {
        let tail = |i: usize| u16::from(units.get(at + i).copied().unwrap_or(0) & 0x3f);
        match units[at] {
            lead @ 0..0xc0 => u16::from(lead),
            lead @ 0xc0..0xe0 => u16::from(lead & 0x1f) << 6 | tail(1),
            lead => u16::from(lead & 0x0f) << 12 | tail(1) << 6 | tail(2),
        }
    })
}

/// What the first of three bytes is for all surrogates, and for some others.
const SURROGATE_LEAD: u8 = 0xed;

/// UTF-8 writes characters beyond U+FFFF, and only those, in four bytes, the first from here on.
pub(crate) const FOUR_BYTE_LEAD: u8 = 0xf0;

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_and_compares_as_javascript_compares() {
        let texts = [
            "",
            "plain",
            "é\u{7ff}\u{800}",
            "\u{ff5e}",
            "a🧪b",
            "\u{d7ff}\u{e000}",
        ];
        for a in texts {
            assert_eq!(text(&of_text(a)), a);
            assert_eq!(len(&of_text(a)), a.encode_utf16().count());
            assert!(iter(&of_text(a)).eq(a.encode_utf16()));
            for b in texts {
                let wanted = a.encode_utf16().cmp(b.encode_utf16());
                assert_eq!(of_text(a).cmp(&of_text(b)), wanted, "{a} {b}");
            }
        }
    }

    #[test]
    fn halves_of_a_pair_are_units_that_join() {
        let mut units = Vec::new();
        push(&mut units, 0xd83e);
        assert_eq!((len(&units), text(&units).as_ref()), (1, "\u{fffd}"));
        push(&mut units, 0xddea);
        assert_eq!((len(&units), text(&units).as_ref()), (2, "🧪"));
        assert_eq!(units, *of_text("🧪"));
    }
}
