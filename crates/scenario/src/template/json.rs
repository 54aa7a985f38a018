//! JSON documents whose strings, and whose keys, are templates.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

use super::{Part, Scope, Slip, Template};

/// A JSON document with placeholders, taken apart once.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonTemplate {
    /// Nothing to fill in: the document, written out.
    Fixed(String),
    /// A string.
    Text(Template),
    /// A list of which some items are to be filled in.
    List(Vec<JsonTemplate>),
    /// An object of which some keys or values are to be filled in.
    Map(Vec<(Template, JsonTemplate)>),
}

impl JsonTemplate {
    /// Takes a document whose strings may have placeholders.
    ///
    /// # Errors
    /// What is wrong with a placeholder, in words.
    pub fn new(document: &Value) -> Result<Self, String> {
        let mut slips = Vec::new();
        let template = Self::read(document, &mut slips);
        let error = slips.into_iter().find(|slip| slip.is_error);
        error.map_or(Ok(template), |slip| Err(slip.message))
    }

    /// The template; what is doubtful about it is added to `slips`.
    pub(crate) fn read(document: &Value, slips: &mut Vec<Slip>) -> Self {
        match document {
            Value::String(text) => {
                let (template, found) = Template::read(text);
                slips.extend(found);
                match template.as_fixed() {
                    Some(text) => Self::Fixed(Value::from(text).to_string()),
                    None => Self::Text(template),
                }
            }
            Value::Array(items) => {
                let list: Vec<_> = items.iter().map(|item| Self::read(item, slips)).collect();
                match list.iter().all(Self::is_fixed) {
                    true => Self::Fixed(document.to_string()),
                    false => Self::List(list),
                }
            }
            Value::Object(fields) => {
                let mut map = Vec::new();
                for (key, item) in fields {
                    let (key, found) = Template::read(key);
                    slips.extend(found);
                    map.push((key, Self::read(item, slips)));
                }
                let is_fixed =
                    |(key, item): &(Template, Self)| key.as_fixed().is_some() && item.is_fixed();
                match map.iter().all(is_fixed) {
                    true => Self::Fixed(document.to_string()),
                    false => Self::Map(map),
                }
            }
            other => Self::Fixed(other.to_string()),
        }
    }

    fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// The document for one session, written out; nothing if it is one variable that is not there.
    pub fn render<'a>(&'a self, scope: &mut dyn Scope) -> Option<Cow<'a, str>> {
        if let Self::Fixed(text) = self {
            return Some(Cow::Borrowed(text));
        }
        let mut out = String::new();
        self.write(&mut out, scope).then_some(Cow::Owned(out))
    }

    /// The document for one session.
    pub fn value(&self, scope: &mut dyn Scope) -> Option<Value> {
        match self {
            Self::Text(template) => template.value(scope),
            // What we wrote ourselves can be read.
            _ => self
                .render(scope)
                .and_then(|text| serde_json::from_str(&text).ok()),
        }
    }

    /// Writes the document; false, and nothing written, if it is not there.
    fn write(&self, out: &mut String, scope: &mut dyn Scope) -> bool {
        match self {
            Self::Fixed(text) => out.push_str(text),
            Self::Text(template) => match template.as_variable() {
                Some(path) => match path.find(|name| scope.variable(name)) {
                    Some(value) => {
                        let value = crate::value::as_in_javascript(value.into_owned());
                        let _ = write!(out, "{value}");
                    }
                    None => return false,
                },
                None => {
                    let text = template.render(scope);
                    write_string(out, &text);
                }
            },
            Self::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    if !item.write(out, scope) {
                        out.push_str("null");
                    }
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (key, item) in fields {
                    let before = out.len();
                    if !out.ends_with('{') {
                        out.push(',');
                    }
                    write_string(out, &key.render(scope));
                    out.push(':');
                    if !item.write(out, scope) {
                        out.truncate(before);
                    }
                }
                out.push('}');
            }
        }
        true
    }
}

/// A text as a JSON string.
fn write_string(out: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    match text.bytes().all(is_plain) {
        true => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        // Writing to a string cannot fail.
        false => {
            let _ = write!(out, "{}", Value::from(text));
        }
    }
}

impl Template {
    /// Whether it draws or looks up anything.
    #[must_use]
    pub fn has_placeholders(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_)))
    }
}
