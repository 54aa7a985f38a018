//! `http`, `defaults`, `tls`, `ws`, `socketio`: how requests and connections are made.

use std::time::Duration;

use serde_json::Value;

use super::Reader;
use super::fields::{Fields, WithoutEffect};
use crate::tree::{Kind, Node};
use crate::{CookieRules, HttpSettings, Jitter, Settings, SocketIoSettings};
use crate::{TlsSettings, Tracing, WsSettings};

/// Options of npm's `ws` that change nothing.
pub(super) const OF_WEBSOCKETS: WithoutEffect = &[
    ("handshakeTimeout", "`config.timeout` bounds every step"),
    ("timeout", "`config.timeout` bounds every step"),
    ("maxPayload", "messages of up to 100 MiB are taken"),
    (
        "followRedirects",
        "name the address that the server redirects to",
    ),
    ("origin", "write it among the `headers`"),
];

/// Options of npm's `socket.io-client` that change nothing.
const OF_SOCKETIO: WithoutEffect = &[
    ("forceNew", EACH_ITS_OWN),
    ("multiplex", EACH_ITS_OWN),
    ("autoConnect", EACH_ITS_OWN),
    ("reconnection", NO_RETURN),
    ("reconnectionAttempts", NO_RETURN),
    ("reconnectionDelay", NO_RETURN),
    ("reconnectionDelayMax", NO_RETURN),
    ("randomizationFactor", NO_RETURN),
    ("timeout", "`config.timeout` bounds every step"),
    ("upgrade", "`transports` says what is used, in its order"),
    (
        "rememberUpgrade",
        "`transports` says what is used, in its order",
    ),
    ("withCredentials", "that is for browsers"),
    ("rejectUnauthorized", "it belongs into `config.tls`"),
];
const EACH_ITS_OWN: &str = "every session has a connection of its own";
const NO_RETURN: &str = "a session fails with its connection";

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
        fields.without_effect(&[("maxSockets", "`pool` says how many connections there are")]);
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
        if let Some(node) = fields.take("cookieJarOptions") {
            settings.http.cookie_rules = self.cookie_rules(node);
        }
        if let Some(node) = fields.take("distributedTracing") {
            settings.http.tracing = self.tracing(node);
        }
        fields.finish(self);
    }

    /// Options of the npm package `tough-cookie`, which Artillery hands on.
    fn cookie_rules(&mut self, node: &Node) -> CookieRules {
        const NO_LIST: &str = "no list of public suffixes is kept: \
                               a host may set cookies for its own domains";
        let mut rules = CookieRules::default();
        let Some(mut fields) = Fields::of(node, "`cookieJarOptions`", self) else {
            return rules;
        };
        fields.without_effect(&[
            ("rejectPublicSuffixes", NO_LIST),
            ("allowSpecialUseDomain", NO_LIST),
        ]);
        if let Some(node) = fields.take("looseMode") {
            rules.is_loose = self.truth(node, "`looseMode`").unwrap_or(false);
        }
        if let Some(node) = fields.take("prefixSecurity") {
            match self.text(node, "`prefixSecurity`").as_deref() {
                Some("unsafe-disabled") => rules.checks_prefixes = false,
                Some("silent" | "strict") | None => {}
                Some(_) => self.expected(
                    "one of `silent`, `strict` and `unsafe-disabled`",
                    node,
                    "`prefixSecurity`",
                ),
            }
        }
        fields.finish(self);
        rules
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
        const VERSIONS: &str = "TLS 1.2 and 1.3 are spoken, whichever the server prefers";
        fields.without_effect(&[
            (
                "ciphers",
                "the server chooses among those that are safe today",
            ),
            ("secureProtocol", VERSIONS),
            ("minVersion", VERSIONS),
            ("maxVersion", VERSIONS),
        ]);
        if let Some(truth) = fields
            .take("rejectUnauthorized")
            .and_then(|n| self.truth(n, "`rejectUnauthorized`"))
        {
            settings.is_verified = truth;
        }
        if let Some(node) = fields.take("ca") {
            let all = self.list_or_one(node).into_iter();
            settings.ca = all.filter_map(|n| self.contents(n, "`ca`")).collect();
        }
        let mut contents = |key, what| {
            let node = fields.take(key)?;
            self.contents(node, what)
        };
        settings.cert = contents("cert", "`cert`");
        settings.key = contents("key", "`key`");
        settings.pfx = contents("pfx", "`pfx`");
        let mut text = |key, what| {
            let node = fields.take(key)?;
            self.text(node, what)
        };
        settings.passphrase = text("passphrase", "`passphrase`");
        settings.server_name = text("servername", "`servername`");
        fields.finish(self);
        let given = |key: &str| node.get(key);
        if let (Some(pfx), Some(_)) = (given("pfx"), given("cert").or(given("key"))) {
            let hint = "leave out what is not meant: a `pfx` holds both";
            self.warning(
                pfx.place,
                "`pfx` counts, and not `cert` and `key`",
                Some(hint.into()),
            );
        } else if let (Some(alone), None) | (None, Some(alone)) = (given("cert"), given("key")) {
            let hint = "a client shows a certificate with `cert` and `key`, or with `pfx`";
            self.error(
                alone.place,
                "`cert` and `key` belong together",
                Some(hint.into()),
            );
        }
        settings
    }

    /// A PEM text as it stands; else what is in the file of this name.
    fn contents(&mut self, node: &Node, what: &str) -> Option<Vec<u8>> {
        let text = self.text(node, what)?;
        if text.contains("-----BEGIN") {
            return Some(text.into_bytes());
        }
        match self.inputs.files.read_bytes(&text) {
            Ok(contents) => Some(contents),
            Err(why) => {
                let hint = match what {
                    "`pfx`" => "the path is relative to the script",
                    _ => "the path is relative to the script; PEM text may stand there instead",
                };
                let message = format!("{what}: `{text}` cannot be read: {why}");
                self.error(node.place, message, Some(hint.into()));
                None
            }
        }
    }

    /// Notes it if a file that is read later is not there.
    pub(super) fn check_is_there(&mut self, node: &Node, path: Option<&str>) {
        if let Some(path) = path.filter(|path| !self.inputs.files.is_there(path)) {
            self.is_missing(node, path);
        }
    }

    pub(super) fn is_missing(&mut self, node: &Node, path: &str) {
        let hint = "the path is relative to the script";
        self.error(
            node.place,
            format!("there is no file `{path}`"),
            Some(hint.into()),
        );
    }

    pub(super) fn ws(&mut self, node: &Node, timeout: &mut Duration) -> WsSettings {
        let mut settings = WsSettings::default();
        let Some(mut fields) = Fields::of(node, "`ws`", self) else {
            return settings;
        };
        fields.without_effect(OF_WEBSOCKETS);
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
        fields.without_effect(OF_SOCKETIO);
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
