//! Names as DevTools shows them: concatenated strings joined, plain objects by their properties.
//!
//! Source: DevTools' `JSHeapSnapshotNode.name`. Where that would run for ever, on a concatenated
//! string that contains itself, the walk here ends.

use std::borrow::Cow;

use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};
use crate::strings::utf16_len;

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
        match self.node_type(node) {
            NodeType::ConsString => Cow::Owned(joined(self, node)),
            NodeType::Object if self.name(node) == "Object" => Cow::Owned(properties(self, node)),
            _ => self.name(node),
        }
    }
}

fn joined(snapshot: &Snapshot, node: NodeIx) -> String {
    let mut text = String::new();
    let mut length = 0;
    let mut parts = vec![node];
    let mut followed = 0;
    while let Some(part) = parts.pop() {
        if snapshot.node_type(part) == NodeType::ConsString {
            // A missing half is the first node, the root, whose name is empty.
            let half = |name| {
                snapshot
                    .target(part, EdgeKind::Internal, name)
                    .unwrap_or(NodeIx(0))
            };
            parts.extend([half("second"), half("first")]);
        } else {
            let name = snapshot.name(part);
            length += utf16_len(&name);
            text.push_str(&name);
        }
        followed += 1;
        if length >= LONGEST_STRING || followed >= MOST_PARTS {
            break;
        }
    }
    text
}

/// `{a, b, …, z}`: taken from both ends in turn.
fn properties(snapshot: &Snapshot, node: NodeIx) -> String {
    let shown = |edge: &crate::Edge| {
        let is_shown =
            edge.kind == EdgeKind::Property && snapshot.strings.literal(edge.name) != b"__proto__";
        is_shown.then(|| formatted_property(&snapshot.strings.get(edge.name)))
    };
    let names: Vec<String> = snapshot
        .edges(node)
        .filter_map(|edge| shown(&edge))
        .collect();
    let (mut head, mut tail) = (String::from("{"), String::from("}"));
    let mut left = names.as_slice();
    let mut from_end = false;
    while let (Some(first), Some(last)) = (left.first(), left.last()) {
        let name = if from_end { last } else { first };
        let length = utf16_len(&head) + utf16_len(&tail) + utf16_len(name);
        if head.len() > 1 && length > LONGEST_OBJECT {
            break;
        }
        if from_end {
            left = &left[..left.len() - 1];
            tail = format!("{name}{}{tail}", if tail.len() > 1 { ", " } else { "" });
        } else {
            left = &left[1..];
            head = format!("{head}{}{name}", if head.len() > 1 { ", " } else { "" });
        }
        from_end = !from_end;
    }
    if !left.is_empty() {
        head.push_str(", …");
    }
    if tail.len() > 1 {
        head.push_str(", ");
    }
    head + &tail
}

/// A property's name; with quotes where it would be misread in a list.
pub(crate) fn formatted_property(name: &str) -> String {
    if !name.contains([',', '\'', '"', '{', '}']) {
        return name.to_owned();
    }
    serde_json::to_string(name).unwrap_or_else(|_| name.to_owned())
}
