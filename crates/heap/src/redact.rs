//! A heap snapshot without the contents of its strings: the same graph, sizes, ids and counts.
//!
//! Owns which numbers and strings go through and which are replaced; [`names`] decides about texts,
//! [`copier`] moves the bytes. One pass: the numbers before the strings tell what each string is used
//! for (the name of a class, a variable, a property, the text of a string), so that the strings,
//! which come last, can be decided one by one. Memory: four bytes a node, one a string.
//!
//! Invariant: what is compared across snapshots (names of classes and of properties) is replaced by
//! a function of the text and the key alone, never of what else is in the file. So snapshots of one
//! process that are redacted apart still compare as before.

mod copier;
mod names;

use std::collections::HashSet;
use std::io::{Read, Write};

use crate::Error;
use crate::parse::Header;
use crate::snapshot::{EdgeKind, NodeType};
use copier::Copier;
use names::{Names, Use};

/// How a snapshot is to be redacted.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// With another key, other replacements. Who has it can test guesses at what was replaced.
    pub key: [u8; 16],
    /// Names that are known to be the program's own, as its source text has them: kept wherever they
    /// stand.
    pub names: HashSet<String>,
}

/// What was done to a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redacted {
    /// Strings of the file.
    pub strings: u64,
    /// Of these, left as they are.
    pub kept: u64,
    /// Sparse array indexes that were replaced.
    pub indexes: u64,
}

/// Strings that can be told apart here.
const MOST_STRINGS: u64 = 1 << 28;

/// Copies a heap snapshot with everything replaced that the program's code does not say.
///
/// # Errors
/// If reading or writing fails, or if the bytes are no whole heap snapshot with its sections in
/// V8's order. What was written until then is no snapshot.
pub fn redact(
    reader: impl Read,
    writer: impl Write,
    redaction: &Redaction,
) -> Result<Redacted, Error> {
    let mut work = Work::new(reader, writer, redaction);
    work.copy()?;
    work.copier.finish()?;
    Ok(work.done)
}

/// The names of functions and variables that a snapshot holds. As [`Redaction::names`] for several
/// snapshots of one process, they stay in all of them alike.
///
/// # Errors
/// As [`redact`], but for writing.
pub fn names_of_code(reader: impl Read) -> Result<HashSet<String>, Error> {
    let redaction = Redaction::default();
    let mut work = Work::new(reader, std::io::sink(), &redaction);
    work.names.of_code = Some(HashSet::new());
    work.copy()?;
    Ok(work.names.of_code.unwrap_or_default())
}

struct Work<'a, R, W: Write> {
    copier: Copier<R, W>,
    names: Names<'a>,
    header: Option<Header>,
    /// What each string is used for.
    uses: Vec<Use>,
    /// Edges of each node.
    edge_counts: Vec<u32>,
    has_edges: bool,
    done: Redacted,
}

impl<'a, R: Read, W: Write> Work<'a, R, W> {
    fn new(reader: R, writer: W, redaction: &'a Redaction) -> Self {
        Self {
            copier: Copier::new(reader, writer),
            names: Names::new(redaction),
            header: None,
            uses: Vec::new(),
            edge_counts: Vec::new(),
            has_edges: false,
            done: Redacted::default(),
        }
    }

    fn copy(&mut self) -> Result<(), Error> {
        if self.copier.is_empty()? {
            return Err(Error::Empty);
        }
        self.copier.section("the beginning");
        self.copier.expect(b'{', "`{`")?;
        let mut has_strings = false;
        loop {
            self.copier.section("the list of sections");
            let name = self.copier.key()?;
            match (name.as_str(), &self.header) {
                ("snapshot", None) => self.header()?,
                ("snapshot", Some(_)) => return Err(self.repeated("snapshot")),
                (_, None) => return Err(Error::Missing("snapshot")),
                ("nodes", Some(_)) => self.nodes()?,
                ("edges", Some(_)) => self.edges()?,
                ("trace_function_infos", Some(_)) => self.functions()?,
                ("strings", Some(_)) if has_strings => return Err(self.repeated("strings")),
                ("strings", Some(_)) => {
                    self.strings()?;
                    has_strings = true;
                }
                _ => {
                    self.copier.section("a section of numbers");
                    self.copier.value()?;
                }
            }
            self.copier.section("the list of sections");
            match self.copier.token()? {
                b',' => {}
                b'}' if has_strings => return self.copier.end(),
                b'}' => return Err(Error::Missing("strings")),
                _ => return Err(self.copier.syntax("`,` or `}`")),
            }
        }
    }

    fn repeated(&self, section: &'static str) -> Error {
        let offset = self.copier.offset();
        Error::Repeated { section, offset }
    }

    /// The header describes the format; what else it holds may be a title that somebody gave.
    fn header(&mut self) -> Result<(), Error> {
        self.copier.section("`snapshot`");
        let text = self.copier.object_text()?;
        let header = Header::parse(&text)?;
        let mut value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| Error::Header(error.to_string()))?;
        if let Some(entries) = value.as_object_mut() {
            entries.retain(|name, value| name == "meta" || value.is_number());
        }
        self.copier.write(value.to_string().as_bytes())?;
        self.header = Some(header);
        Ok(())
    }

    fn nodes(&mut self) -> Result<(), Error> {
        self.copier.section("`nodes`");
        if !self.edge_counts.is_empty() {
            return Err(self.repeated("nodes"));
        }
        let Some(header) = &self.header else {
            return Err(Error::Missing("snapshot"));
        };
        let fields = &header.node_fields;
        let types: Vec<Use> = header.node_types.iter().map(|name| use_of(name)).collect();
        let mut use_of_name = Use::default();
        let (mut field, mut name) = (0, 0);
        self.copier.expect(b'[', "`[`")?;
        while let Some(number) = self.copier.number()? {
            if field == fields.kind {
                let kind = usize::try_from(number).ok();
                use_of_name = kind
                    .and_then(|kind| types.get(kind))
                    .copied()
                    .unwrap_or_default();
            } else if field == fields.name {
                name = number;
            } else if field == fields.edge_count {
                self.edge_counts
                    .push(u32::try_from(number).unwrap_or(u32::MAX));
            }
            field += 1;
            if field == fields.count {
                field = 0;
                note(&mut self.uses, name, use_of_name)?;
            }
        }
        Ok(())
    }

    fn edges(&mut self) -> Result<(), Error> {
        self.copier.section("`edges`");
        if self.has_edges {
            return Err(self.repeated("edges"));
        }
        let Some(header) = self
            .header
            .as_ref()
            .filter(|_| !self.edge_counts.is_empty())
        else {
            return Err(Error::Missing("nodes"));
        };
        self.has_edges = true;
        let fields = &header.edge_fields;
        if fields.kind > fields.name {
            let wrong = "an edge's type does not stand before its name";
            return Err(Error::Header(wrong.into()));
        }
        let kinds: Vec<EdgeKind> = header
            .edge_types
            .iter()
            .map(|name| EdgeKind::of(name))
            .collect();
        let mut edge_counts = self.edge_counts.iter().copied();
        let (mut of_node, mut left) = (0, 0);
        let mut kind = EdgeKind::Unknown;
        let mut field = 0;
        self.copier.expect(b'[', "`[`")?;
        while let Some(number) = self.copier.number()? {
            if field == 0 {
                while left == 0 {
                    let Some(count) = edge_counts.next() else {
                        break;
                    };
                    (of_node, left) = (count, count);
                }
                left = left.saturating_sub(1);
            }
            if field == fields.kind {
                let at = usize::try_from(number).ok();
                kind = at
                    .and_then(|at| kinds.get(at))
                    .copied()
                    .unwrap_or(EdgeKind::Unknown);
            } else if field == fields.name {
                if kind == EdgeKind::Element && number >= u64::from(of_node) {
                    // No place in a row, but a key: an account's number, perhaps.
                    let index = self.names.index(number);
                    self.copier.replace_number(index)?;
                    self.done.indexes += 1;
                } else if !kind.is_numbered() {
                    note(&mut self.uses, number, use_of_edge(kind))?;
                }
            }
            field += 1;
            if field == fields.count {
                field = 0;
            }
        }
        Ok(())
    }

    /// The functions of recorded allocations: their names are those of code.
    fn functions(&mut self) -> Result<(), Error> {
        self.copier.section("`trace_function_infos`");
        let fields = self
            .header
            .as_ref()
            .and_then(|header| header.trace_function_name);
        let Some((count, name)) = fields else {
            return self.copier.value();
        };
        self.copier.expect(b'[', "`[`")?;
        let mut field = 0;
        while let Some(number) = self.copier.number()? {
            if field == name {
                note(&mut self.uses, number, Use::CODE)?;
            }
            field = (field + 1) % count;
        }
        Ok(())
    }

    fn strings(&mut self) -> Result<(), Error> {
        self.copier.section("`strings`");
        if !self.has_edges {
            return Err(Error::Missing("edges"));
        }
        let offset = self.copier.offset();
        self.copier.expect(b'[', "`[`")?;
        let mut literal = Vec::new();
        let mut uses = self.uses.iter().copied();
        while self.copier.string(&mut literal)? {
            let used = uses.next().unwrap_or_default();
            self.done.strings += 1;
            match self.names.replacement(&literal, used) {
                Some(replacement) => self.copier.write_string(replacement)?,
                None => {
                    self.done.kept += 1;
                    self.copier.write_string(&literal)?;
                }
            }
        }
        match uses.next() {
            None => Ok(()),
            Some(_) => Err(Error::Count {
                section: "strings",
                offset,
                expected: self.uses.len() as u64,
                found: self.done.strings,
            }),
        }
    }
}

fn note(uses: &mut Vec<Use>, string: u64, used: Use) -> Result<(), Error> {
    if string >= MOST_STRINGS {
        return Err(Error::TooLarge {
            what: "strings",
            count: string,
            most: MOST_STRINGS,
        });
    }
    let at = string as usize;
    if at >= uses.len() {
        uses.resize(at + 1, Use::default());
    }
    uses[at] = uses[at].and(used);
    Ok(())
}

/// What the names of nodes of a type are.
fn use_of(node_type: &str) -> Use {
    match node_type {
        "closure" | "code" => Use::CODE,
        "hidden" | "synthetic" | "array" | "native" | "object shape" | "wasm object" => Use::ENGINE,
        _ if NodeType::of(node_type) == NodeType::Object => Use::CLASS,
        _ => Use::default(),
    }
}

/// What the names of edges of a kind are.
fn use_of_edge(kind: EdgeKind) -> Use {
    match kind {
        EdgeKind::Context => Use::CODE,
        EdgeKind::Property => Use::PROPERTY,
        EdgeKind::Internal | EdgeKind::Shortcut | EdgeKind::Weak => Use::ENGINE,
        _ => Use::default(),
    }
}

#[cfg(test)]
mod tests;
