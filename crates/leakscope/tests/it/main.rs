//! The binary as its users run it: real Node.js services, real load, real signals.
//!
//! Needs what `cargo xtask test` installs: the example's packages, and other majors of Node.js.

mod bad_input;
mod harness;
mod hunts;
mod interrupts;
mod views;
