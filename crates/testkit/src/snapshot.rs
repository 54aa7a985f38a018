//! From nodes and edges to the bytes that V8 would write (the format of Node.js 20).

use serde_json::json;

use crate::notation::{EdgeName, Heap};

pub(crate) const NODE_TYPES: [&str; 15] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
];

const EDGE_TYPES: [&str; 7] = [
    "context", "element", "property", "internal", "hidden", "shortcut", "weak",
];

const NODE_FIELDS: [&str; 7] = [
    "type",
    "name",
    "id",
    "self_size",
    "edge_count",
    "trace_node_id",
    "detachedness",
];

/// Strings by number, each once.
#[derive(Default)]
struct Strings {
    texts: Vec<String>,
}

impl Strings {
    fn number(&mut self, text: &str) -> u64 {
        let known = self.texts.iter().position(|t| t == text);
        let number = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        number as u64
    }
}

pub(crate) fn bytes(heap: &Heap) -> Vec<u8> {
    let mut strings = Strings::default();
    strings.number("<dummy>");
    let (mut nodes, mut edges, mut locations): (Vec<u64>, Vec<u64>, Vec<u64>) = Default::default();
    for (place, node) in heap.nodes.iter().enumerate() {
        nodes.extend([
            number_of(&NODE_TYPES, &node.kind),
            strings.number(&node.name),
            u64::from(node.id),
            node.self_size,
            node.edges.len() as u64,
            0,
            u64::from(node.detachedness),
        ]);
        for edge in &node.edges {
            let name = match &edge.name {
                EdgeName::Text(text) => strings.number(text),
                EdgeName::Index(index) => u64::from(*index),
            };
            let kind = number_of(&EDGE_TYPES, &edge.kind);
            edges.extend([kind, name, (edge.to * NODE_FIELDS.len()) as u64]);
        }
        if let Some([script, line, column]) = node.location {
            let place = (place * NODE_FIELDS.len()) as u64;
            locations.extend([place, script.into(), line.into(), column.into()]);
        }
    }
    let meta = json!({
        "node_fields": NODE_FIELDS,
        "node_types": [NODE_TYPES, "string", "number", "number", "number", "number", "number"],
        "edge_fields": ["type", "name_or_index", "to_node"],
        "edge_types": [EDGE_TYPES, "string_or_number", "node"],
        "location_fields": ["object_index", "script_id", "line", "column"],
    });
    let n_edges = edges.len() / 3;
    let snapshot = json!({
        "snapshot": {
            "meta": meta, "node_count": heap.nodes.len(), "edge_count": n_edges,
            "trace_function_count": 0,
        },
        "nodes": nodes,
        "edges": edges,
        "trace_function_infos": [],
        "trace_tree": [],
        "samples": [],
        "locations": locations,
        "strings": strings.texts,
    });
    snapshot.to_string().into_bytes()
}

fn number_of(names: &[&str], name: &str) -> u64 {
    let number = names.iter().position(|known| *known == name);
    number.unwrap_or_else(|| panic!("`{name}` is none of {names:?}")) as u64
}
