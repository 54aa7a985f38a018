//! Strings whose text is in the heap more than once: DevTools' list of duplicate strings.
//!
//! Source: DevTools' `getDuplicateStrings`. A flat string's text is known by its number in the
//! file, since V8 writes no text twice; only concatenated strings, and strings of which the
//! snapshot says that it holds but the beginning, are compared by their texts.

use std::collections::HashMap;

use crate::analysis::Analysis;
use crate::filter::{Content, content, is_cut, is_flat};
use crate::snapshot::{NodeIx, NodeType, Snapshot};

/// Strings of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The strings, two at least, in file order.
    pub strings: Vec<NodeIx>,
    /// Their own sizes, in bytes.
    pub shallow_size: u64,
    /// Their retained sizes, in bytes.
    pub retained_size: u64,
    /// What would be saved if only the largest were there, in bytes.
    pub wasted: u64,
}

/// The texts that more than one string has, in the order in which they are first met.
#[must_use]
pub fn repeated_strings(snapshot: &Snapshot, analysis: &Analysis) -> Vec<Repeated> {
    // Most texts are there once: those must cost no more than a number.
    let mut counts = vec![0_u32; snapshot.strings.len()];
    let mut joined: HashMap<Vec<u8>, Vec<NodeIx>> = HashMap::new();
    let mut cut: HashMap<Content, Vec<NodeIx>> = HashMap::new();
    for node in snapshot.nodes() {
        match text_of(snapshot, analysis, node) {
            Some(Text::Flat(number)) => counts[number as usize] += 1,
            Some(Text::Joined) => {
                let text = snapshot.shown_units(node).into_owned();
                joined.entry(text).or_default().push(node);
            }
            Some(Text::Cut) => {
                let content = content(snapshot, node);
                cut.entry(content).or_default().push(node);
            }
            None => {}
        }
    }
    let mut groups: HashMap<u32, Vec<NodeIx>> = HashMap::new();
    for node in snapshot.nodes() {
        let Some(Text::Flat(number)) = text_of(snapshot, analysis, node) else {
            continue;
        };
        if let Some(group) = groups.get_mut(&number) {
            group.push(node);
            continue;
        }
        // The first of its text that is met: joined strings of the text belong to it.
        let mut same = match joined.is_empty() {
            true => Vec::new(),
            false => joined
                .remove(&*snapshot.shown_units(node))
                .unwrap_or_default(),
        };
        if counts[number as usize] > 1 || !same.is_empty() {
            same.push(node);
            groups.insert(number, same);
        }
    }
    let flat = groups.into_values().map(|mut strings| {
        strings.sort_unstable();
        strings
    });
    let mut found: Vec<Vec<NodeIx>> = flat.collect();
    let others = joined.into_values().chain(cut.into_values());
    found.extend(others.filter(|strings| strings.len() > 1));
    found.sort_unstable_by_key(|strings| strings[0]);
    found
        .into_iter()
        .map(|strings| Repeated::of(analysis, strings))
        .collect()
}

/// How a string's text is known.
enum Text {
    /// By its number in the file.
    Flat(u32),
    /// By its parts.
    Joined,
    /// By its beginning, length and hash: the snapshot holds no more of it.
    Cut,
}

fn text_of(snapshot: &Snapshot, analysis: &Analysis, node: NodeIx) -> Option<Text> {
    if analysis.shallow_size(node) == 0 {
        return None;
    }
    match snapshot.node_type(node) {
        NodeType::String if is_cut(snapshot, node) => Some(Text::Cut),
        NodeType::String => Some(Text::Flat(snapshot.nodes.name[node.index()])),
        NodeType::ConsString if is_flat(snapshot, node) => None,
        NodeType::ConsString if is_cut(snapshot, node) => Some(Text::Cut),
        NodeType::ConsString => Some(Text::Joined),
        _ => None,
    }
}

impl Repeated {
    fn of(analysis: &Analysis, strings: Vec<NodeIx>) -> Self {
        let shallow = || strings.iter().map(|&node| analysis.shallow_size(node));
        let shallow_size: u64 = shallow().sum();
        Self {
            shallow_size,
            retained_size: strings.iter().map(|&n| analysis.retained_size(n)).sum(),
            wasted: shallow_size - shallow().max().unwrap_or(0),
            strings,
        }
    }
}
