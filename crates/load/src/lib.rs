//! Performing a script against a target.
//!
//! Owns virtual users: when each starts, what it sends, how it ended, and how long that took. Must
//! not know what the load is for, nor anything of the service's process. Every session that was
//! started is counted exactly once as completed or failed.

mod alarm;
mod cause;
mod http;
mod meter;
mod outcome;
mod perform;
mod processor;
mod segment;
mod session;
mod session_log;
mod setup;
mod socketio;
mod surroundings;
mod tally;
mod transport;
mod variables;
mod websocket;
mod ws_user;

pub use cause::explain;
pub use meter::{LATE, Meter};
pub use outcome::{Outcome, load_json, read_load_json};
pub use perform::{Job, perform, perform_until};
pub use processor::{Processor, ProcessorError, ProcessorKind};
pub use segment::{Segment, SegmentError};
pub use session_log::{SessionFacts, SessionLog};
pub use setup::SetUpError;
pub use surroundings::{Say, Surroundings};
pub use tally::{Tally, Times};
pub use transport::{Proxies, Proxy, ProxyError, TlsError, TlsOptions};
pub use transport::{Transport, TransportOptions};
