//! What a session does: the steps of a scenario's flow.

use crate::diagnostic::did_you_mean;
use crate::tree::{Key, Kind, Node};
use crate::{Body, Engine, HttpRequest, JsonTemplate, Step, Template};

use super::Reader;
use super::fields::Fields;

/// Requests by the key of their step.
const METHODS: [(&str, &str); 7] = [
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
];

/// Steps of the format that are not supported.
const LATER: [&str; 6] = [
    "function",
    "parallel",
    "wait",
    "connect",
    "emit",
    "namespace",
];

/// Loops without end are none of a session that is counted.
const MOST_LOOPS: f64 = 1e9;

impl Reader<'_> {
    /// The steps of a flow; lists within it are flattened, as Artillery does.
    pub(super) fn flow(&mut self, node: &Node, engine: Engine) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in self.list(node, "`flow`") {
            match &node.kind {
                Kind::List(_) => steps.extend(self.flow(node, engine)),
                _ => steps.extend(self.step(node, engine)),
            }
        }
        steps
    }

    fn step(&mut self, node: &Node, engine: Engine) -> Option<Step> {
        let map = self.map(node, "a step")?;
        if map.iter().any(|(key, _)| key.name == "loop") {
            return self.repeated(node, engine);
        }
        let [(key, value), others @ ..] = map else {
            let hint = Some("write what it does, as in `think: 1`".to_owned());
            self.error(node.place, "a step that does nothing", hint);
            return None;
        };
        for (other, _) in others {
            let message = format!("a second key `{}` in one step", other.name);
            let hint = Some("one step does one thing: begin another with `-`".to_owned());
            self.error(other.place, message, hint);
        }
        match (key.name.as_str(), engine) {
            ("think", _) => self.span(value, "`think`").map(Step::Think),
            ("log", _) => {
                self.warning(key.place, "`log` has no effect here", None);
                None
            }
            ("send", Engine::Ws) => self.send(value),
            (name, Engine::Http) if METHODS.iter().any(|(method, _)| *method == name) => {
                let method = METHODS.iter().find(|(method, _)| *method == name)?.1;
                self.request(value, method)
            }
            _ => {
                self.unknown_step(key, engine);
                None
            }
        }
    }

    fn unknown_step(&mut self, key: &Key, engine: Engine) {
        let name = key.name.as_str();
        if LATER.contains(&name) {
            let hint = Some("without it the load would not be what the script means".to_owned());
            self.error(
                key.place,
                format!("the step `{name}` is not supported yet"),
                hint,
            );
            return;
        }
        let methods = METHODS.iter().map(|(method, _)| *method);
        let (engine_name, known): (_, Vec<&str>) = match engine {
            Engine::Http => ("http", methods.chain(["think", "loop"]).collect()),
            Engine::Ws => ("ws", vec!["send", "think", "loop"]),
        };
        let hint = match (name, engine) {
            ("send", Engine::Http) => Some("give the scenario `engine: ws`".to_owned()),
            _ => did_you_mean(name, known.iter().copied()),
        };
        let hint = hint.or_else(|| Some(format!("there are: {}", known.join(", "))));
        let message = format!("unknown step `{name}` for the engine `{engine_name}`");
        self.error(key.place, message, hint);
    }

    fn repeated(&mut self, node: &Node, engine: Engine) -> Option<Step> {
        let mut fields = Fields::of(node, "a loop", self)?;
        fields.changes_load(&["over", "whileTrue", "loopValue", "loopElement"]);
        let steps = fields
            .take("loop")
            .map(|node| self.flow(node, engine))
            .unwrap_or_default();
        let count_node = fields.take("count");
        fields.finish(self);
        let Some(count_node) = count_node else {
            let hint = Some("say how often with `count`".to_owned());
            self.error(node.place, "a loop without an end", hint);
            return None;
        };
        let count = self.number(count_node, "`count`")?;
        if count.fract() != 0.0 || count > MOST_LOOPS {
            self.error(
                count_node.place,
                "`count` is no whole number of times",
                None,
            );
            return None;
        }
        Some(Step::Loop {
            count: count as u64,
            steps,
        })
    }

    fn send(&mut self, node: &Node) -> Option<Step> {
        let payload = match &node.kind {
            Kind::Map(map) if map.iter().any(|(key, _)| key.name == "payload") => {
                let mut fields = Fields::of(node, "`send`", self)?;
                fields.changes_load(&["capture", "match"]);
                let payload = fields.take("payload");
                fields.finish(self);
                payload?
            }
            _ => node,
        };
        let text = match &payload.kind {
            Kind::Scalar(_) => self.text(payload, "`send`")?,
            // Placeholders within its strings are filled in the text of the whole.
            _ => payload.to_value().to_string(),
        };
        match Template::parse(&text) {
            Ok(template) => Some(Step::Send(template)),
            Err(message) => {
                self.error(payload.place, format!("`send`: {message}"), None);
                None
            }
        }
    }

    fn request(&mut self, node: &Node, method: &'static str) -> Option<Step> {
        let mut fields = Fields::of(node, "a request", self)?;
        fields.changes_load(&[
            "capture",
            "cookie",
            "auth",
            "formData",
            "ifTrue",
            "probability",
            "beforeRequest",
            "afterResponse",
            "setContentLengthHeader",
        ]);
        fields.changes_report(&[
            "name",
            "match",
            "expect",
            "gzip",
            "followRedirect",
            "transform",
            "timeout",
        ]);
        let url = fields.take("url").or_else(|| fields.take("uri"));
        let url_template = url.and_then(|node| self.template(node, "`url`"));
        let query = fields
            .take("qs")
            .map(|n| self.templates(n, "`qs`"))
            .unwrap_or_default();
        let headers = fields
            .take("headers")
            .map(|n| self.templates(n, "`headers`"))
            .unwrap_or_default();
        let json = fields.take("json").and_then(|n| self.json(n));
        let text = fields
            .take("body")
            .and_then(|n| self.template(n, "`body`"))
            .map(Body::Text);
        let form = fields
            .take("form")
            .map(|n| Body::Form(self.templates(n, "`form`")));
        fields.finish(self);
        if url.is_none() {
            let hint = Some("write it as in `url: /path`".to_owned());
            self.error(node.place, "a request without `url`", hint);
        }
        let body = json.or(text).or(form).unwrap_or(Body::Empty);
        Some(Step::Request(HttpRequest {
            method,
            url: url_template?,
            query,
            headers,
            body,
        }))
    }

    fn json(&mut self, node: &Node) -> Option<Body> {
        match JsonTemplate::new(node.to_value()) {
            Ok(template) => Some(Body::Json(template)),
            Err(message) => {
                self.error(node.place, format!("`json`: {message}"), None);
                None
            }
        }
    }
}
