//! The views of snapshots as text: one file a view.
//!
//! Owns words, columns and units; rows and their order come from `explore`. Sizes in tables are
//! bytes, as DevTools shows them.

mod cells;
mod diff;
mod retainers;
mod summary;

pub use diff::{diff_objects_text, diff_text};
pub use retainers::retainers_text;
pub use summary::{class_objects_text, summary_text};
