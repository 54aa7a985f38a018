//! What a series of readings of a process says: how it grows, and when somebody is to be told.
//!
//! Owns the figures' names and units, the rules of alerts, and the one sentence about growth. Must
//! not know where readings come from, nor the clock: times are seconds since the first reading.

mod alert;
mod amount;
mod growth;
mod history;
mod metric;

pub use alert::{Alert, AlertError, Fired, Watched};
pub use amount::{AmountError, bytes, seconds};
pub use growth::{Growth, Judgement};
pub use history::History;
pub use metric::{Figures, Metric, Unit};
