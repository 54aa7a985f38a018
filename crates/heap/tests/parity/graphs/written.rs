//! A graph as a file, in one of the many layouts that the format allows.

use std::collections::HashMap;
use std::fmt::Write;

use fastrand::Rng;
use serde_json::json;

use super::{EDGE_TYPES, Graph, NODE_TYPES, Name, Node, Text, chance, pick};

/// Types of edges of which a file has one at most.
const RARE_EDGE_TYPES: [&str; 2] = ["invisible", "never heard of"];

/// What a file may choose.
pub(super) struct Layout {
    node_fields: Vec<&'static str>,
    node_types: Vec<&'static str>,
    edge_fields: Vec<&'static str>,
    edge_types: Vec<&'static str>,
    location_fields: Vec<&'static str>,
    root_is_last: bool,
    extra_native_bytes: Option<u64>,
    /// Between records.
    separator: &'static str,
    has_duplicate_strings: bool,
}

impl Layout {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let shuffles = chance(rng, 50);
        let mut shuffled = |list: &[&'static str]| {
            let mut list = list.to_vec();
            if shuffles {
                rng.shuffle(&mut list);
            }
            list
        };
        let mut node_fields = shuffled(&[
            "type",
            "name",
            "id",
            "self_size",
            "edge_count",
            "trace_node_id",
            "detachedness",
            "not known",
        ]);
        let node_types = shuffled(&NODE_TYPES);
        let edge_fields = shuffled(&["type", "name_or_index", "to_node", "not known"]);
        let mut edge_types = shuffled(&EDGE_TYPES);
        let location_fields = shuffled(&["object_index", "script_id", "line", "column"]);
        let dropped = pick(rng, &["", "", "detachedness", "trace_node_id"]);
        node_fields.retain(|&field| field != dropped);
        // This engine tells two of the rare types apart only where a file has one of them.
        let dropped = pick(rng, &RARE_EDGE_TYPES);
        edge_types.retain(|&kind| kind != dropped);
        Self {
            node_fields,
            node_types,
            edge_fields: edge_fields
                .into_iter()
                .filter(|&field| shuffles || field != "not known")
                .collect(),
            edge_types,
            location_fields: if chance(rng, 10) {
                Vec::new()
            } else {
                location_fields
            },
            root_is_last: chance(rng, 20),
            extra_native_bytes: chance(rng, 60).then(|| rng.u64(..10_000)),
            separator: pick(rng, &["\n,", ",", ", ", " ,\r\n", ",-"]),
            has_duplicate_strings: chance(rng, 25),
        }
    }

    pub(super) fn written(&self, graph: &Graph, rng: &mut Rng) -> String {
        let (nodes, place) = self.in_order(graph);
        let mut strings = Strings::new(self.has_duplicate_strings);
        let (mut node_rows, mut edge_rows, mut locations) = (Vec::new(), Vec::new(), Vec::new());
        for (at, node) in nodes.iter().enumerate() {
            let edges = node
                .edges
                .iter()
                .filter(|edge| graph.nodes[edge.to].is_some());
            let mut n_edges = 0;
            for edge in edges {
                n_edges += 1;
                let name = match &edge.name {
                    Name::Index(index) => *index,
                    Name::Text(text) => strings.number(text, rng),
                };
                edge_rows.push(row(&self.edge_fields, |field| match field {
                    "type" => self.edge_type(edge.kind),
                    "name_or_index" => name,
                    "to_node" => place[&edge.to] * self.node_fields.len() as u64,
                    _ => rng.u64(..100),
                }));
            }
            let name = strings.number(&node.name, rng);
            node_rows.push(row(&self.node_fields, |field| match field {
                "type" => position(&self.node_types, node.kind),
                "name" => name,
                "id" => node.id,
                "self_size" => node.self_size,
                "edge_count" => n_edges,
                "detachedness" => node.detachedness,
                _ => rng.u64(..100),
            }));
            let index = (at * self.node_fields.len()) as u64;
            if let Some([script, line, column]) = node.location {
                locations.push(row(&self.location_fields, |field| match field {
                    "object_index" => index,
                    "script_id" => script,
                    "line" => line,
                    _ => column,
                }));
            }
        }
        self.file(&[node_rows, edge_rows, locations], &strings, rng)
    }

    /// Where an edge's type stands in the list; a rare one gives way to the other.
    fn edge_type(&self, kind: &str) -> u64 {
        let is_it = |other: &&str| {
            *other == kind || RARE_EDGE_TYPES.contains(&kind) && RARE_EDGE_TYPES.contains(other)
        };
        self.edge_types.iter().position(is_it).unwrap() as u64
    }

    /// The nodes that are there, and at which place each of their numbers stands.
    fn in_order<'g>(&self, graph: &'g Graph) -> (Vec<&'g Node>, HashMap<usize, u64>) {
        let mut numbers: Vec<usize> = (0..graph.nodes.len())
            .filter(|&number| graph.nodes[number].is_some())
            .collect();
        if self.root_is_last {
            numbers.rotate_left(1);
        }
        let nodes = numbers
            .iter()
            .filter_map(|&number| graph.nodes[number].as_ref());
        let nodes = nodes.collect();
        (nodes, numbers.into_iter().zip(0..).collect())
    }

    fn file(&self, rows: &[Vec<String>; 3], strings: &Strings, rng: &mut Rng) -> String {
        let [nodes, edges, locations] = rows;
        let types = |fields: &[&str], names: &[&str]| -> Vec<serde_json::Value> {
            let of_field = |field: &&str| match *field {
                "type" => json!(names),
                _ => json!("number"),
            };
            fields.iter().map(of_field).collect()
        };
        let mut header = json!({
            "meta": {
                "node_fields": self.node_fields,
                "node_types": types(&self.node_fields, &self.node_types),
                "edge_fields": self.edge_fields,
                "edge_types": types(&self.edge_fields, &self.edge_types),
                "trace_function_info_fields": ["function_id", "name", "script_name", "script_id", "line", "column"],
                "trace_node_fields": ["id", "function_info_index", "count", "size", "children"],
                "sample_fields": ["timestamp_us", "last_assigned_id"],
            },
            "node_count": nodes.len(),
            "edge_count": edges.len(),
            "trace_function_count": 0,
        });
        if !self.location_fields.is_empty() {
            header["meta"]["location_fields"] = json!(self.location_fields);
        }
        if let Some(bytes) = self.extra_native_bytes {
            header["extra_native_bytes"] = json!(bytes);
        }
        if self.root_is_last {
            header["root_index"] = json!((nodes.len() - 1) * self.node_fields.len());
        }
        let depth = if chance(rng, 20) { 20_000 } else { 2 };
        let tree = format!(
            "[1,0,1,8,{}{}]",
            "[1,0,1,8,[".repeat(depth),
            "]]".repeat(depth)
        );
        let surplus = if chance(rng, 20) { ",1,2" } else { "" };
        let list = |rows: &[String]| rows.join(self.separator);
        format!(
            "{{\"snapshot\":{header},\n\"nodes\":[{}{surplus}],\n\"edges\":[{}{surplus}],\n\"trace_function_infos\":[],\n\
             \"trace_tree\":{tree},\n\"samples\":[0,1,5,9],\n\"locations\":[{}],\n\"from the future\":[{{\"]\":[]}}],\n\
             \"strings\":[{}]}}\n",
            list(nodes),
            list(edges),
            if self.location_fields.is_empty() {
                String::new()
            } else {
                list(locations)
            },
            strings.written(rng),
        )
    }
}

fn row(fields: &[&str], mut value: impl FnMut(&str) -> u64) -> String {
    let values: Vec<String> = fields
        .iter()
        .map(|field| value(field).to_string())
        .collect();
    values.join(",")
}

fn position(list: &[&str], item: &str) -> u64 {
    list.iter().position(|&other| other == item).unwrap() as u64
}

/// The table of strings; where duplicates are allowed, a text may stand in it several times.
struct Strings {
    texts: Vec<Text>,
    known: HashMap<Text, u64>,
    has_duplicates: bool,
}

impl Strings {
    fn new(has_duplicates: bool) -> Self {
        Self {
            texts: Vec::new(),
            known: HashMap::new(),
            has_duplicates,
        }
    }

    fn number(&mut self, text: &Text, rng: &mut Rng) -> u64 {
        match self.known.get(text) {
            Some(&number) if !(self.has_duplicates && chance(rng, 20)) => number,
            _ => {
                let number = self.texts.len() as u64;
                self.texts.push(text.clone());
                self.known.insert(text.clone(), number);
                number
            }
        }
    }

    /// Every unit in one of the ways that JSON has for it.
    fn written(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        for (number, text) in self.texts.iter().enumerate() {
            if number > 0 {
                out.push_str(pick(rng, &[",", ",\n", " , "]));
            }
            out.push('"');
            let escapes_all = chance(rng, 10);
            for part in char::decode_utf16(text.iter().copied()) {
                match part {
                    Ok(c) if escapes_all || c < ' ' || c == '"' || c == '\\' => {
                        escape(&mut out, c, rng);
                    }
                    Ok('/') if chance(rng, 50) => out.push_str("\\/"),
                    Ok(c) => out.push(c),
                    Err(lone) => write!(out, "\\u{:04x}", lone.unpaired_surrogate()).unwrap(),
                }
            }
            out.push('"');
        }
        out
    }
}

fn escape(out: &mut String, c: char, rng: &mut Rng) {
    let short = match c {
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '"' | '\\' | '/' => Some(c),
        _ => None,
    };
    match short {
        Some(short) if chance(rng, 60) => out.extend(['\\', short]),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                match rng.bool() {
                    true => write!(out, "\\u{unit:04x}").unwrap(),
                    false => write!(out, "\\u{unit:04X}").unwrap(),
                }
            }
        }
    }
}
