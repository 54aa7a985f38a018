//! Which lines of the source a leak belongs to: where the holder is declared, and which statement
//! adds to it.
//!
//! Names are resolved in the script's own scopes from the closure that captures them. Of several
//! statements that add, the one wins whose function allocated most of what is still alive; where
//! nothing has a name, that function's own statements are looked at.

use source::{Addition, How, Position, Site};

use super::Namer;
use super::path::Binding;
use crate::evidence::{Allocator, Script, Sources};
use crate::suspects::telling::is_telling;
use crate::verdict::SourceLine;

/// Part of what a function allocated and is alive that a call in it accounts for, at least.
const CALL_SHARE: f64 = 0.2;

/// V8's name for a function that was assigned to `object[key]`.
const COMPUTED: &str = "<computed>";

/// Node's own classes, and what makes one where it is no constructor and no `create…` of that name.
const MAKERS: [(&str, &[&str]); 9] = [
    // Of an event target: the list of them is its own holder.
    ("Listener", &["addEventListener"]),
    ("Timeout", &["setTimeout", "setInterval"]),
    ("Immediate", &["setImmediate"]),
    ("FSWatcher", &["watch"]),
    ("StatWatcher", &["watchFile"]),
    ("FileHandle", &["open"]),
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
}

/// `classes`: what piles up, nearest first. `inside`: it piles up in what the holder holds, not in
/// the holder itself.
pub(super) fn places(
    namer: &Namer<'_>,
    binding: &Binding,
    classes: &[&str],
    inside: bool,
) -> Places {
    let sources = namer.sources;
    let mut places = match binding {
        Binding::Variable { name, closure, .. } => variable(namer, name, *closure, inside),
        Binding::Property { name, owner, .. } => property(namer, name, *owner, inside),
        Binding::Listeners { event, .. } => listeners(namer, event),
        Binding::Unnamed => None,
    }
    .unwrap_or_default();
    let is_in_package = |line: &SourceLine| sources.package_of(&line.file).is_some();
    match &places.writer {
        None => {
            let made = makers(sources, classes);
            let made = made.or_else(|| own_call(sources));
            places.writer = made.or_else(|| by_allocation(sources));
        }
        Some(line) if is_in_package(line) => {
            if let Some(own) = own_call(sources) {
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
        Binding::Listeners { .. } | Binding::Unnamed => false,
    }
}

/// The statement that makes an object of one of these classes; only what is certain by its name.
fn makers(sources: &Sources, classes: &[&str]) -> Option<SourceLine> {
    let calls = |names: &[&str]| {
        let own = sources
            .own_first()
            .into_iter()
            .filter(|s| !s.is_of_package());
        own.into_iter()
            .find_map(|script| best(sources, script, &script.text.calls(names)))
    };
    classes.iter().find_map(|class| {
        let made = MAKERS.iter().find(|(made, _)| made == class);
        match made {
            Some((_, by)) => calls(by),
            None if is_telling(class) => calls(&[class, &format!("create{class}")]),
            None => None,
        }
    })
}

/// The call in one of the service's own functions through which most of what is still alive came.
fn own_call(sources: &Sources) -> Option<SourceLine> {
    sources.allocators().iter().find_map(|allocator| {
        let script = sources.script(allocator.script_id)?;
        if script.is_of_package() {
            return None;
        }
        let start = Position {
            line: allocator.line,
            column: allocator.column,
        };
        let enough = CALL_SHARE * allocator.live_bytes as f64;
        let callees = allocator.callees.iter();
        let callees = callees.filter(|(_, bytes)| *bytes as f64 >= enough);
        callees.into_iter().find_map(|(callee, _)| {
            let name = callee.rsplit(['.', ' ']).next()?;
            let calls = if name == COMPUTED {
                // Under what name it is called is not known, but under which names others are.
                let mut calls = script.text.calls_in(start);
                calls.retain(|call| !is_callee(allocator, &call.how));
                calls
            } else {
                let mut calls = script.text.calls(&[name]);
                calls.retain(|c| c.function.as_ref().is_some_and(|f| f.start == start));
                calls
            };
            best(sources, script, &calls)
        })
    })
}

/// Whether a call is of a function that the profile knows by its name.
fn is_callee(allocator: &Allocator, how: &How) -> bool {
    let How::Call(called) = how else {
        return false;
    };
    let names = allocator.callees.iter();
    let mut names = names.filter_map(|(callee, _)| callee.rsplit(['.', ' ']).next());
    names.any(|name| name == called)
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
    Some(Places {
        source: declared.map(|site| line_of(namer.sources, script, &site)),
        writer: best(namer.sources, script, &additions),
        ..Places::default()
    })
}

/// The property of an object: in the script of the object's constructor, else wherever one of the
/// service's own scripts adds to a property of that name.
fn property(namer: &Namer<'_>, name: &str, owner: heap::NodeIx, inside: bool) -> Option<Places> {
    let of_constructor = namer
        .last
        .location(owner)
        .and_then(|at| namer.sources.script(at.script_id));
    let scripts = of_constructor.into_iter().chain(namer.sources.own_first());
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
            let source = declared.or(first_declared);
            return Some(Places {
                source,
                writer: Some(writer),
                ..Places::default()
            });
        }
        if declared.is_some() && spelled.is_none() {
            let additions = script.text.additions_spelled(name);
            spelled = best(namer.sources, script, &additions);
        }
        first_declared = first_declared.or(declared);
    }
    Some(Places {
        source: first_declared,
        writer: spelled,
        ..Places::default()
    })
}

fn listeners(namer: &Namer<'_>, event: &str) -> Option<Places> {
    namer.sources.own_first().into_iter().find_map(|script| {
        let additions = script.text.listener_additions(Some(event));
        let writer = best(namer.sources, script, &additions)?;
        Some(Places {
            source: None,
            writer: Some(writer),
            ..Places::default()
        })
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
        best(sources, script, &script.text.additions_in(start))
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
        let line = best(sources, script, &script.text.calls(names))?;
        let package = sources.package_of(&line.file);
        Some((line, package))
    });
    found.map_or((None, None), |(line, package)| (Some(line), package))
}

/// The addition in the function that allocated most; else the first inside a function; else the
/// first.
fn best(sources: &Sources, script: &Script, additions: &[Addition]) -> Option<SourceLine> {
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
    Some(line)
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
