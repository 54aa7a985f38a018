//! Plain objects told apart by their properties: `{connection, ops}`.
//!
//! Source: DevTools' `inferInterfaceDefinitions` and `applyInterfaceDefinitions`. A set of
//! properties that enough plain objects have becomes a class; an object belongs to the class with
//! most properties of those whose properties it has all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::classes::{Classes, Origin};
use crate::shown::formatted_property;
use crate::snapshot::{EdgeKind, NodeIx, NodeType, Snapshot};
use crate::strings::{utf16_len, utf16_order};

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

#[derive(Debug, Clone)]
struct Definition {
    name: String,
    properties: Vec<String>,
}

impl Interfaces {
    /// Finds the sets of properties that many plain objects have.
    pub(crate) fn infer(snapshot: &Snapshot) -> Self {
        let mut candidates: HashMap<String, (usize, usize, Vec<String>)> = HashMap::new();
        let mut n_plain = 0;
        for node in plain_objects(snapshot) {
            n_plain += 1;
            let (name, properties) = shape(snapshot, node);
            if !properties.is_empty() {
                let order = candidates.len();
                candidates.entry(name).or_insert((0, order, properties)).0 += 1;
            }
        }
        let mut kept: Vec<_> = candidates
            .into_iter()
            .filter(|(_, (count, ..))| *count >= FEWEST && count * SHARE >= n_plain)
            .collect();
        kept.sort_by_key(|(_, (count, order, _))| (Reverse(*count), *order));
        let definition = |(name, (_, _, properties))| Definition { name, properties };
        Self {
            definitions: kept.into_iter().map(definition).collect(),
        }
    }

    /// Gives every plain object its class.
    pub(crate) fn apply(&self, snapshot: &Snapshot, classes: &mut Classes) {
        let ranks = Ranks::of(snapshot, self);
        let tree = Tree::of(self, &ranks);
        for node in plain_objects(snapshot) {
            let mut properties: Vec<u32> = snapshot
                .edges(node)
                .filter(|edge| edge.kind == EdgeKind::Property)
                .map(|edge| ranks.of_string[&edge.name])
                .collect();
            properties.sort_unstable();
            let class = match tree.best_match(&properties) {
                Some(definition) => {
                    classes.class(Origin::Interface, &self.definitions[definition].name)
                }
                None => classes.class(Origin::File, "Object"),
            };
            classes.of_node[node.index()] = class;
        }
    }
}

fn plain_objects(snapshot: &Snapshot) -> impl Iterator<Item = NodeIx> + '_ {
    let names = snapshot.strings.all_equal("Object");
    snapshot.nodes().filter(move |&node| {
        snapshot.node_type(node) == NodeType::Object
            && names.contains(&snapshot.nodes.name[node.index()])
    })
}

/// The name that an object's properties make, and the properties in it.
fn shape(snapshot: &Snapshot, node: NodeIx) -> (String, Vec<String>) {
    let mut name = String::from("{");
    let mut length = 1;
    let mut properties = Vec::new();
    for edge in snapshot
        .edges(node)
        .filter(|edge| edge.kind == EdgeKind::Property)
    {
        let property = snapshot.strings.get(edge.name);
        if property == "__proto__" {
            continue;
        }
        let shown = formatted_property(&property);
        let more = utf16_len(&shown);
        if length > 1 && length + more > LONGEST_NAME {
            break;
        }
        if length > 1 {
            name.push_str(", ");
            length += 2;
        }
        name.push_str(&shown);
        length += more;
        properties.push(property.into_owned());
    }
    name.push('}');
    (name, properties)
}

/// The names of properties in UTF-16 order, as numbers.
struct Ranks {
    of_string: HashMap<u32, u32>,
    of_text: HashMap<String, u32>,
}

impl Ranks {
    fn of(snapshot: &Snapshot, interfaces: &Interfaces) -> Self {
        let mut of_string: HashMap<u32, u32> = HashMap::new();
        for node in plain_objects(snapshot) {
            for edge in snapshot
                .edges(node)
                .filter(|edge| edge.kind == EdgeKind::Property)
            {
                of_string.entry(edge.name).or_default();
            }
        }
        let mut texts: Vec<String> = of_string
            .keys()
            .map(|&string| snapshot.strings.get(string).into_owned())
            .collect();
        texts.extend(
            interfaces
                .definitions
                .iter()
                .flat_map(|d| d.properties.iter().cloned()),
        );
        texts.sort_by(|a, b| utf16_order(a, b));
        texts.dedup();
        let of_text: HashMap<String, u32> = texts.into_iter().zip(0..).collect();
        for (&string, rank) in &mut of_string {
            *rank = of_text[&*snapshot.strings.get(string)];
        }
        Self { of_string, of_text }
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
                .map(|property| ranks.of_text[property])
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
