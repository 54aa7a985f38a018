//! A snapshot beyond what 32 bits count: over 4 GiB of text, over 2^31 numbers of edges.
//!
//! It is written while it is read, so it takes no disk. All that is asked of it is known beforehand:
//! every node leads to the next one, and back to nodes before it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};

use heap::{Analysis, EdgeName, NodeIx, parse};

const NODES: u64 = 1 << 20;
const EDGES_OF_EACH: u64 = 700;
const FIELDS: u64 = 5;
const SIZE: u64 = 16;

/// The text of the snapshot, node by node, edge by edge.
struct Text {
    /// Nodes that are written, then nodes whose edges are.
    nodes: u64,
    sources: u64,
    is_ended: bool,
    ready: Vec<u8>,
    read: usize,
    /// What was given out, in bytes.
    length: u64,
}

impl Text {
    fn new() -> Self {
        let head = format!(
            r#"{{"snapshot":{{"meta":{{
            "node_fields":["type","name","id","self_size","edge_count"],
            "node_types":[["synthetic","object"],"string","number","number","number"],
            "edge_fields":["type","name_or_index","to_node"],
            "edge_types":[["element"],"string_or_number","node"]}},
            "node_count":{NODES},"edge_count":{}}},"nodes":["#,
            NODES * EDGES_OF_EACH
        );
        Self {
            nodes: 0,
            sources: 0,
            is_ended: false,
            ready: head.into_bytes(),
            read: 0,
            length: 0,
        }
    }

    /// Writes the next piece; nothing when all is written.
    fn next(&mut self) {
        self.ready.clear();
        self.read = 0;
        let out = &mut self.ready;
        // Writing to memory cannot fail.
        if self.nodes < NODES {
            let comma = if self.nodes == 0 { "" } else { "," };
            let kind = u8::from(self.nodes > 0);
            let id = self.nodes * 2 + 1;
            write!(out, "{comma}{kind},0,{id},{SIZE},{EDGES_OF_EACH}").unwrap();
            self.nodes += 1;
            if self.nodes == NODES {
                out.extend_from_slice(b"],\"edges\":[");
            }
        } else if self.sources < NODES {
            for edge in 0..EDGES_OF_EACH {
                let comma = if (self.sources, edge) == (0, 0) {
                    ""
                } else {
                    ","
                };
                let to = target(self.sources, edge) * FIELDS;
                write!(out, "{comma}0,{edge},{to}").unwrap();
            }
            self.sources += 1;
        } else if !self.is_ended {
            out.extend_from_slice(b"],\"strings\":[\"Node\"]}");
            self.is_ended = true;
        }
    }
}

/// Where an edge of a node leads.
fn target(node: u64, edge: u64) -> u64 {
    match edge {
        0 => (node + 1) % NODES,
        _ => (node * 31 + edge * 7919) % (node + 1),
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read == self.ready.len() {
            self.next();
        }
        let n = (&self.ready[self.read..]).read(into)?;
        self.read += n;
        self.length += n as u64;
        Ok(n)
    }
}

#[test]
#[ignore = "takes minutes and 11 GB of memory"]
fn a_snapshot_of_more_than_32_bits_count() {
    let mut text = Text::new();
    let snapshot = parse(&mut text, None).unwrap();
    assert!(text.length > 1 << 32, "{} bytes", text.length);
    assert!(snapshot.n_edges() as u64 * 3 > 1 << 31);
    assert_eq!(snapshot.n_nodes() as u64, NODES);
    assert_eq!(snapshot.n_edges() as u64, NODES * EDGES_OF_EACH);
    let some = [0, 1, 2, 4711, NODES / 2, NODES - 2, NODES - 1];
    for node in some {
        let edges = snapshot.edges(NodeIx(node as u32)).enumerate();
        for (edge, found) in edges {
            assert_eq!(u64::from(found.to.0), target(node, edge as u64));
            assert_eq!(snapshot.edge_name(found), EdgeName::Index(edge as u32));
        }
    }

    let analysis = Analysis::of(&snapshot);
    for node in some {
        let ix = NodeIx(node as u32);
        assert_eq!(u64::from(analysis.dominator(ix).0), node.saturating_sub(1));
        assert_eq!(analysis.retained_size(ix), (NODES - node) * SIZE);
        if node > 0 {
            assert_eq!(analysis.distance(ix), node as i64);
        }
    }
    assert_eq!(analysis.statistics().total, NODES * SIZE);
}
