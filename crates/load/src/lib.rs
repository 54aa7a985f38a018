//! Performing a script against a target.
//!
//! Owns virtual users: when each starts, what it sends, how it ended, and how long that took. Must
//! not know what the load is for, nor anything of the service's process. Every session that was
//! started is counted exactly once as completed or failed.

mod cause;
mod http;
mod meter;
mod outcome;
mod perform;
mod session;
mod transport;
mod websocket;
mod ws_user;

pub use meter::Meter;
pub use outcome::{Outcome, load_json};
pub use perform::{Job, perform};
pub use transport::{Proxies, Proxy, ProxyError, TlsError, TlsOptions};
pub use transport::{Transport, TransportOptions};
