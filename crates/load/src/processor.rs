//! The functions of a script's processor: JavaScript that is called around steps.
//!
//! All sessions share one instance of the file, as in Artillery, so that what it keeps at its top
//! is common. It runs in the embedded engine on a thread of its own, or in a real Node.js; either
//! way calls and answers are JSON, and a session waits for its answer without holding anybody up.

mod files;
mod node;
mod quickjs;
mod typescript;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::Meter;
use crate::surroundings::Say;

pub(crate) use quickjs::evaluate;

const GLUE: &str = include_str!("processor/glue.js");

/// How long a function may take before its session fails.
const LONGEST_CALL: Duration = Duration::from_secs(120);

/// Where a processor runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProcessorKind {
    /// In the embedded engine: quick, without Node.js's own modules.
    #[default]
    Embedded,
    /// In a Node.js process of its own, the `node` that is found in `PATH`.
    Node,
}

/// Why a processor cannot be used.
#[derive(Debug, Error)]
pub enum ProcessorError {
    /// The file cannot be read.
    #[error("cannot read the processor `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file failed when it was run.
    #[error("the processor `{path}` failed: {why}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// In the engine's words.
        why: String,
        /// What to do about it, if that is known.
        hint: Option<String>,
    },
    /// Node.js cannot be started.
    #[error("cannot start `node`: {0}")]
    Node(std::io::Error),
}

impl ProcessorError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Failed { hint, .. } => hint.as_deref(),
            Self::Read { .. } => Some("the path is relative to the script"),
            Self::Node(_) => Some("install Node.js, or leave `--processor node` out"),
        }
    }
}

/// The functions of one script.
#[derive(Debug)]
pub struct Processor {
    functions: HashSet<String>,
    host: Host,
    answers: Arc<Answers>,
    next_id: AtomicU64,
}

#[derive(Debug)]
enum Host {
    Embedded(quickjs::Engine),
    Node(node::Process),
}

impl Host {
    fn send(&self, call: String) -> bool {
        match self {
            Self::Embedded(engine) => engine.send(quickjs::Order::Call(call)),
            Self::Node(process) => process.send(call),
        }
    }
}

/// Who waits for which answer.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
}

impl Answers {
    /// Hands an answer to whoever waits for it.
    fn give(&self, text: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let id = answer.get("id").and_then(Value::as_u64);
        let sender = id.and_then(|id| self.waiting().remove(&id));
        if let Some(sender) = sender {
            // Whoever waited may be gone.
            let _ = sender.send(answer);
        }
    }

    /// Nobody will answer any more: everybody who waits is told.
    fn give_up(&self) {
        self.waiting().clear();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Value>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call of a function.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) request: Value,
    pub(crate) response: Value,
    pub(crate) error: Option<String>,
}

impl Call {
    pub(crate) fn new(kind: &'static str, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// What a function has answered.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// Variables that it has set, or taken away.
    pub(crate) variables: Vec<(String, Option<Value>)>,
    pub(crate) request: Value,
    pub(crate) value: Value,
    pub(crate) events: Vec<Event>,
}

/// What a function has counted: `events.emit('counter', 'name', 1)`.
#[derive(Debug)]
pub(crate) struct Event {
    kind: String,
    name: String,
    value: f64,
}

impl Event {
    pub(crate) fn count(&self, meter: &Meter) {
        match self.kind.as_str() {
            // `errors.…` are the causes of failed sessions, and add up to their number.
            "counter" if self.name.starts_with("errors.") => {
                meter.count(
                    &format!("processor.{}", self.name),
                    self.value.max(0.0) as u64,
                );
            }
            "counter" => meter.count(&self.name, self.value.max(0.0) as u64),
            "rate" => meter.rate(&self.name),
            // As every time in a report, in milliseconds.
            _ => {
                let time = Duration::try_from_secs_f64(self.value / 1000.0);
                meter.time(&self.name, time.unwrap_or_default());
            }
        }
    }
}

impl Processor {
    /// Runs the file, and knows its functions from then on. Needs a Tokio runtime for Node.js.
    ///
    /// # Errors
    /// If the file cannot be read or fails, or Node.js cannot be started.
    pub async fn start(
        path: &Path,
        kind: ProcessorKind,
        say: Option<Say>,
    ) -> Result<Arc<Self>, ProcessorError> {
        let path = &with_ending(path);
        let answers = Arc::new(Answers::default());
        let (host, functions) = match kind {
            ProcessorKind::Embedded => {
                let (engine, functions) =
                    quickjs::Engine::start(path, Arc::clone(&answers), say).await?;
                (Host::Embedded(engine), functions)
            }
            ProcessorKind::Node => {
                let (process, functions) =
                    node::Process::start(path, Arc::clone(&answers), say).await?;
                (Host::Node(process), functions)
            }
        };
        Ok(Arc::new(Self {
            functions: functions.into_iter().collect(),
            host,
            answers,
            next_id: AtomicU64::new(0),
        }))
    }

    /// Whether it has a function of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// Calls a function for a session, and waits until it has ended.
    pub(crate) async fn call(
        &self,
        call: Call,
        session: u64,
        scenario: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<Reply, String> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let name = call.name;
        let message = json!({
            "id": id, "session": session, "scenario": scenario, "kind": call.kind, "name": name,
            "vars": variables, "request": call.request, "response": call.response,
            "error": call.error,
        });
        let (sender, receiver) = oneshot::channel();
        self.answers.waiting().insert(id, sender);
        let gone = || format!("the processor has ended; `{name}` was not answered");
        if !self.host.send(message.to_string()) {
            self.answers.waiting().remove(&id);
            return Err(gone());
        }
        let answer = match tokio::time::timeout(LONGEST_CALL, receiver).await {
            Ok(answer) => answer.map_err(|_| gone())?,
            Err(_) => {
                self.answers.waiting().remove(&id);
                return Err(format!("the function `{name}` did not end"));
            }
        };
        reply(answer)
    }

    /// Lets go of what a session has left with the functions.
    pub(crate) fn forget(&self, session: u64) {
        match &self.host {
            Host::Embedded(engine) => {
                engine.send(quickjs::Order::Forget(session));
            }
            Host::Node(process) => {
                process.send(format!("forget {session}"));
            }
        }
    }
}

/// The file itself, wherever we are: as in Node.js a script may leave its ending out.
fn with_ending(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let candidates = scenario::PROCESSOR_ENDINGS.iter().map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let found = candidates.into_iter().find(|path| path.is_file());
    found.unwrap_or(path)
}

fn reply(mut answer: Value) -> Result<Reply, String> {
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return Err(error.to_owned());
    }
    let mut variables = Vec::new();
    if let Some(Value::Object(changed)) = answer.get_mut("vars").map(Value::take) {
        variables.extend(changed.into_iter().map(|(name, v)| (name, Some(v))));
    }
    if let Some(Value::Array(gone)) = answer.get("gone") {
        let names = gone.iter().filter_map(Value::as_str);
        variables.extend(names.map(|name| (name.to_owned(), None)));
    }
    let event = |event: &Value| {
        Some(Event {
            kind: event.get(0)?.as_str()?.to_owned(),
            name: event.get(1)?.as_str()?.to_owned(),
            value: event.get(2)?.as_f64()?,
        })
    };
    let events = answer.get("events").and_then(Value::as_array);
    let events = events.into_iter().flatten().filter_map(event).collect();
    let mut take = |key: &str| answer.get_mut(key).map(Value::take).unwrap_or_default();
    Ok(Reply {
        variables,
        events,
        request: take("request"),
        value: take("value"),
    })
}

#[cfg(test)]
mod tests;
