//! Texts with `{{ placeholders }}`, filled in anew for every session.
//!
//! Semantics are Artillery 2's: no escaping; a text that is one placeholder and nothing else keeps
//! the variable's type; within a longer text an unknown variable is `undefined`, so that it is seen
//! in the service's log. What is no placeholder stays as it is written. Parsed once, when the
//! script is.

mod json;
mod placeholder;

use std::borrow::Cow;

use serde_json::Value;

use crate::value::{self, Path};

pub use json::JsonTemplate;

/// What a template is filled from.
pub trait Scope {
    /// A variable's value.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// The next random number, uniform over all of `u64`.
    fn random(&mut self) -> u64;
}

/// A text with placeholders, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Variable(Path),
    /// A whole number, both ends included.
    Number(i64, i64),
    /// Any number in between.
    Float(f64, f64),
    Letters(usize),
    Uuid,
    /// A variable whose text is a template itself.
    Nested(Path),
}

/// Something about a template that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slip {
    /// Whether the template cannot be filled in at all.
    pub(crate) is_error: bool,
    pub(crate) message: String,
}

/// Templates within the values of variables are filled in, too, so deep.
const DEEPEST: u8 = 8;

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// What is wrong with a placeholder, in words; a text that only looks like one is no error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (template, slips) = Self::read(text);
        let error = slips.into_iter().find(|slip| slip.is_error);
        error.map_or(Ok(template), |slip| Err(slip.message))
    }

    /// The template, and what is doubtful about it.
    pub(crate) fn read(text: &str) -> (Self, Vec<Slip>) {
        let mut slips = Vec::new();
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            let Some(close) = rest[open..].find("}}").map(|at| at + open) else {
                slips.push(Slip {
                    is_error: false,
                    message: "`{{` without `}}` is sent as it stands".into(),
                });
                break;
            };
            push_text(&mut parts, &rest[..open]);
            // Minigun's templates have three braces where nothing is to be escaped.
            let inside = rest[open + 2..close].trim_start_matches('{').trim();
            let end = close + 2 + usize::from(rest[close + 2..].starts_with('}'));
            match placeholder::parse(inside) {
                Ok(part) => parts.push(part),
                Err(slip) => {
                    slips.push(slip);
                    push_text(&mut parts, &rest[open..end]);
                }
            }
            rest = &rest[end..];
        }
        push_text(&mut parts, rest);
        (Self { parts }, slips)
    }

    /// A text without placeholders.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        let mut parts = Vec::new();
        push_text(&mut parts, text);
        Self { parts }
    }

    /// The text, if there is nothing to fill in.
    #[must_use]
    pub fn as_fixed(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text for one session.
    pub fn render<'a>(&'a self, scope: &mut dyn Scope) -> Cow<'a, str> {
        if let Some(text) = self.as_fixed() {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        self.write(&mut out, scope, 0);
        Cow::Owned(out)
    }

    /// Adds the text for one session to `out`.
    pub fn render_into(&self, out: &mut String, scope: &mut dyn Scope) {
        self.write(out, scope, 0);
    }

    /// The text for one session, or nothing if it is one variable that is not there.
    pub fn render_defined<'a>(&'a self, scope: &mut dyn Scope) -> Option<Cow<'a, str>> {
        match &self.parts[..] {
            [Part::Variable(path)] => {
                let value = path.find(|name| scope.variable(name))?;
                Some(Cow::Owned(value::text(&value).into_owned()))
            }
            _ => Some(self.render(scope)),
        }
    }

    /// The value for one session: a single variable keeps its type, and may not be there.
    pub fn value(&self, scope: &mut dyn Scope) -> Option<Value> {
        match &self.parts[..] {
            [Part::Variable(path)] => path.find(|name| scope.variable(name)).map(Cow::into_owned),
            _ => Some(Value::String(self.render(scope).into_owned())),
        }
    }

    /// The one variable that it is, if it is nothing else.
    fn as_variable(&self) -> Option<&Path> {
        match &self.parts[..] {
            [Part::Variable(path)] => Some(path),
            _ => None,
        }
    }

    fn write(&self, out: &mut String, scope: &mut dyn Scope, depth: u8) {
        for part in &self.parts {
            part.write(out, scope, depth);
        }
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

impl Part {
    fn write(&self, out: &mut String, scope: &mut dyn Scope, depth: u8) {
        const LETTERS: &[u8; 62] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Variable(path) | Self::Nested(path) => {
                let value = path.find(|name| scope.variable(name));
                match value.as_deref() {
                    None => out.push_str("undefined"),
                    Some(Value::String(text)) if depth < DEEPEST && text.contains("{{") => {
                        Template::read(&text.clone()).0.write(out, scope, depth + 1);
                    }
                    Some(value) => value::write_text(out, value),
                }
            }
            Self::Number(low, high) => {
                let draw = scope.random();
                // The whole of `u64` is a span that has no number.
                let offset = high
                    .abs_diff(*low)
                    .checked_add(1)
                    .map_or(draw, |span| draw % span);
                out.push_str(&low.wrapping_add_unsigned(offset).to_string());
            }
            Self::Float(low, high) => {
                let part = (scope.random() >> 11) as f64 / (1_u64 << 53) as f64;
                let number = Value::from(low + part * (high - low));
                value::write_text(out, &number);
            }
            Self::Letters(length) => {
                for _ in 0..*length {
                    let at = scope.random() % LETTERS.len() as u64;
                    out.push(char::from(LETTERS[at as usize]));
                }
            }
            Self::Uuid => {
                let random = u128::from(scope.random()) << 64 | u128::from(scope.random());
                out.push_str(&uuid(random));
            }
        }
    }
}

/// A version 4 UUID of random bits, RFC 9562.
#[must_use]
pub fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests;
