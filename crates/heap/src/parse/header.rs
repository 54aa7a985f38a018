//! The section `snapshot`: which fields the records have, and how many there are.
//!
//! Fields, types and positions differ between versions of V8, so all are looked up by name.

use serde::Deserialize;

use crate::Error;
use crate::link::Link;

/// Nodes that can be told apart: their positions have 29 bits in a link, and one is none.
pub(crate) const MOST_NODES: u32 = Link::NOWHERE;

/// Edges that can be told apart.
pub(crate) const MOST_EDGES: u32 = u32::MAX - 1;

/// What the header says, ready for use.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) node_fields: NodeFields,
    pub(crate) edge_fields: EdgeFields,
    /// `None` if the header has no fields for locations.
    pub(crate) location_fields: Option<LocationFields>,
    pub(crate) node_types: Vec<String>,
    pub(crate) edge_types: Vec<String>,
    pub(crate) node_count: Option<u64>,
    pub(crate) edge_count: Option<u64>,
    pub(crate) root_index: usize,
    pub(crate) extra_native_bytes: u64,
    /// Of the functions of recorded allocations: the numbers of a record, and which is the name.
    pub(crate) trace_function_name: Option<(usize, usize)>,
}

/// Positions in a node's record.
#[derive(Debug)]
pub(crate) struct NodeFields {
    pub(crate) count: usize,
    pub(crate) kind: usize,
    pub(crate) name: usize,
    pub(crate) id: usize,
    pub(crate) self_size: usize,
    pub(crate) edge_count: usize,
    pub(crate) detachedness: Option<usize>,
}

/// Positions in an edge's record.
#[derive(Debug)]
pub(crate) struct EdgeFields {
    pub(crate) count: usize,
    pub(crate) kind: usize,
    pub(crate) name: usize,
    pub(crate) to: usize,
}

/// Positions in a location's record.
#[derive(Debug)]
pub(crate) struct LocationFields {
    pub(crate) count: usize,
    pub(crate) object_index: usize,
    pub(crate) script_id: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
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
    trace_function_info_fields: Vec<String>,
    #[serde(default)]
    location_fields: Vec<String>,
}

impl Header {
    /// The root's position among the nodes, if there is a node where the header says.
    pub(crate) fn root(&self) -> Option<usize> {
        let fields = self.node_fields.count;
        self.root_index
            .is_multiple_of(fields)
            .then_some(self.root_index / fields)
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, Error> {
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
        let functions = &meta.trace_function_info_fields;
        let trace_function_name = functions.iter().position(|field| field == "name");
        Ok(Self {
            trace_function_name: trace_function_name.map(|at| (functions.len(), at)),
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
