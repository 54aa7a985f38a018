//! Values as JavaScript knows them: paths into them, their texts, whether they count as true.
//!
//! Both eras' tools are JavaScript, so a script means what JavaScript makes of its values.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

/// A path into a value, as lodash's `get` reads it: `user.names[0]`, `a['b c']`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The variable's name.
    root: String,
    keys: Vec<String>,
    /// As it was written, where that is more than a name.
    whole: Option<String>,
}

impl Path {
    /// Reads a path. Nothing is no path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut keys = keys(text);
        let whole = (keys.len() > 1).then(|| text.trim().to_owned());
        let root = match keys.is_empty() {
            true => String::new(),
            false => keys.remove(0),
        };
        Self { root, keys, whole }
    }

    /// The name of the variable that it begins with.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// What follows the variable's name.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// What it leads to, from variables.
    pub(crate) fn find<'v>(
        &self,
        variable: impl Fn(&str) -> Option<&'v Value>,
    ) -> Option<Cow<'v, Value>> {
        let found = variable(&self.root).and_then(|value| get(value, &self.keys));
        found.or_else(|| variable(self.whole.as_ref()?).map(Cow::Borrowed))
    }
}

/// Follows keys into a value. The length of a list or a text is there too.
#[must_use]
pub fn get<'v>(value: &'v Value, keys: &[String]) -> Option<Cow<'v, Value>> {
    let Some((key, rest)) = keys.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    let next = match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
        _ => None,
    };
    if let Some(next) = next {
        return get(next, rest);
    }
    let length = match value {
        Value::Array(items) => items.len(),
        Value::String(text) => text.encode_utf16().count(),
        _ => return None,
    };
    (key == "length" && rest.is_empty()).then(|| Cow::Owned(length.into()))
}

/// The keys of a path.
#[must_use]
pub fn keys(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let end = match quote {
                Some(quote) => format!("{quote}]"),
                None => "]".to_owned(),
            };
            let inside = inside.strip_prefix(['\'', '"']).unwrap_or(inside);
            let (key, after) = inside.split_once(&end).unwrap_or((inside, ""));
            keys.push(key.to_owned());
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        keys.push(rest[..end].trim().to_owned());
        rest = &rest[end..];
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    keys
}

/// Sets what a path leads to, making maps on the way, as lodash's `set`.
pub fn set(root: &mut Value, keys: &[String], new: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *root = new;
        return;
    };
    if let (Value::Array(items), Ok(at)) = (&mut *root, key.parse::<usize>())
        && let Some(item) = items.get_mut(at)
    {
        set(item, rest, new);
        return;
    }
    if !root.is_object() {
        *root = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(fields) = root {
        set(fields.entry(key.clone()).or_insert(Value::Null), rest, new);
    }
}

/// A value as text, as JavaScript joins it to a text: objects as JSON.
pub fn write_text(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Number(number) => write_number(out, number),
        // Writing to a string cannot fail.
        other => {
            let _ = write!(out, "{}", JavaScript(other));
        }
    }
}

/// A value as text of its own.
#[must_use]
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => {
            let mut out = String::new();
            write_text(&mut out, other);
            Cow::Owned(out)
        }
    }
}

fn write_number(out: &mut String, number: &serde_json::Number) {
    let _ = match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e21 => write!(out, "{float:.0}"),
        _ => write!(out, "{number}"),
    };
}

/// JSON as JavaScript writes it: `1`, not `1.0`.
struct JavaScript<'v>(&'v Value);

impl std::fmt::Display for JavaScript<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", as_in_javascript(self.0.clone()))
    }
}

/// The value with numbers as JavaScript has them: `1.0` is `1`.
#[must_use]
pub fn as_in_javascript(value: Value) -> Value {
    /// The whole numbers that a double has exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT => {
                Value::from(float as i64)
            }
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(as_in_javascript).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, item)| (key, as_in_javascript(item)))
            .collect(),
        other => other,
    }
}

/// Whether JavaScript takes the value for true.
#[must_use]
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_some_and(|n| n != 0.0 && !n.is_nan()),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// The number that JavaScript makes of a value, if it makes one.
#[must_use]
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether two values are the same, numbers by their worth.
#[must_use]
pub fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a)| b.get(key).is_some_and(|b| is_same(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_into_values() {
        let value = json!({ "a": { "b": [10, { "c d": "é" }] }, "x.y": 1 });
        for (path, found) in [
            ("a.b[0]", Some(json!(10))),
            ("a.b.0", Some(json!(10))),
            ("a['b'][1][\"c d\"]", Some(json!("é"))),
            ("a.b.length", Some(json!(2))),
            ("a.b[1]['c d'].length", Some(json!(1))),
            ("a.b[2]", None),
            ("a.z.b", None),
            ("x.y", Some(json!(1))),
        ] {
            let path = Path::parse(path);
            let got = path.find(|name| value.get(name)).map(Cow::into_owned);
            assert_eq!(got, found, "{path:?}");
        }
    }

    #[test]
    fn setting_makes_the_way() {
        let mut value = json!({ "list": [1, 2] });
        set(&mut value, &keys("a.b.c"), json!(1));
        set(&mut value, &keys("list[1]"), json!("two"));
        assert_eq!(
            value,
            json!({ "list": [1, "two"], "a": { "b": { "c": 1 } } })
        );
    }

    #[test]
    fn values_are_written_as_javascript_writes_them() {
        for (value, written) in [
            (json!(1.0), "1"),
            (json!(0.5), "0.5"),
            (json!(null), "null"),
            (json!("x"), "x"),
            (json!({ "a": [2.0, "b"] }), r#"{"a":[2,"b"]}"#),
        ] {
            assert_eq!(text(&value), written);
        }
        assert!(is_same(&json!([1.0]), &json!([1])));
        assert!(!is_same(&json!("1"), &json!(1)));
    }
}
