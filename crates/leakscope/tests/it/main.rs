//! The binary as its users run it: real Node.js services, real load, real signals.
//!
//! Needs what `cargo xtask test` installs: the example's packages, and other majors of Node.js.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agents;
mod around;
mod bad_input;
mod captures;
mod cgroups;
mod chromium;
mod damaged;
mod demands;
mod documents;
mod foreign;
mod gc;
mod harness;
mod hunts;
mod interrupts;
mod isolates;
mod redact;
mod running;
mod second_look;
mod shapes;
mod stops;
mod typescript;
mod views;
mod walkthrough;
mod watch;
