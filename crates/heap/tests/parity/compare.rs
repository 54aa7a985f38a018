//! Every number of this engine beside DevTools'.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use heap::{Aggregate, Analysis, Edge, EdgeKind, Filter, NodeIx, Outline, Snapshot};
use serde_json::{Value, json};

use crate::devtools::{Series, ask};

/// Differences of each sort that are spelled out; of the rest only the number is told.
const SPELLED_OUT: usize = 3;

/// Fails if a node or a class of any snapshot, or of any comparison, differs from DevTools'. Gives
/// how many objects each filter kept in all.
pub(crate) fn check(all: &[Series], some: usize) -> Kept {
    let said = ask(all, some);
    let mut differences = Differences::default();
    let mut n_compared = 0;
    let mut kept = Kept::new();
    for (s, series) in all.iter().enumerate() {
        let mut before: Option<Snapshot> = None;
        for (i, path) in series.iter().enumerate() {
            differences.of = path.display().to_string();
            let snapshot = open(path);
            let analysis = Analysis::of(&snapshot);
            let theirs = said.summary(s, i);
            check_nodes(&snapshot, &analysis, &said.nodes(s, i), &mut differences);
            check_summary(&snapshot, &analysis, &theirs, &mut differences);
            check_filters((&snapshot, &analysis), &theirs, &mut differences, &mut kept);
            check_some(&snapshot, &analysis, &theirs, &mut differences);
            n_compared += snapshot.n_nodes();
            if let Some(base) = &before {
                // The outline by itself is what the command asks for.
                let outline = Outline::of(base);
                let ours = heap::compare((base, &outline), (&snapshot, analysis.outline()));
                check_diff(&ours, &said.diff(s, i), &mut differences);
            }
            before = Some(snapshot);
        }
    }
    assert!(n_compared > 0, "nothing was compared");
    assert!(
        differences.counts.is_empty(),
        "differences: {:?}, among them\n{}",
        differences.counts,
        differences.texts.join("\n")
    );
    kept
}

/// Objects by the filter that kept them.
pub(crate) type Kept = BTreeMap<&'static str, u64>;

#[derive(Default)]
struct Differences {
    of: String,
    /// By what differs.
    counts: BTreeMap<String, usize>,
    texts: Vec<String>,
}

impl Differences {
    fn note(&mut self, what: &str, is_same: bool, text: impl FnOnce() -> String) {
        if is_same {
            return;
        }
        let count = self.counts.entry(what.to_owned()).or_default();
        *count += 1;
        if *count <= SPELLED_OUT {
            self.texts.push(format!("{}: {what}: {}", self.of, text()));
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: &T, theirs: &T) {
        self.note(what, ours == theirs, || {
            format!("{ours:?}, and DevTools says {theirs:?}")
        });
    }
}

fn open(path: &Path) -> Snapshot {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let size = file.metadata().unwrap().len();
    heap::parse(file, Some(size)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check_nodes(snapshot: &Snapshot, analysis: &Analysis, theirs: &str, d: &mut Differences) {
    let lines: Vec<&str> = theirs.lines().collect();
    d.same("number of nodes", &snapshot.n_nodes(), &lines.len());
    let text = |text: &str| Value::from(text).to_string();
    for (node, theirs) in snapshot.nodes().zip(lines) {
        let key = theirs.split('\t').nth(7).unwrap_or_default();
        let ours = [
            snapshot.node_id(node).to_string(),
            text(analysis.class_name(analysis.class_of(node))),
            analysis.distance(node).to_string(),
            analysis.shallow_size(node).to_string(),
            analysis.retained_size(node).to_string(),
            snapshot.node_id(analysis.dominator(node)).to_string(),
            (snapshot.detachedness(node) & 3).to_string(),
            key.to_owned(),
            text(&snapshot.shown_name(node)),
        ];
        let ours = ours.join("\t");
        d.note("a node", ours == theirs, || {
            format!("\n  here     {ours}\n  DevTools {theirs}")
        });
    }
}

fn check_summary(snapshot: &Snapshot, analysis: &Analysis, theirs: &Value, d: &mut Differences) {
    let statistics = analysis.statistics();
    let ours = json!({
        "total": statistics.total,
        "native": {"total": statistics.native_total, "typedArrays": statistics.typed_arrays},
        "v8heap": {
            "total": statistics.v8heap_total,
            "code": statistics.code,
            "jsArrays": statistics.js_arrays,
            "strings": statistics.strings,
            "system": statistics.system,
        },
    });
    d.same("statistics", &ours, &theirs["statistics"]);
    d.same("total", &json!(statistics.total), &theirs["total"]);
    d.same("edges", &json!(snapshot.n_edges()), &theirs["edges"]);
    check_classes("classes", analysis.aggregates(), &theirs["classes"], d);
}

fn check_filters(
    (snapshot, analysis): (&Snapshot, &Analysis),
    theirs: &Value,
    d: &mut Differences,
    kept: &mut Kept,
) {
    for filter in Filter::ALL {
        let nodes = filter.nodes(snapshot, analysis);
        let ours = analysis.aggregates_of(snapshot, &nodes);
        let name = filter.name();
        check_classes(name, &ours, &theirs["filters"][name], d);
        *kept.entry(name).or_default() += ours.iter().map(|class| class.count).sum::<u64>();
    }
}

fn check_classes(what: &str, ours: &[Aggregate], theirs: &Value, d: &mut Differences) {
    let row = |class: &Aggregate| {
        json!({
            "key": class.key,
            "name": class.name,
            "count": class.count,
            "distance": class.distance,
            "self": class.shallow_size,
            "maxRet": class.retained_size,
        })
    };
    check_rows(what, ours.iter().map(row), theirs, d);
}

fn check_diff(ours: &[heap::ClassDiff], theirs: &Value, d: &mut Differences) {
    let row = |class: &heap::ClassDiff| {
        json!({
            "key": class.key,
            "name": class.name,
            "added": class.added,
            "removed": class.removed,
            "delta": class.delta,
            "addedSize": class.alloc_size,
            "removedSize": class.freed_size,
            "sizeDelta": class.size_delta,
        })
    };
    check_rows("comparison", ours.iter().map(row), theirs, d);
}

/// Rows side by side by their keys; of one key there may be several.
fn check_rows(what: &str, ours: impl Iterator<Item = Value>, theirs: &Value, d: &mut Differences) {
    let mut sides: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    let key = |row: &Value| row["key"].to_string();
    for row in ours {
        sides.entry(key(&row)).or_default()[0].push(row.to_string());
    }
    for row in theirs.as_array().unwrap() {
        sides.entry(key(row)).or_default()[1].push(row.to_string());
    }
    for [mut ours, mut theirs] in sides.into_values() {
        ours.sort();
        theirs.sort();
        d.same(what, &ours, &theirs);
    }
}

fn check_some(snapshot: &Snapshot, analysis: &Analysis, theirs: &Value, d: &mut Differences) {
    for said in theirs["some"].as_array().unwrap() {
        let node = NodeIx(u32::try_from(said["node"].as_u64().unwrap()).unwrap());
        let distance = |node: NodeIx| match analysis.distance(node) {
            heap::NO_DISTANCE => 200_000_000,
            distance => distance,
        };
        let ours: Vec<Value> = analysis
            .retainers(snapshot, node)
            .iter()
            .map(|step| {
                json!([
                    snapshot.edge_name(step.edge).to_string(),
                    snapshot.node_id(step.from).0,
                    distance(step.from),
                    snapshot.shown_name(step.from),
                ])
            })
            .collect();
        d.same("retainers", &Value::from(ours), &said["retainers"]);
        if let Some(ours) = references(snapshot, analysis, node) {
            d.same("references", &Value::from(ours), &said["references"]);
        }
    }
}

/// What a node refers to, as the Containment view sorts it; `None` where its order is by chance,
/// because there are several prototypes.
fn references(snapshot: &Snapshot, analysis: &Analysis, node: NodeIx) -> Option<Vec<Value>> {
    let is_prototype = |edge: &Edge| snapshot.edge_name(*edge).to_string() == "__proto__";
    let shown = |edge: &Edge| edge.kind != EdgeKind::Invisible;
    let mut edges: Vec<Edge> = snapshot.edges(node).filter(shown).collect();
    if edges.iter().filter(|&edge| is_prototype(edge)).count() > 1 {
        return None;
    }
    edges.sort_by(|a, b| {
        let by_size = analysis
            .retained_size(b.to)
            .cmp(&analysis.retained_size(a.to));
        by_size.then_with(|| snapshot.edge_name_order(*a, *b))
    });
    let row = |edge: Edge| {
        json!([
            snapshot.edge_name(edge).to_string(),
            snapshot.node_id(edge.to).0
        ])
    };
    Some(edges.into_iter().map(row).collect())
}
