//! The snapshot parser, its recovery and the analysis of what they give, guided by coverage.
//!
//! `cargo xtask fuzz` runs it on the stable toolchain.
#![no_main]

#[path = "../invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| invariants::check(bytes));
