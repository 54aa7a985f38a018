//! `config`: where, when, and with what settings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::settings::PROCESSOR_ENDINGS;
use crate::tree::{Kind, Node};
use crate::{Engine, Phase, Script, Settings, Spread, Target, Template};

/// What is sent as `user-agent` where the script says nothing.
const AGENT: &str = concat!("leakscope/", env!("CARGO_PKG_VERSION"));

/// What `config` says.
pub(super) struct Config {
    pub(super) target: Option<Target>,
    pub(super) phases: Vec<Phase>,
    pub(super) spread: Spread,
    pub(super) engine: Engine,
    pub(super) settings: Settings,
}

impl Reader<'_> {
    pub(super) fn script(&mut self, root: &Node) -> Option<Script> {
        let mut fields = Fields::of(root, "the script", self)?;
        let config_node = fields.take("config");
        let scenarios = fields.take("scenarios");
        let before = fields.take("before");
        let after = fields.take("after");
        fields.finish(self);
        let Some(config_node) = config_node else {
            let hint = "it names the target";
            self.error(root.place, "`config` is missing", Some(hint.into()));
            return None;
        };
        let config = self.config(config_node);
        let engine = config.as_ref().map_or(Engine::Http, |config| config.engine);
        let scenarios = match scenarios {
            Some(list) => self.scenarios(list, engine),
            None => {
                let hint = "it says what a session does".to_owned();
                self.error(root.place, "`scenarios` is missing", Some(hint));
                Vec::new()
            }
        };
        let before = before.and_then(|node| self.scenario(node, engine));
        let after = after.and_then(|node| self.scenario(node, engine));
        let config = config?;
        let target = config.target?;
        let written = config_node.get("target").map(Node::to_value);
        let written = written.as_ref().and_then(Value::as_str).unwrap_or_default();
        Some(Script {
            globals: self.globals(written),
            target,
            phases: config.phases,
            spread: config.spread,
            scenarios,
            before,
            after,
            settings: config.settings,
            endpoints: std::mem::take(&mut self.endpoints),
            uses_last_body: uses_last_body(root),
        })
    }

    fn config(&mut self, node: &Node) -> Option<Config> {
        let mut fields = Fields::of(node, "`config`", self)?;
        fields.without_effect(&[
            ("engines", "`http`, `ws` and `socketio` are built in"),
            ("bundling", "files are read where they lie"),
            ("includeFiles", "files are read where they lie"),
        ]);
        let mut config = Config {
            target: None,
            phases: Vec::new(),
            spread: Spread::default(),
            engine: Engine::Http,
            settings: Settings::default(),
        };
        // The chosen one was laid over the configuration before.
        fields.take("environments");
        match fields.take("target") {
            Some(Node {
                kind: Kind::Scalar(Value::Null),
                ..
            })
            | None => {
                let hint = "say where the load goes, as in `target: http://127.0.0.1:8080`";
                self.error(node.place, "`config` has no `target`", Some(hint.into()));
            }
            Some(node) => config.target = self.target(node),
        }
        self.base = config.target.clone();
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
        if let Some(node) = fields.take("engine") {
            config.engine = self.engine(node).unwrap_or(Engine::Http);
        }
        self.settings(&mut fields, &mut config.settings);
        fields.finish(self);
        Some(config)
    }

    fn settings(&mut self, fields: &mut Fields<'_>, settings: &mut Settings) {
        let defaults = fields.take("defaults");
        let http = fields.take("http");
        self.http(defaults, http, settings);
        // As Artillery has it, this one counts more than `http.timeout`.
        if let Some(timeout) = fields
            .take("timeout")
            .and_then(|n| self.span(n, "`timeout`"))
        {
            settings.timeout = timeout;
        }
        if let Some(node) = fields.take("tls") {
            settings.tls = self.tls(node);
        }
        settings.tls.is_verified &= !self.inputs.is_insecure;
        if let Some(node) = fields.take("ws") {
            settings.ws = self.ws(node, &mut settings.timeout);
        }
        if let Some(node) = fields.take("socketio") {
            settings.socketio = self.socketio_settings(node);
        }
        if let Some(node) = fields.take("ensure") {
            let ensure = self.ensure(node);
            settings.ensure.thresholds.extend(ensure.thresholds);
            settings.ensure.conditions.extend(ensure.conditions);
            settings.ensure.max_error_rate = ensure.max_error_rate;
        }
        if let Some(node) = fields.take("apdex") {
            settings.plugins.apdex = Some(self.apdex(node));
        }
        if let Some(node) = fields.take("plugins") {
            self.plugins(node, settings);
        }
        self.has_expect = settings.plugins.expect.is_some();
        self.by_endpoint = settings.plugins.by_endpoint.clone();
        settings.stats_interval = fields
            .take("statsInterval")
            .and_then(|n| self.span(n, "`statsInterval`"));
        if let Some(node) = fields.take("processor") {
            settings.processor = self.text(node, "`processor`");
            let files = self.inputs.files;
            let is_there = |name: &String| {
                let all = PROCESSOR_ENDINGS.iter();
                all.map(|ending| format!("{name}{ending}"))
                    .any(|path| files.is_there(&path))
            };
            let missing = settings.processor.as_ref().filter(|name| !is_there(name));
            if let Some(name) = missing {
                self.is_missing(node, name);
            }
        }
        self.has_processor = settings.processor.is_some();
        if let Some(node) = fields.take("variables") {
            settings.variables = self.variables(node);
        }
        if let Some(node) = fields.take("payload") {
            settings.payloads = self.payloads(node);
        }
        self.header_defaults = settings.http.headers.clone();
        if !self
            .header_defaults
            .iter()
            .any(|(name, _)| name == "user-agent")
        {
            let agent = ("user-agent".to_owned(), Template::fixed(AGENT));
            self.header_defaults.insert(0, agent);
        }
    }

    fn target(&mut self, node: &Node) -> Option<Target> {
        let text = self.text(node, "`target`")?;
        match Target::parse(&text) {
            Ok(target) => Some(target),
            Err(error) => {
                let hint = match text.contains("{{") {
                    true => "it can be filled in from `$env`, `$environment` and `--variables`",
                    false => "write it as in `http://127.0.0.1:8080` or `ws://localhost:8080`",
                };
                let message = format!("`{text}` is no target: {error}");
                self.error(node.place, message, Some(hint.into()));
                None
            }
        }
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
}

/// Whether anything in the script is filled in from `$`, the last response.
fn uses_last_body(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(Value::String(text)) => text.split("{{").skip(1).any(|inside| {
            let inside = inside.trim_start_matches(['{', ' ']);
            let after = inside.strip_prefix('$');
            after.is_some_and(|after| after.starts_with(['.', '[', ' ', '}']))
        }),
        Kind::Scalar(_) => false,
        Kind::List(items) => items.iter().any(uses_last_body),
        Kind::Map(fields) => fields
            .iter()
            .any(|(key, node)| key.name == "transform" || uses_last_body(node)),
    }
}
