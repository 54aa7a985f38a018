//! Names as DevTools shows them: concatenated strings joined, plain objects by their properties.
//!
//! Source: DevTools' `JSHeapSnapshotNode.name`. Where that would run for ever, on a concatenated
//! string that contains itself, the walk here ends. Names are put together unit by unit, since
//! where one part ends with half of a pair and the next begins with the other, they join.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::snapshot::{Edge, EdgeKind, NodeIx, NodeType, Snapshot, leading_integer, number_text};
use crate::utf16;

/// A joined string ends after this many UTF-16 units.
const LONGEST_STRING: usize = 1024;

/// Likewise the list of a plain object's properties.
const LONGEST_OBJECT: usize = 100;

/// Parts of a concatenated string that are followed, so that a cycle ends.
const MOST_PARTS: usize = 1 << 16;

impl Snapshot {
    /// A node's name as DevTools shows it.
    #[must_use]
    pub fn shown_name(&self, node: NodeIx) -> Cow<'_, str> {
        match self.made_name(node) {
            Some(units) => Cow::Owned(utf16::text(&units).into_owned()),
            None => self.name(node),
        }
    }

    /// A node's shown name without loss, in the form of [`utf16`].
    pub(crate) fn shown_units(&self, node: NodeIx) -> Cow<'_, [u8]> {
        match self.made_name(node) {
            Some(units) => Cow::Owned(units),
            None => self.name_units(node),
        }
    }

    /// The order of two nodes by their shown names, as DevTools sorts them: by UTF-16 units.
    #[must_use]
    pub fn shown_name_order(&self, a: NodeIx, b: NodeIx) -> Ordering {
        self.shown_units(a).cmp(&self.shown_units(b))
    }

    /// The order of two edges by their names, as DevTools sorts an object's references: names
    /// before numbers, both as texts, and the prototype after all.
    #[must_use]
    pub fn edge_name_order(&self, a: Edge, b: Edge) -> Ordering {
        if a.kind.is_numbered() && b.kind.is_numbered() {
            return decimal_order(a.name, b.name);
        }
        let key = |edge: Edge| {
            let (is_number, units) = self.edge_units(edge);
            (*units == *b"__proto__", is_number, units)
        };
        key(a).cmp(&key(b))
    }

    /// An edge's name without loss, and whether it is a number.
    fn edge_units(&self, edge: Edge) -> (bool, Cow<'_, [u8]>) {
        if edge.kind.is_numbered() {
            return (true, Cow::Owned(edge.name.to_string().into_bytes()));
        }
        if edge.kind == EdgeKind::Shortcut
            && let Some(number) = leading_integer(&self.strings.get(edge.name))
        {
            return (true, Cow::Owned(number_text(number).into_bytes()));
        }
        (false, self.strings.units(edge.name))
    }

    fn made_name(&self, node: NodeIx) -> Option<Vec<u8>> {
        match self.node_type(node) {
            NodeType::ConsString => Some(joined(self, node)),
            NodeType::Object if self.is_named(node, "Object") => Some(properties(self, node)),
            _ => None,
        }
    }
}

/// Order of two numbers by their decimal digits, as texts.
fn decimal_order(a: u32, b: u32) -> Ordering {
    let n_digits = |number: u32| number.checked_ilog10().unwrap_or(0);
    let widened = |number: u32, other: u32| {
        let missing = n_digits(other).saturating_sub(n_digits(number));
        u64::from(number) * 10_u64.pow(missing)
    };
    let by_digits = widened(a, b).cmp(&widened(b, a));
    by_digits.then_with(|| n_digits(a).cmp(&n_digits(b)))
}

fn joined(snapshot: &Snapshot, node: NodeIx) -> Vec<u8> {
    let mut units = Vec::new();
    let mut length = 0;
    let mut parts = vec![node];
    let mut followed = 0;
    while let Some(part) = parts.pop() {
        if snapshot.node_type(part) == NodeType::ConsString {
            let (first, second) = halves(snapshot, part);
            parts.extend([second, first]);
        } else {
            let name = snapshot.name_units(part);
            length += utf16::len(&name);
            units.extend_from_slice(&name);
        }
        followed += 1;
        if length >= LONGEST_STRING || followed >= MOST_PARTS {
            break;
        }
    }
    units
}

/// The two parts of a concatenated string. The first node, which is the root and has no name,
/// stands for one that is missing; while one is, the other may still be replaced.
fn halves(snapshot: &Snapshot, node: NodeIx) -> (NodeIx, NodeIx) {
    const MISSING: NodeIx = NodeIx(0);
    let (mut first, mut second) = (MISSING, MISSING);
    for edge in snapshot.edges(node) {
        if first != MISSING && second != MISSING {
            break;
        }
        if edge.kind != EdgeKind::Internal {
            continue;
        }
        if snapshot.strings.is(edge.name, "first") {
            first = edge.to;
        } else if snapshot.strings.is(edge.name, "second") {
            second = edge.to;
        }
    }
    (first, second)
}

/// `{a, b, …, z}`: taken from both ends in turn.
fn properties(snapshot: &Snapshot, node: NodeIx) -> Vec<u8> {
    let shown = |edge: Edge| {
        let is_shown =
            edge.kind == EdgeKind::Property && !snapshot.strings.is(edge.name, "__proto__");
        is_shown.then(|| formatted_property(snapshot.strings.units(edge.name)))
    };
    let names: Vec<Cow<'_, [u8]>> = snapshot.edges(node).filter_map(shown).collect();
    let (mut head, mut tail) = (vec![b'{'], vec![b'}']);
    let mut left = names.as_slice();
    let mut from_end = false;
    while let (Some(first), Some(last)) = (left.first(), left.last()) {
        let name = if from_end { last } else { first };
        let length = utf16::len(&head) + utf16::len(&tail) + utf16::len(name);
        if head.len() > 1 && length > LONGEST_OBJECT {
            break;
        }
        if from_end {
            left = &left[..left.len() - 1];
            let comma: &[u8] = if tail.len() > 1 { b", " } else { b"" };
            tail = [name, comma, &tail].concat();
        } else {
            left = &left[1..];
            if head.len() > 1 {
                head.extend_from_slice(b", ");
            }
            head.extend_from_slice(name);
        }
        from_end = !from_end;
    }
    if !left.is_empty() {
        head.extend_from_slice(", …".as_bytes());
    }
    if tail.len() > 1 {
        head.extend_from_slice(b", ");
    }
    head.extend_from_slice(&tail);
    head
}

/// A property's name; where it would be misread in a list, as JavaScript's `JSON.stringify` has it.
pub(crate) fn formatted_property(name: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let needs_quotes = |byte: &u8| matches!(byte, b',' | b'\'' | b'"' | b'{' | b'}');
    if !name.iter().any(needs_quotes) {
        return name;
    }
    let mut quoted = vec![b'"'];
    let mut units = utf16::iter(&name).peekable();
    while let Some(unit) = units.next() {
        let low = units
            .peek()
            .copied()
            .filter(|low| (0xdc00..0xe000).contains(low));
        match (unit, low) {
            (0xd800..0xdc00, Some(low)) => {
                utf16::push(&mut quoted, unit);
                utf16::push(&mut quoted, low);
                units.next();
            }
            (0xd800..0xe000, _) => quoted.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
            (0x08, _) => quoted.extend_from_slice(b"\\b"),
            (0x09, _) => quoted.extend_from_slice(b"\\t"),
            (0x0a, _) => quoted.extend_from_slice(b"\\n"),
            (0x0c, _) => quoted.extend_from_slice(b"\\f"),
            (0x0d, _) => quoted.extend_from_slice(b"\\r"),
            (0x22, _) => quoted.extend_from_slice(b"\\\""),
            (0x5c, _) => quoted.extend_from_slice(b"\\\\"),
            (0x00..0x20, _) => quoted.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
            _ => utf16::push(&mut quoted, unit),
        }
    }
    quoted.push(b'"');
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_that_would_be_misread_are_quoted_as_json() {
        let formatted = |name: &[u16]| {
            let mut units = Vec::new();
            name.iter().for_each(|&unit| utf16::push(&mut units, unit));
            let formatted = formatted_property(Cow::Owned(units));
            String::from_utf8(formatted.into_owned()).unwrap()
        };
        let text = |text: &str| formatted(&text.encode_utf16().collect::<Vec<_>>());
        assert_eq!(text("plain\u{1}"), "plain\u{1}");
        assert_eq!(text("a,b"), "\"a,b\"");
        assert_eq!(text("{\"\\\n\u{1}é"), "\"{\\\"\\\\\\n\\u0001é\"");
        assert_eq!(formatted(&[0x2c, 0xd83e]), "\",\\ud83e\"");
        assert_eq!(formatted(&[0x2c, 0xde00, 0xd83e]), "\",\\ude00\\ud83e\"");
    }

    #[test]
    fn numbers_are_ordered_by_their_digits() {
        let numbers = [0, 1, 9, 10, 19, 99, 100, 105, 1_000_000_000, u32::MAX];
        for (a, b) in numbers
            .iter()
            .flat_map(|a| numbers.iter().map(move |b| (a, b)))
        {
            let wanted = a.to_string().cmp(&b.to_string());
            assert_eq!(decimal_order(*a, *b), wanted, "{a} {b}");
        }
    }
}
