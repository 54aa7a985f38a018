//! Everything learned from the service's process.
//!
//! Owns the process itself (its start, its output, the end of it and of all its children), the
//! readings the kernel gives, and the conversation with V8's inspector. Must not know what load is
//! put on the service, nor what is in a snapshot: its bytes go to a file unread. Linux only: the
//! readings come from procfs.

mod error;
mod inspector;
mod output;
mod procfs;
mod ready;
mod service;

pub use error::Error;
pub use inspector::{Facts, Inspector, ScriptInfo};
pub use procfs::read_memory;
pub use ready::Ready;
pub use service::{Ended, Launch, Service};
