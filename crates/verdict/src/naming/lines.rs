//! Which lines of the source a leak belongs to: where the holder is declared, and which statement
//! adds to it.
//!
//! Names are resolved in the script's own scopes from the closure that captures them. Of several
//! statements that add, the one wins whose function allocated most of what is still alive; where
//! nothing has a name, that function's own statements are looked at.

use source::{Addition, How, Position, Site};

use super::path::Binding;
use super::{Namer, callers};
use crate::evidence::{Script, Sources, package_in_path};
use crate::suspects::telling::is_telling;
use crate::verdict::SourceLine;

/// Node's own classes, and what makes one where it is no constructor and no `create…` of that name.
const MAKERS: [(&str, &[&str]); 10] = [
    // Of an event target: the list of them is its own holder.
    ("Listener", &["addEventListener"]),
    ("Timeout", &["setTimeout", "setInterval"]),
    ("Immediate", &["setImmediate"]),
    ("FSWatcher", &["watch"]),
    ("StatWatcher", &["watchFile"]),
    ("FileHandle", &["open"]),
    ("Module", &["require"]),
    ("ClientRequest", &["request", "get"]),
    ("ChildProcess", &["spawn", "fork", "exec", "execFile"]),
    // The memory of a WebAssembly instance is the only one that grows in place.
    ("system / JSArrayBufferData", &["grow"]),
];

/// The lines of one leak.
#[derive(Default)]
pub(super) struct Places {
    pub(super) source: Option<SourceLine>,
    /// In the service's own text, where its call is known that leads to the addition.
    pub(super) writer: Option<SourceLine>,
    /// The addition itself, where it stands in a package and `writer` does not.
    pub(super) in_package: Option<SourceLine>,
    pub(super) package: Option<String>,
    /// The function that `writer` stands in.
    within: Option<Place>,
    /// In which way `writer` adds.
    how: Option<How>,
}

/// Where a function starts: V8's id of its script, and the place in it.
pub(super) type Place = (u32, Position);

/// A statement and the function around it.
pub(super) struct Statement {
    pub(super) line: SourceLine,
    within: Option<Place>,
    /// Bytes alive that the function around it allocated.
    live_bytes: u64,
    how: How,
}

impl Statement {
    /// The higher, the likelier it is the one that matters.
    fn score(&self) -> (u64, bool) {
        (self.live_bytes, self.within.is_some())
    }
}

impl From<Statement> for SourceLine {
    fn from(statement: Statement) -> Self {
        statement.line
    }
}

impl Places {
    fn of(source: Option<SourceLine>, writer: Option<Statement>) -> Self {
        let within = writer.as_ref().and_then(|statement| statement.within);
        let how = writer.as_ref().map(|statement| statement.how.clone());
        Self {
            source,
            writer: writer.map(SourceLine::from),
            within,
            how,
            ..Self::default()
        }
    }
}

/// What a leak's lines are looked for by.
pub(super) struct Growing<'a> {
    /// How the program reaches the holder.
    pub(super) binding: &'a Binding,
    /// Where the holder is only above what grows: how the program reaches that, if by a name.
    pub(super) below: Option<&'a Binding>,
    /// What grows is the holder itself, or its own properties.
    pub(super) direct: bool,
    /// The holder's own class, and what piles up, nearest first.
    pub(super) classes: &'a [&'a str],
    /// A class piles up, and no object is seen to gain entries.
    pub(super) of_class: bool,
    /// It piles up in what the holder holds, not in the holder itself.
    pub(super) inside: bool,
}

pub(super) fn places(namer: &Namer<'_>, growing: &Growing<'_>) -> Places {
    let Growing {
        classes, inside, ..
    } = *growing;
    let sources = namer.sources;
    // What Node.js chains up itself is under no name of the program's.
    let own_class = classes.first();
    let of_node = own_class.is_some_and(|class| makers_of_node(sources, class).is_some());
    let by_name = |binding: &Binding| match binding {
        Binding::Property { .. } if of_node => None,
        binding => bound(namer, binding, inside),
    };
    let mut places = by_name(growing.binding).unwrap_or_default();
    let is_sure = |places: &Places| places.how.as_ref().is_some_and(How::is_sure);
    let below = growing.below.and_then(by_name).filter(is_sure);
    // A call on what is only above may do anything; what makes the objects is certain.
    let is_certain = match &places.how {
        Some(How::Inside) => !growing.direct,
        Some(How::Property) | None => false,
        Some(_) => growing.direct && growing.below.is_none(),
    };
    if let Some(below) = below {
        places = Places {
            source: places.source,
            ..below
        };
    } else if growing.of_class && !is_certain {
        let growing = classes.get(1..).unwrap_or_default();
        places.writer = makers(sources, growing).or(places.writer);
    }
    let is_in_package = |line: &SourceLine| sources.package_of(&line.file).is_some();
    match &places.writer {
        None => {
            let made = makers(sources, classes);
            let made = made.or_else(|| into_package(namer, growing.binding));
            let made = made.or_else(|| callers::own_call(sources));
            places.writer = made.or_else(|| by_allocation(sources));
        }
        Some(line) if is_in_package(line) => {
            if let Some(own) = own_call_to(sources, line, places.within) {
                places.in_package = places.writer.replace(own);
            }
        }
        Some(_) => {}
    }
    if places.source.is_none() {
        places.source.clone_from(&places.writer);
    }
    let added = places.in_package.as_ref().or(places.writer.as_ref());
    let declared = places.source.as_ref();
    let package = |line: &SourceLine| sources.package_of(&line.file);
    places.package = added
        .and_then(package)
        .or_else(|| declared.and_then(package));
    places
}

fn bound(namer: &Namer<'_>, binding: &Binding, inside: bool) -> Option<Places> {
    match binding {
        Binding::Variable { name, closure, .. } => variable(namer, name, *closure, inside),
        Binding::Property { name, owner, .. } => property(namer, name, *owner, inside),
        Binding::Listeners { event, .. } => listeners(namer, event),
        Binding::Value { map, .. } => bound(namer, map, true),
        Binding::Unnamed => None,
    }
}

/// The service's own call that leads to a line in a package, in the function at `within`.
fn own_call_to(sources: &Sources, line: &SourceLine, within: Option<Place>) -> Option<SourceLine> {
    let leading = within.and_then(|to| callers::leading_to(sources, to));
    let by_name = || callers::only_call(sources, line.function.as_deref()?);
    let by_bytes = || callers::own_call(sources);
    let own = leading.or_else(by_name).or_else(by_bytes)?;
    // V8 tells the function that it inlined others into, not these.
    let package = package_in_path(&line.file);
    let mut calls = package.map_or_else(Vec::new, |p| callers::calls_into(sources, &p));
    let is_only = calls.len() == 1;
    let only = calls
        .pop()
        .filter(|call| is_only && call.line.file != own.file);
    Some(only.map_or(own, SourceLine::from))
}

/// Whether some statement takes from what is bound, measures it, or writes to it in a circle. What
/// an installed package keeps is its own affair: it may have a bound in any way.
pub(super) fn may_be_bounded(namer: &Namer<'_>, binding: &Binding) -> bool {
    let script_of = |node| {
        let at = namer.last.location(node)?;
        Some((at, namer.sources.script(at.script_id)?))
    };
    match binding {
        Binding::Variable { name, closure, .. } => {
            let found = closure.and_then(script_of);
            found.is_some_and(|(at, script)| {
                let seen_from = Position {
                    line: at.line,
                    column: at.column,
                };
                script.is_of_package() || script.text.may_be_bounded(name, seen_from)
            })
        }
        Binding::Property { name, owner, .. } => {
            let of_constructor = script_of(*owner).map(|(_, script)| script);
            let mut scripts = of_constructor.into_iter().chain(namer.sources.own_first());
            of_constructor.is_some_and(Script::is_of_package)
                || scripts.any(|script| script.text.member_may_be_bounded(name))
        }
        Binding::Value { map, .. } => may_be_bounded(namer, map),
        Binding::Listeners { .. } | Binding::Unnamed => false,
    }
}

/// The calls that make objects of a class of Node's own, unless some script has one of that name.
fn makers_of_node(sources: &Sources, class: &str) -> Option<&'static [&'static str]> {
    let (_, makers) = MAKERS.iter().find(|(made, _)| *made == class)?;
    let mut scripts = sources.own_first().into_iter();
    let is_declared = scripts.any(|script| script.text.has_class(class));
    (!is_declared).then_some(makers)
}

/// The statement that makes an object of one of these classes; only what is certain by its name.
fn makers(sources: &Sources, classes: &[&str]) -> Option<SourceLine> {
    let find = |statements: &dyn Fn(&Script) -> Vec<Addition>| {
        let own = sources
            .own_first()
            .into_iter()
            .filter(|s| !s.is_of_package());
        own.into_iter()
            .filter_map(|script| best(sources, script, &statements(script)))
            // Of equals, the first.
            .reduce(|a, b| if b.score() > a.score() { b } else { a })
            .map(SourceLine::from)
    };
    let calls = |names: &[&str]| find(&|script| script.text.calls(names));
    classes.iter().find_map(|class| {
        if let Some(properties) = properties(class) {
            return find(&|script| script.text.literals(&properties));
        }
        match makers_of_node(sources, class) {
            Some(by) => calls(by),
            None if is_telling(class) => calls(&[class, &format!("create{class}")]),
            None => None,
        }
    })
}

/// Where a package keeps what piles up in something that is added to under no name: the call into
/// that package, in the function that allocated most.
fn into_package(namer: &Namer<'_>, binding: &Binding) -> Option<SourceLine> {
    let of_package = match binding {
        Binding::Variable { closure, .. } => *closure,
        Binding::Property { owner, .. } => Some(*owner),
        Binding::Listeners { emitter, .. } => Some(*emitter),
        Binding::Value { map, .. } => return into_package(namer, map),
        Binding::Unnamed => None,
    };
    let at = namer.last.location(of_package?)?;
    let package = package_in_path(&namer.sources.script(at.script_id)?.file)?;
    let calls = callers::calls_into(namer.sources, &package).into_iter();
    // Of equals, the first.
    let best = calls.reduce(|a, b| if b.score() > a.score() { b } else { a });
    best.map(SourceLine::from)
}

fn variable(
    namer: &Namer<'_>,
    name: &str,
    closure: Option<heap::NodeIx>,
    inside: bool,
) -> Option<Places> {
    let at = namer.last.location(closure?)?;
    let script = namer.sources.script(at.script_id)?;
    let seen_from = Position {
        line: at.line,
        column: at.column,
    };
    let declared = script.text.declaration(name, seen_from);
    let mut additions = Vec::new();
    if inside {
        additions = script.text.additions_inside(name, seen_from);
    }
    if additions.is_empty() {
        additions = script.text.additions(name, seen_from);
    }
    let source = declared.map(|site| line_of(namer.sources, script, &site));
    Some(Places::of(source, best(namer.sources, script, &additions)))
}

/// The property of an object: in the script of the object's constructor, else wherever one of the
/// service's own scripts adds to a property of that name.
fn property(namer: &Namer<'_>, name: &str, owner: heap::NodeIx, inside: bool) -> Option<Places> {
    let at = namer.last.location(owner);
    let of_constructor = at.and_then(|at| namer.sources.script(at.script_id));
    // Node's own objects have properties of the service's, but none of an installed package's.
    let of_node = at.is_some() && of_constructor.is_none();
    let others = namer.sources.own_first().into_iter();
    let others = others.filter(|script| !of_node || !script.is_of_package());
    let scripts = of_constructor.into_iter().chain(others);
    let mut first_declared = None;
    let mut spelled = None;
    for script in scripts {
        let declared = script
            .text
            .member_declaration(name)
            .map(|site| line_of(namer.sources, script, &site));
        let mut additions = Vec::new();
        if inside {
            additions = script.text.member_additions_inside(name);
        }
        if additions.is_empty() {
            additions = script.text.member_additions(name);
        }
        if let Some(writer) = best(namer.sources, script, &additions) {
            return Some(Places::of(declared.or(first_declared), Some(writer)));
        }
        if declared.is_some() && spelled.is_none() {
            let additions = script.text.additions_spelled(name);
            spelled = best(namer.sources, script, &additions);
        }
        first_declared = first_declared.or(declared);
    }
    Some(Places::of(first_declared, spelled))
}

fn listeners(namer: &Namer<'_>, event: &str) -> Option<Places> {
    namer.sources.own_first().into_iter().find_map(|script| {
        let additions = script.text.listener_additions(Some(event));
        let writer = best(namer.sources, script, &additions)?;
        Some(Places::of(None, Some(writer)))
    })
}

/// Where the holder has no name to go by: what the function adds to that allocated most of what is
/// still alive, of those that the service's authors wrote.
fn by_allocation(sources: &Sources) -> Option<SourceLine> {
    let own = |script_id| sources.script(script_id).filter(|s| !s.is_of_package());
    sources.allocators().iter().find_map(|allocator| {
        let script = own(allocator.script_id)?;
        let start = Position {
            line: allocator.line,
            column: allocator.column,
        };
        best(sources, script, &script.text.additions_in(start)).map(SourceLine::from)
    })
}

/// The call that opens such a thing, in the function that allocated most; of the service's own
/// scripts first.
pub(super) fn opening(sources: &Sources, noun: &str) -> (Option<SourceLine>, Option<String>) {
    let names: &[&str] = match noun {
        "thread" => &["Worker"],
        "socket" => &[
            "connect",
            "createConnection",
            "request",
            "get",
            "fetch",
            "Socket",
        ],
        _ => &[
            "openSync",
            "open",
            "createReadStream",
            "createWriteStream",
            "opendir",
            "opendirSync",
            "watch",
            "spawn",
            "fork",
            "exec",
            "execFile",
        ],
    };
    let found = sources.own_first().into_iter().find_map(|script| {
        let line = best(sources, script, &script.text.calls(names))?.line;
        let package = sources.package_of(&line.file);
        Some((line, package))
    });
    found.map_or((None, None), |(line, package)| (Some(line), package))
}

/// Of `{a, b}`, or `Object {a, b}`, the properties: two at least, or it may be anything.
fn properties(class: &str) -> Option<Vec<&str>> {
    let class = class.strip_prefix("Object ").unwrap_or(class);
    let inside = class.strip_prefix('{')?.strip_suffix('}')?;
    let properties: Vec<&str> = inside.split(", ").collect();
    (properties.len() > 1).then_some(properties)
}

/// The addition in the function that allocated most; else the first inside a function; else the
/// first.
pub(super) fn best(
    sources: &Sources,
    script: &Script,
    additions: &[Addition],
) -> Option<Statement> {
    let live_bytes = |addition: &Addition| {
        let start = addition.function.as_ref().map(|f| f.start);
        let allocator = sources.allocators().iter().find(|a| {
            let at = Position {
                line: a.line,
                column: a.column,
            };
            a.script_id == script.id && Some(at) == start
        });
        allocator.map_or(0, |a| a.live_bytes)
    };
    let chosen = additions
        .iter()
        .enumerate()
        .max_by_key(|(i, a)| (live_bytes(a), a.function.is_some(), std::cmp::Reverse(*i)))?
        .1;
    let mut line = line_of(sources, script, &chosen.site);
    let function = chosen.function.as_ref();
    let original = |f: &source::Function| sources.function(script, f.start, &f.name);
    if let Some(function) = function {
        line.function = original(function).or_else(|| Some(function.name.clone()));
    }
    Some(Statement {
        line,
        within: function.map(|function| (script.id, function.start)),
        live_bytes: live_bytes(chosen),
        how: chosen.how.clone(),
    })
}

fn line_of(sources: &Sources, script: &Script, site: &Site) -> SourceLine {
    let known = SourceLine {
        file: script.file.clone(),
        line: site.position.line + 1,
        function: site.function.clone(),
        text: site.text.clone(),
    };
    sources.line(script, site.position, known)
}
