//! What a load script means: who arrives when, and does what.
//!
//! Owns the Minigun and Artillery formats, JSON or YAML: text becomes a [`Script`], or
//! [`Diagnostic`]s with line and column, all in one pass. Must not know how anything is sent.
//! Nothing here reads a file, a clock or chance: text and random numbers come in as arguments.

mod arrivals;
mod capture;
mod diagnostic;
mod expect;
mod expression;
mod jsonpath;
mod parse;
mod script;
mod settings;
mod target;
mod template;
mod tree;
pub mod value;
mod xpath;

pub use arrivals::{Arrival, Arrivals, Phase, Spread};
pub use capture::{Capture, Document, Extract, Match};
pub use diagnostic::{Diagnostic, Severity};
pub use expect::{Checked, Expectation};
pub use expression::{Expression, Lookup};
pub use jsonpath::JsonPath;
pub use parse::{Inputs, NoFiles, Parsed, ReadFile, parse, parse_with};
pub use script::{
    Answer, Body, Condition, Connect, Emit, Engine, Hooks, HttpRequest, Loop, Part, PartContent,
    Reply, Rounds, Scenario, Script, Send, Span, Step, Think,
};
pub use settings::{
    ByEndpoint, CookieRules, Ensure, EnsureCondition, ExpectPlugin, HttpSettings, Jitter,
    PROCESSOR_ENDINGS, Payload, PayloadOrder, Plugins, Settings, SocketIoSettings, TlsSettings,
    Tracing, WsSettings,
};
pub use target::{Target, TargetError};
pub use template::{JsonTemplate, Scope, Template, uuid};
