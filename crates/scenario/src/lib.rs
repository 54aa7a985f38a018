//! What a load script means: who arrives when, and does what.
//!
//! Owns the Minigun and Artillery formats, JSON or YAML: text becomes a [`Script`], or
//! [`Diagnostic`]s with line and column, all in one pass. Must not know how anything is sent.
//! Nothing here reads a file, a clock or chance: text and random numbers come in as arguments.

mod arrivals;
mod diagnostic;
mod parse;
mod script;
mod target;
mod template;
mod tree;

pub use arrivals::{Arrival, Arrivals, Phase, Spread};
pub use diagnostic::{Diagnostic, Severity};
pub use parse::{Parsed, parse};
pub use script::{Body, Engine, HttpRequest, Scenario, Script, Step};
pub use target::{Target, TargetError};
pub use template::{JsonTemplate, Scope, Template};
