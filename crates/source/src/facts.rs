//! What is kept of a parsed script: functions, scopes, names, and the statements that the questions
//! are about.
//!
//! Invariant: plain tables that own what they say; every index was made by the extraction that
//! filled the same tables. Offsets are bytes into the script's text.

use std::collections::{HashMap, HashSet};
use std::ops::{Index, Range};

use crate::aliases::Aliases;
use crate::{How, SiteKind};

/// A position in [`Facts::functions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FunctionIx(pub(crate) u32);

/// A position in [`Facts::scopes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScopeIx(pub(crate) u32);

/// A position in [`Facts::symbols`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SymbolIx(pub(crate) u32);

#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) functions: Vec<FunctionFact>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) symbols: Vec<Symbol>,
    /// The symbols that have a name.
    pub(crate) symbols_by_name: HashMap<Box<str>, Vec<SymbolIx>>,
    pub(crate) aliases: Aliases,
    /// The variables that stand for a module or a part of it, with the module's name.
    pub(crate) imports: HashMap<SymbolIx, Box<str>>,
    pub(crate) additions: Vec<AdditionFact>,
    pub(crate) members: Vec<MemberFact>,
    pub(crate) listeners: Vec<ListenerFact>,
    pub(crate) calls: Vec<CallFact>,
    pub(crate) literals: Vec<LiteralFact>,
    /// What is taken from, measured or written to in a circle.
    pub(crate) limits: HashSet<Target>,
}

/// Where a statement or name stands.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// The byte that its line is told by.
    pub(crate) offset: u32,
    /// The whole of it.
    pub(crate) span: Range<u32>,
    pub(crate) function: Option<FunctionIx>,
}

#[derive(Debug)]
pub(crate) struct FunctionFact {
    pub(crate) name: Box<str>,
    /// Where V8 says that it starts.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The scope that it sees its captured variables from.
    pub(crate) outside: ScopeIx,
    /// Its own scope.
    pub(crate) inside: ScopeIx,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeIx>,
    pub(crate) span: Range<u32>,
}

#[derive(Debug)]
pub(crate) struct Symbol {
    pub(crate) scope: ScopeIx,
    pub(crate) kind: SiteKind,
    pub(crate) at: At,
}

/// Something that can be added to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A declared variable.
    Symbol(SymbolIx),
    /// A property of this name, of whatever object; also a global that nothing declares, which is
    /// a property of the global object.
    Member(Box<str>),
}

#[derive(Debug)]
pub(crate) struct AdditionFact {
    pub(crate) target: Target,
    pub(crate) how: How,
    pub(crate) at: At,
}

/// A place that gives a property to an object.
#[derive(Debug)]
pub(crate) struct MemberFact {
    pub(crate) name: Box<str>,
    pub(crate) kind: SiteKind,
    /// Whether the value is made right there.
    pub(crate) creates: bool,
    pub(crate) at: At,
}

#[derive(Debug)]
pub(crate) struct ListenerFact {
    /// Nothing if the text does not tell.
    pub(crate) event: Option<Box<str>>,
    pub(crate) method: Box<str>,
    pub(crate) at: At,
}

/// A call, or `new`.
#[derive(Debug)]
pub(crate) struct CallFact {
    /// The function's or the method's own name: `openSync` of `fs.openSync(…)`.
    pub(crate) name: Box<str>,
    /// The variable at the head of what is called: `fs` of `fs.promises.open(…)`.
    pub(crate) head: Option<SymbolIx>,
    pub(crate) at: At,
}

/// An object that is written out.
#[derive(Debug)]
pub(crate) struct LiteralFact {
    /// Its properties.
    pub(crate) names: Box<[Box<str>]>,
    pub(crate) at: At,
}

impl Facts {
    /// What `name` means at a byte of the text. If a function starts there: what it means to that
    /// function's captured variables, else within it.
    pub(crate) fn resolve(&self, name: &str, offset: u32) -> Option<SymbolIx> {
        let starts_here = self
            .functions
            .iter()
            .find(|function| function.start == offset);
        match starts_here {
            Some(function) => {
                let outside = self.binding(name, function.outside);
                outside.or_else(|| self.binding(name, function.inside))
            }
            None => self.binding(name, self.innermost(offset)?),
        }
    }

    /// The blocks around a byte, or around the function that starts there: scopes of neither a
    /// function nor the script.
    pub(crate) fn blocks_around(&self, offset: u32) -> Vec<ScopeIx> {
        let of_function = self.functions.iter().find(|f| f.start == offset);
        let from = of_function.map(|function| function.outside);
        let mut scope = from.or_else(|| self.innermost(offset));
        let mut blocks = Vec::new();
        while let Some(here) = scope {
            let parent = self.scopes.get(here.0 as usize).and_then(|s| s.parent);
            let is_of_function = self.functions.iter().any(|f| f.inside == here);
            if parent.is_some() && !is_of_function {
                blocks.push(here);
            }
            scope = parent;
        }
        blocks
    }

    /// The innermost function whose text is around a byte.
    pub(crate) fn function_around(&self, offset: u32) -> Option<FunctionIx> {
        let around = self
            .functions
            .iter()
            .enumerate()
            .filter(|(_, f)| f.start <= offset && offset < f.end);
        let (ix, _) = around.min_by_key(|(_, f)| f.end - f.start)?;
        u32::try_from(ix).ok().map(FunctionIx)
    }

    fn binding(&self, name: &str, from: ScopeIx) -> Option<SymbolIx> {
        let candidates = self.symbols_by_name.get(name)?;
        let mut scope = Some(from);
        while let Some(here) = scope {
            let of_scope = candidates
                .iter()
                .find(|&&symbol| self[symbol].scope == here);
            if of_scope.is_some() {
                return of_scope.copied();
            }
            scope = self.scopes.get(here.0 as usize)?.parent;
        }
        None
    }

    fn innermost(&self, offset: u32) -> Option<ScopeIx> {
        let around = self
            .scopes
            .iter()
            .enumerate()
            .filter(|(_, s)| s.span.contains(&offset));
        let smallest = around.min_by_key(|(ix, s)| (s.span.len(), std::cmp::Reverse(*ix)));
        let root = || (!self.scopes.is_empty()).then_some(0);
        let ix = smallest.map(|(ix, _)| ix).or_else(root)?;
        Some(ScopeIx(u32::try_from(ix).ok()?))
    }
}

impl Index<FunctionIx> for Facts {
    type Output = FunctionFact;

    fn index(&self, ix: FunctionIx) -> &FunctionFact {
        &self.functions[ix.0 as usize]
    }
}

impl Index<SymbolIx> for Facts {
    type Output = Symbol;

    fn index(&self, ix: SymbolIx) -> &Symbol {
        &self.symbols[ix.0 as usize]
    }
}
