//! Texts with `{{ placeholders }}`, filled in anew for every session.
//!
//! Semantics are Artillery 2's: no escaping; an unknown variable leaves an empty text; a string of
//! JSON that is one placeholder and nothing else keeps the variable's type.

use std::borrow::Cow;

use serde_json::Value;

/// What a template is filled from.
pub trait Scope {
    /// A variable's value.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// The next random number, uniform over all of `u64`.
    fn random(&mut self) -> u64;
}

/// A text with placeholders, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A variable and a path into it: `user.names[0]` is `user`, `/names/0`.
    Variable(String, String),
    Number(u64, u64),
    Letters(usize),
    Uuid,
}

/// A JSON document whose strings are templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonTemplate {
    /// Nothing to fill in: the document, written out.
    Fixed(String),
    /// A document with placeholders in some of its strings.
    Filled(Value),
}

/// Lengths that a script may ask for; more would be a slip of the key.
const MOST_LETTERS: u64 = 1 << 20;

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// What is wrong with a placeholder, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else {
                return Err("`{{` without `}}`".into());
            };
            push_text(&mut parts, before);
            parts.push(placeholder(inside.trim())?);
            rest = after;
        }
        push_text(&mut parts, rest);
        Ok(Self { parts })
    }

    /// The text for one session.
    pub fn render<'a>(&'a self, scope: &mut dyn Scope) -> Cow<'a, str> {
        match &self.parts[..] {
            [] => Cow::Borrowed(""),
            [Part::Text(text)] => Cow::Borrowed(text),
            parts => Cow::Owned(parts.iter().map(|part| part.render(scope)).collect()),
        }
    }

    /// The value for one session: a single placeholder keeps its type.
    fn render_value(&self, scope: &mut dyn Scope) -> Value {
        match &self.parts[..] {
            [Part::Variable(name, path)] => scope
                .variable(name)
                .and_then(|v| v.pointer(path))
                .cloned()
                .unwrap_or(Value::Null),
            [Part::Number(..)] => {
                let text = self.render(scope);
                text.parse::<u64>().map_or(Value::Null, Value::from)
            }
            _ => Value::String(self.render(scope).into_owned()),
        }
    }

    fn is_fixed(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn placeholder(inside: &str) -> Result<Part, String> {
    let Some((function, args)) = inside
        .strip_suffix(')')
        .and_then(|call| call.split_once('('))
    else {
        return variable(inside);
    };
    let args: Vec<&str> = args
        .split(',')
        .map(str::trim)
        .filter(|arg| !arg.is_empty())
        .collect();
    let numbers: Result<Vec<u64>, _> = args.iter().map(|arg| arg.parse()).collect();
    let numbers = numbers.map_err(|_| format!("`{inside}` takes whole numbers only"))?;
    match (function.trim(), &numbers[..]) {
        ("$randomNumber", []) => Ok(Part::Number(0, 100)),
        ("$randomNumber", &[low, high]) if low <= high => Ok(Part::Number(low, high)),
        ("$randomString", []) => Ok(Part::Letters(10)),
        ("$randomString", &[length]) if length <= MOST_LETTERS => {
            Ok(Part::Letters(length as usize))
        }
        ("$uuid", []) => Ok(Part::Uuid),
        ("$randomNumber" | "$randomString" | "$uuid", _) => {
            Err(format!("`{inside}` has the wrong arguments"))
        }
        (function, _) => Err(format!("`{function}` is no template function")),
    }
}

fn variable(inside: &str) -> Result<Part, String> {
    match inside {
        "" => return Err("an empty placeholder".into()),
        "$uuid" => return Ok(Part::Uuid),
        "$randomNumber" => return Ok(Part::Number(0, 100)),
        "$randomString" => return Ok(Part::Letters(10)),
        _ => {}
    }
    let steps = inside.replace('[', ".").replace([']', '\'', '"'], "");
    let mut steps = steps.split('.').map(str::trim);
    let name = steps.next().unwrap_or_default().to_owned();
    let known = ["$loopCount", "$loopElement"];
    if name.starts_with('$') && !known.contains(&name.as_str()) {
        return Err(format!(
            "`{name}` is no variable that can be filled in here"
        ));
    }
    let path = steps
        .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
        .collect();
    Ok(Part::Variable(name, path))
}

impl Part {
    fn render(&self, scope: &mut dyn Scope) -> String {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name, path) => {
                match scope.variable(name).and_then(|v| v.pointer(path)) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                }
            }
            Self::Number(low, high) => {
                let draw = scope.random();
                // The whole of `u64` is a span that has no number.
                let offset = (high - low).checked_add(1).map_or(draw, |span| draw % span);
                (low + offset).to_string()
            }
            Self::Letters(length) => (0..*length)
                .map(|_| char::from(LETTERS[(scope.random() % LETTERS.len() as u64) as usize]))
                .collect(),
            Self::Uuid => uuid(u128::from(scope.random()) << 64 | u128::from(scope.random())),
        }
    }
}

/// A version 4 UUID of random bits, RFC 9562.
fn uuid(random: u128) -> String {
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

impl JsonTemplate {
    /// Takes a document whose strings may have placeholders.
    ///
    /// # Errors
    /// What is wrong with a placeholder, in words.
    pub fn new(document: Value) -> Result<Self, String> {
        Ok(match is_fixed(&document)? {
            true => Self::Fixed(document.to_string()),
            false => Self::Filled(document),
        })
    }

    /// The document for one session, written out.
    pub fn render<'a>(&'a self, scope: &mut dyn Scope) -> Cow<'a, str> {
        match self {
            Self::Fixed(text) => Cow::Borrowed(text),
            Self::Filled(document) => Cow::Owned(fill(document, scope).to_string()),
        }
    }
}

fn is_fixed(document: &Value) -> Result<bool, String> {
    match document {
        Value::String(text) => Ok(Template::parse(text)?.is_fixed()),
        Value::Array(items) => items
            .iter()
            .try_fold(true, |all, item| Ok(is_fixed(item)? && all)),
        Value::Object(fields) => fields
            .values()
            .try_fold(true, |all, item| Ok(is_fixed(item)? && all)),
        _ => Ok(true),
    }
}

fn fill(document: &Value, scope: &mut dyn Scope) -> Value {
    match document {
        // Checked when the script was parsed.
        Value::String(text) => Template::parse(text).map_or_else(
            |_| document.clone(),
            |template| template.render_value(scope),
        ),
        Value::Array(items) => items.iter().map(|item| fill(item, scope)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, item)| (key.clone(), fill(item, scope)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed(Value, u64);

    impl Scope for Fixed {
        fn variable(&self, name: &str) -> Option<&Value> {
            self.0.get(name)
        }
        fn random(&mut self) -> u64 {
            self.1 += 1;
            self.1
        }
    }

    fn scope() -> Fixed {
        Fixed(
            json!({ "user": { "names": ["Ada", "Grace"], "age": 36 }, "on": true }),
            0,
        )
    }

    #[test]
    fn placeholders_are_filled() {
        for (text, filled) in [
            ("plain", "plain"),
            ("", ""),
            ("{{ user.names[1] }}-{{user.age}}!", "Grace-36!"),
            ("/{{ nobody }}/{{ on }}", "//true"),
            ("{{ $randomNumber(5, 7) }}", "6"),
            ("{{ $randomString(3) }}", "bcd"),
            ("{{ $uuid }}", "00000000-0000-4001-8000-000000000002"),
        ] {
            assert_eq!(
                Template::parse(text).unwrap().render(&mut scope()),
                filled,
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_filled_is_an_error() {
        for text in [
            "{{ a",
            "{{}}",
            "{{ $randomNumber(a) }}",
            "{{ $randomNumber(7,5) }}",
            "{{ $randomString(99999999) }}",
            "{{ $frob }}",
            "{{ frob(1) }}",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn json_keeps_types() {
        let document = json!({ "age": "{{ user.age }}", "tags": ["x{{ on }}", 1], "n": null });
        let template = JsonTemplate::new(document).unwrap();
        assert_eq!(
            template.render(&mut scope()),
            r#"{"age":36,"tags":["xtrue",1],"n":null}"#
        );
        let fixed = JsonTemplate::new(json!({ "a": 1 })).unwrap();
        assert_eq!(fixed, JsonTemplate::Fixed(r#"{"a":1}"#.into()));
        assert!(JsonTemplate::new(json!(["{{ a"])).is_err());
    }
}
