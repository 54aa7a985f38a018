//! What a session does: the steps of a scenario's flow.

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::diagnostic::did_you_mean;
use crate::tree::{Key, Kind, Node};
use crate::{Condition, Engine, JsonTemplate, Loop, Rounds, Span, Step, Template, Think};

/// Requests by the key of their step.
pub(super) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// So many steps at once, where a `parallel` says nothing.
const DEFAULT_LIMIT: usize = 100;

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
        if map.is_empty() {
            let hint = Some("write what it does, as in `think: 1`".to_owned());
            self.error(node.place, "a step that does nothing", hint);
            return None;
        }
        // In Artillery's order, where a step has several of them.
        for name in ["loop", "parallel", "think", "log", "function"] {
            if node.get(name).is_none() {
                continue;
            }
            return match name {
                "loop" => self.repeated(node, engine),
                "parallel" => self.parallel(node, engine),
                "think" => self.think(node),
                "log" => self.one(node, "log", "`log`").map(Step::Log),
                _ => {
                    let name = self.one(node, "function", "`function`")?;
                    self.needs_processor(node, "function");
                    Some(Step::Function(name))
                }
            };
        }
        if engine == Engine::Ws && map.iter().any(|(key, _)| is_of_websocket(&key.name)) {
            return self.websocket_step(node);
        }
        if engine == Engine::SocketIo && node.get("emit").is_some() {
            return self.emit(node);
        }
        let [(key, value), others @ ..] = map else {
            return None;
        };
        self.ignored(others);
        match engine {
            Engine::Http | Engine::SocketIo => self.request_step(key, value, engine),
            Engine::Ws => {
                self.unknown_step(key, engine);
                None
            }
        }
    }

    /// A step of one key, whose value is a text.
    fn one(&mut self, node: &Node, name: &'static str, what: &'static str) -> Option<Template> {
        let mut fields = Fields::of(node, "a step", self)?;
        let value = fields.take(name)?;
        fields.finish(self);
        match &value.kind {
            Kind::Scalar(_) => self.template(value, what),
            // As the console shows it.
            _ => {
                let text = value.to_value().to_string();
                let (template, slips) = Template::read(&text);
                self.slips(value.place, what, slips);
                Some(template)
            }
        }
    }

    fn ignored(&mut self, others: &[(Key, Node)]) {
        for (other, _) in others {
            let message = format!("a second key `{}` in one step has no effect", other.name);
            let hint = Some("one step does one thing: begin another with `-`".to_owned());
            self.warning(other.place, message, hint);
        }
    }

    fn request_step(&mut self, key: &Key, value: &Node, engine: Engine) -> Option<Step> {
        let name = key.name.to_ascii_lowercase();
        if METHODS.contains(&name.as_str()) {
            return self.request(value, name.to_ascii_uppercase());
        }
        // Artillery takes every other key for a method. So do we, where it can be one.
        let has_url = value.get("url").or_else(|| value.get("uri")).is_some();
        let is_method = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
        if !has_url || !is_method {
            self.unknown_step(key, engine);
            return None;
        }
        let method = name.to_ascii_uppercase();
        let hint = did_you_mean(&name, METHODS);
        let message = format!("unknown step `{}` is sent as the method {method}", key.name);
        self.warning(key.place, message, hint);
        self.request(value, method)
    }

    pub(super) fn unknown_step(&mut self, key: &Key, engine: Engine) {
        let name = key.name.as_str();
        let common = ["think", "loop", "log", "function"];
        let (engine_name, mut known): (_, Vec<&str>) = match engine {
            Engine::Http => ("http", [&METHODS[..], &["parallel"]].concat()),
            Engine::Ws => ("ws", vec!["send", "wait", "connect"]),
            Engine::SocketIo => ("socketio", [&["emit"], &METHODS[..]].concat()),
        };
        known.extend(common);
        let hint = match (name, engine) {
            ("send" | "wait" | "connect", Engine::Http) => {
                Some("give the scenario `engine: ws`".to_owned())
            }
            ("emit", _) => Some("give the scenario `engine: socketio`".to_owned()),
            (name, Engine::Ws) if METHODS.contains(&name) => {
                Some("a scenario of WebSockets makes no requests: give it `engine: http`".into())
            }
            _ => did_you_mean(name, known.iter().copied()),
        };
        let hint = hint.or_else(|| Some(format!("there are: {}", known.join(", "))));
        let message = format!("unknown step `{name}` for the engine `{engine_name}`");
        self.error(key.place, message, hint);
    }

    fn think(&mut self, node: &Node) -> Option<Step> {
        let mut fields = Fields::of(node, "a step", self)?;
        let value = fields.take("think")?;
        let jitter = fields.take("jitter").and_then(|n| self.jitter(n));
        fields.finish(self);
        let span = match &value.kind {
            Kind::Scalar(Value::String(text)) if text.contains("{{") => {
                Span::Filled(self.template(value, "`think`")?)
            }
            _ => Span::Fixed(self.span(value, "`think`")?),
        };
        Some(Step::Think(Think { span, jitter }))
    }

    fn parallel(&mut self, node: &Node, engine: Engine) -> Option<Step> {
        let mut fields = Fields::of(node, "a `parallel`", self)?;
        let steps = fields.take("parallel")?;
        let limit = fields.take("limit").and_then(|n| self.number(n, "`limit`"));
        fields.finish(self);
        if engine != Engine::Http {
            let hint = "only scenarios of the engine `http` have it";
            let message = "steps at the same time over one connection";
            self.error(node.place, message, Some(hint.into()));
            return None;
        }
        let limit = limit.filter(|limit| *limit >= 1.0);
        let limit = limit.map_or(DEFAULT_LIMIT, |limit| limit as usize);
        Some(Step::Parallel(self.flow(steps, engine), limit))
    }

    fn repeated(&mut self, node: &Node, engine: Engine) -> Option<Step> {
        let mut fields = Fields::of(node, "a loop", self)?;
        let steps = fields
            .take("loop")
            .map(|node| self.flow(node, engine))
            .unwrap_or_default();
        let count = fields.take("count");
        let over = fields.take("over");
        let while_true = fields.take("whileTrue");
        let mut name = |key| {
            let node = fields.take(key)?;
            self.text(node, key)
        };
        let count_name = name("loopValue").unwrap_or_else(|| "$loopCount".into());
        let element_name = name("loopElement").unwrap_or_else(|| "$loopElement".into());
        fields.finish(self);
        let rounds = match (over, count) {
            (Some(over), _) => self.over(over)?,
            (None, Some(count)) => self.count(count)?,
            (None, None) => Rounds::Forever,
        };
        let while_true = while_true.and_then(|n| self.whether(n));
        if matches!(rounds, Rounds::Forever) && while_true.is_none() {
            let hint = "say how often with `count`, `over` or `whileTrue`";
            let message = "a loop without an end: the session lasts until the load is ended";
            self.warning(node.place, message, Some(hint.into()));
        }
        if steps.is_empty() {
            return None;
        }
        Some(Step::Loop(Box::new(Loop {
            rounds,
            while_true,
            count_name,
            element_name,
            steps,
        })))
    }

    fn over(&mut self, node: &Node) -> Option<Rounds> {
        match &node.kind {
            Kind::Scalar(_) => {
                let text = self.text(node, "`over`")?;
                match text.contains("{{") {
                    true => Some(Rounds::Over(self.json(node, "`over`"))),
                    false => Some(Rounds::OverVariable(text)),
                }
            }
            Kind::List(_) => Some(Rounds::Over(self.json(node, "`over`"))),
            Kind::Map(_) => {
                self.expected("a list, or a variable's name", node, "`over`");
                None
            }
        }
    }

    fn count(&mut self, node: &Node) -> Option<Rounds> {
        let text = self.text(node, "`count`")?;
        if text.contains("{{") {
            return Some(Rounds::Filled(self.template(node, "`count`")?));
        }
        let is_whole = |text: &str| text.trim().parse::<f64>().is_ok_and(|n| n.fract() == 0.0);
        let rounds = Rounds::parse(&text).filter(|_| text.contains('-') || is_whole(&text));
        match rounds {
            // Artillery takes nothing for no limit.
            Some(Rounds::Count(0, 0)) => Some(Rounds::Forever),
            Some(rounds) => Some(rounds),
            None => {
                self.expected("a whole number, or a range as `1-5`", node, "`count`");
                None
            }
        }
    }

    /// `whileTrue`: a function of the processor, or a condition.
    fn whether(&mut self, node: &Node) -> Option<Condition> {
        let expression = self.expression(node, "`whileTrue`")?;
        match expression.as_name().map(str::to_owned) {
            Some(name) if self.has_processor => Some(Condition::Function(name)),
            _ => Some(Condition::Expression(expression)),
        }
    }
}

fn is_of_websocket(name: &str) -> bool {
    matches!(name, "send" | "wait" | "connect")
}

impl JsonTemplate {
    /// A text that is filled in, as a document.
    pub(crate) fn text(template: Template) -> Self {
        match template.as_fixed() {
            Some(text) => Self::Fixed(Value::from(text).to_string()),
            None => Self::Text(template),
        }
    }
}
