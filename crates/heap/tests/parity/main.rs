//! Node by node against Chrome DevTools' own engine, which the package `chrome-devtools-frontend` carries.
//!
//! Snapshots come from real processes and from a seeded generator of odd graphs. Needs what
//! `cargo xtask test` installs. `cargo xtask parity FILE…` compares files of your own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compare;
mod devtools;
mod given;
mod graphs;
mod processes;
