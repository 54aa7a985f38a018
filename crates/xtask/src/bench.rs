//! `cargo xtask bench`: whole processes side by side with their peers, in one sitting.

pub(crate) mod heap;
mod measured;
mod peers;
mod snapshots;
mod tables;
