//! The entries of a map, each taken once; what nobody takes is reported.

use crate::diagnostic::did_you_mean;
use crate::tree::{Key, Kind, Node};

use super::Reader;

/// A map whose entries are being read.
pub(super) struct Fields<'n> {
    what: &'static str,
    entries: Vec<(&'n Key, &'n Node)>,
    known: Vec<&'static str>,
    without_effect: WithoutEffect,
}

/// Keys that change nothing here, each with what does instead.
pub(super) type WithoutEffect = &'static [(&'static str, &'static str)];

impl<'n> Fields<'n> {
    /// The entries of `node`; an error is noted if it is no map.
    pub(super) fn of(node: &'n Node, what: &'static str, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            reader.expected("a map", node, what);
            return None;
        };
        let mut entries: Vec<(&Key, &Node)> = Vec::with_capacity(map.len());
        for (key, node) in map {
            match entries.iter_mut().find(|(k, _)| k.name == key.name) {
                Some(first) => {
                    let message = format!("`{}` stands twice in {what}", key.name);
                    let hint = Some("the second one counts".to_owned());
                    reader.warning(key.place, message, hint);
                    *first = (key, node);
                }
                None => entries.push((key, node)),
            }
        }
        Some(Self {
            what,
            entries,
            known: Vec::new(),
            without_effect: &[],
        })
    }

    /// Keys of the format that are accepted and change nothing here.
    pub(super) fn without_effect(&mut self, keys: WithoutEffect) {
        self.without_effect = keys;
    }

    /// The value of `key`, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let at = self
            .entries
            .iter()
            .position(|(entry, _)| entry.name == key)?;
        Some(self.entries.remove(at).1)
    }

    /// Reports what was not taken.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for (key, _) in self.entries {
            let name = key.name.as_str();
            let known = self.without_effect.iter().find(|(key, _)| *key == name);
            if let Some((_, hint)) = known {
                let message = format!("`{name}` has no effect here");
                reader.warning(key.place, message, Some((*hint).to_owned()));
                continue;
            }
            let hint = did_you_mean(name, self.known.iter().copied());
            let hint = hint.unwrap_or_else(|| there_are(&self.known));
            let message = format!("unknown key `{name}` in {}", self.what);
            reader.warning(key.place, message, Some(hint));
        }
    }
}

/// The keys of a map in a sentence.
fn there_are(known: &[&str]) -> String {
    let mut names: Vec<&str> = Vec::with_capacity(known.len());
    for name in known {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    let names = names.iter().map(|name| format!("`{name}`"));
    format!("there are {}", names.collect::<Vec<_>>().join(", "))
}
