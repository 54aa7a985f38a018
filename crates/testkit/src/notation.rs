//! From text to nodes and edges.

use std::collections::HashMap;

/// A graph, node 0 its root.
pub(crate) struct Heap {
    pub(crate) nodes: Vec<Node>,
    groups: HashMap<String, Vec<usize>>,
}

pub(crate) struct Node {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) self_size: u64,
    pub(crate) detachedness: u8,
    /// Script, line and column.
    pub(crate) location: Option<[u32; 3]>,
    pub(crate) edges: Vec<Edge>,
}

pub(crate) struct Edge {
    pub(crate) kind: String,
    pub(crate) name: EdgeName,
    pub(crate) to: usize,
}

pub(crate) enum EdgeName {
    Text(String),
    Index(u32),
}

/// The words of one line, quotes taken off.
struct Words(std::vec::IntoIter<String>);

impl Words {
    fn of(line: &str) -> Self {
        let mut words = Vec::new();
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with('#') {
            let (word, after) = Self::first(rest);
            words.push(word);
            rest = after.trim_start();
        }
        Self(words.into_iter())
    }

    /// A word ends at a blank that is not within quotes.
    fn first(text: &str) -> (String, &str) {
        let mut word = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next().filter(|c| !c.is_whitespace()) {
            if c == '"' {
                let mut parts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let quoted = parts.next().expect("a quote").expect("a quote that ends");
                word.push_str(&quoted);
                rest = &rest[parts.byte_offset()..];
            } else {
                word.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        (word, rest)
    }

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }

    fn number<N: std::str::FromStr>(&mut self, what: &str) -> N {
        let word = self.next().unwrap_or_else(|| panic!("{what} is missing"));
        parsed(&word, what)
    }
}

fn parsed<N: std::str::FromStr>(word: &str, what: &str) -> N {
    let number = word.parse().ok();
    number.unwrap_or_else(|| panic!("{what} is a number, not `{word}`"))
}

impl Heap {
    pub(crate) fn parse(text: &str) -> Self {
        let root = Node {
            kind: "synthetic".into(),
            name: String::new(),
            id: 1,
            self_size: 0,
            detachedness: 0,
            location: None,
            edges: Vec::new(),
        };
        let mut heap = Self {
            nodes: vec![root],
            groups: HashMap::from([("root".to_owned(), vec![0])]),
        };
        for (number, line) in text.lines().enumerate() {
            let mut words = Words::of(line);
            if let Some(first) = words.next() {
                heap.line(number + 1, &first, words);
            }
        }
        heap
    }

    fn line(&mut self, number: usize, first: &str, mut words: Words) {
        let from = self.objects(number, first, &mut words);
        while let Some(word) = words.next() {
            match word.as_str() {
                "->" | "~>" => {
                    let target = words.next();
                    let target = target.unwrap_or_else(|| panic!("line {number}: no target"));
                    let to = self.objects(number, &target, &mut words);
                    self.join(number, (&from, &to), word == "~>", &mut words);
                }
                "at" => {
                    let place = words.next().unwrap_or_default();
                    let place: Vec<u32> = place.split(':').map(|n| parsed(n, "a place")).collect();
                    let place = <[u32; 3]>::try_from(place).expect("SCRIPT:LINE:COLUMN");
                    for &node in &from {
                        self.nodes[node].location = Some(place);
                    }
                }
                "detached" => {
                    let state = words.number("a state");
                    for &node in &from {
                        self.nodes[node].detachedness = state;
                    }
                }
                other => panic!("line {number}: `{other}` is no word of the notation"),
            }
        }
    }

    /// The objects of an alias, declared if the word says so.
    fn objects(&mut self, number: usize, word: &str, words: &mut Words) -> Vec<usize> {
        let Some((head, class)) = word.split_once(':') else {
            let group = self.groups.get(word);
            return group
                .unwrap_or_else(|| panic!("line {number}: `{word}` is not declared"))
                .clone();
        };
        let (head, id) = match head.split_once('@') {
            Some((head, id)) => (head, Some(parsed::<u32>(id, "an id"))),
            None => (head, None),
        };
        let (alias, copies) = match head.split_once('*') {
            Some((alias, copies)) => (alias, parsed::<usize>(copies, "a number of copies")),
            None => (head, 1),
        };
        let (kind, name) = match class.split_once('/') {
            Some((kind, name)) if is_kind(kind) => (kind.replace('-', " "), name),
            _ => ("object".to_owned(), class),
        };
        let self_size = words.number("a size");
        let mut added = Vec::with_capacity(copies);
        for copy in 0..copies {
            let place = self.nodes.len();
            let id = id.map_or(2 * place as u32 + 1, |id| id + 2 * copy as u32);
            self.nodes.push(Node {
                kind: kind.clone(),
                name: name.to_owned(),
                id,
                self_size,
                detachedness: 0,
                location: None,
                edges: Vec::new(),
            });
            added.push(place);
        }
        let before = self.groups.insert(alias.to_owned(), added.clone());
        assert!(
            before.is_none(),
            "line {number}: `{alias}` is declared twice"
        );
        added
    }

    fn join(
        &mut self,
        number: usize,
        (from, to): (&[usize], &[usize]),
        is_weak: bool,
        words: &mut Words,
    ) {
        let kind = words.next();
        let kind = match (kind, is_weak) {
            (Some(kind), _) => kind,
            (None, true) => "weak".into(),
            (None, false) => panic!("line {number}: the reference's kind is missing"),
        };
        let name = words.next();
        let is_pairwise = from.len() == to.len();
        for (place, &source) in from.iter().enumerate() {
            for &target in if is_pairwise { &to[place..=place] } else { to } {
                let edges = &mut self.nodes[source].edges;
                let next = edges.iter().filter(|edge| edge.kind == kind).count() as u32;
                let name = match (kind.as_str(), &name) {
                    ("element" | "hidden", None) => EdgeName::Index(next),
                    ("element" | "hidden", Some(name)) => EdgeName::Index(parsed(name, "an index")),
                    (_, name) => EdgeName::Text(name.clone().unwrap_or_default()),
                };
                edges.push(Edge {
                    kind: kind.clone(),
                    name,
                    to: target,
                });
            }
        }
    }
}

fn is_kind(word: &str) -> bool {
    crate::snapshot::NODE_TYPES.contains(&word.replace('-', " ").as_str())
}
