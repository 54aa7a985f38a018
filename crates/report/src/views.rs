//! The views of snapshots as text: one file a view.
//!
//! Owns words, columns and units; rows and their order come from `explore`. Sizes in tables are
//! bytes, as DevTools shows them.

mod cells;
mod closures;
mod collections;
mod containment;
mod detached;
mod details;
mod diff;
mod dominators;
mod holders;
mod path;
mod retainers;
mod statistics;
mod strings;
mod summary;
mod tree;
mod trend;

pub use closures::closures_text;
pub use collections::collections_text;
pub use containment::containment_text;
pub use detached::detached_text;
pub use details::object_details_text;
pub use diff::{diff_objects_text, diff_text};
pub use dominators::{dominator_classes_text, dominators_text};
pub use holders::holders_text;
pub use path::{path_groups_text, paths_text};
pub use retainers::retainers_text;
pub use statistics::statistics_text;
pub use strings::strings_text;
pub use summary::{class_objects_text, summary_text};
pub use trend::trend_text;
