//! What closures keep: functions with the contexts that their closures hold, and the variables in
//! these.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap, HashSet};

use heap::{EdgeKind, EdgeName, NodeIx, NodeType};
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, ObjectRow};

/// The functions of a snapshot whose closures hold variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closures {
    /// Closures in all.
    pub closures: u64,
    /// Contexts with variables that they hold.
    pub contexts: u64,
    /// The functions, by what their contexts retain if nothing else was asked for.
    pub functions: Vec<FunctionRow>,
    /// Which of the functions these are.
    pub page: PageOf,
}

/// One function of the source, with all closures of it. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionRow {
    /// The function's name; empty if it has none.
    pub function: String,
    /// Where it stands, if the snapshot tells.
    pub place: Option<Place>,
    /// Closures of it.
    pub closures: u64,
    /// Contexts that they hold; closures made in one call share one.
    pub contexts: u64,
    /// What would be freed with these contexts.
    pub retained_size: u64,
    /// The variables in them, those that retain most first.
    pub variables: Vec<VariableRow>,
    /// One of the closures, by its id.
    pub example: u64,
}

/// Where a function stands. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The script's name, if the snapshot has it.
    pub file: Option<String>,
    /// V8's id of the script.
    pub script_id: u32,
    /// The line.
    pub line: u32,
    /// The column, in UTF-16 units.
    pub column: u32,
}

/// A variable in all contexts of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariableRow {
    /// The variable's name.
    pub name: String,
    /// Different objects that it refers to.
    pub objects: u64,
    /// Their retained sizes, in bytes.
    pub retained_size: u64,
    /// The one that retains most.
    pub largest: ObjectRow,
}

/// A function where it lies.
#[derive(Debug, Clone)]
pub struct Function<'h> {
    heap: Heap<'h>,
    /// One of its closures.
    example: NodeIx,
    closures: u64,
    contexts: Vec<NodeIx>,
    retained_size: u64,
}

/// What the closures of a snapshot keep.
#[must_use]
pub fn closures<'h>(heap: Heap<'h>, listing: &Listing<Function<'h>>) -> Closures {
    let (mut n_closures, mut contexts) = (0, HashSet::new());
    let mut functions: HashMap<NodeIx, Function<'h>> = HashMap::new();
    let mut seen: HashSet<(NodeIx, NodeIx)> = HashSet::new();
    let is_closure = |node: &NodeIx| heap.snapshot.node_type(*node) == NodeType::Closure;
    for node in heap.snapshot.nodes().filter(is_closure) {
        n_closures += 1;
        let internal = |name| heap.snapshot.target(node, EdgeKind::Internal, name);
        let Some(context) = internal("context").filter(|&c| has_variables(heap, c)) else {
            continue;
        };
        // Closures of one place in the source share what is known of the function.
        let shared = internal("shared").unwrap_or(node);
        let function = functions.entry(shared).or_insert_with(|| Function {
            heap,
            example: node,
            closures: 0,
            contexts: Vec::new(),
            retained_size: 0,
        });
        function.closures += 1;
        if seen.insert((shared, context)) {
            function.contexts.push(context);
            function.retained_size += heap.analysis.retained_size(context);
            contexts.insert(context);
        }
    }
    let page = listing.page(functions.into_values());
    Closures {
        closures: n_closures,
        contexts: contexts.len() as u64,
        functions: page.rows.iter().map(Function::row).collect(),
        page: page.of,
    }
}

fn has_variables(heap: Heap<'_>, context: NodeIx) -> bool {
    heap.snapshot
        .edges(context)
        .any(|edge| edge.kind == EdgeKind::Context)
}

/// Where a closure's function, or an object's constructor, stands.
pub(crate) fn place(heap: Heap<'_>, node: NodeIx) -> Option<Place> {
    let location = heap.snapshot.location(node)?;
    Some(Place {
        file: script(heap, node),
        script_id: location.script_id,
        line: location.line + 1,
        column: location.column + 1,
    })
}

/// The name of the script that a closure's function, or an object's constructor, is in.
fn script(heap: Heap<'_>, node: NodeIx) -> Option<String> {
    let internal = |node, name| heap.snapshot.target(node, EdgeKind::Internal, name);
    let property = |node, name| heap.snapshot.target(node, EdgeKind::Property, name);
    let closure = match heap.snapshot.node_type(node) {
        NodeType::Closure => node,
        _ => property(property(node, "__proto__")?, "constructor")?,
    };
    let shared = internal(closure, "shared")?;
    let script = internal(shared, "script_or_debug_info").or_else(|| internal(shared, "script"))?;
    let name = internal(script, "name")?;
    let is_text = heap.snapshot.node_type(name) == NodeType::String;
    let name = is_text.then(|| heap.snapshot.name(name).into_owned())?;
    (!name.is_empty()).then_some(name)
}

impl Function<'_> {
    fn name(&self) -> std::borrow::Cow<'_, str> {
        self.heap.snapshot.name(self.example)
    }

    fn row(&self) -> FunctionRow {
        FunctionRow {
            function: self.name().into_owned(),
            place: place(self.heap, self.example),
            closures: self.closures,
            contexts: self.contexts.len() as u64,
            retained_size: self.retained_size,
            variables: self.variables(),
            example: self.heap.object(self.example).id(),
        }
    }

    fn variables(&self) -> Vec<VariableRow> {
        let Heap { snapshot, analysis } = self.heap;
        let mut variables: BTreeMap<String, HashSet<NodeIx>> = BTreeMap::new();
        for edge in self.contexts.iter().flat_map(|&c| snapshot.edges(c)) {
            if edge.kind == EdgeKind::Context
                && let EdgeName::Name(name) = snapshot.edge_name(edge)
            {
                match variables.get_mut(&*name) {
                    Some(objects) => {
                        objects.insert(edge.to);
                    }
                    None => {
                        variables.insert(name.into_owned(), HashSet::from([edge.to]));
                    }
                }
            }
        }
        let size = |node: &NodeIx| analysis.retained_size(*node);
        let row = |(name, objects): (String, HashSet<NodeIx>)| {
            let largest = objects
                .iter()
                .max_by_key(|node| (size(node), Reverse(**node)))?;
            Some(VariableRow {
                name,
                objects: objects.len() as u64,
                retained_size: objects.iter().map(size).sum(),
                largest: self.heap.object(*largest).row(),
            })
        };
        let mut rows: Vec<VariableRow> = variables.into_iter().filter_map(row).collect();
        rows.sort_by_key(|row| Reverse(row.retained_size));
        rows
    }
}

impl Listed for Function<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("retained", |a, b| a.retained_size.cmp(&b.retained_size)),
            Column::descending("closures", |a, b| a.closures.cmp(&b.closures)),
            Column::descending("contexts", |a, b| a.contexts.len().cmp(&b.contexts.len())),
            Column::ascending("function", |a, b| a.name().cmp(&b.name())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        let in_file = || script(self.heap, self.example).is_some_and(|file| filter.passes(&file));
        filter.passes(&self.name()) || in_file()
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.example.cmp(&other.example)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    const HEAP: &str = "
        root    -> f*2:closure/onClose 64         property handlers
        f       -> ctx*2:\"system / Context\" 32  internal context
        ctx     -> session*2:Session 100          context session
        ctx     -> cache:Map 500                  context cache
        f       -> shared:code/onClose 56         internal shared
        shared  -> script:code/\"\" 100           internal script
        script  -> name:string//app/server.js 24  internal name
        root    -> g:closure/plain 64             property plain
        g       -> empty:\"system / Context\" 16  internal context
        f at 7:12:4";

    #[test]
    fn functions_are_listed_with_what_their_variables_keep() {
        let opened = Opened::of(HEAP);
        let view = closures(opened.heap(), &all());
        assert_eq!((view.closures, view.contexts), (3, 2));
        let [function] = view.functions.as_slice() else {
            panic!("{:?}", view.functions);
        };
        assert_eq!(function.function, "onClose");
        assert_eq!((function.closures, function.contexts), (2, 2));
        assert_eq!(function.retained_size, 2 * (32 + 100));
        let place = function.place.as_ref().unwrap();
        assert_eq!(place.file.as_deref(), Some("/app/server.js"));
        assert_eq!((place.line, place.column), (13, 5));
        let variables: Vec<_> = function
            .variables
            .iter()
            .map(|v| (&*v.name, v.objects, v.retained_size, &*v.largest.class))
            .collect();
        assert_eq!(
            variables,
            [("cache", 1, 500, "Map"), ("session", 2, 200, "Session")]
        );
    }
}
