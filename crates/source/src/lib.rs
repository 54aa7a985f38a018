//! What a service's source text says: where a name is declared, and which statements add to it.
//!
//! Owns reading JavaScript and TypeScript text as V8 was given it, and three questions about it:
//! where is this variable or property declared, which statements add to it, which statements add
//! a listener. It must not know why someone asks: nothing here knows heaps, runs or leaks.
//!
//! Invariants: a text never makes it panic; a text that does not parse answers every question with
//! nothing; every answer is a position in the text, zero-based, columns in UTF-16 units as V8
//! counts them. Names are resolved by scope, never by spelling alone; properties, which have no
//! scope, by spelling.
//!
//! Cost: one parse and one pass over the syntax tree, linear in the text; a question is linear in
//! the number of statements of its kind.
//!
//! # Where V8 says a function is
//!
//! Found with real snapshots (`locations`) and real sampling heap profiles (`callFrame`) of
//! Node.js 18, 20, 22 and 24, which agree with each other but for the last row:
//!
//! | in the text | V8's position |
//! |---|---|
//! | `function f(a) {}`, also anonymous, `async`, generator | the `(` of the parameters |
//! | a method, getter, setter, in a class or an object | the `(` of the parameters |
//! | `a => b`, `(a) => b`, `async (a) => b` | its first character, `async` included |
//! | a class with a constructor | the `(` of the constructor's parameters |
//! | a class without one | the word `class` |
//! | the module itself, CommonJS or ESM | 0:0 |
//! | static initializers | the first static member with a value, or the static block |
//! | fields of a class | the word `class` (18, 20), the `{` (22), the first field (24) |
//!
//! For the last row [`Function::start`] is the word `class`.

mod aliases;
mod extract;
mod facts;
mod lines;
pub mod maps;
mod parse;

use facts::{At, CallFact, Facts, FunctionIx, SymbolIx, Target};
use lines::Lines;

/// The names that a script's code uses, ascending: of variables, functions, classes and members, the
/// private ones with their `#`. Texts in quotes are none, not even as keys. `url` tells the language
/// by its ending. Nothing if the text does not parse.
#[must_use]
pub fn names(text: &str, url: &str) -> Vec<String> {
    parse::names(text, url)
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Zero-based.
    pub line: u32,
    /// Zero-based, in UTF-16 units.
    pub column: u32,
}

/// A statement or declaration that answers a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where it begins; of a declaration, where the name stands.
    pub position: Position,
    /// Its line without the blanks around it; of a very long line only the statement, cut short.
    pub text: String,
    /// The function that it is in; nothing at the top level of the script.
    pub function: Option<String>,
    /// What it is.
    pub kind: SiteKind,
}

/// What stands at a [`Site`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SiteKind {
    /// A `const`.
    Const,
    /// A `let`.
    Let,
    /// A `var`.
    Var,
    /// A parameter of a function.
    Parameter,
    /// What a `catch` catches.
    Caught,
    /// A function's own name.
    Function,
    /// A class's own name.
    Class,
    /// An imported name.
    Import,
    /// A field of a class.
    Field,
    /// `this.name = …`.
    OwnProperty,
    /// A key of an object literal.
    Key,
    /// `object.name = …`, or a global that was never declared.
    Assigned,
    /// A statement that adds something.
    Statement,
}

/// A statement that adds to a variable or property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The statement.
    pub site: Site,
    /// The function whose code it is; nothing at the top level of the script.
    pub function: Option<Function>,
    /// In which way it adds.
    pub how: How,
}

/// In which way a statement adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// `x[key] = value`
    Element,
    /// `x.push(value)`: the name of the method.
    Call(String),
    /// `x = [...x, value]`, `x = x.concat(value)`, `x = { value, next: x }`
    Reassigned,
    /// `x += value`
    Appended,
    /// `x.name = value`; told only when nothing stronger adds.
    Property,
    /// `x[key].push(value)`, `x.get(key).push(value)`: adds to something inside; told only when
    /// nothing stronger adds.
    Inside,
    /// `x.then(…)`, `await x`, `Promise.race([x, …])`: a promise keeps what waits for it; told only
    /// when nothing stronger adds.
    Reaction,
}

impl How {
    /// Whether it adds whatever the object is; the others may as well only change it.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        !matches!(self, Self::Property | Self::Inside | Self::Reaction)
    }
}

/// A function of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name, or the name that it gets from where it stands, as V8 does it; a callback without
    /// one is called after the call that it is given to.
    pub name: String,
    /// Where V8 says that it starts: see the [crate's page](crate).
    pub start: Position,
    /// Where its text ends.
    pub end: Position,
}

/// The text of one script and what it says.
#[derive(Debug, Default)]
pub struct SourceFile {
    text: Box<str>,
    lines: Lines,
    facts: Facts,
}

impl SourceFile {
    /// Reads a script as V8 was given it. The URL's ending tells the language; JavaScript may be a
    /// module or CommonJS, also where the ending says otherwise. A text that does not parse, or
    /// nests deeper than any engine would load, gives a file that answers nothing.
    #[must_use]
    pub fn parse(text: &str, url: &str) -> Self {
        Self {
            text: text.into(),
            lines: Lines::of(text),
            facts: parse::facts(text, url),
        }
    }

    /// Where the variable is declared that `name` means to the function that starts at `seen_from`,
    /// or else to the code there.
    ///
    /// A function's captured variables lie outside it: names of its own count only if no scope
    /// around it knows the name.
    #[must_use]
    pub fn declaration(&self, name: &str, seen_from: Position) -> Option<Site> {
        let symbol = &self.facts[self.resolve(name, seen_from)?];
        Some(self.site(&symbol.at, symbol.kind))
    }

    /// The statements that add to the variable that `name` means at `seen_from`, in the order of
    /// the text; also those that reach it through another name (`const same = name`).
    #[must_use]
    pub fn additions(&self, name: &str, seen_from: Position) -> Vec<Addition> {
        match self.resolve(name, seen_from) {
            Some(symbol) => self.additions_to(&Target::Symbol(symbol)),
            None => Vec::new(),
        }
    }

    /// The variables declared in blocks around the function that starts at `seen_from` that something
    /// is added to, in the order of the text, each with its name and declaration.
    ///
    /// V8 tells the names of captured variables of functions and scripts, but not of blocks.
    #[must_use]
    pub fn grown_in_blocks(&self, seen_from: Position) -> Vec<(String, Site)> {
        let offset = self.lines.offset(&self.text, seen_from);
        let blocks = offset.map_or_else(Vec::new, |offset| self.facts.blocks_around(offset));
        let named = self.facts.symbols_by_name.iter();
        let named = named.flat_map(|(name, symbols)| symbols.iter().map(move |&ix| (&**name, ix)));
        let grows = |&(_, ix): &(&str, SymbolIx)| {
            let symbol = &self.facts[ix];
            let is_of_block = matches!(symbol.kind, SiteKind::Const | SiteKind::Let)
                && blocks.contains(&symbol.scope);
            is_of_block && !self.additions_to(&Target::Symbol(ix)).is_empty()
        };
        let mut found: Vec<(String, Site)> = named
            .filter(grows)
            .map(|(name, ix)| {
                let symbol = &self.facts[ix];
                (name.to_string(), self.site(&symbol.at, symbol.kind))
            })
            .collect();
        found.sort_by_key(|(_, site)| site.position);
        found
    }

    /// Where the property is given to its object: the class's field, `this.name = …`, a literal's
    /// key or another assignment. One that creates something (`[]`, `{}`, `new …`, a call) goes
    /// before one that does not. A private property's name begins with `#`.
    #[must_use]
    pub fn member_declaration(&self, property: &str) -> Option<Site> {
        let of_name = self
            .facts
            .members
            .iter()
            .filter(|member| *member.name == *property);
        let first = of_name.min_by_key(|m| (!m.creates, m.kind, m.at.offset))?;
        Some(self.site(&first.at, first.kind))
    }

    /// The statements that add to a property of this name, of whatever object, in the order of the
    /// text; also those that reach it through a variable (`const same = this.name`).
    #[must_use]
    pub fn member_additions(&self, property: &str) -> Vec<Addition> {
        self.additions_to(&Target::Member(property.into()))
    }

    /// The calls that add a listener for `event`, or for any event. If none names the event in so
    /// many words, those whose event is not known from the text.
    #[must_use]
    pub fn listener_additions(&self, event: Option<&str>) -> Vec<Addition> {
        let listeners = &self.facts.listeners;
        let named = listeners
            .iter()
            .filter(|l| event.is_none() || l.event.as_deref() == event);
        let mut chosen: Vec<_> = named.collect();
        if chosen.is_empty() {
            chosen.extend(listeners.iter().filter(|l| l.event.is_none()));
        }
        let how = |method: &str| How::Call(method.to_owned());
        chosen
            .into_iter()
            .map(|l| self.addition(&l.at, how(&l.method)))
            .collect()
    }

    /// The statements that add to anything or add a listener, in the function that V8 says starts
    /// at `start`, in the order of the text; what surely adds if anything does, else what may.
    #[must_use]
    pub fn additions_in(&self, start: Position) -> Vec<Addition> {
        let is_inside = |at: &At| {
            at.function
                .is_some_and(|ix| self.function(ix).start == start)
        };
        let facts = self.facts.additions.iter();
        let (sure, maybe): (Vec<_>, Vec<_>) = facts
            .filter(|fact| is_inside(&fact.at) && fact.how != How::Reaction)
            .partition(|fact| fact.how.is_sure());
        let chosen = if sure.is_empty() { maybe } else { sure };
        let added = chosen
            .into_iter()
            .map(|fact| self.addition(&fact.at, fact.how.clone()));
        let listeners = self.facts.listeners.iter().filter(|l| is_inside(&l.at));
        let listened = listeners.map(|l| self.addition(&l.at, How::Call(l.method.to_string())));
        let mut found: Vec<Addition> = added.chain(listened).collect();
        found.sort_by_key(|addition| addition.site.position);
        // A call of `on` is both.
        found.dedup_by_key(|addition| addition.site.position);
        found
    }

    /// The line at a position, and the function that it is in.
    #[must_use]
    pub fn line_at(&self, position: Position) -> Option<Site> {
        let offset = self.lines.offset(&self.text, position)?;
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let at = At {
            offset,
            span: offset..end,
            function: self.facts.function_around(offset),
        };
        Some(self.site(&at, SiteKind::Statement))
    }

    /// The name of the function whose text begins at a position: at its name, at one of the words
    /// before it (`async`, `function`, `get`), or where V8 says that it starts.
    #[must_use]
    pub fn function_at(&self, position: Position) -> Option<String> {
        let offset = self.lines.offset(&self.text, position)?;
        let starts = self.facts.functions.iter().filter(|f| f.start >= offset);
        let nearest = starts.min_by_key(|function| function.start)?;
        let between = self.text.get(offset as usize..nearest.start as usize)?;
        let is_of_name = |c: char| c.is_alphanumeric() || " *#_$[]'\"".contains(c);
        between
            .chars()
            .all(is_of_name)
            .then(|| nearest.name.clone().into())
    }

    /// The statements that add to something inside of the variable that `name` means at `seen_from`:
    /// to a list in a map of lists.
    #[must_use]
    pub fn additions_inside(&self, name: &str, seen_from: Position) -> Vec<Addition> {
        match self.resolve(name, seen_from) {
            Some(symbol) => self.inside(&Target::Symbol(symbol)),
            None => Vec::new(),
        }
    }

    /// The same for a property, of whatever object.
    #[must_use]
    pub fn member_additions_inside(&self, property: &str) -> Vec<Addition> {
        self.inside(&Target::Member(property.into()))
    }

    fn inside(&self, target: &Target) -> Vec<Addition> {
        let same = self.facts.aliases.same_as(target);
        let facts = self.facts.additions.iter();
        facts
            .filter(|fact| fact.how == How::Inside && same.contains(&fact.target))
            .map(|fact| self.addition(&fact.at, fact.how.clone()))
            .collect()
    }

    /// The statements that surely add to any variable or property of this name: for where the way
    /// from one name to another cannot be followed.
    #[must_use]
    pub fn additions_spelled(&self, name: &str) -> Vec<Addition> {
        let symbols = self.facts.symbols_by_name.get(name);
        let is_meant = |target: &Target| match target {
            Target::Symbol(symbol) => symbols.is_some_and(|all| all.contains(symbol)),
            Target::Member(member) => **member == *name,
        };
        let facts = self.facts.additions.iter();
        facts
            .filter(|fact| fact.how.is_sure() && is_meant(&fact.target))
            .map(|fact| self.addition(&fact.at, fact.how.clone()))
            .collect()
    }

    /// Whether a class of this name is declared.
    #[must_use]
    pub fn has_class(&self, name: &str) -> bool {
        let symbols = self.facts.symbols_by_name.get(name);
        symbols.is_some_and(|all| all.iter().any(|&s| self.facts[s].kind == SiteKind::Class))
    }

    /// The calls, and the `new`s, of functions and methods with one of these names, in the order of
    /// the text.
    #[must_use]
    pub fn calls(&self, names: &[&str]) -> Vec<Addition> {
        self.calls_where(|call| names.contains(&&*call.name))
    }

    /// The calls, and the `new`s, of what comes from a package: `package(…)`, `package.part(…)`, or a
    /// part that was imported by name; in the order of the text.
    #[must_use]
    pub fn calls_into(&self, package: &str) -> Vec<Addition> {
        let is_of_package = |module: &str| {
            let rest = module.strip_prefix(package);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.calls_where(|call| {
            let module = call.head.and_then(|head| self.facts.imports.get(&head));
            module.is_some_and(|module| is_of_package(module))
        })
    }

    /// The objects that are written out with all these properties, those with the fewest others; in
    /// the order of the text.
    #[must_use]
    pub fn literals(&self, properties: &[&str]) -> Vec<Addition> {
        let has_all =
            |names: &[Box<str>]| properties.iter().all(|p| names.iter().any(|n| **n == **p));
        let literals = self.facts.literals.iter();
        let found: Vec<_> = literals.filter(|literal| has_all(&literal.names)).collect();
        let fewest = found.iter().map(|literal| literal.names.len()).min();
        let found = found.into_iter().filter(|l| Some(l.names.len()) == fewest);
        let mut found: Vec<Addition> = found.map(|l| self.addition(&l.at, How::Element)).collect();
        found.sort_by_key(|literal| literal.site.position);
        found
    }

    /// Whether a statement takes something from the variable that `name` means at `seen_from`,
    /// compares its size, or writes to it in a circle: it may have a bound.
    #[must_use]
    pub fn may_be_bounded(&self, name: &str, seen_from: Position) -> bool {
        self.resolve(name, seen_from)
            .is_some_and(|symbol| self.limits(&Target::Symbol(symbol)))
    }

    /// The same for a property, of whatever object.
    #[must_use]
    pub fn member_may_be_bounded(&self, property: &str) -> bool {
        self.limits(&Target::Member(property.into()))
    }

    fn limits(&self, target: &Target) -> bool {
        let same = self.facts.aliases.same_as(target);
        let held = self.facts.aliases.holding(&same);
        same.iter()
            .chain(&held)
            .any(|target| self.facts.limits.contains(target))
    }

    /// All calls, and `new`s, in the function that V8 says starts at `start`, in the order of the
    /// text.
    #[must_use]
    pub fn calls_in(&self, start: Position) -> Vec<Addition> {
        self.calls_where(|call| {
            let function = call.at.function;
            function.is_some_and(|ix| self.function(ix).start == start)
        })
    }

    fn calls_where(&self, is_meant: impl Fn(&CallFact) -> bool) -> Vec<Addition> {
        let calls = self.facts.calls.iter().filter(|call| is_meant(call));
        let mut found: Vec<Addition> = calls
            .map(|call| self.addition(&call.at, How::Call(call.name.to_string())))
            .collect();
        found.sort_by_key(|call| call.site.position);
        found
    }

    fn resolve(&self, name: &str, seen_from: Position) -> Option<SymbolIx> {
        let offset = self.lines.offset(&self.text, seen_from)?;
        self.facts.resolve(name, offset)
    }

    /// What surely adds; failing that, what surely adds to a property that holds the same object;
    /// failing that, what may add.
    fn additions_to(&self, target: &Target) -> Vec<Addition> {
        let same = self.facts.aliases.same_as(target);
        let held = self.facts.aliases.holding(&same);
        let find = |targets: &std::collections::HashSet<Target>, sure: bool| -> Vec<Addition> {
            let facts = self.facts.additions.iter();
            facts
                .filter(|fact| fact.how.is_sure() == sure && targets.contains(&fact.target))
                .map(|fact| self.addition(&fact.at, fact.how.clone()))
                .collect()
        };
        let tries = [(&same, true), (&held, true), (&same, false)];
        let found = tries.into_iter().map(|(targets, sure)| find(targets, sure));
        found
            .into_iter()
            .find(|additions| !additions.is_empty())
            .unwrap_or_default()
    }

    fn addition(&self, at: &At, how: How) -> Addition {
        let function = at.function.map(|ix| self.function(ix));
        Addition {
            site: self.site(at, SiteKind::Statement),
            function,
            how,
        }
    }

    fn function(&self, ix: FunctionIx) -> Function {
        let fact = &self.facts[ix];
        let position = |offset| self.lines.position(&self.text, offset);
        Function {
            name: fact.name.clone().into(),
            start: position(fact.start),
            end: position(fact.end),
        }
    }

    fn site(&self, at: &At, kind: SiteKind) -> Site {
        Site {
            position: self.lines.position(&self.text, at.offset),
            text: self.lines.excerpt(&self.text, at.offset, at.span.clone()),
            function: at.function.map(|ix| self.facts[ix].name.clone().into()),
            kind,
        }
    }
}

#[cfg(test)]
mod tests;
