//! Classes: what DevTools groups objects by.
//!
//! Source: DevTools' `calculateObjectNames`. DevTools compares the numbers of strings, not their
//! texts: a name that it makes up never equals one of the file. So a class is a text together with
//! where it came from.

use std::collections::HashMap;

use crate::snapshot::{NodeIx, NodeType, Snapshot};
use crate::utf16;

/// A class of one analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIx(u32);

impl ClassIx {
    /// As an index into a list of all classes, of which there are [`super::Analysis::n_classes`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What makes a class: where its text came from, and which it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Origin {
    /// A string of the file, by its number.
    File(u32),
    /// The same, with what stands before the name of a detached node.
    Renamed(u32),
    /// Made for all nodes of a kind.
    Made(Vec<u8>),
    /// Made from the properties of plain objects.
    Interface(Vec<u8>),
}

/// The class of every node.
#[derive(Debug, Clone)]
pub(crate) struct Classes {
    pub(crate) of_node: Vec<ClassIx>,
    names: Vec<Name>,
    known: HashMap<Origin, ClassIx>,
}

#[derive(Debug, Clone)]
struct Name {
    text: String,
    units: Vec<u8>,
}

impl Classes {
    /// The classes before plain objects are told apart.
    pub(crate) fn base(snapshot: &Snapshot) -> Self {
        let mut classes = Self {
            of_node: Vec::new(),
            names: Vec::new(),
            known: HashMap::new(),
        };
        let system = classes.made(b"(system)");
        let code = classes.made(b"(compiled code)");
        let function = classes.made(b"Function");
        let regexp = classes.made(b"RegExp");
        // Most nodes share few strings and types: each is looked at once.
        let mut of_string: Vec<Option<ClassIx>> = vec![None; snapshot.strings.len()];
        let mut of_type: Vec<Option<ClassIx>> = vec![None; snapshot.node_type_names.len()];
        let mut of_node = Vec::with_capacity(snapshot.n_nodes());
        for node in snapshot.nodes() {
            let class = match snapshot.node_type(node) {
                NodeType::Hidden => system,
                NodeType::Code => code,
                NodeType::Closure => function,
                NodeType::RegExp => regexp,
                NodeType::Object | NodeType::Native => {
                    classes.named(snapshot, node, &mut of_string)
                }
                _ => {
                    let kind = usize::from(snapshot.nodes.kind[node.index()]);
                    *of_type[kind].get_or_insert_with(|| {
                        let name = format!("({})", snapshot.node_type_name(node));
                        classes.made(&utf16::of_text(&name))
                    })
                }
            };
            of_node.push(class);
        }
        classes.of_node = of_node;
        classes
    }

    /// How many classes there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn name(&self, class: ClassIx) -> &str {
        &self.names[class.0 as usize].text
    }

    pub(crate) fn named_so(&self, name: &str) -> impl Iterator<Item = ClassIx> {
        let classes = (0..).map(ClassIx).zip(&self.names);
        classes.filter_map(move |(class, known)| (known.text == name).then_some(class))
    }

    /// A class's name without loss, in the form of [`utf16`].
    pub(crate) fn units(&self, class: ClassIx) -> &[u8] {
        &self.names[class.0 as usize].units
    }

    /// The class of the plain objects with these properties.
    pub(crate) fn of_interface(&mut self, name: &[u8]) -> ClassIx {
        self.class(Origin::Interface(name.to_owned()), name)
    }

    /// The class of the objects whose name is this string of the file.
    pub(crate) fn of_string(&mut self, snapshot: &Snapshot, string: u32) -> ClassIx {
        self.class(Origin::File(string), &snapshot.strings.units(string))
    }

    fn made(&mut self, name: &[u8]) -> ClassIx {
        self.class(Origin::Made(name.to_owned()), name)
    }

    fn class(&mut self, origin: Origin, name: &[u8]) -> ClassIx {
        let next = ClassIx(self.names.len() as u32);
        let names = &mut self.names;
        *self.known.entry(origin).or_insert_with(|| {
            names.push(Name {
                text: utf16::text(name).into_owned(),
                units: name.to_owned(),
            });
            next
        })
    }

    fn named(
        &mut self,
        snapshot: &Snapshot,
        node: NodeIx,
        of_string: &mut [Option<ClassIx>],
    ) -> ClassIx {
        let string = snapshot.nodes.name[node.index()];
        if snapshot.is_renamed(node) {
            let name = snapshot.name_units(node);
            return match without_attributes(&name) {
                Some(tag) => self.made(&tag),
                None => self.class(Origin::Renamed(string), &name),
            };
        }
        if let Some(class) = of_string[string as usize] {
            return class;
        }
        let class = match without_attributes(&snapshot.strings.units(string)) {
            Some(tag) => self.made(&tag),
            None => self.of_string(snapshot, string),
        };
        of_string[string as usize] = Some(class);
        class
    }
}

/// The name of an element without what stands behind its tag: `<div id="x">` is `<div>`.
fn without_attributes(name: &[u8]) -> Option<Vec<u8>> {
    const DETACHED_ELEMENT: &[u8] = b"Detached <";
    let from = match name {
        _ if name.starts_with(b"<") => 0,
        _ if name.starts_with(DETACHED_ELEMENT) => DETACHED_ELEMENT.len(),
        _ => return None,
    };
    match memchr::memchr(b' ', &name[from..]) {
        Some(blank) => Some([&name[..from + blank], b">"].concat()),
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::without_attributes;

    #[test]
    fn elements_are_grouped_by_their_tag() {
        let tag = |name: &str| {
            let tag = without_attributes(name.as_bytes());
            tag.map(|tag| String::from_utf8(tag).unwrap())
        };
        assert_eq!(tag("<div id=\"a b\">").as_deref(), Some("<div>"));
        assert_eq!(tag("<div>").as_deref(), Some("<div>"));
        assert_eq!(
            tag("Detached <p class=\"x\">").as_deref(),
            Some("Detached <p>")
        );
        assert_eq!(tag("Detached Text"), None);
    }
}
