//! `cargo xtask bench`: whole processes side by side with their peers, in one sitting.

pub(crate) mod heap;
pub(crate) mod load;
mod measured;
mod peers;
mod snapshots;
mod tables;
