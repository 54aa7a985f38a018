//! Processes as they really run: found through procfs, attached to, left as they were.
//!
//! Needs the majors of Node.js that `cargo xtask test` installs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attach;
mod child;
mod deno;
mod fake;
mod piped;
mod service;
