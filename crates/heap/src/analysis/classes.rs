//! Classes: what DevTools groups objects by.
//!
//! Source: DevTools' `calculateObjectNames`. DevTools compares the numbers of strings, not their
//! texts: a name that it makes up never equals one of the file. So a class is a text together with
//! where it came from.

use std::collections::HashMap;

use crate::snapshot::{NodeIx, NodeType, Snapshot};

/// A class of one analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIx(u32);

/// Where a class's text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A string of the file.
    File,
    /// Made for a detached node.
    Renamed,
    /// Made for all nodes of a kind.
    Made,
    /// Made from the properties of plain objects.
    Interface,
}

/// The class of every node.
#[derive(Debug, Clone)]
pub(crate) struct Classes {
    pub(crate) of_node: Vec<ClassIx>,
    names: Vec<String>,
    known: HashMap<(Origin, String), ClassIx>,
}

impl Classes {
    /// The classes before plain objects are told apart.
    pub(crate) fn base(snapshot: &Snapshot) -> Self {
        let mut classes = Self {
            of_node: Vec::new(),
            names: Vec::new(),
            known: HashMap::new(),
        };
        // Most nodes share few strings: each is looked at once.
        let mut of_string: Vec<Option<ClassIx>> = vec![None; snapshot.strings.len()];
        let mut of_node = Vec::with_capacity(snapshot.n_nodes());
        for node in snapshot.nodes() {
            let class = match snapshot.node_type(node) {
                NodeType::Hidden => classes.class(Origin::Made, "(system)"),
                NodeType::Code => classes.class(Origin::Made, "(compiled code)"),
                NodeType::Closure => classes.class(Origin::Made, "Function"),
                NodeType::RegExp => classes.class(Origin::Made, "RegExp"),
                NodeType::Object | NodeType::Native => {
                    classes.named(snapshot, node, &mut of_string)
                }
                _ => {
                    let name = format!("({})", snapshot.node_type_name(node));
                    classes.class(Origin::Made, &name)
                }
            };
            of_node.push(class);
        }
        classes.of_node = of_node;
        classes
    }

    pub(crate) fn name(&self, class: ClassIx) -> &str {
        &self.names[class.0 as usize]
    }

    /// The class of this text and origin, made if it is new.
    pub(crate) fn class(&mut self, origin: Origin, name: &str) -> ClassIx {
        // A lookup by reference would need a key type of its own for little.
        let next = ClassIx(self.names.len() as u32);
        let names = &mut self.names;
        *self
            .known
            .entry((origin, name.to_owned()))
            .or_insert_with(|| {
                names.push(name.to_owned());
                next
            })
    }

    fn named(
        &mut self,
        snapshot: &Snapshot,
        node: NodeIx,
        of_string: &mut [Option<ClassIx>],
    ) -> ClassIx {
        if let Some(name) = snapshot.renamed.get(&node) {
            return match without_attributes(name) {
                Some(tag) => self.class(Origin::Made, &tag),
                None => self.class(Origin::Renamed, name),
            };
        }
        let string = snapshot.nodes.name[node.index()];
        if let Some(class) = of_string[string as usize] {
            return class;
        }
        let name = snapshot.strings.get(string);
        let class = match without_attributes(&name) {
            Some(tag) => self.class(Origin::Made, &tag),
            None => self.class(Origin::File, &name),
        };
        of_string[string as usize] = Some(class);
        class
    }
}

/// The name of an element without what stands behind its tag: `<div id="x">` is `<div>`.
fn without_attributes(name: &str) -> Option<String> {
    let from = match name {
        _ if name.starts_with('<') => 0,
        _ if name.starts_with("Detached <") => 10,
        _ => return None,
    };
    match name[from..].find(' ') {
        Some(blank) => Some(format!("{}>", &name[..from + blank])),
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::without_attributes;

    #[test]
    fn elements_are_grouped_by_their_tag() {
        assert_eq!(
            without_attributes("<div id=\"a b\">").as_deref(),
            Some("<div>")
        );
        assert_eq!(without_attributes("<div>").as_deref(), Some("<div>"));
        assert_eq!(
            without_attributes("Detached <p class=\"x\">").as_deref(),
            Some("Detached <p>")
        );
        assert_eq!(without_attributes("Detached Text"), None);
    }
}
