//! Conditions as scripts write them: `ifTrue`, `ensure`, filters of JSON paths.
//!
//! The language is filtrex's, which Artillery uses, with JavaScript's spellings beside it: `and`,
//! `or`, `not`, `in`, `~=`, `? :`, and `&&`, `||`, `!`, `===`. Values compare as in JavaScript. A
//! name that nobody knows has no value: it is neither true nor equal to anything.

mod parser;

use std::borrow::Cow;

use regress::Regex;
use serde_json::Value;

use crate::value::{self, Path};

/// A condition, parsed.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    root: Term,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[derive(Debug, Clone)]
enum Term {
    Value(Value),
    Regex(Box<Regex>),
    Name(Path),
    Not(Box<Term>),
    Minus(Box<Term>),
    Both(Box<[Term; 2]>),
    Either(Box<[Term; 2]>),
    Choose(Box<[Term; 3]>),
    Compare(Comparison, Box<[Term; 2]>),
    Compute(Operation, Box<[Term; 2]>),
    /// The value is one of these.
    In(Box<Term>, Vec<Term>),
    Call(Function, Vec<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Matches,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Abs,
    Ceil,
    Floor,
    Round,
    Sqrt,
    Log,
    Min,
    Max,
    Exists,
    Empty,
    Length,
    Contains,
    StartsWith,
    EndsWith,
}

/// Looks up what a name stands for.
pub type Lookup<'l, 'v> = &'l dyn Fn(&Path) -> Option<Cow<'v, Value>>;

impl Expression {
    /// Parses a condition.
    ///
    /// # Errors
    /// What was expected, and where, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = parser::parse(text)?;
        let text = text.trim().to_owned();
        Ok(Self { text, root })
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name, if it is nothing but one: it may be a function of the processor.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        match &self.root {
            Term::Name(path) if path.keys().is_empty() => Some(path.root()),
            _ => None,
        }
    }

    /// Its value. Nothing if a name in it has none where one is needed.
    #[must_use]
    pub fn value(&self, lookup: Lookup<'_, '_>) -> Option<Value> {
        self.root.value(lookup)
    }

    /// Whether it is true.
    #[must_use]
    pub fn is_true(&self, lookup: Lookup<'_, '_>) -> bool {
        self.root.is_true(lookup)
    }
}

impl Term {
    fn is_true(&self, lookup: Lookup<'_, '_>) -> bool {
        self.value(lookup)
            .is_some_and(|value| value::is_truthy(&value))
    }

    fn number(&self, lookup: Lookup<'_, '_>) -> Option<f64> {
        value::number(&self.value(lookup)?)
    }

    fn value(&self, lookup: Lookup<'_, '_>) -> Option<Value> {
        Some(match self {
            Self::Value(value) => value.clone(),
            Self::Regex(_) => return None,
            Self::Name(path) => lookup(path)?.into_owned(),
            Self::Not(term) => (!term.is_true(lookup)).into(),
            Self::Minus(term) => float(-term.number(lookup)?),
            Self::Both(terms) => terms.iter().all(|term| term.is_true(lookup)).into(),
            Self::Either(terms) => {
                let [first, second] = &**terms;
                match first.value(lookup) {
                    Some(value) if value::is_truthy(&value) => value,
                    _ => return second.value(lookup),
                }
            }
            Self::Choose(terms) => {
                let [condition, yes, no] = &**terms;
                let chosen = if condition.is_true(lookup) { yes } else { no };
                return chosen.value(lookup);
            }
            Self::Compare(comparison, terms) => {
                let [a, b] = &**terms;
                compare(*comparison, a, b, lookup).into()
            }
            Self::Compute(operation, terms) => {
                let [a, b] = &**terms;
                return compute(*operation, &a.value(lookup)?, &b.value(lookup)?);
            }
            Self::In(term, items) => {
                let value = term.value(lookup)?;
                let is_it = |item: &Self| item.value(lookup).is_some_and(|v| equal(&v, &value));
                items.iter().any(is_it).into()
            }
            Self::Call(function, terms) => return call(*function, terms, lookup),
        })
    }
}

fn float(number: f64) -> Value {
    value::as_in_javascript(Value::from(number))
}

/// JavaScript's `==`, but for the odder of its conversions.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(_), Value::Number(_) | Value::Bool(_))
        | (Value::Number(_) | Value::Bool(_), Value::String(_))
        | (Value::Bool(_), Value::Number(_))
        | (Value::Number(_), Value::Bool(_)) => {
            value::number(a).is_some_and(|a| Some(a) == value::number(b))
        }
        _ => value::is_same(a, b),
    }
}

fn compare(comparison: Comparison, a: &Term, b: &Term, lookup: Lookup<'_, '_>) -> bool {
    if comparison == Comparison::Matches {
        return matches(a, b, lookup);
    }
    let (a, b) = (a.value(lookup), b.value(lookup));
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        // What is not there is as good as null here, and less than nothing.
        (a, b) => {
            let is_nothing = |v: &Option<Value>| v.as_ref().is_none_or(Value::is_null);
            let is_same = is_nothing(&a) && is_nothing(&b);
            return match comparison {
                Comparison::Equal => is_same,
                Comparison::Different => !is_same,
                _ => false,
            };
        }
    };
    match comparison {
        Comparison::Equal => equal(&a, &b),
        Comparison::Different => !equal(&a, &b),
        Comparison::Matches => false,
        order => {
            let ordering = match (&a, &b) {
                (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
                _ => value::number(&a)
                    .zip(value::number(&b))
                    .and_then(|(a, b)| a.partial_cmp(&b)),
            };
            ordering.is_some_and(|found| match order {
                Comparison::Less => found.is_lt(),
                Comparison::AtMost => found.is_le(),
                Comparison::Greater => found.is_gt(),
                _ => found.is_ge(),
            })
        }
    }
}

fn matches(text: &Term, pattern: &Term, lookup: Lookup<'_, '_>) -> bool {
    let Some(text) = text.value(lookup) else {
        return false;
    };
    let text = value::text(&text);
    match pattern {
        Term::Regex(regex) => regex.find(&text).is_some(),
        pattern => pattern
            .value(lookup)
            .and_then(|pattern| Regex::new(&value::text(&pattern)).ok())
            .is_some_and(|regex| regex.find(&text).is_some()),
    }
}

fn compute(operation: Operation, a: &Value, b: &Value) -> Option<Value> {
    if operation == Operation::Add && (a.is_string() || b.is_string()) {
        let mut text = value::text(a).into_owned();
        value::write_text(&mut text, b);
        return Some(text.into());
    }
    let (a, b) = (value::number(a)?, value::number(b)?);
    let result = match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Modulo => a % b,
        Operation::Power => a.powf(b),
    };
    result.is_finite().then(|| float(result))
}

fn call(function: Function, terms: &[Term], lookup: Lookup<'_, '_>) -> Option<Value> {
    let first = terms.first();
    let number = || first.and_then(|term| term.number(lookup));
    let numbers = || terms.iter().filter_map(|term| term.number(lookup));
    let text = |at: usize| Some(value::text(&terms.get(at)?.value(lookup)?).into_owned());
    Some(match function {
        Function::Abs => float(number()?.abs()),
        Function::Ceil => float(number()?.ceil()),
        Function::Floor => float(number()?.floor()),
        Function::Round => float(number()?.round()),
        Function::Sqrt => float(number()?.sqrt()),
        Function::Log => float(number()?.ln()),
        Function::Min => float(numbers().reduce(f64::min)?),
        Function::Max => float(numbers().reduce(f64::max)?),
        Function::Exists => first?.value(lookup).is_some_and(|v| !v.is_null()).into(),
        Function::Empty => first?
            .value(lookup)
            .is_none_or(|value| !value::is_truthy(&value) || size(&value) == Some(0))
            .into(),
        Function::Length => size(&first?.value(lookup)?)?.into(),
        Function::Contains => match first?.value(lookup)? {
            Value::Array(items) => {
                let wanted = terms.get(1)?.value(lookup)?;
                items.iter().any(|item| equal(item, &wanted)).into()
            }
            _ => text(0)?.contains(&text(1)?).into(),
        },
        Function::StartsWith => text(0)?.starts_with(&text(1)?).into(),
        Function::EndsWith => text(0)?.ends_with(&text(1)?).into(),
    })
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        Value::String(text) => Some(text.encode_utf16().count()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_what_they_say() {
        let variables = json!({ "n": 3, "s": "abc", "on": true, "off": false, "list": [1, 2],
            "user": { "age": 36 }, "zero": 0, "http.response_time.p95": 200, "text3": "3" });
        for (text, expected) in [
            ("n == 3", true),
            ("n === 3 && s == 'abc'", true),
            ("n != 3 or s == \"abc\"", true),
            ("not off", true),
            ("!on", false),
            ("n > 2 and n <= 3", true),
            ("n in (1, 2, 3)", true),
            ("n not in (1, 2)", true),
            ("s ~= '^a'", true),
            ("s =~ /B/i", true),
            ("n + 1 * 2 == 5", true),
            ("(n + 1) * 2 == 8", true),
            ("2 ^ 3 == 8", true),
            ("-n < 0", true),
            ("n % 2 == 1", true),
            ("n mod 2 == 1", true),
            ("on ? n == 3 : n == 4", true),
            ("user.age >= 18", true),
            ("list[1] == 2", true),
            ("list.length == 2", true),
            ("zero", false),
            ("nobody", false),
            ("nobody == 3", false),
            ("nobody != 3", true),
            ("nobody > 3", false),
            ("exists(user) and empty(nobody)", true),
            ("max(1, n, 2) == 3", true),
            ("text3 == 3", true),
            ("text3 < 10", true),
            ("http.response_time.p95 < 250", true),
            (
                "s.includes('bc') and s.startsWith('a') and list.includes(2)",
                true,
            ),
        ] {
            let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            let lookup = |path: &Path| path.find(|name| variables.get(name));
            assert_eq!(expression.is_true(&lookup), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_says_why() {
        for (text, error) in [
            ("", "it ends where a value was expected"),
            ("a ==", "it ends where a value was expected"),
            ("(a", "`)` is missing"),
            ("a b", "`b` was not expected"),
            ("'abc", "a text without its closing quote"),
            ("frob(1)", "`frob` is no function"),
            ("a ~= /(/", "`(` is no regular expression"),
            ("#", "`#` was not expected"),
        ] {
            let found = Expression::parse(text).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        let deep = "(".repeat(100_000);
        assert!(Expression::parse(&deep).is_err());
        assert!(Expression::parse(&"!".repeat(100_000)).is_err());
    }
}
