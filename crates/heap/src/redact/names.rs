//! Which texts stay, and what stands for the others.
//!
//! A text stays if the platform or the program's code says it: it is in the list of names that
//! Node.js itself defines (`platform.txt`), among the names the caller knows from the source, the
//! name of a function or a variable, or the engine's own word. Everything else gives way to as many
//! characters that depend on the text and the key alone. Forms that DevTools' rules look at (`<tag …>`,
//! `Detached …`, `system / Context / …`, pairs in weak maps, names that need quotes) are kept as
//! forms.
//!
//! The replacement is a keyed hash (SipHash-2-4) that seeds its characters: without the key a guess
//! cannot be tested, and two texts get the same replacement only by accident of 64 bits, or where
//! they are so short that there are not enough.

use std::collections::HashSet;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::Redaction;
use crate::shown::formatted_property;
use crate::strings::decoded;
use crate::utf16;

/// Names that Node.js 18 to 26 define: see `platform.mjs`.
const PLATFORM: &str = include_str!("platform.txt");

/// Bytes that a name of code may have; real ones are shorter.
const LONGEST_NAME: usize = 120;

/// What stands before a name in the names that V8 makes of others.
const HEADS: [&str; 7] = [
    "get ",
    "set ",
    "bound ",
    "system / NativeContext / ",
    "system / Context / ",
    "global / ",
    "Window / ",
];

/// V8's words for nodes whose names may else be the program's: its code and its contexts. Nobody's
/// secret is one of them, whatever it is used for.
const ENGINE_NAMES: [&str; 11] = [
    "system / Context",
    "(BASELINE code)",
    "(bytecode array)",
    "(bytecode offset table)",
    "(code relocation info)",
    "(constant elements)",
    "(constant pool)",
    "(context local names)",
    "(handler table)",
    "(shared function info)",
    "(source position table)",
];

/// What the characters of a replacement are taken from.
const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$";

/// Shows that a text is not what it was, where there is room.
const MARK: u8 = b'~';
const ROOM_FOR_MARK: usize = 5;

/// From here on indexes are placeholders: real arrays are shorter.
const PLACEHOLDERS: u64 = 1 << 30;

/// What a string of a snapshot is used for, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use(u8);

impl Use {
    /// The name of a function or a variable.
    pub(super) const CODE: Self = Self(1);
    /// A word of the engine's.
    pub(super) const ENGINE: Self = Self(2);
    /// The class of an object.
    pub(super) const CLASS: Self = Self(4);
    /// A property's name.
    pub(super) const PROPERTY: Self = Self(8);

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

pub(super) struct Names<'a> {
    redaction: &'a Redaction,
    platform: HashSet<&'static [u8]>,
    longest: usize,
    /// The replacement that is being made, in JSON's form.
    made: Vec<u8>,
    /// The names of functions and variables that stayed, if they are wanted.
    pub(super) of_code: Option<HashSet<String>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(redaction: &'a Redaction) -> Self {
        let platform: HashSet<&[u8]> = PLATFORM.lines().map(str::as_bytes).collect();
        let of_source = redaction.names.iter().map(String::len);
        let longest = platform
            .iter()
            .map(|name| name.len())
            .chain(of_source)
            .max();
        Self {
            redaction,
            platform,
            longest: longest.unwrap_or(0),
            made: Vec::new(),
            of_code: None,
        }
    }

    /// What stands for a string, as it stands in the file; `None` if it stays.
    pub(super) fn replacement(&mut self, literal: &[u8], used: Use) -> Option<&[u8]> {
        let unescaped;
        let is_plain = literal.is_ascii() && memchr::memchr(b'\\', literal).is_none();
        let units = if is_plain {
            literal
        } else {
            unescaped = decoded(literal);
            &unescaped[..]
        };
        self.made.clear();
        if self.stays(units, used) {
            if used.has(Use::CODE)
                && let Some(names) = &mut self.of_code
            {
                names.insert(utf16::text(units).into_owned());
            }
            return None;
        }
        self.replace(units, used);
        Some(&self.made)
    }

    /// An index that stands for one that is no position.
    pub(super) fn index(&self, index: u64) -> u64 {
        PLACEHOLDERS + self.hash(&index.to_le_bytes()) % PLACEHOLDERS
    }

    fn stays(&self, units: &[u8], used: Use) -> bool {
        // The engine keeps a string for every single character.
        let is_character = units.len() < 4 && utf16::len(units) < 2;
        is_character
            || self.is_known(units)
            || ENGINE_NAMES.iter().any(|name| name.as_bytes() == units)
            || used.has(Use::CODE) && is_of_code(units)
            || used.has(Use::ENGINE) && is_of_engine(units)
    }

    /// Whether a text is a name of the platform or of the source, whoever uses it.
    fn is_known(&self, units: &[u8]) -> bool {
        if units.len() > self.longest {
            return false;
        }
        let of_source =
            || std::str::from_utf8(units).is_ok_and(|name| self.redaction.names.contains(name));
        self.platform.contains(units) || of_source()
    }

    fn replace(&mut self, units: &[u8], used: Use) {
        if used.has(Use::ENGINE) && self.replace_pair(units) {
            return;
        }
        if let Some(rest) = units.strip_prefix(b"Detached ") {
            self.made.extend_from_slice(b"Detached ");
            return match self.is_known(rest) {
                true => append_escaped(&mut self.made, rest),
                false => self.replace(rest, used),
            };
        }
        let head = HEADS.iter().find(|head| units.starts_with(head.as_bytes()));
        if let Some(head) = head {
            self.made.extend_from_slice(head.as_bytes());
            return self.part(&units[head.len()..], used);
        }
        let symbol = units
            .strip_prefix(b"<symbol ")
            .and_then(|rest| rest.strip_suffix(b">"));
        if let Some(description) = symbol {
            self.made.extend_from_slice(b"<symbol ");
            self.part(description, used);
            return self.made.push(b'>');
        }
        if let Some(rest) = units.strip_prefix(b"<") {
            return self.tag(rest);
        }
        // `exports.Session` is what V8 calls a class that was assigned there.
        if used.has(Use::CLASS) && units.contains(&b'.') {
            for (n, part) in units.split(|&byte| byte == b'.').enumerate() {
                if n > 0 {
                    self.made.push(b'.');
                }
                self.part(part, used);
            }
            return;
        }
        self.hide(units, used);
    }

    /// A part of a name that is a name itself.
    fn part(&mut self, units: &[u8], used: Use) {
        match self.is_known(units) || utf16::len(units) < 2 && units.is_ascii() {
            true => append_escaped(&mut self.made, units),
            false => self.hide(units, used),
        }
    }

    /// `<tag id="…">`: what stands before the first blank is the class.
    fn tag(&mut self, rest: &[u8]) {
        self.made.push(b'<');
        let end = rest
            .iter()
            .position(|&byte| byte == b' ')
            .unwrap_or(rest.len());
        let (tag, attributes) = rest.split_at(end);
        let bare = tag.strip_suffix(b">").unwrap_or(tag);
        match is_tag(bare) {
            true => self.made.extend_from_slice(bare),
            false => self.hide(bare, Use::default()),
        }
        if bare.len() < tag.len() {
            self.made.push(b'>');
        }
        if let Some(attributes) = attributes.strip_prefix(b" ") {
            self.made.push(b' ');
            self.hide(attributes, Use::default());
        }
    }

    /// `12 / part of key (K @1) -> value (V @2) pair in WeakMap (table @3)`, where K and V are
    /// names of objects, and so may be texts.
    fn replace_pair(&mut self, units: &[u8]) -> bool {
        let Some(pair) = Pair::of(units) else {
            return false;
        };
        self.made.extend_from_slice(pair.head);
        self.part(pair.key, Use::default());
        self.made.extend_from_slice(pair.between);
        self.part(pair.value, Use::default());
        self.made.extend_from_slice(pair.tail);
        true
    }

    /// As many characters as the text has, and as many as it is shown with if it is a property.
    fn hide(&mut self, units: &[u8], used: Use) {
        let mut left = utf16::len(units);
        let mut state = self.hash(units);
        if used.has(Use::PROPERTY) {
            let extra = utf16::len(&formatted_property(units.into())) - left;
            left -= self.make_quoted(extra, left);
        } else if left >= ROOM_FOR_MARK {
            self.made.push(MARK);
            left -= 1;
        }
        for _ in 0..left {
            // SplitMix64's step: a seed's characters are all that is needed, not secrecy.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            self.made.push(LETTERS[(mixed >> 58) as usize]);
        }
    }

    /// Characters that make a property's name so much longer where it is shown: quotes come with two,
    /// a quote in quotes with one more, a control character with five. How many were used.
    fn make_quoted(&mut self, extra: usize, left: usize) -> usize {
        let Some(extra) = extra.checked_sub(2) else {
            if left >= ROOM_FOR_MARK {
                self.made.push(MARK);
                return 1;
            }
            return 0;
        };
        let (controls, quotes) = (extra / 5, extra % 5);
        for _ in 0..controls {
            self.made.extend_from_slice(b"\\u0001");
        }
        for _ in 0..quotes {
            self.made.extend_from_slice(b"\\\"");
        }
        // Quotes come with one of these as well.
        let comma = usize::from(quotes == 0);
        self.made.extend_from_slice(&b","[..comma]);
        (controls + quotes + comma).min(left)
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.redaction.key);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// The parts of the name of an edge of a weak map's entry.
struct Pair<'a> {
    head: &'a [u8],
    key: &'a [u8],
    between: &'a [u8],
    value: &'a [u8],
    tail: &'a [u8],
}

impl<'a> Pair<'a> {
    fn of(units: &'a [u8]) -> Option<Self> {
        const HEAD: &str = " / part of key (";
        const BETWEEN: &str = ") -> value (";
        const TAIL: &str = ") pair in WeakMap (table @";
        let text = std::str::from_utf8(units).ok()?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let inside = text[digits..].strip_prefix(HEAD).filter(|_| digits > 0)?;
        let start = digits + HEAD.len();
        // A name may look like what stands between: the last is as good as any.
        let tail = start + inside.rfind(TAIL)?;
        let table = text[tail + TAIL.len()..].strip_suffix(')')?;
        let between = start + text[start..tail].rfind(BETWEEN)?;
        let key_end = start + without_id(&text[start..between])?;
        let value_start = between + BETWEEN.len();
        let value_end = value_start + without_id(&text[value_start..tail])?;
        let has_line_end = |text: &str| text.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        // With line ends DevTools sees no pair in it, so none may come of it.
        if has_line_end(text) || !table.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            head: &units[..start],
            key: &units[start..key_end],
            between: &units[key_end..value_start],
            value: &units[value_start..value_end],
            tail: &units[value_end..],
        })
    }
}

/// Where `NAME @12` has its ` @12`.
fn without_id(text: &str) -> Option<usize> {
    let (name, id) = text.rsplit_once(" @")?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(name.len())
}

/// A function's or a variable's name: an identifier, or what V8 makes of one.
fn is_of_code(units: &[u8]) -> bool {
    let name = ["get ", "set ", "static ", "async "]
        .iter()
        .find_map(|head| units.strip_prefix(head.as_bytes()));
    let name = name.unwrap_or(units);
    let made_up = name
        .strip_prefix(b"<")
        .and_then(|rest| rest.strip_suffix(b">"));
    let name = made_up
        .or_else(|| name.strip_prefix(b"#"))
        .or_else(|| name.strip_prefix(b"."));
    is_identifier(name.unwrap_or(units.rsplit(|&b| b == b' ').next().unwrap_or(units)))
}

fn is_identifier(units: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(units) else {
        return false;
    };
    let mut chars = name.chars();
    let starts = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    name.len() <= LONGEST_NAME
        && chars.next().is_some_and(starts)
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

/// A word of V8's or of Node's C++: `system / Map`, `(GC roots)`, `feedback_cell`, `12`.
fn is_of_engine(units: &[u8]) -> bool {
    if units.len() > LONGEST_NAME {
        return false;
    }
    let is_word = |&byte: &u8| byte.is_ascii_alphanumeric() || b"_ :.,<>()[]*&#+-".contains(&byte);
    let rest = ["system / ", "Node / ", "V8 / ", "C++ "]
        .iter()
        .find_map(|head| units.strip_prefix(head.as_bytes()));
    if let Some(rest) = rest {
        return rest.iter().all(is_word);
    }
    let inside = units
        .strip_prefix(b"(")
        .and_then(|rest| rest.strip_suffix(b")"));
    if let Some(inside) = inside {
        return inside.iter().all(is_word);
    }
    let digits = units
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let is_index =
        digits > 0 && (digits == units.len() || &units[digits..] == b" / DevTools console");
    is_index || is_identifier(units)
}

fn is_tag(units: &[u8]) -> bool {
    units.len() <= 40
        && units.first().is_some_and(u8::is_ascii_alphabetic)
        && units
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Units that stay, as JSON has them.
fn append_escaped(made: &mut Vec<u8>, units: &[u8]) {
    for unit in utf16::iter(units) {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => made.extend([b'\\', byte]),
            Ok(byte @ 0x20..0x7f) => made.push(byte),
            _ => made.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str, used: Use) -> String {
        let redaction = Redaction {
            key: [7; 16],
            names: HashSet::from(["ownName".to_owned()]),
        };
        let mut names = Names::new(&redaction);
        let literal = serde_json::to_string(text).unwrap();
        let literal = &literal.as_bytes()[1..literal.len() - 1];
        match names.replacement(literal, used) {
            None => text.to_owned(),
            Some(made) => String::from_utf8_lossy(&decoded(made)).into_owned(),
        }
    }

    #[test]
    fn what_code_and_engine_say_stays_and_the_same_text_as_data_does_not() {
        for (text, used) in [
            ("onConnection", Use::CODE),
            ("#secretField", Use::CODE),
            ("get balance", Use::CODE),
            ("<instance_members_initializer>", Use::CODE),
            ("(object properties)", Use::ENGINE),
            ("system / Map (ExternalString)", Use::ENGINE),
            ("feedback_cell", Use::ENGINE),
            ("4711", Use::ENGINE),
        ] {
            assert_eq!(replaced(text, used), text);
            if text.len() > 10 && !text.starts_with("get ") {
                assert_ne!(replaced(text, Use::default()), text);
            }
        }
        let context = "system / Context";
        for used in [Use::CLASS, Use::PROPERTY, Use::default()] {
            assert_eq!(replaced(context, used), context);
            assert_ne!(replaced("system / Contexts", used), "system / Contexts");
        }
        for known in ["connection", "Symbol.iterator", "ownName", "a", "", "é"] {
            assert_eq!(replaced(known, Use::PROPERTY), known);
        }
        for data in [
            "alice@example.org",
            "/srv/app.js",
            "https://u:p@h/?t=1",
            "4711 0815",
        ] {
            let all = Use::CODE
                .and(Use::ENGINE)
                .and(Use::CLASS)
                .and(Use::PROPERTY);
            assert_ne!(replaced(data, all), data);
        }
    }

    #[test]
    fn a_replacement_is_as_long_and_depends_on_text_and_key_alone() {
        for text in ["ab", "hunter2", "x".repeat(1024).as_str(), "grüße 🧪"] {
            let made = replaced(text, Use::default());
            assert_eq!(made.encode_utf16().count(), text.encode_utf16().count());
            assert_ne!(made, text);
            assert_eq!(made, replaced(text, Use::CLASS));
        }
        assert!(replaced("hunter2", Use::default()).starts_with('~'));
        let other = Redaction::default();
        let mut names = Names::new(&other);
        let with_other_key = names.replacement(b"hunter2", Use::default()).unwrap();
        assert_ne!(
            with_other_key,
            replaced("hunter2", Use::default()).as_bytes()
        );
    }

    #[test]
    fn a_property_is_shown_as_long_as_before() {
        for text in [
            "plain-secret",
            "a,b",
            "{\"token\": \"x\"}",
            "it's",
            "line\nend\u{1},",
            "\"\"\"",
        ] {
            let made = replaced(text, Use::PROPERTY);
            let shown = |text: &str| utf16::len(&formatted_property(text.as_bytes().into()));
            assert_eq!(shown(&made), shown(text), "{text:?} became {made:?}");
            assert_eq!(made.len(), text.len());
        }
    }

    #[test]
    fn forms_that_devtools_looks_at_stay_forms() {
        let class = |text| replaced(text, Use::CLASS);
        assert!(class("<div id=\"secret\">").starts_with("<div ~"));
        assert!(class("Detached <div class=\"secret\">").starts_with("Detached <div"));
        assert!(class("system / Context / https://secret").starts_with("system / Context / ~"));
        assert!(class("exports.Session7").starts_with("exports.~"));
        assert_eq!(
            class("<symbol Symbol.iterator>"),
            "<symbol Symbol.iterator>"
        );
        assert!(class("<symbol my secret>").starts_with("<symbol ~"));

        let pair = "7 / part of key (sec ret) -> value @1) -> value (the @secret @22) pair in WeakMap (table @3)";
        let made = replaced(pair, Use::ENGINE);
        assert!(
            !made.contains("sec ret") && !made.contains("secret"),
            "{made}"
        );
        assert!(
            made.starts_with("7 / part of key (~")
                && made.ends_with(" @22) pair in WeakMap (table @3)")
        );
        let known = "7 / part of key (Object @1) -> value (Map @22) pair in WeakMap (table @3)";
        assert_eq!(replaced(known, Use::ENGINE), known);
    }
}
