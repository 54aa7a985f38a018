//! The service's own call behind what a package does, by the stacks that V8's sampling heap profile
//! has of what is still alive.

use std::collections::HashMap;

use source::{How, Position};

use super::lines::{Place, Statement, best};
use crate::evidence::{Allocator, Frame, Script, Sources};
use crate::verdict::SourceLine;

/// Part of what a function allocated and is alive that a call in it accounts for, at least.
const CALL_SHARE: f64 = 0.2;

/// V8's name for a function that was assigned to `object[key]`.
const COMPUTED: &str = "<computed>";

/// The call by which one of the service's own functions came to the function at `to`: of several,
/// the one with most bytes alive below it. Where nothing that `to` allocated is alive, the other
/// functions of its script stand for it.
pub(super) fn leading_to(sources: &Sources, to: Place) -> Option<SourceLine> {
    let frames = sources.frames();
    let is_it = |frame: &&Frame| (frame.script_id, frame.start) == to;
    let of_script = |frame: &&Frame| frame.script_id == to.0;
    let mut ends: Vec<&Frame> = frames.iter().filter(is_it).collect();
    if ends.is_empty() {
        ends = frames.iter().filter(of_script).collect();
    }
    let mut calls: HashMap<(Place, &str), u64> = HashMap::new();
    for end in ends {
        let mut called = end;
        while let Some(caller) = called.caller.and_then(|ix| frames.get(ix)) {
            if own(sources, caller.script_id).is_some() {
                let call = ((caller.script_id, caller.start), called.function.as_str());
                *calls.entry(call).or_default() += end.live_bytes;
                break;
            }
            called = caller;
        }
    }
    let mut calls: Vec<_> = calls.into_iter().collect();
    calls.sort_by_key(|&(call, bytes)| (std::cmp::Reverse(bytes), call));
    calls
        .into_iter()
        .find_map(|(((script_id, start), callee), _)| {
            let known = sources.allocators().iter();
            let mut known = known.filter(|a| (a.script_id, position(a)) == (script_id, start));
            call(sources, known.next()?, callee)
        })
}

/// The only call of a function of that name in the service's own scripts.
pub(super) fn only_call(sources: &Sources, function: &str) -> Option<SourceLine> {
    let own = sources.own_first().into_iter();
    let own = own.filter(|script| !script.is_of_package());
    let calls = own.map(|script| (script, script.text.calls(&[function])));
    let mut calls = calls.filter(|(_, calls)| !calls.is_empty());
    let (script, found) = calls.next()?;
    let is_only = found.len() == 1 && calls.next().is_none();
    is_only.then(|| best(sources, script, &found).map(SourceLine::from))?
}

/// The calls into a package in the service's own functions.
pub(super) fn calls_into(sources: &Sources, package: &str) -> Vec<Statement> {
    let own = sources.own_first().into_iter();
    let own = own.filter(|script| !script.is_of_package());
    let calls = own.flat_map(|script| {
        let mut calls = script.text.calls_into(package);
        calls.retain(|call| call.function.is_some());
        let told = |call| best(sources, script, &[call]);
        calls.into_iter().filter_map(told).collect::<Vec<_>>()
    });
    calls.collect()
}

/// The call in one of the service's own functions through which most of what is still alive came.
pub(super) fn own_call(sources: &Sources) -> Option<SourceLine> {
    sources.allocators().iter().find_map(|allocator| {
        own(sources, allocator.script_id)?;
        let enough = CALL_SHARE * allocator.live_bytes as f64;
        let callees = allocator.callees.iter();
        let mut callees = callees.filter(|(_, bytes)| *bytes as f64 >= enough);
        callees.find_map(|(callee, _)| call(sources, allocator, callee))
    })
}

/// The statement in a function that calls another of that name.
fn call(sources: &Sources, caller: &Allocator, callee: &str) -> Option<SourceLine> {
    let script = own(sources, caller.script_id)?;
    let start = position(caller);
    let name = callee.rsplit(['.', ' ']).next()?;
    let calls = if name == COMPUTED || name.is_empty() {
        // Under what name it is called is not known, but under which names others are.
        let mut calls = script.text.calls_in(start);
        calls.retain(|call| !is_callee(caller, &call.how));
        calls
    } else {
        let mut calls = script.text.calls(&[name]);
        calls.retain(|c| c.function.as_ref().is_some_and(|f| f.start == start));
        calls
    };
    best(sources, script, &calls).map(SourceLine::from)
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

/// A script that the service's authors wrote.
fn own(sources: &Sources, script_id: u32) -> Option<&Script> {
    sources.script(script_id).filter(|s| !s.is_of_package())
}

fn position(allocator: &Allocator) -> Position {
    Position {
        line: allocator.line,
        column: allocator.column,
    }
}
