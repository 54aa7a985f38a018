//! What a script's `config` sets for all of its sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::{Expression, JsonTemplate, Template};

/// How long a response may take where the script says nothing; Artillery's own.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// `http`, `defaults`, `timeout`.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpSettings {
    /// Sent with every request, names in lower case.
    pub headers: Vec<(String, Template)>,
    /// Every session's cookies from its start.
    pub cookies: Vec<(String, Template)>,
    /// So many connections for all sessions together, rather than one for each.
    pub pool: Option<usize>,
    /// Whether the parts of a response's time are reported too.
    pub has_extended_metrics: bool,
    /// Whether a session fails when a capture finds nothing.
    pub is_capture_strict: bool,
    /// `traceparent` headers, if they are wanted.
    pub tracing: Option<Tracing>,
    /// Which of a server's cookies are taken.
    pub cookie_rules: CookieRules,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            cookies: Vec::new(),
            pool: None,
            has_extended_metrics: false,
            is_capture_strict: true,
            tracing: None,
            cookie_rules: CookieRules::default(),
        }
    }
}

/// `http.cookieJarOptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieRules {
    /// Whether a cookie may do without a name.
    pub is_loose: bool,
    /// Whether `__Secure-` and `__Host-` names are held to their promise.
    pub checks_prefixes: bool,
}

impl Default for CookieRules {
    fn default() -> Self {
        Self {
            is_loose: false,
            checks_prefixes: true,
        }
    }
}

/// A W3C trace context for every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracing {
    /// Whether the trace is to be recorded.
    pub is_sampled: bool,
    /// What trace ids begin with: up to eight hexadecimal digits.
    pub prefix: String,
}

/// `tls`, with what is in the files that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether a certificate that cannot be verified ends a session.
    pub is_verified: bool,
    /// Certificates that are trusted instead of the system's, as PEM.
    pub ca: Vec<Vec<u8>>,
    /// The client's certificate, as PEM.
    pub cert: Option<Vec<u8>>,
    /// Its key, as PEM.
    pub key: Option<Vec<u8>>,
    /// Both in one, as PKCS#12.
    pub pfx: Option<Vec<u8>>,
    /// What `key` or `pfx` is encrypted with.
    pub passphrase: Option<String>,
    /// The name that the server has to prove, if it is not the target's host.
    pub server_name: Option<String>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            is_verified: true,
            ca: Vec::new(),
            cert: None,
            key: None,
            pfx: None,
            passphrase: None,
            server_name: None,
        }
    }
}

/// `ws`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WsSettings {
    /// Offered to the server in this order.
    pub subprotocols: Vec<String>,
    /// Sent with the opening request.
    pub headers: Vec<(String, Template)>,
    /// Whether certificates are verified, where it differs from `tls`.
    pub is_verified: Option<bool>,
    /// The URL of a proxy.
    pub proxy: Option<String>,
    /// Whether messages may be compressed; `ws`'s own default is that they are.
    pub has_compression: Option<bool>,
}

/// `socketio`, of the configuration or of a scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SocketIoSettings {
    /// Added to the URL.
    pub query: Vec<(String, Template)>,
    /// Where the server listens; `/socket.io/` if nothing is said.
    pub path: Option<String>,
    /// Sent with every request of the transport.
    pub headers: Vec<(String, Template)>,
    /// `polling` and `websocket`, in the order in which they are tried; both if empty.
    pub transports: Vec<String>,
    /// Told the server when a namespace is joined.
    pub auth: Option<JsonTemplate>,
}

/// A CSV file's rows, of which every session has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// How a session comes by its row.
    pub order: PayloadOrder,
    /// The variables that a row's cells are in.
    pub fields: Vec<String>,
    /// Cells, by row.
    pub rows: Vec<Vec<Value>>,
}

/// How a session comes by its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadOrder {
    /// By chance.
    Random,
    /// One after another, from the first again after the last.
    Sequence,
    /// It has all of them, under this name.
    All(String),
}

/// `ensure`: what the whole load has to have kept to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ensure {
    /// A metric's name, as `http.response_time.p95`, and what it may be at most.
    pub thresholds: Vec<(String, f64)>,
    /// Conditions over metrics by their names.
    pub conditions: Vec<EnsureCondition>,
    /// The failed part of all sessions, in percent, that is still acceptable.
    pub max_error_rate: Option<f64>,
}

/// A condition of `ensure`.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureCondition {
    /// What has to be true.
    pub expression: Expression,
    /// Whether the load fails otherwise; it is only told if not.
    pub is_strict: bool,
}

/// What plug-ins that are built in have been told.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugins {
    /// Whether requests' `expect` is held against responses.
    pub expect: Option<ExpectPlugin>,
    /// Metrics for each URL; Artillery has them always.
    pub by_endpoint: ByEndpoint,
    /// The threshold of the Apdex in milliseconds, if it is wanted.
    pub apdex: Option<f64>,
}

/// `plugins.expect`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectPlugin {
    /// Whether a session fails if an expectation is not met.
    pub fails_sessions: bool,
    /// Whether requests are named by their `name` in errors.
    pub uses_only_names: bool,
    /// Whether a request without expectations has to have the status 200.
    pub expects_200: bool,
}

/// `plugins.metrics-by-endpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByEndpoint {
    /// Whether a request's name alone is its endpoint's name.
    pub uses_only_names: bool,
    /// Whether the query is no part of an endpoint's name.
    pub strips_query: bool,
    /// Whether requests without a name are left out.
    pub ignores_unnamed: bool,
    /// Whether URLs of one template are one endpoint.
    pub groups_dynamic: bool,
    /// What the metrics' names begin with.
    pub namespace: String,
}

impl Default for ByEndpoint {
    fn default() -> Self {
        Self {
            uses_only_names: false,
            strips_query: false,
            ignores_unnamed: false,
            groups_dynamic: true,
            namespace: "plugins.metrics-by-endpoint".into(),
        }
    }
}

/// What the name of a processor's file may end in where the script leaves it out; the first that is
/// there counts.
pub const PROCESSOR_ENDINGS: [&str; 6] = ["", ".js", ".cjs", ".mjs", ".ts", ".mts"];

/// Everything that `config` says, but for where, when and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How long a response may take.
    pub timeout: Duration,
    /// Of HTTP requests.
    pub http: HttpSettings,
    /// Of encrypted connections.
    pub tls: TlsSettings,
    /// Of WebSockets.
    pub ws: WsSettings,
    /// Of Socket.IO.
    pub socketio: SocketIoSettings,
    /// By how much a pause may differ from what is written.
    pub jitter: Option<Jitter>,
    /// What the load has to keep to.
    pub ensure: Ensure,
    /// Of the built-in plug-ins.
    pub plugins: Plugins,
    /// How often there is an intermediate report.
    pub stats_interval: Option<Duration>,
    /// The file of JavaScript functions, as the script names it.
    pub processor: Option<String>,
    /// The values that each session draws one of.
    pub variables: BTreeMap<String, Vec<Value>>,
    /// The files of values.
    pub payloads: Vec<Payload>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            http: HttpSettings::default(),
            tls: TlsSettings::default(),
            ws: WsSettings::default(),
            socketio: SocketIoSettings::default(),
            jitter: None,
            ensure: Ensure::default(),
            plugins: Plugins {
                expect: None,
                // So Artillery sets it up where a script says nothing of it.
                by_endpoint: ByEndpoint {
                    strips_query: true,
                    ..ByEndpoint::default()
                },
                apdex: None,
            },
            stats_interval: None,
            processor: None,
            variables: BTreeMap::new(),
            payloads: Vec::new(),
        }
    }
}

/// By how much a pause may differ, up or down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// So long.
    By(Duration),
    /// This part of it, in percent.
    Percent(f64),
}

impl Jitter {
    /// A pause, for a number drawn uniformly from 0 up to 1.
    #[must_use]
    pub fn apply(self, span: Duration, draw: f64) -> Duration {
        let by = match self {
            Self::By(by) => by.as_secs_f64(),
            Self::Percent(percent) => span.as_secs_f64() * percent / 100.0,
        };
        let seconds = span.as_secs_f64() - by + draw * 2.0 * by;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}
