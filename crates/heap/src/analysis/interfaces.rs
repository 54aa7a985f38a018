//! Plain objects told apart by their properties: `{connection, ops}`.
//!
//! Source: DevTools' `inferInterfaceDefinitions` and `applyInterfaceDefinitions`. A set of
//! properties that enough plain objects have becomes a class; an object belongs to the class with
//! most properties of those whose properties it has all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::classes::{ClassIx, Classes};
use crate::shown::formatted_property;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};
use crate::utf16;

/// UTF-16 units that a class's name may have, its last property aside.
const LONGEST_NAME: usize = 120;

/// Objects that must have a set of properties: this many, and one in a thousand.
const FEWEST: usize = 2;
const SHARE: usize = 1000;

/// The classes of plain objects, those of most objects first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interfaces {
    definitions: Vec<Definition>,
}

/// All texts in the form of [`utf16`].
#[derive(Debug, Clone)]
struct Definition {
    name: Vec<u8>,
    properties: Vec<Vec<u8>>,
}

impl Interfaces {
    /// Finds the sets of properties that many plain objects have.
    pub(crate) fn infer(snapshot: &Snapshot) -> Self {
        let (shapes, n_plain) = shapes(snapshot);
        // Two lists of strings may have one name, if a file holds a string twice.
        let mut candidates: Vec<(usize, Definition)> = Vec::new();
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        for (strings, count) in shapes {
            let name = interface_name(snapshot, &strings);
            let next = candidates.len();
            let at = *known.entry(name.clone()).or_insert(next);
            if at == next {
                let properties = strings
                    .iter()
                    .map(|&s| snapshot.strings.units(s).into_owned());
                let properties = properties.collect();
                candidates.push((0, Definition { name, properties }));
            }
            candidates[at].0 += count;
        }
        candidates.retain(|&(count, _)| count >= FEWEST && count * SHARE >= n_plain);
        candidates.sort_by_key(|&(count, _)| Reverse(count));
        let definitions = candidates.into_iter().map(|(_, definition)| definition);
        Self {
            definitions: definitions.collect(),
        }
    }

    /// Gives every plain object its class.
    pub(crate) fn apply(&self, snapshot: &Snapshot, classes: &mut Classes) {
        let ranks = Ranks::of(snapshot, self);
        let tree = Tree::of(self, &ranks);
        // Most objects share few shapes: each is looked at once.
        let mut known: HashMap<Vec<u32>, Option<ClassIx>> = HashMap::new();
        let mut strings: Vec<u32> = Vec::new();
        for node in plain_objects(snapshot) {
            strings.clear();
            strings.extend(property_strings(snapshot, node));
            let class = match known.get(&strings) {
                Some(&class) => class,
                None => {
                    let mut properties: Vec<u32> =
                        strings.iter().map(|s| ranks.of_string[s]).collect();
                    properties.sort_unstable();
                    let best = tree.best_match(&properties);
                    let class = best.map(|i| classes.of_interface(&self.definitions[i].name));
                    known.insert(strings.clone(), class);
                    class
                }
            };
            classes.of_node[node.index()] = match class {
                Some(class) => class,
                None => classes.of_string(snapshot, snapshot.nodes.name[node.index()]),
            };
        }
    }
}

/// Plain objects from the root's place on: DevTools looks at no others. V8 writes the root first.
fn plain_objects(snapshot: &Snapshot) -> impl Iterator<Item = NodeIx> + '_ {
    let names = snapshot.strings.all_equal("Object");
    let nodes = snapshot.nodes().skip(snapshot.root().index());
    nodes.filter(move |&node| {
        snapshot.node_type(node) == NodeType::Object
            && names.contains(&snapshot.nodes.name[node.index()])
    })
}

/// The names of an object's properties, as strings of the file.
fn property_strings(snapshot: &Snapshot, node: NodeIx) -> impl Iterator<Item = u32> + '_ {
    let edges = snapshot.edges(node);
    edges
        .filter(|edge| edge.kind == EdgeKind::Property)
        .map(|edge| edge.name)
}

/// The lists of properties that make a name, in the order they are met first, with the number of
/// objects that begin with them; and the number of all plain objects.
fn shapes(snapshot: &Snapshot) -> (Vec<(Vec<u32>, usize)>, usize) {
    let mut lengths = ShownLengths::default();
    let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut counts: Vec<(Vec<u32>, usize)> = Vec::new();
    let mut n_plain = 0;
    let mut shape: Vec<u32> = Vec::new();
    for node in plain_objects(snapshot) {
        n_plain += 1;
        shape.clear();
        let mut length = 1;
        for string in property_strings(snapshot, node) {
            let Some(more) = lengths.of(snapshot, string) else {
                continue;
            };
            // What counts is whether the name has begun: an empty property does not begin it.
            if length > 1 && length + more > LONGEST_NAME {
                break;
            }
            length += more + if length > 1 { 2 } else { 0 };
            shape.push(string);
        }
        match known.get(&shape) {
            _ if shape.is_empty() => {}
            Some(&at) => counts[at].1 += 1,
            None => {
                known.insert(shape.clone(), counts.len());
                counts.push((shape.clone(), 1));
            }
        }
    }
    (counts, n_plain)
}

/// How long the names of properties are as they are shown, in UTF-16 units.
#[derive(Default)]
struct ShownLengths {
    known: HashMap<u32, Option<usize>>,
}

impl ShownLengths {
    /// `None` for the one property that makes no name.
    fn of(&mut self, snapshot: &Snapshot, string: u32) -> Option<usize> {
        let length = || {
            let is_named = !snapshot.strings.is(string, "__proto__");
            is_named.then(|| utf16::len(&formatted_property(snapshot.strings.units(string))))
        };
        *self.known.entry(string).or_insert_with(length)
    }
}

fn interface_name(snapshot: &Snapshot, strings: &[u32]) -> Vec<u8> {
    let mut name = vec![b'{'];
    for &string in strings {
        if name.len() > 1 {
            name.extend_from_slice(b", ");
        }
        name.extend_from_slice(&formatted_property(snapshot.strings.units(string)));
    }
    name.push(b'}');
    name
}

/// The names of properties in JavaScript's order, as numbers.
struct Ranks {
    of_string: HashMap<u32, u32>,
    of_units: HashMap<Vec<u8>, u32>,
}

impl Ranks {
    fn of(snapshot: &Snapshot, interfaces: &Interfaces) -> Self {
        let mut of_string: HashMap<u32, u32> = HashMap::new();
        for node in plain_objects(snapshot) {
            for string in property_strings(snapshot, node) {
                of_string.entry(string).or_default();
            }
        }
        let units = |string: u32| snapshot.strings.units(string).into_owned();
        let mut all: Vec<Vec<u8>> = of_string.keys().map(|&string| units(string)).collect();
        let definitions = interfaces.definitions.iter();
        all.extend(definitions.flat_map(|definition| definition.properties.iter().cloned()));
        all.sort_unstable();
        all.dedup();
        let of_units: HashMap<Vec<u8>, u32> = all.into_iter().zip(0..).collect();
        for (&string, rank) in &mut of_string {
            *rank = of_units[&*snapshot.strings.units(string)];
        }
        Self {
            of_string,
            of_units,
        }
    }
}

/// The definitions as a tree of sorted properties.
struct Tree {
    states: Vec<State>,
}

#[derive(Default)]
struct State {
    next: BTreeMap<u32, usize>,
    /// How many properties the definition that ends here has, and which it is: more wins, then
    /// the earlier one.
    matched: Option<(usize, Reverse<usize>)>,
}

impl Tree {
    fn of(interfaces: &Interfaces, ranks: &Ranks) -> Self {
        let mut tree = Self {
            states: vec![State::default()],
        };
        for (number, definition) in interfaces.definitions.iter().enumerate() {
            let mut properties: Vec<u32> = definition
                .properties
                .iter()
                .map(|property| ranks.of_units[property])
                .collect();
            properties.sort_unstable();
            let mut at = 0;
            for property in properties {
                let new = tree.states.len();
                let next = *tree.states[at].next.entry(property).or_insert(new);
                if next == new {
                    tree.states.push(State::default());
                }
                at = next;
            }
            let matched = (definition.properties.len(), Reverse(number));
            tree.states[at].matched.get_or_insert(matched);
        }
        tree
    }

    /// The definition that fits an object with these properties best. Properties may be skipped;
    /// a state is given up at its greatest next property, so that of a property that comes twice
    /// only the first is looked at there.
    fn best_match(&self, properties: &[u32]) -> Option<usize> {
        let mut best = None;
        let mut active = vec![0];
        for &property in properties {
            for state in active.clone() {
                let greatest = self.states[state]
                    .next
                    .last_key_value()
                    .map(|(&last, _)| last);
                if greatest.is_none_or(|greatest| property >= greatest) {
                    active.retain(|&other| other != state);
                }
                if let Some(&next) = self.states[state].next.get(&property) {
                    if !active.contains(&next) {
                        active.push(next);
                    }
                    best = best.max(self.states[next].matched);
                }
            }
        }
        best.map(|(_, Reverse(number))| number)
    }
}
