//! A script's text as a tree in which every value knows its place.
//!
//! YAML 1.2, of which JSON is a part, with anchors and merge keys. JSON may be indented with tabs,
//! which YAML forbids. Trees of several files are merged as Artillery merges them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;

/// Line and column, from 1, in one of the files that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its index among them.
    pub(crate) file: usize,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Null, a truth value, a number or a string.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) name: String,
}

/// How the lists of two trees become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Item by item, as for files and environments.
    Merge,
    /// The second replaces the first, as for `--overrides`.
    Replace,
}

/// Parses the text of the file with this index.
pub(crate) fn parse(text: &str, file: usize) -> Result<Node, (Place, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = match text.trim_start().starts_with(['{', '[']) && text.contains('\t') {
        // A tab within a string of JSON is written `\t`: these are all indentation.
        true => read(&text.replace('\t', " ")),
        false => read(text),
    };
    let mut node = parsed.map(Node::from).map_err(|error| {
        let first = Place {
            file,
            line: 1,
            column: 1,
        };
        let place = error.location().map_or(first, |l| place_of(&l));
        // The message alone: the place is told with every diagnostic.
        let shown = error.without_snippet().to_string();
        let message = shown.lines().next().unwrap_or_default();
        let message = message.split(" at line ").next().unwrap_or_default();
        let message = message.trim_end_matches([',', ':']).to_owned();
        (Place { file, ..place }, message)
    })?;
    node.set_file(file);
    Ok(node)
}

/// As the YAML parser of Artillery reads it: `yes` and `n` are texts. Keys
/// that stand twice are left to the reader.
fn read(text: &str) -> Result<Spanned<Kind>, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
    };
    serde_saphyr::from_str_with_options(text, options)
}

impl Node {
    /// A tree that stands in no text of its own: all of it has one place.
    pub(crate) fn at(place: Place, value: Value) -> Self {
        let kind = match value {
            Value::Array(items) => {
                Kind::List(items.into_iter().map(|v| Self::at(place, v)).collect())
            }
            Value::Object(fields) => Kind::Map(
                fields
                    .into_iter()
                    .map(|(name, v)| (Key { place, name }, Self::at(place, v)))
                    .collect(),
            ),
            scalar => Kind::Scalar(scalar),
        };
        Self { place, kind }
    }

    fn set_file(&mut self, file: usize) {
        self.place.file = file;
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::List(items) => items.iter_mut().for_each(|item| item.set_file(file)),
            Kind::Map(fields) => {
                for (key, item) in fields {
                    key.place.file = file;
                    item.set_file(file);
                }
            }
        }
    }

    /// The entry of a map; the last where a key stands twice.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Kind::Map(fields) = &self.kind else {
            return None;
        };
        let (_, node) = fields.iter().rfind(|(key, _)| key.name == name)?;
        Some(node)
    }

    /// Lays `other` over this tree: maps key by key, everything else replaced.
    pub(crate) fn merge(&mut self, other: Self, lists: Lists) {
        match (&mut self.kind, other.kind) {
            (Kind::Map(mine), Kind::Map(theirs)) => {
                for (key, value) in theirs {
                    match mine.iter_mut().rfind(|(k, _)| k.name == key.name) {
                        Some((_, old)) => old.merge(value, lists),
                        None => mine.push((key, value)),
                    }
                }
            }
            (Kind::List(mine), Kind::List(theirs)) if lists == Lists::Merge => {
                for (at, value) in theirs.into_iter().enumerate() {
                    match mine.get_mut(at) {
                        Some(old) => old.merge(value, lists),
                        None => mine.push(value),
                    }
                }
            }
            (mine, theirs) => {
                *mine = theirs;
                self.place = other.place;
            }
        }
    }

    /// Every text in the tree, so that it can be replaced by a value.
    pub(crate) fn for_each_text(&mut self, replace: &mut impl FnMut(&str) -> Option<Value>) {
        match &mut self.kind {
            Kind::Scalar(Value::String(text)) => {
                if let Some(value) = replace(text) {
                    *self = Self::at(self.place, value);
                }
            }
            Kind::Scalar(_) => {}
            Kind::List(items) => items.iter_mut().for_each(|n| n.for_each_text(replace)),
            Kind::Map(fields) => fields
                .iter_mut()
                .for_each(|(_, n)| n.for_each_text(replace)),
        }
    }

    /// The value without its places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => crate::value::as_in_javascript(value.clone()),
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Map(fields) => fields
                .iter()
                .map(|(key, node)| (key.name.clone(), node.to_value()))
                .collect(),
        }
    }

    /// What it is, for a message.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(Value::Null) => "nothing",
            Kind::Scalar(Value::Bool(_)) => "a truth value",
            Kind::Scalar(Value::Number(_)) => "a number",
            Kind::Scalar(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

fn place_of(location: &serde_saphyr::Location) -> Place {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Place {
        file: 0,
        line: number(location.line()),
        column: number(location.column()),
    }
}

impl From<Spanned<Kind>> for Node {
    fn from(spanned: Spanned<Kind>) -> Self {
        Self {
            place: place_of(&spanned.referenced),
            kind: spanned.value,
        }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        Kind::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Kind>>()? {
            list.push(Node::from(item));
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = fields.next_key::<Spanned<Kind>>()? {
            let key = Node::from(key);
            let name = match key.to_value() {
                Value::String(name) => name,
                other => other.to_string(),
            };
            let value = fields.next_value::<Spanned<Kind>>()?;
            map.push((
                Key {
                    place: key.place,
                    name,
                },
                Node::from(value),
            ));
        }
        Ok(Kind::Map(map))
    }
}
