//! What the plug-in `expect` holds a response against.

use serde_json::Value;

use crate::{Document, JsonTemplate, Scope, Template, value};

/// One expectation of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// The status is this, or one of these.
    StatusCode(JsonTemplate),
    /// The status is not this, nor one of these.
    NotStatusCode(JsonTemplate),
    /// The body is of this type; `json` is every kind of JSON.
    ContentType(Template),
    /// There is such a header.
    HasHeader(Template),
    /// A header has this value.
    HeaderEquals(Template, Template),
    /// The JSON body has such a property.
    HasProperty(Template),
    /// The JSON body has no such property.
    NotHasProperty(Template),
    /// All these are the same text.
    Equals(Vec<Template>),
    /// The body matches a regular expression.
    MatchesRegexp(Template),
    /// The cache before the service had it, or had not.
    CdnHit(bool),
    /// A JMESPath over the JSON body comes to something true.
    JmesPath(String),
}

/// The names of expectations in a script.
pub(crate) const EXPECTATIONS: [&str; 12] = [
    "statusCode",
    "notStatusCode",
    "contentType",
    "hasHeader",
    "headerEquals",
    "hasProperty",
    "notHasProperty",
    "equals",
    "matchesRegexp",
    "cdnHit",
    "jmespath",
    "jpath",
];

/// What came of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether it was met.
    pub is_met: bool,
    /// Its kind, as it is counted: `plugins.expect.ok.statusCode`.
    pub kind: String,
    /// What was wanted, in words.
    pub expected: String,
    /// What was found, in words.
    pub got: String,
}

impl Expectation {
    /// Whether the body is needed for it.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        matches!(
            self,
            Self::HasProperty(_)
                | Self::NotHasProperty(_)
                | Self::MatchesRegexp(_)
                | Self::JmesPath(_)
                | Self::ContentType(_)
        )
    }

    /// Holds a response against it.
    pub fn check(&self, status: u16, document: &Document<'_>, scope: &mut dyn Scope) -> Checked {
        let header = |name: &str| {
            let found = document.header(&name.to_ascii_lowercase())?;
            Some(value::text(&found).into_owned()).filter(|text| !text.is_empty())
        };
        match self {
            Self::StatusCode(wanted) => {
                let wanted = wanted.value(scope).unwrap_or(Value::Null);
                let is_met = is_among(status, &wanted);
                checked(
                    is_met,
                    "statusCode",
                    value::text(&wanted),
                    status.to_string(),
                )
            }
            Self::NotStatusCode(unwanted) => {
                let unwanted = unwanted.value(scope).unwrap_or(Value::Null);
                let is_met = !is_among(status, &unwanted);
                let expected = format!("not {}", value::text(&unwanted));
                checked(is_met, "notStatusCode", expected, status.to_string())
            }
            Self::ContentType(wanted) => {
                let wanted = wanted.render(scope).into_owned();
                let found = header("content-type").unwrap_or_default();
                let is_met = match wanted.as_str() {
                    "json" => is_json(&found) && document.json().is_some_and(is_structure),
                    _ => found.eq_ignore_ascii_case(&wanted),
                };
                checked(is_met, "contentType", wanted, found)
            }
            Self::HasHeader(name) => {
                let name = name.render(scope).into_owned();
                let found = header(&name);
                let got = if found.is_some() {
                    "it"
                } else {
                    "no such header"
                };
                checked(found.is_some(), "hasHeader", name, got)
            }
            Self::HeaderEquals(name, wanted) => {
                let name = name.render(scope).into_owned();
                let wanted = wanted.render(scope).into_owned();
                let found = header(&name);
                let is_met = found.as_deref() == Some(wanted.as_str());
                let got = found.unwrap_or_else(|| "no such header".into());
                checked(is_met, &format!("header {name} values equals"), wanted, got)
            }
            Self::HasProperty(path) => has_property(path, true, document, scope),
            Self::NotHasProperty(path) => has_property(path, false, document, scope),
            Self::Equals(texts) => {
                let texts: Vec<String> =
                    texts.iter().map(|t| t.render(scope).into_owned()).collect();
                let is_met = texts.windows(2).all(|two| two[0] == two[1]) && !texts.is_empty();
                checked(is_met, "equals", "the same", texts.join(", "))
            }
            Self::MatchesRegexp(pattern) => {
                let pattern = pattern.render(scope).into_owned();
                let regex = regress::Regex::new(&pattern);
                let is_met = regex.is_ok_and(|regex| regex.find(&document.text()).is_some());
                let got = if is_met { "a match" } else { "no match" };
                checked(is_met, "matchesRegexp", pattern, got)
            }
            Self::CdnHit(is_wanted) => {
                // As Cloudflare, CloudFront and Fastly, and Vercel say it.
                let names = ["cf-cache-status", "x-cache", "x-vercel-cache"];
                let states: &[&str] = if *is_wanted {
                    &["hit", "stale"]
                } else {
                    &["miss"]
                };
                let found = names.iter().find_map(|name| header(name));
                let is_met = found.as_ref().is_some_and(|found| {
                    let found = found.to_ascii_lowercase();
                    states.iter().any(|state| found.starts_with(state))
                });
                let got = found.unwrap_or_else(|| "no header of a cache".into());
                checked(is_met, "cdnHit", states.join(" or "), got)
            }
            Self::JmesPath(path) => {
                let is_met = document
                    .json()
                    .is_some_and(|body| jmespath_is_true(path, body));
                let got = if is_met {
                    "something true"
                } else {
                    "nothing true"
                };
                checked(is_met, "jmespath", path.as_str(), got)
            }
        }
    }
}

fn checked(
    is_met: bool,
    kind: &str,
    expected: impl Into<String>,
    got: impl Into<String>,
) -> Checked {
    Checked {
        is_met,
        kind: kind.to_owned(),
        expected: expected.into(),
        got: got.into(),
    }
}

fn is_among(status: u16, codes: &Value) -> bool {
    match codes {
        Value::Array(codes) => codes.iter().any(|code| is_among(status, code)),
        code => value::number(code) == Some(f64::from(status)),
    }
}

/// Whether a content type is one of JSON's.
fn is_json(content_type: &str) -> bool {
    let known = [
        "application/json",
        "application/problem+json",
        "application/ld+json",
    ];
    known.iter().any(|known| content_type.contains(known))
}

fn is_structure(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn has_property(
    path: &Template,
    is_wanted: bool,
    document: &Document<'_>,
    scope: &mut dyn Scope,
) -> Checked {
    let path = path.render(scope).into_owned();
    let body = document.json().filter(|body| is_structure(body));
    let is_there = body.map(|body| value::get(body, &value::keys(&path)).is_some());
    let kind = if is_wanted {
        "hasProperty"
    } else {
        "notHasProperty"
    };
    let got = match is_there {
        None => "a body that is no JSON object",
        Some(true) => "it",
        Some(false) => "no such property",
    };
    checked(is_there == Some(is_wanted), kind, path, got)
}

fn jmespath_is_true(path: &str, body: &Value) -> bool {
    let Ok(expression) = jmespath::compile(path) else {
        return false;
    };
    let found = jmespath::Variable::try_from(body.clone())
        .ok()
        .and_then(|data| expression.search(data).ok());
    found.is_some_and(|found| found.is_truthy() || found.is_number())
}

/// Checks a JMESPath when the script is read.
pub(crate) fn check_jmespath(path: &str) -> Result<(), String> {
    jmespath::compile(path)
        .map(|_| ())
        .map_err(|error| format!("`{path}` is no JMESPath: {}", error.reason))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Variables(Value);

    impl Scope for Variables {
        fn variable(&self, name: &str) -> Option<&Value> {
            self.0.get(name)
        }
        fn random(&mut self) -> u64 {
            0
        }
    }

    #[test]
    fn expectations_are_met_or_not() {
        let body = r#"{"user": {"id": 7, "tags": ["a"]}, "empty": []}"#;
        let header = |name: &str| match name {
            "content-type" => Some(json!("application/json; charset=utf-8")),
            "x-cache" => Some(json!("Hit from cloudfront")),
            _ => None,
        };
        let document = Document::new(body.as_bytes(), &header);
        let text = |text: &str| Template::parse(text).unwrap();
        let value = |value: Value| JsonTemplate::new(&value).unwrap();
        for (expectation, is_met) in [
            (Expectation::StatusCode(value(json!(201))), true),
            (Expectation::StatusCode(value(json!("201"))), true),
            (
                Expectation::StatusCode(value(json!([200, "{{ code }}"]))),
                true,
            ),
            (Expectation::StatusCode(value(json!(200))), false),
            (Expectation::NotStatusCode(value(json!([404, 500]))), true),
            (Expectation::NotStatusCode(value(json!(201))), false),
            (Expectation::ContentType(text("json")), true),
            (Expectation::ContentType(text("text/html")), false),
            (Expectation::HasHeader(text("X-Cache")), true),
            (Expectation::HasHeader(text("x-none")), false),
            (
                Expectation::HeaderEquals(text("x-cache"), text("Hit from cloudfront")),
                true,
            ),
            (Expectation::HasProperty(text("user.tags[0]")), true),
            (Expectation::HasProperty(text("user.name")), false),
            (Expectation::NotHasProperty(text("user.name")), true),
            (
                Expectation::Equals(vec![text("{{ code }}"), text("201")]),
                true,
            ),
            (Expectation::Equals(vec![text("a"), text("b")]), false),
            (Expectation::MatchesRegexp(text("\"id\":\\s*\\d")), true),
            (Expectation::CdnHit(true), true),
            (Expectation::CdnHit(false), false),
            (Expectation::JmesPath("user.id".into()), true),
            (Expectation::JmesPath("user.name".into()), false),
            (Expectation::JmesPath("empty".into()), false),
        ] {
            let mut scope = Variables(json!({ "code": 201 }));
            let checked = expectation.check(201, &document, &mut scope);
            assert_eq!(checked.is_met, is_met, "{checked:?}");
        }
        assert!(check_jmespath("a[").is_err());
    }
}
