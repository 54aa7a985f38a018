//! Small odd graphs by the hundred, each from a seed: what a real heap shows rarely or never, in
//! layouts that no version of V8 has had.
//!
//! Only what DevTools opens is made: its root is first or last, a concatenated string is not its
//! own part, and there are fewer edges from the root than nodes.

use fastrand::Rng;
use tempfile::TempDir;

use crate::compare::check;
use crate::devtools::Series;

mod written;
use written::Layout;

const GRAPHS: u64 = 80;

/// Nodes of each snapshot whose retainers and references are compared too.
const SOME_NODES: usize = 40;

#[test]
fn odd_graphs() {
    let dir = TempDir::new().unwrap();
    let series: Vec<Series> = (0..GRAPHS)
        .map(|seed| {
            let mut rng = Rng::with_seed(seed);
            let mut graph = Graph::random(&mut rng);
            let mut series = Series::new();
            for age in 0..2 {
                let path = dir.path().join(format!("graph-{seed}-{age}.heapsnapshot"));
                let text = Layout::random(&mut rng).written(&graph, &mut rng);
                std::fs::write(&path, text).unwrap();
                series.push(path);
                graph.grow_older(&mut rng);
            }
            series
        })
        .collect();
    let kept = check(&series, SOME_NODES);
    assert!(kept.values().all(|&objects| objects > 0), "{kept:?}");
}

/// UTF-16 units; lone surrogates are as good as any.
type Text = Vec<u16>;

/// The types of nodes that DevTools knows, and two that it does not.
const NODE_TYPES: [&str; 17] = [
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
    "wasm object",
    "never heard of",
];

const EDGE_TYPES: [&str; 9] = [
    "context",
    "element",
    "property",
    "internal",
    "hidden",
    "shortcut",
    "weak",
    "invisible",
    "never heard of",
];

#[derive(Clone)]
struct Node {
    kind: &'static str,
    name: Text,
    id: u64,
    self_size: u64,
    detachedness: u64,
    location: Option<[u64; 3]>,
    edges: Vec<Edge>,
}

#[derive(Clone)]
struct Edge {
    kind: &'static str,
    name: Name,
    /// The id of the target: positions change as nodes go.
    to: usize,
}

#[derive(Clone)]
enum Name {
    Index(u64),
    Text(Text),
}

/// Nodes by a number that they keep; `None` for those that are gone.
struct Graph {
    nodes: Vec<Option<Node>>,
}

/// The first nodes: the root, and the roots below it.
const ROOT: usize = 0;

fn units(text: &str) -> Text {
    text.encode_utf16().collect()
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

impl Graph {
    fn random(rng: &mut Rng) -> Self {
        let mut graph = Self { nodes: Vec::new() };
        graph.add("synthetic", units(""), 0, rng);
        for name in ["(GC roots)", "(Document DOM trees)", "C++ Persistent roots"] {
            let root = graph.add("synthetic", units(name), 0, rng);
            let name = graph.nodes.len() as u64;
            graph.link(ROOT, "element", Name::Index(name), root);
        }
        if !chance(rng, 20) {
            for i in 0..rng.u64(1..4) {
                let kind = pick(rng, &["object", "hidden", "native"]);
                let global = graph.add(kind, name_of_node(kind, rng), 40, rng);
                let shortcut = pick(rng, &["window", "12 windows", "-0", "٣", " 7"]);
                match chance(rng, 70) {
                    true => graph.link(ROOT, "shortcut", Name::Text(units(shortcut)), global),
                    false => graph.link(ROOT, "element", Name::Index(i), global),
                }
            }
        }
        let n_nodes = rng.usize(20..300);
        graph.add_body(n_nodes, rng);
        graph
    }

    /// Nodes of all kinds, most of them with a way from the root; then what needs partners.
    fn add_body(&mut self, n_nodes: usize, rng: &mut Rng) {
        let first_new = self.nodes.len();
        for _ in 0..n_nodes {
            let kind = match rng.u32(..10) {
                0..3 => "object",
                3 => "native",
                _ => pick(rng, &NODE_TYPES),
            };
            let size = match rng.u32(..20) {
                0..3 => 0,
                3 => 4_294_967_000 + rng.u64(..600),
                _ => 8 * rng.u64(1..50),
            };
            let node = self.add(kind, name_of_node(kind, rng), size, rng);
            if !chance(rng, 12) {
                let from = rng.usize(1..node);
                self.link_somehow(from, node, rng);
            }
        }
        for _ in 0..n_nodes + n_nodes / 2 {
            let (from, to) = (
                rng.usize(1..self.nodes.len()),
                rng.usize(..self.nodes.len()),
            );
            self.link_somehow(from, to, rng);
        }
        for _ in 0..3 {
            let to = rng.usize(first_new..self.nodes.len());
            let kind = pick(rng, &["weak", "property", "internal", "element", "hidden"]);
            let name = name_of_edge(kind, rng);
            self.link(ROOT, kind, name, to);
        }
        for node in first_new..self.nodes.len() {
            self.complete(node, rng);
        }
        for _ in 0..n_nodes / 15 {
            self.add_weak_entry(rng);
        }
    }

    fn add(&mut self, kind: &'static str, name: Text, self_size: u64, rng: &mut Rng) -> usize {
        let number = self.nodes.len() as u64;
        let has_location = kind == "object" && chance(rng, 30);
        self.nodes.push(Some(Node {
            kind,
            name,
            id: if chance(rng, 3) {
                3_000_000_000 + number
            } else {
                2 * number + 1
            },
            self_size,
            detachedness: match kind {
                "native" => pick(rng, &[0, 0, 1, 2, 2, 3]),
                _ => pick(rng, &[0, 0, 0, 0, 0, 0, 1, 2, 6]),
            },
            location: has_location.then(|| [rng.u64(1..3), rng.u64(..2), rng.u64(..2)]),
            edges: Vec::new(),
        }));
        self.nodes.len() - 1
    }

    fn node(&mut self, number: usize) -> Option<&mut Node> {
        self.nodes[number].as_mut()
    }

    fn link(&mut self, from: usize, kind: &'static str, name: Name, to: usize) {
        if let Some(node) = self.node(from) {
            node.edges.push(Edge { kind, name, to });
        }
    }

    fn link_somehow(&mut self, from: usize, to: usize, rng: &mut Rng) {
        let kind = match rng.u32(..10) {
            0..3 => "property",
            3..5 => "internal",
            _ => pick(rng, &EDGE_TYPES),
        };
        let name = name_of_edge(kind, rng);
        self.link(from, kind, name, to);
    }

    /// What a node of its kind usually has.
    fn complete(&mut self, number: usize, rng: &mut Rng) {
        let Some(node) = self.nodes[number].clone() else {
            return;
        };
        let internal = |name: &str| Name::Text(units(name));
        match node.kind {
            "object" if node.name == units("Object") => {
                let shapes: [&[&str]; 9] = [
                    &["a", "b"],
                    &["b", "a"],
                    &["a", "b", "c"],
                    &["", "a", "b"],
                    &["c"],
                    &["a", "a", "b"],
                    &["c", "__proto__", "d"],
                    &["Z", "ｚ", "🦊"],
                    &["a,b", "c"],
                ];
                for property in pick(rng, &shapes) {
                    let to = rng.usize(1..self.nodes.len());
                    self.link(number, "property", internal(property), to);
                }
            }
            "concatenated string" => {
                let is_part = |kind: &str| kind.ends_with("string");
                let parts: Vec<usize> = (0..number)
                    .filter(|&part| self.nodes[part].as_ref().is_some_and(|n| is_part(n.kind)))
                    .collect();
                for half in ["first", "first", "second"] {
                    if !parts.is_empty() && chance(rng, 70) {
                        let part = pick(rng, &parts);
                        self.link(number, "internal", internal(half), part);
                    }
                }
            }
            "string" if chance(rng, 40) => {
                for (name, kind) in [("truncated", "bool"), ("length", "int"), ("hash", "int")] {
                    let texts = if kind == "bool" {
                        ["true", "false"]
                    } else {
                        ["17", "x"]
                    };
                    let text = units(pick(rng, &texts));
                    let value = self.add("number", units(kind), 0, rng);
                    let said = self.add("string", text, 0, rng);
                    self.link(number, "internal", internal(name), value);
                    self.link(value, "internal", internal("value"), said);
                }
            }
            _ if node.name == units("V8EventListener") => {
                let handler = self.add("closure", units("onclick"), 64, rng);
                let code = self.add("code", units(""), 24, rng);
                self.link(handler, "internal", internal("code"), code);
                let callback = match chance(rng, 50) {
                    true => handler,
                    false => {
                        let wrapper = self.add("object", units("Wrapper"), 16, rng);
                        self.link(wrapper, "property", internal("handleEvent"), handler);
                        wrapper
                    }
                };
                match chance(rng, 50) {
                    true => self.link(number, "element", Name::Index(1), callback),
                    false => self.link(number, "internal", internal("1"), callback),
                }
            }
            _ => {}
        }
    }

    /// The two edges of an entry of a weak map, or something close to it.
    fn add_weak_entry(&mut self, rng: &mut Rng) {
        let mut any = || rng.usize(1..self.nodes.len());
        let [table, key, value] = [any(), any(), any()];
        let [Some(t), Some(k), Some(v)] = [table, key, value].map(|n| self.nodes[n].clone()) else {
            return;
        };
        let said_table = if chance(rng, 85) { t.id } else { k.id };
        let mut entry = units(" / part of key (");
        entry.extend(&k.name);
        entry.extend(units(&format!(" @{}) -> value (", k.id)));
        entry.extend(&v.name);
        entry.extend(units(&format!(
            " @{}) pair in WeakMap (table @{said_table})",
            v.id
        )));
        if chance(rng, 10) {
            entry.push(u16::from(b'\n'));
        }
        for from in [table, key, key] {
            if chance(rng, 75) {
                let mut name = units(pick(rng, &["1", "22", "0333"]));
                name.extend(&entry);
                let kind = if chance(rng, 90) {
                    "internal"
                } else {
                    "property"
                };
                self.link(from, kind, Name::Text(name), value);
            }
        }
    }

    /// Some nodes go, some grow, new ones come.
    fn grow_older(&mut self, rng: &mut Rng) {
        for number in 4..self.nodes.len() {
            match rng.u32(..10) {
                0 => self.nodes[number] = None,
                1 => {
                    if let Some(node) = self.node(number) {
                        node.self_size += 8;
                    }
                }
                _ => {}
            }
        }
        let n_new = rng.usize(5..60);
        self.add_body(n_new, rng);
    }
}

fn name_of_node(kind: &str, rng: &mut Rng) -> Text {
    let names: &[&str] = match kind {
        "object" => &[
            "Object",
            "Object",
            "Object",
            "Object",
            "Array",
            "Array",
            "Session",
            "(system)",
            "Function",
            "{a, b}",
            "{c}",
            "<div>",
            "<div x>",
            "Detached <b",
            "system / Context",
            "system / Context / f",
            "system / Context /",
            "V8EventListener",
            "__proto__",
            "constructor",
            "1,2,3,Session",
            "🦊",
            "",
        ],
        "native" => &[
            "<div id=\"a b\">",
            "<div>",
            "<div class=\"x\">",
            "<div\u{a0}x>",
            "Detached <span x>",
            "Detached Text",
            "Text",
            "system / JSArrayBufferData",
            "system / ExternalStringData",
            "V8EventListener",
            "Window",
            "Array",
            "Detached",
            "",
        ],
        "hidden" => &[
            "system / NativeContext",
            "system / NativeContext / x",
            "system / Map",
            "Array",
        ],
        "array" => &[
            "",
            "(map descriptors)",
            "(map descriptors)",
            "(object elements)",
            "Array",
        ],
        "string" | "sliced string" => &[
            "",
            "said twice",
            "said twice",
            "other",
            "true",
            "17",
            "\u{2028}",
            "tab\t\"\\/\u{7f}\u{1}",
        ],
        "synthetic" => &["(Document DOM trees)", "(Stack roots)", ""],
        "number" => &["int", "bool", "heap number"],
        _ => &["", "f", "Array", "system / Context", "a name"],
    };
    let mut name = units(pick(rng, names));
    match rng.u32(..25) {
        // Halves of pairs, which may meet their other half where names are joined.
        0 => name.push(0xd83e),
        1 => name.insert(0, 0xdd8a),
        2 => name.extend(units(&"long, ".repeat(rng.usize(1..400)))),
        _ => {}
    }
    name
}

fn name_of_edge(kind: &str, rng: &mut Rng) -> Name {
    let names: &[&str] = match kind {
        "element" | "hidden" => return Name::Index(rng.u64(..20)),
        "property" => {
            const LONG: [&str; 3] = [
                "a property with a name that takes seventy units all by itself, or so",
                "another one, with a comma in it, that is nearly as long as the first",
                "and one that is so long that no name of a class could ever have room for another beside it, not even one of a single letter",
            ];
            if chance(rng, 15) {
                return Name::Text(units(pick(rng, &LONG)));
            }
            &[
                "a",
                "b",
                "c",
                "d",
                "__proto__",
                "a,b",
                "q\"",
                "{",
                "}",
                "'",
                "ｚ",
                "🦊",
                "Z",
                "é",
                "",
                "10",
                "get a",
                "1",
                "code",
            ]
        }
        "internal" => &[
            "map",
            "elements",
            "elements",
            "code",
            "1",
            "value",
            "length",
            "hash",
            "truncated",
            "native_context",
            "sloppy_function_map",
            "2",
            "4",
            "7 of them",
            "-2",
            "table",
        ],
        "shortcut" => &[
            "12",
            "12abc",
            "name",
            "007",
            "-3",
            "1",
            " 1",
            "9007199254740993",
            "1000000000000000000000",
            "x / DevTools console",
            "4 / DevTools console",
        ],
        _ => &[
            "x",
            "a",
            "code",
            "sloppy_function_map",
            "x / DevTools console",
            "y / DevTools console ",
        ],
    };
    let mut name = units(pick(rng, names));
    if chance(rng, 3) {
        name.push(pick(rng, &[0xd800, 0xdbff, 0xdc00, 0xdfff]));
    }
    Name::Text(name)
}
