//! From a script's text to its meaning, with everything that is wrong with it in one pass.
//!
//! Invariant: no key is passed over in silence. What the old tools pass over is a warning, so that
//! no old script fails for it; what would make the load another one than is meant is an error.

mod capture;
mod config;
mod fields;
mod flow;
mod hooks;
mod merge;
mod payload;
mod phases;
mod plugins;
mod request;
mod scenarios;
mod socketio;
mod transport;
mod websocket;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::template::Slip;
use crate::tree::{Kind, Node, Place};
use crate::{Diagnostic, JsonTemplate, Script, Severity, Template, tree};

pub use merge::{Inputs, NoFiles, ReadFile};

/// Longer than any plan; keeps sums of durations in range.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// What became of a script's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The script, if it can be run as it is meant.
    pub script: Option<Script>,
    /// Everything found about it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses and checks a script that needs no other files. `file_name` is only shown.
#[must_use]
pub fn parse(text: &str, file_name: &str) -> Parsed {
    parse_with(&Inputs::new(file_name, text))
}

/// Parses and checks a script, with everything that the command line adds to it.
#[must_use]
pub fn parse_with(inputs: &Inputs<'_>) -> Parsed {
    let mut reader = Reader {
        inputs,
        files: Vec::new(),
        diagnostics: Vec::new(),
        endpoints: Vec::new(),
        by_endpoint: crate::ByEndpoint::default(),
        base: None,
        header_defaults: Vec::new(),
        has_expect: false,
        has_processor: false,
    };
    let script = reader.tree().and_then(|root| reader.script(&root));
    let mut diagnostics = reader.diagnostics;
    // In the order in which the files are named, and then of the text.
    let file_of = |d: &Diagnostic| reader.files.iter().position(|f| *f == d.file);
    diagnostics.sort_by_key(|d| (file_of(d), d.line, d.column));
    let is_usable = diagnostics.iter().all(|d| d.severity != Severity::Error);
    Parsed {
        script: script.filter(|_| is_usable),
        diagnostics,
    }
}

/// Reads the tree and notes what it finds.
struct Reader<'a> {
    inputs: &'a Inputs<'a>,
    /// The names of the files that nodes stand in, by their index.
    files: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    endpoints: Vec<String>,
    by_endpoint: crate::ByEndpoint,
    /// Where relative URLs lead, once it is known.
    base: Option<crate::Target>,
    /// The headers of every request.
    header_defaults: Vec<(String, Template)>,
    /// Whether the plug-in `expect` is on.
    has_expect: bool,
    has_processor: bool,
}

impl Reader<'_> {
    fn error(&mut self, place: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Error, place, message.into(), hint);
    }

    fn warning(&mut self, place: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Warning, place, message.into(), hint);
    }

    fn note(&mut self, severity: Severity, place: Place, message: String, hint: Option<String>) {
        let file = self.files.get(place.file).cloned();
        let diagnostic = Diagnostic {
            severity,
            file: file.unwrap_or_else(|| self.inputs.file.to_owned()),
            line: place.line,
            column: place.column,
            message,
            hint,
        };
        // Aliases of YAML stand at one place and are read wherever they are used.
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn slips(&mut self, place: Place, what: &str, slips: Vec<Slip>) {
        for Slip { is_error, message } in slips {
            let severity = match is_error {
                true => Severity::Error,
                false => Severity::Warning,
            };
            self.note(severity, place, format!("{what}: {message}"), None);
        }
    }

    /// Name and template of every entry of a map.
    fn templates(&mut self, node: &Node, what: &str) -> Vec<(String, Template)> {
        let Some(map) = self.map(node, what) else {
            return Vec::new();
        };
        let defined = |node: &Node| !matches!(node.kind, Kind::Scalar(Value::Null));
        map.iter()
            .filter(|(_, node)| defined(node))
            .filter_map(|(key, node)| Some((key.name.clone(), self.template(node, &key.name)?)))
            .collect()
    }

    /// Name and value of every entry of a map.
    fn json_fields(&mut self, node: &Node, what: &str) -> Vec<(String, JsonTemplate)> {
        let Some(map) = self.map(node, what) else {
            return Vec::new();
        };
        map.iter()
            .map(|(key, node)| (key.name.clone(), self.json(node, &key.name)))
            .collect()
    }

    fn template(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.text(node, what)?;
        let (template, slips) = Template::read(&text);
        self.slips(node.place, what, slips);
        Some(template)
    }

    fn json(&mut self, node: &Node, what: &str) -> JsonTemplate {
        let mut slips = Vec::new();
        let template = JsonTemplate::read(&node.to_value(), &mut slips);
        self.slips(node.place, what, slips);
        template
    }

    fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(tree::Key, Node)]> {
        match &node.kind {
            Kind::Map(map) => Some(map),
            _ => {
                self.expected("a map", node, what);
                None
            }
        }
    }

    fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            Kind::List(list) => list,
            _ => {
                self.expected("a list", node, what);
                &[]
            }
        }
    }

    /// A list, or the one thing that would be its only item.
    fn list_or_one<'n>(&mut self, node: &'n Node) -> Vec<&'n Node> {
        match &node.kind {
            Kind::List(list) => list.iter().collect(),
            _ => vec![node],
        }
    }

    /// A text; numbers and truth values are taken as they were written.
    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Value::String(text)) => Some(text.clone()),
            Kind::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => {
                Some(crate::value::text(value).into_owned())
            }
            _ => {
                self.expected("a text", node, what);
                None
            }
        }
    }

    fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let items = self.list_or_one(node);
        items
            .into_iter()
            .filter_map(|item| self.text(item, what))
            .collect()
    }

    /// A number of at least zero, also where it was written as text.
    fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
        let value = match &node.kind {
            Kind::Scalar(Value::Number(number)) => number.as_f64(),
            Kind::Scalar(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let value = value.filter(|number: &f64| number.is_finite() && *number >= 0.0);
        if value.is_none() {
            self.expected("a number of at least 0", node, what);
        }
        value
    }

    /// A truth value, also where it was written as text.
    fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        let value = match &node.kind {
            Kind::Scalar(Value::Bool(truth)) => Some(*truth),
            Kind::Scalar(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        if value.is_none() {
            self.expected("true or false", node, what);
        }
        value
    }

    /// A span of time: seconds, or a text such as `500ms`, `30s`, `2m`, `1h`.
    fn span(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let seconds = match &node.kind {
            Kind::Scalar(Value::Number(number)) => number.as_f64(),
            Kind::Scalar(Value::String(text)) => span_seconds(text.trim()),
            _ => None,
        };
        let span = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        if span.is_none() {
            self.expected("seconds, or a span such as `500ms` or `2m`", node, what);
        }
        span.map(|span| span.min(LONGEST))
    }

    fn expected(&mut self, expected: &str, node: &Node, what: &str) {
        let found = node.describe();
        self.error(
            node.place,
            format!("{what} is {found}, not {expected}"),
            None,
        );
    }

    /// The variables that are the same for all sessions.
    fn globals(&self, target: &str) -> BTreeMap<String, Value> {
        let inputs = self.inputs;
        let environment: serde_json::Map<String, Value> = inputs
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let mut globals = BTreeMap::from([
            ("target".to_owned(), target.into()),
            ("$testId".to_owned(), inputs.test_id.into()),
            ("$env".to_owned(), Value::Object(environment.clone())),
            ("$processEnvironment".to_owned(), Value::Object(environment)),
            ("$dirname".to_owned(), inputs.directory.into()),
            ("$scenarioFile".to_owned(), inputs.script_path.into()),
        ]);
        if let Some(name) = inputs.environment {
            globals.insert("$environment".to_owned(), name.into());
        }
        globals
    }
}

/// A span of time in seconds; what JavaScript's `ms` understands.
pub(crate) fn span_seconds(text: &str) -> Option<f64> {
    let units = [
        ("milliseconds", 0.001),
        ("millisecond", 0.001),
        ("seconds", 1.0),
        ("second", 1.0),
        ("minutes", 60.0),
        ("minute", 60.0),
        ("hours", 3600.0),
        ("hour", 3600.0),
        ("days", 86400.0),
        ("day", 86400.0),
        ("mins", 60.0),
        ("min", 60.0),
        ("secs", 1.0),
        ("sec", 1.0),
        ("hrs", 3600.0),
        ("hr", 3600.0),
        ("ms", 0.001),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86400.0),
    ];
    let with_unit = units.iter().find_map(|(unit, seconds)| {
        Some(text.strip_suffix(unit)?.trim_end().parse::<f64>().ok()? * seconds)
    });
    with_unit.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests;
