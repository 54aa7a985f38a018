//! Everything learned from the service's process.
//!
//! Owns the process itself (its start, its output, the end of it and of all its children), the
//! readings the kernel gives, and the conversation with V8's inspector. Must not know what load is
//! put on the service, nor what is in a snapshot: its lists are counted on their way to a file, not
//! read. Made for Linux, where readings come from procfs; on macOS `darwin.rs` answers the same
//! questions as far as it can.
//!
//! A service that runs already is named by a [`Target`], found as a [`Process`], and asked through
//! an [`Attached`]:
//!
//! ```no_run
//! # async fn example() -> Result<(), probe::Error> {
//! use probe::{Opening, Target};
//!
//! let target: Target = "server.js".parse()?;
//! // Several fit: an error that lists them.
//! if let Some(process) = target.process()? {
//!     let attached = probe::attach(&process, Opening::BySignal).await?;
//!     let figures = attached.inspector().heap_figures().await?;
//!     println!("{} bytes of heap", figures.heap_used);
//!     // Closes the inspector, if it was opened for this.
//!     attached.detach().await?;
//! }
//! # Ok(())
//! # }
//! ```

mod around;
mod attach;
mod error;
mod forecast;
mod headroom;
mod inspector;
mod output;
mod process;
#[cfg_attr(target_os = "macos", path = "darwin.rs")]
mod procfs;
mod ready;
mod service;
mod target;

pub use around::{Sockets, TcpStates, cpu_time, memory_limit, tree};
pub use attach::{
    Attached, Opening, Unreachable, Woken, attach, attach_at, attach_beside, attach_until,
    could_open_inspector,
};
pub use error::Error;
pub use forecast::{Forecast, Lack};
pub use headroom::{Headroom, MemoryLimit};
pub use inspector::{
    Facts, HeapSpace, HeapSpaces, Inspector, Isolate, Packing, ScriptInfo, SpaceFigures, Traffic,
    Vitals,
};
pub use process::{Process, Runtime};
pub use procfs::{read_memory, read_memory_quickly, read_shares};
pub use ready::Ready;
pub use service::{Ended, Launch, Service};
pub use target::{Endpoint, Target};
