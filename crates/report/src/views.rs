//! The views of snapshots as text: one file a view.
//!
//! Owns words, columns and units; rows and their order come from `explore`. Sizes in tables are
//! bytes, as DevTools shows them.

mod cells;
mod containment;
mod diff;
mod dominators;
mod path;
mod retainers;
mod statistics;
mod summary;
mod tree;

pub use containment::containment_text;
pub use diff::{diff_objects_text, diff_text};
pub use dominators::{dominator_classes_text, dominators_text};
pub use path::{path_groups_text, paths_text};
pub use retainers::retainers_text;
pub use statistics::statistics_text;
pub use summary::{class_objects_text, summary_text};
