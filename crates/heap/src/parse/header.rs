//! The section `snapshot`: which fields the records have, and how many there are.
//!
//! Fields, types and positions differ between versions of V8, so all are looked up by name.

use serde::Deserialize;

use crate::Error;
use crate::link::Link;

/// Nodes that can be told apart: their positions have 29 bits in a link, and one is none.
pub(super) const MOST_NODES: u32 = Link::NOWHERE;

/// Edges that can be told apart.
pub(super) const MOST_EDGES: u32 = u32::MAX - 1;

/// What the header says, ready for use.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) node_fields: NodeFields,
    pub(super) edge_fields: EdgeFields,
    /// `None` if the header has no fields for locations.
    pub(super) location_fields: Option<LocationFields>,
    pub(super) node_types: Vec<String>,
    pub(super) edge_types: Vec<String>,
    pub(super) node_count: Option<u64>,
    pub(super) edge_count: Option<u64>,
    pub(super) root_index: usize,
    pub(super) extra_native_bytes: u64,
}

/// Positions in a node's record.
#[derive(Debug)]
pub(super) struct NodeFields {
    pub(super) count: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) id: usize,
    pub(super) self_size: usize,
    pub(super) edge_count: usize,
    pub(super) detachedness: Option<usize>,
}

/// Positions in an edge's record.
#[derive(Debug)]
pub(super) struct EdgeFields {
    pub(super) count: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) to: usize,
}

/// Positions in a location's record.
#[derive(Debug)]
pub(super) struct LocationFields {
    pub(super) count: usize,
    pub(super) object_index: usize,
    pub(super) script_id: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Deserialize)]
struct RawHeader {
    meta: RawMeta,
    node_count: Option<u64>,
    edge_count: Option<u64>,
    #[serde(default)]
    root_index: usize,
    extra_native_bytes: Option<u64>,
}

#[derive(Deserialize)]
struct RawMeta {
    node_fields: Vec<String>,
    node_types: Vec<serde_json::Value>,
    edge_fields: Vec<String>,
    edge_types: Vec<serde_json::Value>,
    #[serde(default)]
    location_fields: Vec<String>,
}

impl Header {
    /// The root's position among the nodes, if there is a node where the header says.
    pub(super) fn root(&self) -> Option<usize> {
        let fields = self.node_fields.count;
        self.root_index
            .is_multiple_of(fields)
            .then_some(self.root_index / fields)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let raw: RawHeader =
            serde_json::from_slice(text).map_err(|error| Error::Header(error.to_string()))?;
        let meta = &raw.meta;
        check_size("nodes", raw.node_count, MOST_NODES)?;
        check_size("edges", raw.edge_count, MOST_EDGES)?;
        let node = |name: &'static str| position("node_fields", &meta.node_fields, name);
        let edge = |name: &'static str| position("edge_fields", &meta.edge_fields, name);
        let node_fields = NodeFields {
            count: meta.node_fields.len(),
            kind: node("type")?,
            name: node("name")?,
            id: node("id")?,
            self_size: node("self_size")?,
            edge_count: node("edge_count")?,
            detachedness: node("detachedness").ok(),
        };
        let edge_fields = EdgeFields {
            count: meta.edge_fields.len(),
            kind: edge("type")?,
            name: edge("name_or_index")?,
            to: edge("to_node")?,
        };
        let location =
            |name: &'static str| position("location_fields", &meta.location_fields, name);
        let location_fields = match meta.location_fields.as_slice() {
            [] => None,
            fields => Some(LocationFields {
                count: fields.len(),
                object_index: location("object_index")?,
                script_id: location("script_id")?,
                line: location("line")?,
                column: location("column")?,
            }),
        };
        Ok(Self {
            node_types: type_names("node_types", &meta.node_types, node_fields.kind)?,
            edge_types: type_names("edge_types", &meta.edge_types, edge_fields.kind)?,
            node_fields,
            edge_fields,
            location_fields,
            node_count: raw.node_count,
            edge_count: raw.edge_count,
            root_index: raw.root_index,
            extra_native_bytes: raw.extra_native_bytes.unwrap_or(0),
        })
    }
}

/// Positions of edges have 32 bits, and those of nodes 29: more cannot be told apart.
fn check_size(what: &'static str, count: Option<u64>, most: u32) -> Result<(), Error> {
    let most = u64::from(most);
    match count {
        Some(count) if count > most => Err(Error::TooLarge { what, count, most }),
        _ => Ok(()),
    }
}

fn position(list: &str, fields: &[String], name: &str) -> Result<usize, Error> {
    let found = fields.iter().position(|field| field == name);
    found.ok_or_else(|| Error::Header(format!("`{list}` has no field `{name}`")))
}

/// The names of types stand where the field `type` stands among the fields; of the other entries
/// DevTools knows by heart what they mean.
fn type_names(list: &str, types: &[serde_json::Value], at: usize) -> Result<Vec<String>, Error> {
    let names = types.get(at).and_then(serde_json::Value::as_array);
    let names: Option<Vec<String>> = names.and_then(|names| {
        names
            .iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect()
    });
    match names {
        Some(names) if !names.is_empty() && names.len() < 255 => Ok(names),
        _ => Err(Error::Header(format!(
            "`{list}` has no list of names for the field `type`"
        ))),
    }
}
