//! The questions asked of a service through V8's inspector.
//!
//! Owns the meaning of each question; the conversation itself is [`wire`]'s. Many may ask at once.
//! Source: the Chrome DevTools Protocol, domains `HeapProfiler`, `Runtime` and `Debugger`, as
//! Node.js speaks them.

mod cut;
mod isolates;
mod objects;
mod piped;
mod snapshot;
mod traffic;
mod vitals;
mod waiting;
mod whole;
mod wire;

use std::path::Path;
use std::time::Duration;

use recording::{HeapFigures, SnapshotFacts};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Error;
use wire::{Notice, Wire};

pub use isolates::{HeapSpace, HeapSpaces, Isolate};
pub use snapshot::Packing;
pub use traffic::Traffic;
pub use vitals::{SpaceFigures, Vitals};

/// An answer that takes longer will not come: the event loop is blocked.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A conversation with one isolate's inspector. A clone is the same conversation, which ends when
/// the last of them is dropped.
#[derive(Debug, Clone)]
pub struct Inspector {
    wire: Wire,
    patience: Duration,
}

/// What a service says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Facts {
    /// `process.pid`.
    pub pid: u32,
    /// `process.version`.
    pub node_version: String,
    /// `process.versions.v8`.
    pub v8_version: String,
}

/// A script that V8 has compiled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScriptInfo {
    /// V8's id of it, which snapshots use too.
    #[serde(rename = "scriptId")]
    pub id: String,
    /// A `file:` URL, a path, or `node:…` for Node's own.
    pub url: String,
    /// UTF-16 units.
    #[serde(default)]
    pub length: u64,
}

impl Inspector {
    /// Connects to an inspector's WebSocket address. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::Connect`] if nobody answers there.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::over(Wire::connect(url).await?).await
    }

    /// Connects over a stream that leads there already.
    pub(crate) async fn connect_on(url: &str, stream: TcpStream) -> Result<Self, Error> {
        Self::over(Wire::connect_on(url, stream).await?).await
    }

    async fn over(wire: Wire) -> Result<Self, Error> {
        let inspector = Self {
            wire,
            patience: ANSWER_WITHIN,
        };
        // Without this, Node.js waits at its end until the debugger goes away.
        let method = "NodeRuntime.notifyWhenWaitingForDisconnect";
        match inspector.ask(method, &json!({ "enabled": true })).await {
            // Chrome and Deno do not wait.
            Ok(_) | Err(Error::Refused { .. }) => Ok(inspector),
            Err(error) => Err(error),
        }
    }

    /// With another limit than a minute until an answer counts as missing.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Asks Node.js to close its inspector, and with it this conversation, at its next turn; with a
    /// port, it opens there the next time.
    pub(crate) async fn close_inspector(&self, port: Option<u16>) -> Result<(), Error> {
        let back = port.map_or(String::new(), |port| format!("process.debugPort = {port};"));
        // Not within the question: it would wait for the conversation's end, which waits for it. And
        // not before the loop has polled: a SIGUSR1 that waits there would open it again.
        let expression = format!(
            "setTimeout(() => setImmediate(() => {{ process._debugEnd(); {back} }}), 0), 0"
        );
        self.evaluate::<Value>(&expression).await.map(drop)
    }

    /// Likewise, but to open it again at once on any free port of loopback; the port that it had.
    pub(crate) async fn move_inspector(&self) -> Result<u16, Error> {
        // What is thrown outside of a question would end the service.
        let expression = "(() => {
  const inspector = (process.getBuiltinModule ?? require)('inspector');
  const port = process.debugPort;
  const move = () => {
    try {
      process._debugEnd();
      // A cluster's primary would pass this on to its workers, by their internal messages.
      const name = 'internalMessage';
      const listeners = process.rawListeners(name);
      process.removeAllListeners(name);
      try { inspector.open(0, '127.0.0.1'); } finally {
        for (const listener of listeners) process.on(name, listener);
      }
    } catch {}
  };
  setTimeout(() => setImmediate(move), 0);
  return port;
})()";
        self.evaluate_in_console(expression).await
    }

    /// Asks the service for its process id and versions.
    ///
    /// # Errors
    /// If it does not answer, or is no Node.js.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let expression = "({ pid: process.pid, node_version: process.version, \
                           v8_version: process.versions.v8 })";
        self.evaluate(expression).await
    }

    /// Runs V8's last-resort collection, which clears what a plain `gc()` keeps. Console messages
    /// that the inspector holds for a frontend, with the objects they show, are let go before.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn collect_garbage(&self) -> Result<(), Error> {
        self.ask("Runtime.discardConsoleEntries", &json!({}))
            .await?;
        self.ask("HeapProfiler.collectGarbage", &json!({})).await?;
        Ok(())
    }

    /// Lets the event loop turn twice, so that callbacks of a collection run.
    ///
    /// # Errors
    /// [`Error::Silent`] if it is blocked.
    pub async fn turn_event_loop(&self) -> Result<(), Error> {
        // A browser's page has no `setImmediate`.
        let expression = "new Promise((resolve) => { \
                          const turn = globalThis.setImmediate ?? setTimeout; \
                          turn(() => turn(resolve, 0), 0) })";
        let params = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
            "silent": true,
        });
        self.value::<Value>(&params).await.map(drop)
    }

    /// Reads `process.memoryUsage()`.
    ///
    /// # Errors
    /// If the service does not answer.
    pub async fn heap_figures(&self) -> Result<HeapFigures, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Usage {
            heap_total: u64,
            heap_used: u64,
            external: u64,
            array_buffers: u64,
        }
        let usage: Usage = self.evaluate("process.memoryUsage()").await?;
        Ok(HeapFigures {
            heap_total: usage.heap_total,
            heap_used: usage.heap_used,
            external: usage.external,
            array_buffers: usage.array_buffers,
        })
    }

    /// Takes a heap snapshot into the file `path`, which gets its name only when it is whole (its
    /// lists are held against the counts in its header) and is readable by its owner alone. The
    /// service stands still meanwhile. `progress` is told how many of how many nodes are done.
    ///
    /// # Errors
    /// If the file cannot be written, the connection breaks, or nothing comes for five times the
    /// patience; no half file stays then.
    pub async fn take_snapshot(
        &self,
        path: &Path,
        progress: impl FnMut(u64, u64),
    ) -> Result<SnapshotFacts, Error> {
        self.take_packed_snapshot(path, Packing::Plain, progress)
            .await
    }

    /// Likewise, compressed if that is wanted.
    ///
    /// # Errors
    /// As [`Inspector::take_snapshot`].
    pub async fn take_packed_snapshot(
        &self,
        path: &Path,
        packing: Packing,
        progress: impl FnMut(u64, u64),
    ) -> Result<SnapshotFacts, Error> {
        snapshot::take(&self.wire, (path, packing), self.patience, progress).await
    }

    /// Starts V8's sampling heap profiler: about every `interval_bytes` allocated, one allocation
    /// is noted with its stack, and kept for as long as the object lives.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn start_sampling(&self, interval_bytes: u64) -> Result<(), Error> {
        let params = json!({ "samplingInterval": interval_bytes });
        self.ask("HeapProfiler.startSampling", &params).await?;
        Ok(())
    }

    /// Likewise, but what is freed again stays in the profile: where the garbage comes from.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn start_sampling_all(&self, interval_bytes: u64) -> Result<(), Error> {
        let params = json!({
            "samplingInterval": interval_bytes,
            "includeObjectsCollectedByMajorGC": true,
            "includeObjectsCollectedByMinorGC": true,
        });
        self.ask("HeapProfiler.startSampling", &params).await?;
        Ok(())
    }

    /// Ends the sampling; the profile as [`Inspector::sampling_profile`] gives it.
    ///
    /// # Errors
    /// If the inspector does not answer, or sampling was not started.
    pub async fn stop_sampling(&self) -> Result<Value, Error> {
        self.profile("HeapProfiler.stopSampling").await
    }

    /// The allocations noted so far that are still alive, as V8's `.heapprofile` format has them.
    ///
    /// # Errors
    /// If the inspector does not answer, or sampling was not started.
    pub async fn sampling_profile(&self) -> Result<Value, Error> {
        self.profile("HeapProfiler.getSamplingProfile").await
    }

    async fn profile(&self, method: &'static str) -> Result<Value, Error> {
        #[derive(Deserialize)]
        struct Answer {
            profile: Value,
        }
        let answer = self.ask(method, &json!({})).await?;
        Ok(read::<Answer>(method, &answer)?.profile)
    }

    /// The scripts that V8 has compiled. Turns the debugger on, which costs the service speed:
    /// to be asked after everything that is measured.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn scripts(&self) -> Result<Vec<ScriptInfo>, Error> {
        let mut scripts = Vec::new();
        let mut notices = self.wire.ask_with_notices("Debugger.enable", &json!({}))?;
        while let Some(notice) = notices.next().await {
            if let Notice::Script(script) = notice {
                scripts.push(script);
            }
        }
        notices.answer().await?;
        Ok(scripts)
    }

    /// Turns the debugger off, which [`Inspector::scripts`] turned on.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn forget_scripts(&self) -> Result<(), Error> {
        self.ask("Debugger.disable", &json!({})).await.map(drop)
    }

    /// The text of a script; only after [`Inspector::scripts`].
    ///
    /// # Errors
    /// If there is no such script.
    pub async fn script_source(&self, id: &str) -> Result<String, Error> {
        const METHOD: &str = "Debugger.getScriptSource";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            script_source: String,
        }
        let answer = self.ask(METHOD, &json!({ "scriptId": id })).await?;
        Ok(read::<Answer>(METHOD, &answer)?.script_source)
    }

    /// The value of an expression in the service's global scope. A promise is not awaited: a thread
    /// that waits in `Atomics.wait` would settle none.
    async fn evaluate<T: for<'a> Deserialize<'a>>(&self, expression: &str) -> Result<T, Error> {
        let params = json!({
            "expression": expression,
            "returnByValue": true,
            "silent": true,
        });
        self.value(&params).await
    }

    /// Likewise, with the `require` of a debugger's console in scope.
    async fn evaluate_in_console<T: for<'a> Deserialize<'a>>(
        &self,
        expression: &str,
    ) -> Result<T, Error> {
        let params = json!({
            "expression": expression,
            "returnByValue": true,
            "silent": true,
            "includeCommandLineAPI": true,
        });
        self.value(&params).await
    }

    async fn value<T: for<'a> Deserialize<'a>>(&self, params: &Value) -> Result<T, Error> {
        const METHOD: &str = "Runtime.evaluate";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            result: Remote,
            exception_details: Option<Exception>,
        }
        #[derive(Deserialize)]
        struct Remote {
            #[serde(default)]
            value: Value,
            description: Option<String>,
        }
        #[derive(Deserialize)]
        struct Exception {
            text: String,
        }
        let answer: Answer = read(METHOD, &self.ask(METHOD, params).await?)?;
        if let Some(exception) = answer.exception_details {
            let message = answer.result.description.unwrap_or(exception.text);
            return Err(Error::Refused {
                method: METHOD,
                message,
            });
        }
        let value = serde_json::from_value(answer.result.value);
        value.map_err(|source| Error::Answer {
            method: METHOD,
            source,
        })
    }

    async fn ask(&self, method: &'static str, params: &Value) -> Result<Box<RawValue>, Error> {
        let answer = tokio::time::timeout(self.patience, self.wire.ask(method, params)).await;
        answer.unwrap_or(Err(Error::Silent {
            method,
            limit: self.patience.into(),
        }))
    }
}

fn read<'a, T: Deserialize<'a>>(method: &'static str, answer: &'a RawValue) -> Result<T, Error> {
    serde_json::from_str(answer.get()).map_err(|source| Error::Answer { method, source })
}
