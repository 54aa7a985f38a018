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
    let mut others: HashMap<Content, Vec<NodeIx>> = HashMap::new();
    for node in snapshot.nodes() {
        match text_of(snapshot, analysis, node) {
            Some(Text::Flat(number)) => counts[number as usize] += 1,
            Some(Text::Other) => {
                let content = content(snapshot, node);
                others.entry(content).or_default().push(node);
            }
            None => {}
        }
    }
    let mut groups: HashMap<u32, Vec<NodeIx>> = HashMap::new();
    for node in snapshot.nodes() {
        let Some(Text::Flat(number)) = text_of(snapshot, analysis, node) else {
            continue;
        };
        let count = &mut counts[number as usize];
        if *count == 1 && !others.is_empty() {
            // It is looked for among the others once: from now on it counts as found or as none.
            let same = others.remove(&content(snapshot, node)).unwrap_or_default();
            *count += same.len() as u32;
            if !same.is_empty() {
                groups.insert(number, same);
            }
        }
        if *count > 1 {
            groups.entry(number).or_default().push(node);
        }
    }
    let flat = groups.into_values().map(|mut strings| {
        if !others.is_empty()
            && let Some(same) = others.remove(&content(snapshot, strings[0]))
        {
            strings.extend(same);
        }
        strings.sort_unstable();
        strings
    });
    let mut found: Vec<Vec<NodeIx>> = flat.collect();
    found.extend(others.into_values().filter(|strings| strings.len() > 1));
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
    /// By what it says.
    Other,
}

fn text_of(snapshot: &Snapshot, analysis: &Analysis, node: NodeIx) -> Option<Text> {
    let is_other = match snapshot.node_type(node) {
        NodeType::String => is_cut(snapshot, node),
        NodeType::ConsString if !is_flat(snapshot, node) => true,
        _ => return None,
    };
    (analysis.shallow_size(node) != 0).then(|| match is_other {
        true => Text::Other,
        false => Text::Flat(snapshot.nodes.name[node.index()]),
    })
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
