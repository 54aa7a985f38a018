//! The entries of a map, each taken once; what nobody takes is reported.

use crate::diagnostic::did_you_mean;
use crate::tree::{Key, Kind, Node};

use super::Reader;

/// A map whose entries are being read.
pub(super) struct Fields<'n> {
    what: &'static str,
    entries: Vec<(&'n Key, &'n Node)>,
    known: Vec<&'static str>,
    changing_load: &'static [&'static str],
    changing_report: &'static [&'static str],
}

impl<'n> Fields<'n> {
    /// The entries of `node`; an error is noted if it is no map.
    pub(super) fn of(node: &'n Node, what: &'static str, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            reader.expected("a map", node, what);
            return None;
        };
        let entries = map.iter().map(|(key, node)| (key, node)).collect();
        Some(Self {
            what,
            entries,
            known: Vec::new(),
            changing_load: &[],
            changing_report: &[],
        })
    }

    /// Keys of the format that are not supported and without which other things would be sent.
    pub(super) fn changes_load(&mut self, keys: &'static [&'static str]) {
        self.changing_load = keys;
    }

    /// Keys of the format that are not supported and only change what is reported, or how evenly
    /// sessions come.
    pub(super) fn changes_report(&mut self, keys: &'static [&'static str]) {
        self.changing_report = keys;
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
            if self.changing_load.contains(&name) {
                let hint =
                    Some("without it the load would not be what the script means".to_owned());
                reader.error(key.place, format!("`{name}` is not supported yet"), hint);
            } else if self.changing_report.contains(&name) {
                reader.warning(key.place, format!("`{name}` has no effect here"), None);
            } else {
                let hint = did_you_mean(name, self.known.iter().copied());
                let message = format!("unknown key `{name}` in {}", self.what);
                reader.warning(key.place, message, hint);
            }
        }
    }
}
