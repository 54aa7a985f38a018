//! A retaining path in words, and what the holder at its end is bound to.
//!
//! A path begins at the last *landmark* before the holder: an object that a programmer knows by
//! itself (`process`, a module, a timer, the global object). Backing stores, contexts and event
//! tables are told as what they stand for.

use heap::{EdgeKind, EdgeName, NodeIx, NodeType, PathStep};

use source::Position;

use super::Namer;

/// A run of at least this many objects of one class is told as a list.
const RUN: usize = 4;

/// What V8 calls the variables that closures capture.
const CONTEXT: &str = "system / Context";

/// What an event target calls its table of listeners.
const LISTENERS: &str = "<symbol kEvents>";

/// How a program reaches the holder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Binding {
    /// A variable that a closure captures; the closure is known by its node.
    Variable {
        /// In the text that V8 was given.
        name: String,
        /// In the text that this was generated from.
        told: String,
        closure: Option<NodeIx>,
        closure_name: String,
        /// The events, quoted, that it is a listener for.
        listens_to: Option<String>,
    },
    /// A property of an object.
    Property {
        name: String,
        owner: NodeIx,
        owner_class: String,
    },
    /// The listeners of an event.
    Listeners {
        event: String,
        emitter: NodeIx,
        emitter_class: String,
    },
    /// A value in a `WeakMap`.
    Value {
        map: Box<Binding>,
        /// The class of its key, which keeps it alive.
        key_class: String,
    },
    /// Nothing that has a name in the program.
    Unnamed,
}

/// The words for a path and its end.
pub(crate) struct Words {
    pub(crate) steps: Vec<String>,
    pub(crate) binding: Binding,
}

impl Binding {
    /// The name in the program's text.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Variable { told: name, .. } | Self::Property { name, .. } => Some(name),
            Self::Listeners { event, .. } => Some(event),
            Self::Value { map, .. } => map.name(),
            Self::Unnamed => None,
        }
    }

    /// Why the holder is alive, in one sentence without an end.
    pub(crate) fn mechanism(&self, class: &str) -> String {
        match self {
            Self::Variable {
                told: name,
                closure_name,
                listens_to: Some(events),
                ..
            } => format!(
                "{class} captured as `{name}` by the closure {closure_name}, a listener for \
                 {events}"
            ),
            Self::Variable {
                told: name,
                closure_name,
                ..
            } => {
                format!("{class} captured as `{name}` by the closure {closure_name}")
            }
            Self::Property {
                name, owner_class, ..
            } => {
                format!("{class} kept in the property `{name}` of {owner_class}")
            }
            Self::Listeners {
                event,
                emitter_class,
                ..
            } => {
                format!("listeners for '{event}' of {emitter_class} that are never removed")
            }
            Self::Value { map, key_class } => {
                let map = of_map(map);
                format!("{class} kept in {map} while its key, {key_class}, lives")
            }
            Self::Unnamed => format!("{class} kept alive by the engine's roots"),
        }
    }
}

impl Words {
    /// The words for the way from the roots to `holder`.
    pub(crate) fn of(namer: &Namer<'_>, way_up: &[PathStep], holder: NodeIx) -> Self {
        Self::within(namer, way_up, holder, false)
    }

    fn within(namer: &Namer<'_>, way_up: &[PathStep], holder: NodeIx, is_of_map: bool) -> Self {
        let start = landmark(namer, way_up);
        let mut teller = Teller {
            namer,
            is_of_map,
            steps: Vec::new(),
            binding: Binding::Unnamed,
            event: None,
            target: None,
            own_closure: None,
        };
        if let Some(first) = way_up.get(start) {
            teller.steps.push(teller.object(first.from));
        }
        for (i, step) in way_up.iter().enumerate().skip(start) {
            teller.tell(way_up, i, *step, holder);
        }
        if way_up.len() <= start {
            teller.steps.push(teller.object(holder));
        }
        let steps = match teller.own_closure {
            Some(at) => without_detour(teller.steps, at),
            None => teller.steps,
        };
        Self {
            steps: collapse_runs(&steps),
            binding: teller.binding,
        }
    }
}

/// The step whose `from` is the last landmark; else the first step from an object of the program.
fn landmark(namer: &Namer<'_>, way_up: &[PathStep]) -> usize {
    let known = way_up
        .iter()
        .rposition(|step| is_landmark(namer, step.from));
    let visible = || {
        way_up
            .iter()
            .position(|step| heap::is_visible(namer.last, step.from))
    };
    known.or_else(visible).unwrap_or(way_up.len())
}

fn is_landmark(namer: &Namer<'_>, node: NodeIx) -> bool {
    let is_object = namer.last.node_type(node) == NodeType::Object;
    let name = namer.last.name(node);
    is_object
        && (matches!(
            &*name,
            "process" | "Module" | "Server" | "MessagePort" | "Timeout" | "Immediate"
        ) || name.starts_with("global"))
}

/// Tells one step after the other.
struct Teller<'a, 'n> {
    namer: &'a Namer<'n>,
    /// Whether the path is that of a `WeakMap` on another path: two may be on the paths of one another.
    is_of_map: bool,
    steps: Vec<String>,
    binding: Binding,
    /// The events, quoted, whose listener was told last.
    event: Option<String>,
    /// The event target whose table of listeners the path runs through.
    target: Option<NodeIx>,
    /// Where the last function stands in `steps` that the service's authors wrote.
    own_closure: Option<usize>,
}

impl Teller<'_, '_> {
    fn tell(&mut self, way: &[PathStep], i: usize, step: PathStep, holder: NodeIx) {
        let to = step.edge.to;
        let name = self.edge_name(step);
        match step.edge.kind {
            EdgeKind::Property if name == "_events" => {}
            EdgeKind::Property if name == LISTENERS => self.target = Some(step.from),
            _ if self.target.is_some() => self.listeners_of_target(step),
            EdgeKind::Property if self.is_event_table(way, i) => self.listener(way, i, &name),
            EdgeKind::Context => self.variable(way, i, &name),
            EdgeKind::Hidden if &*self.namer.last.name(step.from) == CONTEXT => {
                if let Some(name) = self.variable_of_block(way, i) {
                    self.variable(way, i, &name);
                }
            }
            EdgeKind::Property | EdgeKind::Shortcut => self.property(step, name),
            EdgeKind::Element => self.steps.push("[n]".into()),
            EdgeKind::Internal if heap::weak_map_table(self.namer.last, step).is_some() => {
                self.value_of_key(step);
            }
            EdgeKind::Internal if self.namer.last.node_type(step.from) == NodeType::Array => {
                self.steps.push("[n]".into());
            }
            _ => {}
        }
        if self.is_own_closure(to) {
            self.own_closure = Some(self.steps.len());
        }
        if to == holder || self.is_worth_telling(to, step) {
            let object = self.object(to);
            self.steps.push(object);
        }
    }

    fn edge_name(&self, step: PathStep) -> String {
        match self.namer.last.edge_name(step.edge) {
            EdgeName::Name(name) => name.into_owned(),
            EdgeName::Index(index) => index.to_string(),
        }
    }

    /// Whether the step starts at the table of an emitter's listeners.
    fn is_event_table(&self, way: &[PathStep], i: usize) -> bool {
        i > 0 && way[i - 1].edge.to == way[i].from && self.edge_name(way[i - 1]) == "_events"
    }

    fn listener(&mut self, way: &[PathStep], i: usize, event: &str) {
        let emitter = way[i - 1].from;
        let events = self.events_of(way[i]);
        self.steps.push(format!("{events} listener"));
        self.event = Some(events);
        let (event, emitter_class) = (event.to_owned(), self.namer.class(emitter));
        self.binding = Binding::Listeners {
            event,
            emitter,
            emitter_class,
        };
    }

    /// The table of an event target has for each event the first of a chain of listeners.
    fn listeners_of_target(&mut self, step: PathStep) {
        let snapshot = self.namer.last;
        let Ok(index) = self.edge_name(step).parse::<u32>() else {
            return;
        };
        let Some(emitter) = self.target.take() else {
            return;
        };
        // The key stands before the value.
        let mut entries = snapshot.edges(step.from);
        let key = entries.find(|&edge| {
            let at = self.edge_name(PathStep { edge, ..step }).parse::<u32>();
            at.is_ok_and(|at| at + 1 == index)
        });
        let key = key.map(|edge| snapshot.name(edge.to).into_owned());
        let event = key.unwrap_or_default();
        self.steps.push(format!("'{event}' listeners"));
        let emitter_class = self.namer.class(emitter);
        self.binding = Binding::Listeners {
            event,
            emitter,
            emitter_class,
        };
    }

    /// All events that a listener is for, quoted: it is often the same for several, and which of
    /// them the path runs through is chance.
    fn events_of(&self, step: PathStep) -> String {
        let table = self.namer.last.edges(step.from);
        let same = table.filter(|edge| edge.kind == EdgeKind::Property && edge.to == step.edge.to);
        let mut events: Vec<String> = same
            .map(|edge| format!("'{}'", self.edge_name(PathStep { edge, ..step })))
            .collect();
        events.sort();
        events.join(", ")
    }

    /// The closure that a step of the path is made in.
    fn closure_before(&self, way: &[PathStep], i: usize) -> Option<NodeIx> {
        let is_closure = |n: &NodeIx| self.namer.last.node_type(*n) == NodeType::Closure;
        way[..i].iter().rev().map(|s| s.from).find(is_closure)
    }

    /// What the captured variable of a block is called, of which V8 tells no name: the one that grows
    /// and is declared with a value of that class, if there is only one.
    fn variable_of_block(&self, way: &[PathStep], i: usize) -> Option<String> {
        let at = self.namer.last.location(self.closure_before(way, i)?)?;
        let script = self.namer.sources.script(at.script_id)?;
        let mut growing = script.text.grown_in_blocks(position(at));
        let class = self.namer.class(way[i].edge.to);
        let of_class = |(_, site): &&(String, source::Site)| makes(&class, &site.text);
        if growing.iter().any(|variable| of_class(&variable)) {
            growing.retain(|variable| of_class(&variable));
        }
        match growing.len() {
            1 => growing.pop().map(|(name, _)| name),
            _ => None,
        }
    }

    fn variable(&mut self, way: &[PathStep], i: usize, name: &str) {
        let closure = self.closure_before(way, i);
        let closure_name = closure.map_or_else(|| "of a module".into(), |c| self.object(c));
        let original = closure.and_then(|closure| self.original_variable(closure, name));
        let told = original.unwrap_or_else(|| name.to_owned());
        self.steps.push(format!("closure variable `{told}`"));
        let listens_to = self.event.take();
        self.binding = Binding::Variable {
            name: name.to_owned(),
            told,
            closure,
            closure_name,
            listens_to,
        };
    }

    /// What a captured variable is called in the text that its script was generated from.
    fn original_variable(&self, closure: NodeIx, name: &str) -> Option<String> {
        let at = self.namer.last.location(closure)?;
        let script = self.namer.sources.script(at.script_id)?;
        let declared = script.text.declaration(name, position(at))?;
        script.original_name(declared.position).map(str::to_owned)
    }

    fn property(&mut self, step: PathStep, name: String) {
        let is_chain = matches!(self.binding, Binding::Listeners { .. }) && name == "next";
        if is_chain {
            return;
        }
        self.steps.push(format!("`.{name}`"));
        let owner_class = self.namer.class(step.from);
        self.binding = Binding::Property {
            name,
            owner: step.from,
            owner_class,
        };
    }

    /// A value lives while map and key do: the path runs through the key, the map has the name.
    fn value_of_key(&mut self, step: PathStep) {
        let Namer { last, paths, .. } = self.namer;
        let table = heap::weak_map_table(last, step).and_then(|id| last.node_by_id(id));
        let map = table.and_then(|table| paths.last_step(table));
        let map = map.map(|step| step.from).filter(|_| !self.is_of_map);
        let way_up = map.and_then(|map| Some((paths.to(map)?, map)));
        let words = way_up.map(|(way, map)| Words::within(self.namer, &way, map, true));
        let map = words.map_or(Binding::Unnamed, |words| words.binding);
        self.steps.push(format!("value in {}", of_map(&map)));
        self.binding = Binding::Value {
            map: Box::new(map),
            key_class: self.namer.class(step.from),
        };
    }

    /// Closures and objects of a class with a name of its own; not contexts, stores and plain
    /// objects, which the step to them has told already.
    fn is_worth_telling(&self, node: NodeIx, step: PathStep) -> bool {
        let snapshot = self.namer.last;
        match snapshot.node_type(node) {
            NodeType::Closure => true,
            NodeType::Object => {
                let class = self.namer.class(node);
                let of_events = self.edge_name(step) == "_events";
                !of_events
                    && !class.starts_with("system / ")
                    && class != "Object"
                    && !class.starts_with("Object {")
            }
            _ => false,
        }
    }

    fn is_own_closure(&self, node: NodeIx) -> bool {
        let snapshot = self.namer.last;
        let place = snapshot.location(node);
        let script = place.and_then(|at| self.namer.sources.script(at.script_id));
        snapshot.node_type(node) == NodeType::Closure && script.is_some_and(|s| !s.is_of_package())
    }

    /// An object as it stands in a path: a function with its place, a module with its file.
    fn object(&self, node: NodeIx) -> String {
        let snapshot = self.namer.last;
        if snapshot.node_type(node) != NodeType::Closure {
            return match &*snapshot.name(node) {
                name if name.starts_with("global") => "global".into(),
                _ => self.namer.class(node),
            };
        }
        let name = snapshot.name(node).into_owned();
        let sources = self.namer.sources;
        let at = snapshot.location(node);
        let script = at.and_then(|at| Some((sources.script(at.script_id)?, position(at))));
        let original = script.and_then(|(script, at)| sources.function(script, at, &name));
        let name = match original.unwrap_or(name) {
            name if name.is_empty() => "(anonymous)".to_owned(),
            name => name,
        };
        let place = script.map(|(script, at)| {
            let (file, line) = sources.place(script, at);
            let inside = file.rsplit_once("node_modules/").map(|(_, inside)| inside);
            format!(" ({}:{line})", inside.unwrap_or(&file))
        });
        name + &place.unwrap_or_default()
    }
}

/// A `WeakMap`, by its name if it has one.
fn of_map(map: &Binding) -> String {
    match map.name() {
        Some(name) => format!("the WeakMap `{name}`"),
        None => "a WeakMap".to_owned(),
    }
}

/// Whether a declaration's text makes an object of a class.
fn makes(class: &str, text: &str) -> bool {
    match class {
        "Array" => text.contains("= [") || text.contains("Array"),
        "Object" => text.contains("= {") || text.contains("Object"),
        class if class.starts_with("Object {") => text.contains("= {"),
        class => text.contains(class),
    }
}

fn position(at: heap::Location) -> Position {
    Position {
        line: at.line,
        column: at.column,
    }
}

/// What leads from a landmark to the service's own code is often a framework's affair: it is left
/// out where it is long. `own` is the first step of that code.
fn without_detour(mut steps: Vec<String>, own: usize) -> Vec<String> {
    /// Steps told before the gap: the landmark, and which way it goes from there.
    const TOLD: usize = 2;
    const LONG: usize = 4;
    if own >= TOLD + LONG {
        steps.splice(TOLD..own, ["…".to_owned()]);
    }
    steps
}

/// Runs of one class, with or without the edges between, become `list of N Class`.
pub(super) fn collapse_runs(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let stride = [1, 2]
            .into_iter()
            .find(|&stride| run_length(&words[i..], stride) >= RUN);
        match stride {
            Some(stride) => {
                let length = run_length(&words[i..], stride);
                out.push(format!("list of {length} {}", words[i]));
                i += (length - 1) * stride + 1;
            }
            None => {
                out.push(words[i].clone());
                i += 1;
            }
        }
    }
    out
}

/// How often the first word comes again, every `stride` words with the same words between.
fn run_length(words: &[String], stride: usize) -> usize {
    let Some(first) = words.first() else { return 0 };
    let same = |k: &usize| {
        words.get(k * stride) == Some(first)
            && (stride == 1 || words.get(k * stride - 1) == words.get(1))
    };
    1 + (1..).take_while(same).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_way_through_a_framework_is_left_out() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let way = "Server 'request' app router stack Layer own cache Object";
        assert_eq!(
            without_detour(words(way), 6).join(" "),
            "Server 'request' … own cache Object"
        );
        assert_eq!(without_detour(words(way), 5).join(" "), way);
        assert_eq!(without_detour(words(way), 0).join(" "), way);
    }

    #[test]
    fn long_runs_are_told_as_a_list() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let told = collapse_runs(&words(
            "head Node .next Node .next Node .next Node .value Buffer",
        ));
        assert_eq!(told.join(" "), "head list of 4 Node .value Buffer");
        let told = collapse_runs(&words("a P P P P P b"));
        assert_eq!(told.join(" "), "a list of 5 P b");
        assert_eq!(collapse_runs(&words("a a a b")).join(" "), "a a a b");
    }
}
