//! Answers to a person's questions as plain rows: one file a view.
//!
//! Owns what each view shows and in which order: classes of a snapshot, classes between two, what
//! keeps an object alive. Rows are data, ready for any face; their JSON form is a contract
//! (`docs/json.md`). Must not know text, color or width, nor compute anything that the engine
//! already knows.

mod diff;
mod nodes;
mod retainers;
mod summary;

pub use diff::{ClassChange, Diff, diff};
pub use nodes::{NodeRow, nodes};
pub use retainers::{ObjectRow, PathRow, RetainerRow, Retainers, Unknown, find_object, retainers};
pub use summary::{ClassRow, StatisticsRow, Summary, summary};
