//! From a script's text to its meaning, with everything that is wrong with it in one pass.
//!
//! Invariant: no key is passed over in silence. One that changes what is sent and is not supported
//! is an error; one that only changes what is reported is a warning.

mod fields;
mod flow;
mod phases;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::did_you_mean;
use crate::tree::{Kind, Node, Place};
use crate::{
    Diagnostic, Engine, Phase, Scenario, Script, Severity, Spread, Target, Template, tree,
};
use fields::Fields;

/// Artillery's own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

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

/// Parses and checks a script. `file_name` is only shown.
#[must_use]
pub fn parse(text: &str, file_name: &str) -> Parsed {
    let mut reader = Reader {
        file: file_name,
        diagnostics: Vec::new(),
    };
    let script = match tree::parse(text) {
        Ok(root) => reader.script(&root),
        Err((place, message)) => {
            let hint = "a load script is JSON or YAML with `config` and `scenarios`";
            reader.error(
                place,
                format!("neither JSON nor YAML: {message}"),
                Some(hint.into()),
            );
            None
        }
    };
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|d| (d.line, d.column));
    let is_usable = diagnostics.iter().all(|d| d.severity != Severity::Error);
    Parsed {
        script: script.filter(|_| is_usable),
        diagnostics,
    }
}

/// Reads the tree and notes what it finds.
struct Reader<'a> {
    file: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, place: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Error, place, message.into(), hint);
    }

    fn warning(&mut self, place: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Warning, place, message.into(), hint);
    }

    fn note(&mut self, severity: Severity, place: Place, message: String, hint: Option<String>) {
        let Place { line, column } = place;
        let file = self.file.to_owned();
        self.diagnostics.push(Diagnostic {
            severity,
            file,
            line,
            column,
            message,
            hint,
        });
    }

    fn script(&mut self, root: &Node) -> Option<Script> {
        let mut fields = Fields::of(root, "the script", self)?;
        fields.changes_load(&["before", "after"]);
        let config = fields.take("config");
        let scenarios = fields.take("scenarios");
        fields.finish(self);
        let Some(config) = config else {
            self.error(
                root.place,
                "`config` is missing",
                Some("it names the target".into()),
            );
            return None;
        };
        let engine_default = Engine::Http;
        let config = self.config(config);
        let scenarios = match scenarios {
            Some(list) => self.scenarios(list, engine_default),
            None => {
                let hint = "it says what a session does".to_owned();
                self.error(root.place, "`scenarios` is missing", Some(hint));
                Vec::new()
            }
        };
        let Config {
            target,
            phases,
            spread,
            timeout,
            headers,
            variables,
        } = config?;
        Some(Script {
            target: target?,
            phases,
            spread,
            scenarios,
            timeout,
            headers,
            variables,
        })
    }

    fn config(&mut self, node: &Node) -> Option<Config> {
        let mut fields = Fields::of(node, "`config`", self)?;
        fields.changes_load(&[
            "environments",
            "payload",
            "processor",
            "tls",
            "ws",
            "socketio",
            "engine",
        ]);
        fields.changes_report(&[
            "plugins",
            "ensure",
            "apdex",
            "statsInterval",
            "engines",
            "bundling",
            "includeFiles",
        ]);
        let mut config = Config {
            target: None,
            phases: Vec::new(),
            spread: Spread::Uniform,
            timeout: DEFAULT_TIMEOUT,
            headers: Vec::new(),
            variables: BTreeMap::new(),
        };
        match fields.take("target") {
            Some(node) => config.target = self.target(node),
            None => {
                let hint = "say where the load goes, as in `target: http://127.0.0.1:8080`";
                self.error(node.place, "`config` has no `target`", Some(hint.into()));
            }
        }
        for node in fields
            .take("phases")
            .map(|n| self.list(n, "`phases`"))
            .unwrap_or_default()
        {
            config.phases.extend(self.phase(node));
        }
        if let Some(node) = fields.take("mode") {
            config.spread = self.spread(node).unwrap_or_default();
        }
        if let Some(timeout) = fields
            .take("timeout")
            .and_then(|n| self.span(n, "`timeout`"))
        {
            config.timeout = timeout;
        }
        if let Some(defaults) = fields.take("defaults") {
            self.defaults(defaults, &mut config);
        }
        if let Some(mut http) = fields
            .take("http")
            .and_then(|n| Fields::of(n, "`http`", self))
        {
            http.changes_load(&["pool"]);
            http.changes_report(&["maxSockets", "extendedMetrics", "cookieJarOptions"]);
            if let Some(defaults) = http.take("defaults") {
                self.defaults(defaults, &mut config);
            }
            if let Some(timeout) = http.take("timeout").and_then(|n| self.span(n, "`timeout`")) {
                config.timeout = timeout;
            }
            http.finish(self);
        }
        if let Some(node) = fields.take("variables") {
            config.variables = self.variables(node);
        }
        fields.finish(self);
        Some(config)
    }

    fn target(&mut self, node: &Node) -> Option<Target> {
        let text = self.text(node, "`target`")?;
        match Target::parse(&text) {
            Ok(target) => Some(target),
            Err(error) => {
                let hint = match text.contains("{{") {
                    true => "templates in the configuration are not supported yet",
                    false => "write it as in `http://127.0.0.1:8080` or `ws://localhost:8080`",
                };
                let message = format!("`{text}` is no target: {error}");
                self.error(node.place, message, Some(hint.into()));
                None
            }
        }
    }

    fn defaults(&mut self, node: &Node, config: &mut Config) {
        let Some(mut fields) = Fields::of(node, "`defaults`", self) else {
            return;
        };
        fields.changes_load(&["cookie"]);
        fields.changes_report(&["strictCapture", "think"]);
        if let Some(headers) = fields.take("headers") {
            config.headers.extend(self.templates(headers, "`headers`"));
        }
        fields.finish(self);
    }

    fn variables(&mut self, node: &Node) -> BTreeMap<String, Vec<Value>> {
        let Some(map) = self.map(node, "`variables`") else {
            return BTreeMap::new();
        };
        let values = |node: &Node| match node.to_value() {
            Value::Array(list) => list,
            value => vec![value],
        };
        map.iter()
            .map(|(key, node)| (key.name.clone(), values(node)))
            .collect()
    }

    fn scenarios(&mut self, node: &Node, default: Engine) -> Vec<Scenario> {
        let list = self.list(node, "`scenarios`");
        if list.is_empty() {
            self.error(
                node.place,
                "`scenarios` is empty",
                Some("nothing would be sent".into()),
            );
        }
        list.iter()
            .filter_map(|node| self.scenario(node, default))
            .collect()
    }

    fn scenario(&mut self, node: &Node, default: Engine) -> Option<Scenario> {
        let mut fields = Fields::of(node, "a scenario", self)?;
        fields.changes_load(&[
            "beforeScenario",
            "afterScenario",
            "beforeRequest",
            "afterResponse",
            "variables",
            "socketio",
        ]);
        fields.changes_report(&["onError"]);
        let name = fields.take("name").and_then(|n| self.text(n, "`name`"));
        let engine = match fields.take("engine") {
            Some(node) => self.engine(node),
            None => Some(default),
        };
        let weight_node = fields.take("weight");
        let weight = weight_node
            .and_then(|n| self.number(n, "`weight`"))
            .unwrap_or(1.0);
        if let Some(place) = weight_node.map(|n| n.place).filter(|_| weight <= 0.0) {
            let hint = Some("remove the scenario, or give it a weight above 0".to_owned());
            self.error(place, "a scenario that is never taken", hint);
        }
        let flow = fields.take("flow");
        fields.finish(self);
        let Some(flow) = flow else {
            let hint = Some("it lists what a session does".to_owned());
            self.error(node.place, "a scenario without `flow`", hint);
            return None;
        };
        let engine = engine?;
        let flow = self.flow(flow, engine);
        Some(Scenario {
            name,
            weight,
            engine,
            flow,
        })
    }

    fn engine(&mut self, node: &Node) -> Option<Engine> {
        let name = self.text(node, "`engine`")?;
        match name.as_str() {
            "http" => return Some(Engine::Http),
            "ws" => return Some(Engine::Ws),
            "socketio" | "socketio-v3" | "playwright" => {
                let hint = Some("`http` and `ws` are there".to_owned());
                self.error(
                    node.place,
                    format!("the engine `{name}` is not supported yet"),
                    hint,
                );
            }
            _ => {
                let hint = did_you_mean(&name, ["http", "ws", "socketio"]);
                let hint = hint.or(Some("use `http` or `ws`".into()));
                self.error(node.place, format!("unknown engine `{name}`"), hint);
            }
        }
        None
    }

    /// Name and template of every entry of a map.
    fn templates(&mut self, node: &Node, what: &str) -> Vec<(String, Template)> {
        let Some(map) = self.map(node, what) else {
            return Vec::new();
        };
        map.iter()
            .filter_map(|(key, node)| Some((key.name.clone(), self.template(node, &key.name)?)))
            .collect()
    }

    fn template(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.text(node, what)?;
        match Template::parse(&text) {
            Ok(template) => Some(template),
            Err(message) => {
                self.error(node.place, format!("{what}: {message}"), None);
                None
            }
        }
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

    /// A text; numbers and truth values are taken as they were written.
    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Value::String(text)) => Some(text.clone()),
            Kind::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => {
                self.expected("a text", node, what);
                None
            }
        }
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
}

struct Config {
    target: Option<Target>,
    phases: Vec<Phase>,
    spread: Spread,
    timeout: Duration,
    headers: Vec<(String, Template)>,
    variables: BTreeMap<String, Vec<Value>>,
}

fn span_seconds(text: &str) -> Option<f64> {
    let units = [
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
