//! `plugins`, `ensure` and `apdex`: what is made of responses and of the whole load.

use super::Reader;
use super::fields::Fields;
use crate::diagnostic::did_you_mean;
use crate::tree::{Kind, Node};
use crate::{ByEndpoint, Ensure, EnsureCondition, ExpectPlugin, Expression, Settings};

const BUILT_IN: [&str; 4] = ["ensure", "expect", "metrics-by-endpoint", "apdex"];

/// What Minigun compares with a response time's statistics, and today's name for it.
const OLD_THRESHOLDS: [&str; 10] = [
    "min", "max", "mean", "median", "p50", "p75", "p90", "p95", "p99", "p999",
];

impl Reader<'_> {
    pub(super) fn plugins(&mut self, node: &Node, settings: &mut Settings) {
        let Some(map) = self.map(node, "`plugins`") else {
            return;
        };
        for (key, node) in map {
            match key.name.as_str() {
                "expect" => settings.plugins.expect = Some(self.expect_plugin(node)),
                "metrics-by-endpoint" => settings.plugins.by_endpoint = self.by_endpoint(node),
                // Its thresholds are in `config.ensure`, or here.
                "ensure" => {
                    if matches!(&node.kind, Kind::Map(map) if !map.is_empty()) {
                        settings.ensure = self.ensure(node);
                    }
                }
                "apdex" => {
                    if settings.plugins.apdex.is_none() {
                        settings.plugins.apdex = Some(self.apdex(node));
                    }
                }
                name => {
                    let hint = did_you_mean(name, BUILT_IN);
                    let hint = hint.unwrap_or_else(|| {
                        "built in are `ensure`, `expect`, `metrics-by-endpoint` and `apdex`".into()
                    });
                    let message = format!("the plug-in `{name}` is not there and does nothing");
                    self.warning(key.place, message, Some(hint));
                }
            }
        }
    }

    /// The map of a plug-in; nothing, as in `expect:`, is an empty one.
    fn options<'n>(&mut self, node: &'n Node, what: &'static str) -> Option<Fields<'n>> {
        match &node.kind {
            Kind::Scalar(_) => None,
            _ => Fields::of(node, what, self),
        }
    }

    fn option(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Option<bool> {
        let node = fields.take(key)?;
        self.truth(node, key)
    }

    fn expect_plugin(&mut self, node: &Node) -> ExpectPlugin {
        let mut plugin = ExpectPlugin::default();
        let Some(mut fields) = self.options(node, "`expect`") else {
            return plugin;
        };
        const COUNTED: &str = "expectations are counted as `plugins.expect.…` in the report";
        fields.without_effect(&[
            ("outputFormat", COUNTED),
            ("formatter", COUNTED),
            ("suppressOutput", COUNTED),
        ]);
        let mut option = |key| self.option(&mut fields, key).unwrap_or(false);
        plugin.fails_sessions = option("reportFailuresAsErrors");
        plugin.uses_only_names = option("useOnlyRequestNames");
        plugin.expects_200 = option("expectDefault200");
        fields.finish(self);
        plugin
    }

    fn by_endpoint(&mut self, node: &Node) -> ByEndpoint {
        let mut plugin = ByEndpoint::default();
        let Some(mut fields) = self.options(node, "`metrics-by-endpoint`") else {
            return plugin;
        };
        fields.without_effect(&[("suppressOutput", "`--quiet` prints nothing but errors")]);
        let mut option = |key| self.option(&mut fields, key);
        plugin.uses_only_names = option("useOnlyRequestNames").unwrap_or(false);
        plugin.strips_query = option("stripQueryString").unwrap_or(false);
        plugin.ignores_unnamed = option("ignoreUnnamedRequests").unwrap_or(false);
        plugin.groups_dynamic = option("groupDynamicURLs").unwrap_or(true);
        if let Some(node) = fields.take("metricsNamespace") {
            let name = self.text(node, "`metricsNamespace`");
            plugin.namespace = name.unwrap_or(plugin.namespace);
        }
        fields.finish(self);
        plugin
    }

    pub(super) fn apdex(&mut self, node: &Node) -> f64 {
        const DEFAULT: f64 = 500.0;
        let Some(mut fields) = self.options(node, "`apdex`") else {
            return DEFAULT;
        };
        let threshold = fields
            .take("threshold")
            .and_then(|n| self.number(n, "`threshold`"));
        fields.finish(self);
        threshold.unwrap_or(DEFAULT)
    }

    pub(super) fn ensure(&mut self, node: &Node) -> Ensure {
        let mut ensure = Ensure::default();
        let Some(mut fields) = Fields::of(node, "`ensure`", self) else {
            return ensure;
        };
        for name in OLD_THRESHOLDS {
            if let Some(limit) = fields.take(name).and_then(|n| self.number(n, name)) {
                let metric = format!("http.response_time.{name}");
                ensure.thresholds.push((metric, limit));
            }
        }
        ensure.max_error_rate = fields
            .take("maxErrorRate")
            .and_then(|n| self.number(n, "`maxErrorRate`"));
        if let Some(node) = fields.take("thresholds") {
            for node in self.list_or_one(node) {
                let Some(map) = self.map(node, "a threshold") else {
                    continue;
                };
                for (key, node) in map {
                    let limit = self.number(node, &format!("`{}`", key.name));
                    ensure
                        .thresholds
                        .extend(limit.map(|limit| (key.name.clone(), limit)));
                }
            }
        }
        if let Some(node) = fields.take("conditions") {
            for node in self.list_or_one(node) {
                ensure.conditions.extend(self.ensure_condition(node));
            }
        }
        fields.finish(self);
        ensure
    }

    fn ensure_condition(&mut self, node: &Node) -> Option<EnsureCondition> {
        let mut fields = Fields::of(node, "a condition", self)?;
        let expression = fields.take("expression");
        let is_strict = fields
            .take("strict")
            .and_then(|n| self.truth(n, "`strict`"))
            .unwrap_or(true);
        fields.finish(self);
        let Some(expression) = expression else {
            let hint = "write it as in `expression: http.response_time.p95 < 250`";
            self.error(
                node.place,
                "a condition without `expression`",
                Some(hint.into()),
            );
            return None;
        };
        let expression = self.expression(expression, "`expression`")?;
        Some(EnsureCondition {
            expression,
            is_strict,
        })
    }

    pub(super) fn expression(&mut self, node: &Node, what: &str) -> Option<Expression> {
        let text = self.text(node, what)?;
        match Expression::parse(&text) {
            Ok(expression) => Some(expression),
            Err(why) => {
                let message = format!("{what}: `{text}` is no condition: {why}");
                self.error(node.place, message, None);
                None
            }
        }
    }
}
