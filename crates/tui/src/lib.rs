//! Runs and heap snapshots on a terminal, for people who have no browser at hand.
//!
//! Owns what is on the screen and what keys do. Rows come from `explore`, the verdict's text from
//! `report`: nothing is computed here. Must not open a file: that is done by the [`Bench`].
//!
//! Two threads: the screen's, which never waits for anything but events, and the worker's, which holds
//! the snapshots and answers [`question`]s. So a snapshot of any size leaves the keys alive.

mod answers;
mod app;
mod bench;
mod draw;
mod keys;
mod look;
mod question;
mod screen;
mod tabs;
#[cfg(test)]
mod tests;
mod tree;
mod worker;

pub use bench::{Bench, Opened, Trouble, Watch};
pub use look::Look;
pub use screen::{Ended, show};
