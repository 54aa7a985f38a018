//! What is taken from a response and kept, or held against what is expected.
//!
//! Pure: the response comes in as a [`Document`]. Semantics are Artillery 2's: of several values
//! that a JSON path leads to one is drawn, a missing value fails a strict capture.

use std::borrow::Cow;
use std::cell::OnceCell;

use regress::Regex;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::{JsonPath, JsonTemplate, Scope, Template, value, xpath};

/// A response, or a message, that values are taken from. Parsed at most once, when it is needed.
pub struct Document<'r> {
    body: &'r [u8],
    header: &'r dyn Fn(&str) -> Option<Value>,
    json: OnceCell<Option<Value>>,
    html: OnceCell<Html>,
    markup: OnceCell<Option<xpath::Tree>>,
}

/// Something to take from a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// Where it stands in the script's own words, for messages.
    pub text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Json {
        path: Compiled<JsonPath>,
        /// Whether several values are taken as a list, rather than one of them drawn.
        is_list: bool,
    },
    Regexp {
        pattern: Compiled<Pattern>,
        group: Option<String>,
        flags: String,
    },
    Header(Template),
    Selector {
        css: Compiled<Css>,
        attribute: Option<String>,
        index: Index,
    },
    XPath(Compiled<xpath::XPath>),
}

/// Which of several elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    At(usize),
    Last,
    Random,
}

/// Parsed once if it has no placeholders, and otherwise when they are filled in.
#[derive(Debug, Clone, PartialEq)]
enum Compiled<T> {
    Once(T),
    Each(Template),
}

#[derive(Debug, Clone)]
struct Pattern(String, Box<Regex>);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Css(Selector);

impl<T> Compiled<T> {
    fn new(template: Template, parse: impl Fn(&str) -> Result<T, String>) -> Result<Self, String> {
        match template.as_fixed() {
            Some(text) => parse(text).map(Self::Once),
            None => Ok(Self::Each(template)),
        }
    }

    fn with<R>(
        &self,
        scope: &mut dyn Scope,
        parse: impl Fn(&str) -> Result<T, String>,
        then: impl FnOnce(&T, &mut dyn Scope) -> Option<R>,
    ) -> Option<R> {
        match self {
            Self::Once(parsed) => then(parsed, scope),
            Self::Each(template) => {
                let text = template.render(scope).into_owned();
                then(&parse(&text).ok()?, scope)
            }
        }
    }
}

/// A value to keep under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// What is taken.
    pub extract: Extract,
    /// The variable, or a path into one.
    pub name: String,
    /// Whether the session fails without it; the script's default if nothing is said.
    pub strict: Option<bool>,
    /// Minigun's: JavaScript over the variables, whose value is kept instead.
    pub transform: Option<String>,
}

/// A value to be held against another.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// What is taken.
    pub extract: Extract,
    /// What it has to be.
    pub value: JsonTemplate,
    /// Whether the session fails otherwise.
    pub is_strict: bool,
}

impl Match {
    /// Whether the document has the value.
    pub fn holds(&self, document: &Document<'_>, scope: &mut dyn Scope) -> bool {
        let expected = self.value.value(scope).unwrap_or(Value::Null);
        match self.extract.find(document, scope) {
            Some(found) => value::is_same(&found, &expected),
            None => expected == "",
        }
    }
}

impl Extract {
    pub(crate) fn json(path: &str, is_list: bool) -> Result<Self, String> {
        let compiled = Compiled::new(Template::parse(path)?, JsonPath::parse)?;
        let kind = Kind::Json {
            path: compiled,
            is_list,
        };
        Ok(Self::of(path, kind))
    }

    pub(crate) fn regexp(text: &str, group: Option<String>, flags: &str) -> Result<Self, String> {
        let pattern = Compiled::new(Template::parse(text)?, |p| pattern(p, flags))?;
        let flags = flags.to_owned();
        let kind = Kind::Regexp {
            pattern,
            group,
            flags,
        };
        Ok(Self::of(text, kind))
    }

    pub(crate) fn header(name: &str) -> Result<Self, String> {
        Ok(Self::of(name, Kind::Header(Template::parse(name)?)))
    }

    pub(crate) fn selector(
        text: &str,
        attribute: Option<String>,
        index: Index,
    ) -> Result<Self, String> {
        let css = Compiled::new(Template::parse(text)?, css)?;
        let kind = Kind::Selector {
            css,
            attribute,
            index,
        };
        Ok(Self::of(text, kind))
    }

    pub(crate) fn xpath(text: &str) -> Result<Self, String> {
        let path = Compiled::new(Template::parse(text)?, xpath::XPath::parse)?;
        Ok(Self::of(text, Kind::XPath(path)))
    }

    fn of(text: &str, kind: Kind) -> Self {
        Self {
            text: text.to_owned(),
            kind,
        }
    }

    /// Whether the body is needed for it.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        !matches!(self.kind, Kind::Header(_))
    }

    /// The value. Nothing if it is not there, or the body is none of its kind.
    pub fn find(&self, document: &Document<'_>, scope: &mut dyn Scope) -> Option<Value> {
        match &self.kind {
            Kind::Json { path, is_list } => path.with(scope, JsonPath::parse, |path, scope| {
                document.json_at(path, *is_list, scope)
            }),
            Kind::Regexp {
                pattern: compiled,
                group,
                flags,
            } => compiled.with(
                scope,
                |text| pattern(text, flags),
                |pattern, _| document.matched(pattern, group.as_deref()),
            ),
            Kind::Header(name) => {
                let name = name.render(scope).to_ascii_lowercase();
                (document.header)(&name)
            }
            Kind::Selector {
                css: compiled,
                attribute,
                index,
            } => compiled.with(scope, css, |Css(selector), scope| {
                document.selected(selector, attribute.as_deref(), *index, scope)
            }),
            Kind::XPath(path) => path.with(scope, xpath::XPath::parse, |path, scope| {
                let tree = document.markup()?;
                drawn(path.values(tree), scope)
            }),
        }
    }
}

fn pattern(text: &str, flags: &str) -> Result<Pattern, String> {
    // `g` and `y` only matter where a search goes on, `d` where positions are asked for.
    let flags: String = flags.chars().filter(|c| !"gyd".contains(*c)).collect();
    let regex = Regex::with_flags(text, flags.as_str());
    let regex = regex.map_err(|error| format!("`{text}` is no regular expression: {error}"))?;
    Ok(Pattern(format!("/{text}/{flags}"), Box::new(regex)))
}

fn css(text: &str) -> Result<Css, String> {
    let parsed = Selector::parse(text);
    parsed
        .map(Css)
        .map_err(|error| format!("`{text}` is no CSS selector: {error}"))
}

/// One of several values, by chance.
fn drawn(mut values: Vec<Value>, scope: &mut dyn Scope) -> Option<Value> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        several => Some(values.swap_remove((scope.random() % several as u64) as usize)),
    }
}

impl<'r> Document<'r> {
    /// A response's body, decoded, and its headers by lower-case name.
    #[must_use]
    pub fn new(body: &'r [u8], header: &'r dyn Fn(&str) -> Option<Value>) -> Self {
        Self {
            body,
            header,
            json: OnceCell::new(),
            html: OnceCell::new(),
            markup: OnceCell::new(),
        }
    }

    /// A message, which has no headers.
    #[must_use]
    pub fn message(body: &'r [u8]) -> Self {
        Self::new(body, &|_| None)
    }

    /// The body as JSON, if it is that.
    pub fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_slice(self.body).ok();
        self.json.get_or_init(parse).as_ref()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> Cow<'r, str> {
        String::from_utf8_lossy(self.body)
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Value> {
        (self.header)(name)
    }

    fn json_at(&self, path: &JsonPath, is_list: bool, scope: &mut dyn Scope) -> Option<Value> {
        if self.json.get().is_none()
            && let Some(plucked) = path.pluck(self.body)
        {
            return plucked.ok()?.map(value::as_in_javascript);
        }
        let root = self.json()?;
        if !root.is_object() && !root.is_array() {
            return None;
        }
        let mut values: Vec<Value> = path
            .select(root)
            .into_iter()
            .map(|found| value::as_in_javascript(found.into_owned()))
            .collect();
        if !is_list {
            return drawn(values, scope);
        }
        match path.is_plain() {
            true => values.pop(),
            false => (!values.is_empty()).then_some(Value::Array(values)),
        }
    }

    fn matched(&self, Pattern(_, regex): &Pattern, group: Option<&str>) -> Option<Value> {
        let text = self.text();
        let found = regex.find(&text)?;
        let named = |name: &str| {
            let by_name = found.named_group(name);
            by_name.or_else(|| found.group(name.parse().ok()?))
        };
        let range = group.and_then(named).unwrap_or_else(|| found.range());
        let value = text.get(range)?;
        (!value.is_empty()).then(|| value.into())
    }

    fn selected(
        &self,
        selector: &Selector,
        attribute: Option<&str>,
        index: Index,
        scope: &mut dyn Scope,
    ) -> Option<Value> {
        let html = self.html.get_or_init(|| Html::parse_document(&self.text()));
        let elements: Vec<_> = html.select(selector).collect();
        let at = match index {
            Index::At(at) => at,
            Index::Last => elements.len().checked_sub(1)?,
            Index::Random => (scope.random() % elements.len().max(1) as u64) as usize,
        };
        let element = elements.get(at)?;
        Some(match attribute {
            Some(name) => element.value().attr(name)?.into(),
            None => element.text().collect::<String>().trim().into(),
        })
    }

    fn markup(&self) -> Option<&xpath::Tree> {
        let parse = || xpath::Tree::parse(&self.text());
        self.markup.get_or_init(parse).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Chance(Value);

    impl Scope for Chance {
        fn variable(&self, name: &str) -> Option<&Value> {
            self.0.get(name)
        }
        fn random(&mut self) -> u64 {
            1
        }
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it reads better below")]
    fn check(extract: Result<Extract, String>, body: &str, expected: Option<Value>) {
        let header = |name: &str| (name == "x-id").then(|| json!("7"));
        let document = Document::new(body.as_bytes(), &header);
        let mut scope = Chance(json!({ "at": 1 }));
        assert_eq!(extract.unwrap().find(&document, &mut scope), expected);
    }

    #[test]
    fn values_are_taken_by_json_path() {
        let body = r#"{"id": 3.0, "items": [{"n": 1}, {"n": 2}], "empty": ""}"#;
        check(Extract::json("$.id", false), body, Some(json!(3)));
        check(
            Extract::json("$.items[{{ at }}].n", false),
            body,
            Some(json!(2)),
        );
        // Chance falls on the second.
        check(Extract::json("$.items[*].n", false), body, Some(json!(2)));
        check(
            Extract::json("$.items[*].n", true),
            body,
            Some(json!([1, 2])),
        );
        check(
            Extract::json("$.items[?(@.n>1)].n", true),
            body,
            Some(json!([2])),
        );
        check(Extract::json("$.id", true), body, Some(json!(3)));
        check(Extract::json("$.nothing", false), body, None);
        check(Extract::json("$.id", false), "no JSON", None);
        check(Extract::json("$..id", false), "42", None);
    }

    #[test]
    fn values_are_taken_by_regular_expression() {
        let body = "token=abc; TOKEN=def";
        check(
            Extract::regexp("token=(\\w+)", Some("1".into()), ""),
            body,
            Some(json!("abc")),
        );
        check(
            Extract::regexp("token=(?<t>\\w+)", Some("t".into()), ""),
            body,
            Some(json!("abc")),
        );
        check(
            Extract::regexp("TOKEN=\\w+", None, "g"),
            body,
            Some(json!("TOKEN=def")),
        );
        check(
            Extract::regexp("Token=(?<t>\\w+)", Some("t".into()), "i"),
            body,
            Some(json!("abc")),
        );
        check(Extract::regexp("nothing", None, ""), body, None);
        assert!(Extract::regexp("(", None, "").is_err());
    }

    #[test]
    fn values_are_taken_by_header_and_selector() {
        let body = "<ul><li id=a>One</li><li id=b> Two </li></ul>";
        check(Extract::header("X-Id"), body, Some(json!("7")));
        check(Extract::header("x-none"), body, None);
        let at = |index| Extract::selector("li", Some("id".into()), index);
        check(at(Index::At(0)), body, Some(json!("a")));
        check(at(Index::Last), body, Some(json!("b")));
        check(at(Index::Random), body, Some(json!("b")));
        check(at(Index::At(9)), body, None);
        check(
            Extract::selector("#b", None, Index::At(0)),
            body,
            Some(json!("Two")),
        );
        check(Extract::selector("p", None, Index::Last), body, None);
        assert!(Extract::selector("li[", None, Index::Last).is_err());
    }
}
