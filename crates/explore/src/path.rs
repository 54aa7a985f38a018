//! The way from the roots to an object: DevTools' shortest, and the one that a person would tell;
//! and the ways to all objects of a class, those alike taken together.

use std::cmp::Ordering;
use std::collections::HashMap;

use heap::{EdgeKind, EdgeName, NodeIx, PathStep, RetainingPaths};
use serde::Serialize;

use crate::desk::Desk;
use crate::listing::{Column, Filter, Listed, Listing, PageOf};
use crate::object::{Heap, ObjectRow, Unknown, edge_text, kind_text};
use crate::retainers::kept_by;

/// Two ways to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paths {
    /// The object.
    pub object: ObjectRow,
    /// The way that DevTools unfolds: at each step the retainer nearest to a root. Empty if only
    /// weak references lead to the object.
    pub shortest: Vec<PathRow>,
    /// The way along what a program wrote, past the engine's tables, the root first. Empty if only
    /// weak references lead to the object.
    pub user: Vec<PathRow>,
}

/// One step of a way from the roots: the reference, and the object it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathRow {
    /// The reference's name or index; `None` for where the way begins.
    pub edge: Option<String>,
    /// The reference's kind; `None` for where the way begins.
    pub kind: Option<&'static str>,
    /// The object.
    pub object: ObjectRow,
}

/// The ways to all objects of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathGroups {
    /// The class's name.
    pub class: String,
    /// How many objects there are.
    pub count: u64,
    /// The ways, those with most objects first if nothing else was asked for.
    pub groups: Vec<PathGroup>,
    /// Which of the ways these are.
    pub page: PageOf,
}

/// One way that leads to many objects. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathGroup {
    /// The steps, from below the root: a reference's name, and the class it leads to. Indexes are
    /// `[n]`, and `…` stands after a step that is repeated.
    pub path: Vec<String>,
    /// The objects at its end.
    pub count: u64,
    /// Their own sizes.
    pub shallow_size: u64,
    /// What would be freed with all of them; none is counted inside another.
    pub retained_size: u64,
    /// One of them, by its id.
    pub example: u64,
}

/// The two ways to an object.
#[must_use]
pub fn paths(heap: Heap<'_>, node: NodeIx) -> Paths {
    Desk::of(heap).paths(node)
}

impl Desk<'_> {
    /// The two ways to an object.
    #[must_use]
    pub fn paths(&self, node: NodeIx) -> Paths {
        Paths {
            object: self.heap().object(node).row(),
            shortest: shortest_path(self, node),
            user: user_path(self, node),
        }
    }
}

pub(crate) fn user_path(desk: &Desk<'_>, node: NodeIx) -> Vec<PathRow> {
    let heap = desk.heap();
    match desk.retaining_paths().to(node) {
        Some(steps) => rows(heap, heap.snapshot.root(), &steps),
        None => Vec::new(),
    }
}

/// From an object to the nearest of its retainers, and on, until none is nearer.
fn shortest_path(desk: &Desk<'_>, node: NodeIx) -> Vec<PathRow> {
    let heap = desk.heap();
    let incoming = desk.incoming();
    let nearest = |node: NodeIx| {
        let own = heap.analysis.distance(node);
        let nearer = kept_by(heap, incoming, node).filter(|r| {
            let distance = r.from().distance();
            distance >= 0 && (own < 0 || distance < own)
        });
        nearer.min_by(Listed::tie).map(|r| r.step())
    };
    let mut steps = Vec::new();
    let mut at = node;
    while let Some(step) = nearest(at) {
        steps.push(step);
        at = step.from;
    }
    steps.reverse();
    if heap.analysis.distance(node) < 0 && steps.is_empty() {
        return Vec::new();
    }
    rows(heap, at, &steps)
}

pub(crate) fn rows(heap: Heap<'_>, start: NodeIx, steps: &[PathStep]) -> Vec<PathRow> {
    let start = PathRow {
        edge: None,
        kind: None,
        object: heap.object(start).row(),
    };
    let step = |step: &PathStep| PathRow {
        edge: Some(edge_text(heap.snapshot, step.edge)),
        kind: Some(kind_text(step.edge.kind)),
        object: heap.object(step.edge.to).row(),
    };
    std::iter::once(start)
        .chain(steps.iter().map(step))
        .collect()
}

/// The ways to all objects of a class, those with the same names and classes taken together.
///
/// # Errors
/// If there is no such class.
pub fn path_groups(
    heap: Heap<'_>,
    class: &str,
    listing: &Listing<PathGroup>,
) -> Result<PathGroups, Unknown> {
    Desk::of(heap).path_groups(class, listing)
}

impl Desk<'_> {
    /// The ways to all objects of a class, those with the same names and classes taken together.
    ///
    /// # Errors
    /// If there is no such class.
    pub fn path_groups(
        &self,
        class: &str,
        listing: &Listing<PathGroup>,
    ) -> Result<PathGroups, Unknown> {
        let members = self.of_class(class).map(|object| object.node).collect();
        grouped(self, class, members, listing)
    }
}

fn grouped(
    desk: &Desk<'_>,
    class: &str,
    mut members: Vec<NodeIx>,
    listing: &Listing<PathGroup>,
) -> Result<PathGroups, Unknown> {
    let heap = desk.heap();
    members.sort_unstable();
    if members.is_empty() {
        return Err(Unknown::Class(heap.similar_classes(class)));
    }
    let mut signatures = Signatures::of(desk);
    let mut outermost = Outermost::among(heap, &members);
    let mut groups: HashMap<Option<u32>, PathGroup> = HashMap::new();
    for &node in &members {
        let signature = signatures.to(node);
        let group = groups.entry(signature).or_insert_with(|| PathGroup {
            path: Vec::new(),
            count: 0,
            shallow_size: 0,
            retained_size: 0,
            example: heap.object(node).id(),
        });
        group.count += 1;
        group.shallow_size += heap.analysis.shallow_size(node);
        if outermost.has(node) {
            group.retained_size += heap.analysis.retained_size(node);
        }
    }
    let groups = groups.into_iter().map(|(signature, group)| PathGroup {
        path: signatures.texts(signature),
        ..group
    });
    let page = listing.page(groups);
    Ok(PathGroups {
        class: class.to_owned(),
        count: members.len() as u64,
        groups: page.rows,
        page: page.of,
    })
}

impl Listed for PathGroup {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("count", |a, b| a.count.cmp(&b.count)),
            Column::descending("retained", |a, b| a.retained_size.cmp(&b.retained_size)),
            Column::descending("shallow", |a, b| a.shallow_size.cmp(&b.shallow_size)),
            Column::ascending("length", |a, b| a.path.len().cmp(&b.path.len())),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        self.path.iter().any(|step| filter.passes(step))
    }

    fn size(&self) -> Option<u64> {
        Some(self.retained_size)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.path.cmp(&other.path)
    }
}

/// Ways by number: the way before, and the last step's text; so that ways that begin alike share
/// their beginning, and each object on the way is looked at once.
struct Signatures<'d, 'h> {
    heap: Heap<'h>,
    paths: &'d RetainingPaths<'h>,
    of_node: HashMap<NodeIx, u32>,
    known: HashMap<(u32, Step<'h>), u32>,
    /// The way before, the step, and whether it is repeated.
    ways: Vec<(u32, Step<'h>, bool)>,
}

/// A reference's name, `None` for an index, and the name of what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Step<'h> {
    edge: Option<std::borrow::Cow<'h, str>>,
    is_internal: bool,
    class: &'h str,
    /// A function's name.
    function: Option<std::borrow::Cow<'h, str>>,
}

/// The way to the root.
const START: u32 = 0;

impl<'d, 'h> Signatures<'d, 'h> {
    fn of(desk: &'d Desk<'h>) -> Self {
        let heap = desk.heap();
        let nothing = Step {
            edge: None,
            is_internal: true,
            class: "",
            function: None,
        };
        Self {
            heap,
            paths: desk.retaining_paths(),
            of_node: HashMap::from([(heap.snapshot.root(), START)]),
            known: HashMap::new(),
            ways: vec![(START, nothing, false)],
        }
    }

    /// The number of the way to an object; `None` if there is none.
    fn to(&mut self, node: NodeIx) -> Option<u32> {
        let mut steps = Vec::new();
        let mut at = node;
        let mut way = loop {
            if let Some(&way) = self.of_node.get(&at) {
                break way;
            }
            let step = self.paths.last_step(at)?;
            steps.push(step);
            at = step.from;
        };
        while let Some(step) = steps.pop() {
            way = self.longer(way, step);
            self.of_node.insert(step.edge.to, way);
        }
        Some(way)
    }

    fn longer(&mut self, way: u32, step: PathStep) -> u32 {
        let snapshot = self.heap.snapshot;
        let to = step.edge.to;
        let class = self.heap.class(to);
        let step = Step {
            edge: match snapshot.edge_name(step.edge) {
                EdgeName::Name(name) => Some(name),
                EdgeName::Index(_) => None,
            },
            is_internal: matches!(step.edge.kind, EdgeKind::Internal | EdgeKind::Hidden),
            class,
            function: (class == "Function").then(|| snapshot.name(to)),
        };
        let (_, last, _) = &self.ways[way as usize];
        if way != START && *last == step {
            self.ways[way as usize].2 = true;
            return way;
        }
        let next = self.ways.len() as u32;
        let known = self.known.entry((way, step.clone())).or_insert(next);
        if *known == next {
            self.ways.push((way, step, false));
        }
        *known
    }

    fn texts(&self, way: Option<u32>) -> Vec<String> {
        let mut texts = Vec::new();
        let mut at = way.unwrap_or(START);
        while at != START {
            let (before, step, is_repeated) = &self.ways[at as usize];
            let repeated = if *is_repeated { " …" } else { "" };
            texts.push(format!("{step}{repeated}"));
            at = *before;
        }
        texts.reverse();
        texts
    }
}

impl std::fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.edge {
            // Slots of tables are numbers by name.
            Some(edge) if !(self.is_internal && edge.parse::<u64>().is_ok()) => {
                write!(f, "{edge}: ")?;
            }
            _ => f.write_str("[n]: ")?,
        }
        match &self.function {
            Some(name) if !name.is_empty() => write!(f, "{name}()"),
            _ => f.write_str(self.class),
        }
    }
}

/// Which of some objects lie inside no other of them: then what they retain is no other's.
struct Outermost<'h> {
    heap: Heap<'h>,
    /// Of the objects looked at: whether one of the members is on the way up, itself included.
    covered: HashMap<NodeIx, bool>,
    members: std::collections::HashSet<NodeIx>,
}

impl<'h> Outermost<'h> {
    fn among(heap: Heap<'h>, members: &[NodeIx]) -> Self {
        Self {
            heap,
            covered: HashMap::new(),
            members: members.iter().copied().collect(),
        }
    }

    fn has(&mut self, node: NodeIx) -> bool {
        let above = self.heap.analysis.dominator(node);
        above == node || !self.is_covered(above)
    }

    fn is_covered(&mut self, node: NodeIx) -> bool {
        let mut way = Vec::new();
        let mut at = node;
        let covered = loop {
            if let Some(&covered) = self.covered.get(&at) {
                break covered;
            }
            way.push(at);
            if self.members.contains(&at) {
                break true;
            }
            let above = self.heap.analysis.dominator(at);
            if above == at {
                break false;
            }
            at = above;
        };
        for node in way {
            self.covered.insert(node, covered);
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    const HEAP: &str = "
        root   -> app:App 16                 property app
        app    -> list:Array 16              property list
        list   -> elements:array/\"\" 80     internal elements
        list   -> item*5:Item 40             element
        elements -> item                     internal 0
        app    -> other*2:Item 40            property spare
        app    -> head:Link 24               property head
        head   -> second:Link 24             property next
        second -> third:Link 24              property next
        lost:Item 8
        app    ~> lost                       weak";

    fn steps(path: &[PathRow]) -> Vec<(&str, u64)> {
        let step = |row: &PathRow| row.object.id;
        path.iter()
            .map(|row| (row.edge.as_deref().unwrap_or(""), step(row)))
            .collect()
    }

    #[test]
    fn both_ways_lead_from_a_root_to_the_object() {
        let opened = Opened::of(HEAP);
        let heap = opened.heap();
        let item = heap.find("@9").unwrap();
        let view = paths(heap, item);
        assert_eq!(
            steps(&view.shortest),
            [("", 3), ("list", 5), ("[0]", 9)],
            "DevTools' way begins at the root of the program"
        );
        assert_eq!(
            steps(&view.user),
            [("", 1), ("app", 3), ("list", 5), ("[0]", 9)]
        );
        let lost = heap.find("@29").unwrap();
        let view = paths(heap, lost);
        assert!(view.shortest.is_empty() && view.user.is_empty());
    }

    #[test]
    fn objects_on_paths_alike_are_one_group() {
        let opened = Opened::of(HEAP);
        let view = path_groups(opened.heap(), "Item", &all()).unwrap();
        let groups: Vec<_> = view
            .groups
            .iter()
            .map(|g| (g.count, g.shallow_size, g.path.join(" > ")))
            .collect();
        assert_eq!(
            groups,
            [
                (5, 200, "app: App > list: Array > [n]: Item".into()),
                (2, 80, "app: App > spare: Item".into()),
                (1, 8, String::new()),
            ]
        );
        assert_eq!(view.count, 8);
    }

    #[test]
    fn a_list_is_one_path_and_counted_once() {
        let opened = Opened::of(HEAP);
        let view = path_groups(opened.heap(), "Link", &all()).unwrap();
        let [list, head] = view.groups.as_slice() else {
            panic!("{:?}", view.groups);
        };
        assert_eq!(list.path, ["app: App", "head: Link", "next: Link …"]);
        assert_eq!((list.count, list.retained_size), (2, 0));
        // The first link retains the others: it is the group in which they are counted.
        assert_eq!((head.count, head.retained_size), (1, 72));
        assert!(path_groups(opened.heap(), "Nothing", &all()).is_err());
    }
}
