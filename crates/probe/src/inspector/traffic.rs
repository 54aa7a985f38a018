//! What arrives at a service, counted inside of it: for load that somebody else makes.
//!
//! Owns a small piece of JavaScript that is put into the service and taken out again. Requests and
//! connections come from Node.js' own diagnostics channels, messages from the receiver of the npm
//! package `ws` where the service has loaded it. Invariant: what is counted was received whole
//! before the question; nothing of what it holds is kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Inspector;
use crate::Error;

/// What a service has received since counting began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Traffic {
    /// HTTP requests.
    pub requests: u64,
    /// TCP connections.
    pub connections: u64,
    /// WebSocket messages.
    pub messages: u64,
    /// HTTP responses by status.
    pub responses: BTreeMap<u16, u64>,
}

impl Traffic {
    /// Adds what another process has received.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.connections += other.connections;
        self.messages += other.messages;
        for (status, count) in &other.responses {
            *self.responses.entry(*status).or_default() += count;
        }
    }
}

const BEGIN: &str = "(() => {
  const key = Symbol.for('leakscope.traffic');
  if (globalThis[key]) return true;
  const load = process.getBuiltinModule ?? require;
  const { channel } = load('diagnostics_channel');
  const counts = { requests: 0, connections: 0, messages: 0, responses: {} };
  const undo = [];
  const listen = (name, onMessage) => {
    channel(name).subscribe(onMessage);
    undo.push(() => channel(name).unsubscribe(onMessage));
  };
  listen('http.server.request.start', () => { counts.requests += 1; });
  listen('http.server.response.finish', ({ response }) => {
    const status = response.statusCode;
    counts.responses[status] = (counts.responses[status] ?? 0) + 1;
  });
  listen('net.server.socket', () => { counts.connections += 1; });
  const loaded = Object.entries(load('module')._cache ?? {});
  for (const [path, { exports }] of loaded) {
    if (!/[\\\\/]ws[\\\\/]lib[\\\\/]receiver\\.js$/.test(path) || !exports?.prototype?.emit) continue;
    const inherited = exports.prototype.emit;
    exports.prototype.emit = function emit(event, ...rest) {
      if (event === 'message') counts.messages += 1;
      return inherited.call(this, event, ...rest);
    };
    undo.push(() => { delete exports.prototype.emit; });
  }
  const end = () => { for (const one of undo) one(); delete globalThis[key]; };
  Object.defineProperty(globalThis, key, { value: { counts, end }, configurable: true });
  return true;
})()";

const READ: &str = "globalThis[Symbol.for('leakscope.traffic')].counts";

const END: &str = "(globalThis[Symbol.for('leakscope.traffic')]?.end(), true)";

impl Inspector {
    /// Begins to count what arrives.
    ///
    /// # Errors
    /// If the service does not answer in time, or is no Node.js.
    pub async fn begin_counting(&self) -> Result<(), Error> {
        self.ask_console::<bool>(BEGIN).await.map(drop)
    }

    /// What has arrived so far; only after [`Inspector::begin_counting`].
    ///
    /// # Errors
    /// If the service does not answer in time.
    pub async fn counted(&self) -> Result<Traffic, Error> {
        self.ask_console(READ).await
    }

    /// Takes out again what was put in.
    ///
    /// # Errors
    /// If the service does not answer in time.
    pub async fn end_counting(&self) -> Result<(), Error> {
        self.ask_console::<bool>(END).await.map(drop)
    }
}
