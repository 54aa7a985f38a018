//! `http`, `defaults`, `tls`, `ws`, `socketio`: how requests and connections are made.

use std::time::Duration;

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::tree::{Kind, Node};
use crate::{HttpSettings, Jitter, Settings, SocketIoSettings, TlsSettings, Tracing, WsSettings};

impl Reader<'_> {
    /// `defaults` of the first era and `http` of the second; `http.defaults` counts more.
    pub(super) fn http(
        &mut self,
        defaults: Option<&Node>,
        http: Option<&Node>,
        settings: &mut Settings,
    ) {
        if let Some(node) = defaults {
            self.defaults(node, settings);
        }
        let Some(mut fields) = http.and_then(|n| Fields::of(n, "`http`", self)) else {
            return;
        };
        fields.without_effect(&["maxSockets", "cookieJarOptions"]);
        if let Some(node) = fields.take("defaults") {
            self.defaults(node, settings);
        }
        if let Some(timeout) = fields
            .take("timeout")
            .and_then(|n| self.span(n, "`timeout`"))
        {
            settings.timeout = timeout;
        }
        let pool = fields.take("pool").and_then(|n| self.number(n, "`pool`"));
        settings.http.pool = pool.filter(|pool| *pool >= 1.0).map(|pool| pool as usize);
        if let Some(truth) = fields
            .take("extendedMetrics")
            .and_then(|n| self.truth(n, "`extendedMetrics`"))
        {
            settings.http.has_extended_metrics = truth;
        }
        if let Some(node) = fields.take("distributedTracing") {
            settings.http.tracing = self.tracing(node);
        }
        fields.finish(self);
    }

    fn defaults(&mut self, node: &Node, settings: &mut Settings) {
        let Some(mut fields) = Fields::of(node, "`defaults`", self) else {
            return;
        };
        let http: &mut HttpSettings = &mut settings.http;
        if let Some(headers) = fields.take("headers") {
            http.headers = self.headers(headers);
        }
        if let Some(cookies) = fields.take("cookie") {
            http.cookies = self.templates(cookies, "`cookie`");
        }
        if let Some(truth) = fields
            .take("strictCapture")
            .and_then(|n| self.truth(n, "`strictCapture`"))
        {
            http.is_capture_strict = truth;
        }
        if let Some(mut think) = fields
            .take("think")
            .and_then(|n| Fields::of(n, "`think`", self))
        {
            settings.jitter = think.take("jitter").and_then(|n| self.jitter(n));
            think.finish(self);
        }
        fields.finish(self);
    }

    /// Headers with their names in lower case: in HTTP they are the same.
    pub(super) fn headers(&mut self, node: &Node) -> Vec<(String, crate::Template)> {
        let mut headers: Vec<(String, crate::Template)> = Vec::new();
        for (name, value) in self.templates(node, "`headers`") {
            let name = name.to_ascii_lowercase();
            match headers.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => headers.push((name, value)),
            }
        }
        headers
    }

    /// `500`, in milliseconds, or `20%`.
    pub(super) fn jitter(&mut self, node: &Node) -> Option<Jitter> {
        let text = self.text(node, "`jitter`")?;
        let text = text.trim();
        let jitter = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().map(Jitter::Percent),
            None => {
                let millis = text.strip_suffix("ms").unwrap_or(text).trim();
                let seconds = millis.parse::<f64>().map(|millis| millis / 1000.0);
                let span = seconds
                    .ok()
                    .and_then(|s| Duration::try_from_secs_f64(s).ok());
                span.map(Jitter::By)
            }
        };
        if jitter.is_none() {
            self.expected("milliseconds, or a part as `20%`", node, "`jitter`");
        }
        jitter
    }

    fn tracing(&mut self, node: &Node) -> Option<Tracing> {
        let mut tracing = Tracing {
            is_sampled: true,
            prefix: "a9".into(),
        };
        if let Kind::Scalar(Value::Bool(is_on)) = node.kind {
            return is_on.then_some(tracing);
        }
        let mut fields = Fields::of(node, "`distributedTracing`", self)?;
        let mut truth = |key, what| {
            let node = fields.take(key)?;
            self.truth(node, what)
        };
        let is_on = truth("enabled", "`enabled`").unwrap_or(true);
        tracing.is_sampled = truth("sampled", "`sampled`").unwrap_or(true);
        if let Some(node) = fields.take("traceIdPrefix") {
            let prefix = self.text(node, "`traceIdPrefix`").unwrap_or_default();
            let digits = prefix.to_ascii_lowercase();
            let digits = digits.chars().filter(char::is_ascii_hexdigit).take(8);
            let digits: String = digits.collect();
            if !digits.is_empty() {
                tracing.prefix = digits;
            }
        }
        fields.finish(self);
        is_on.then_some(tracing)
    }

    pub(super) fn tls(&mut self, node: &Node) -> TlsSettings {
        let mut settings = TlsSettings::default();
        let Some(mut fields) = Fields::of(node, "`tls`", self) else {
            return settings;
        };
        fields.without_effect(&["ciphers", "secureProtocol", "minVersion", "maxVersion"]);
        if let Some(truth) = fields
            .take("rejectUnauthorized")
            .and_then(|n| self.truth(n, "`rejectUnauthorized`"))
        {
            settings.is_verified = truth;
        }
        let mut text = |key, what| {
            let node = fields.take(key)?;
            self.text(node, what)
        };
        settings.ca = text("ca", "`ca`");
        settings.cert = text("cert", "`cert`");
        settings.key = text("key", "`key`");
        settings.server_name = text("servername", "`servername`");
        for key in ["pfx", "passphrase"] {
            if let Some(node) = fields.take(key) {
                let hint = "give `cert` and `key` as PEM without a passphrase";
                let message = format!("`{key}` is not supported");
                self.error(node.place, message, Some(hint.into()));
            }
        }
        fields.finish(self);
        settings
    }

    pub(super) fn ws(&mut self, node: &Node, timeout: &mut Duration) -> WsSettings {
        let mut settings = WsSettings::default();
        let Some(mut fields) = Fields::of(node, "`ws`", self) else {
            return settings;
        };
        fields.without_effect(&[
            "handshakeTimeout",
            "maxPayload",
            "followRedirects",
            "origin",
        ]);
        if let Some(node) = fields.take("subprotocols") {
            settings.subprotocols = self.texts(node, "`subprotocols`");
        }
        if let Some(node) = fields.take("headers") {
            settings.headers = self.headers(node);
            merge_protocols(&mut settings.headers, &mut settings.subprotocols);
        }
        if let Some(span) = fields
            .take("timeout")
            .and_then(|n| self.span(n, "`timeout`"))
        {
            *timeout = span;
        }
        settings.is_verified = fields
            .take("rejectUnauthorized")
            .and_then(|n| self.truth(n, "`rejectUnauthorized`"));
        settings.has_compression = fields
            .take("perMessageDeflate")
            .map(|n| !matches!(n.kind, Kind::Scalar(Value::Bool(false) | Value::Null)));
        settings.proxy = fields.take("proxy").and_then(|n| self.proxy(n));
        fields.finish(self);
        settings
    }

    pub(super) fn proxy(&mut self, node: &Node) -> Option<String> {
        let mut fields = Fields::of(node, "`proxy`", self)?;
        let url = fields.take("url").and_then(|n| self.text(n, "`url`"));
        fields.finish(self);
        url
    }

    pub(super) fn socketio_settings(&mut self, node: &Node) -> SocketIoSettings {
        let mut settings = SocketIoSettings::default();
        let Some(mut fields) = Fields::of(node, "`socketio`", self) else {
            return settings;
        };
        fields.without_effect(&[
            "forceNew",
            "multiplex",
            "reconnection",
            "reconnectionAttempts",
            "reconnectionDelay",
            "reconnectionDelayMax",
            "randomizationFactor",
            "timeout",
            "autoConnect",
            "upgrade",
            "rememberUpgrade",
            "withCredentials",
            "rejectUnauthorized",
        ]);
        match fields.take("query") {
            Some(node) if matches!(node.kind, Kind::Scalar(_)) => {
                let text = self.text(node, "`query`").unwrap_or_default();
                for pair in text.trim_start_matches('?').split('&') {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    let (value, slips) = crate::Template::read(value);
                    self.slips(node.place, "`query`", slips);
                    settings.query.push((name.to_owned(), value));
                }
            }
            Some(node) => settings.query = self.templates(node, "`query`"),
            None => {}
        }
        settings.path = fields.take("path").and_then(|n| self.text(n, "`path`"));
        if let Some(node) = fields.take("extraHeaders") {
            settings.headers = self.headers(node);
        }
        if let Some(node) = fields.take("transports") {
            settings.transports = self.texts(node, "`transports`");
            for transport in &settings.transports {
                if !["polling", "websocket"].contains(&transport.as_str()) {
                    let hint = "there are `polling` and `websocket`";
                    let message = format!("unknown transport `{transport}`");
                    self.error(node.place, message, Some(hint.into()));
                }
            }
        }
        settings.auth = fields.take("auth").map(|n| self.json(n, "`auth`"));
        fields.finish(self);
        settings
    }
}

/// A `Sec-WebSocket-Protocol` header among the headers offers protocols, too.
pub(super) fn merge_protocols(
    headers: &mut Vec<(String, crate::Template)>,
    protocols: &mut Vec<String>,
) {
    headers.retain(|(name, value)| {
        let text = value
            .as_fixed()
            .filter(|_| name == "sec-websocket-protocol");
        let Some(text) = text else { return true };
        protocols.extend(text.split(',').map(|one| one.trim().to_owned()));
        false
    });
}
