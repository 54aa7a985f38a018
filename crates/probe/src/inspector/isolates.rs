//! The isolates of one process: the main thread's, and one for each worker thread.
//!
//! Source: the `NodeWorker` domain, which Node.js and Deno speak. It lists the workers of workers
//! beside their parents.

use serde::Deserialize;
use serde_json::json;

use super::Inspector;
use super::wire::{Notice, Worker};
use crate::Error;

/// One isolate, and the conversation with it.
#[derive(Debug)]
pub struct Isolate {
    /// `main`, or `worker-` and the thread's id as `worker_threads.threadId` gives it.
    pub name: String,
    /// The name that the program gave to the worker, if any.
    pub title: Option<String>,
    /// The script that it runs; empty for the main isolate.
    pub url: String,
    /// The conversation.
    pub inspector: Inspector,
}

impl Inspector {
    /// The isolates of the process: the main one first, then those of its worker threads by their
    /// thread ids. A runtime without worker threads, or whose workers have inspectors of their own,
    /// has one.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn isolates(&self) -> Result<Vec<Isolate>, Error> {
        let mut isolates = Vec::new();
        for worker in self.workers().await? {
            let inspector = self.of(&worker);
            let number = match thread_id(&worker.title) {
                Some(number) => number,
                None => match inspector.thread_id().await {
                    Ok(number) => number,
                    // It has ended meanwhile.
                    Err(Error::Disconnected { .. } | Error::Refused { .. }) => continue,
                    Err(error) => return Err(error),
                },
            };
            isolates.push((
                number,
                Isolate {
                    name: format!("worker-{number}"),
                    title: title(&worker.title),
                    url: worker.url,
                    inspector,
                },
            ));
        }
        isolates.sort_by_key(|(number, _)| *number);
        let main = Isolate {
            name: "main".into(),
            title: None,
            url: String::new(),
            inspector: self.clone(),
        };
        Ok(std::iter::once(main)
            .chain(isolates.into_iter().map(|(_, isolate)| isolate))
            .collect())
    }

    async fn workers(&self) -> Result<Vec<Worker>, Error> {
        let params = json!({ "waitForDebuggerOnStart": false });
        match self.ask("NodeWorker.enable", &params).await {
            Ok(_) => {}
            Err(Error::Refused { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        // Node.js tells of its workers before it answers, Deno after.
        if self.wire.workers().is_empty() {
            self.turn_event_loop().await?;
        }
        Ok(self.wire.workers())
    }

    fn of(&self, worker: &Worker) -> Self {
        Self {
            wire: self.wire.of(worker),
            patience: self.patience,
        }
    }

    async fn thread_id(&self) -> Result<u64, Error> {
        let expression = "process.getBuiltinModule('worker_threads').threadId";
        self.evaluate(expression).await
    }
}

/// Node.js titles a worker `[worker 3] name`; 3 is its thread id.
fn thread_id(title: &str) -> Option<u64> {
    let (number, _) = title.strip_prefix("[worker ")?.split_once(']')?;
    number.parse().ok()
}

/// The name that a program gave; newer versions write `WorkerThread` where it gave none.
fn title(title: &str) -> Option<String> {
    let (_, name) = title.split_once(']')?;
    let name = name.trim();
    (!name.is_empty() && name != "WorkerThread").then(|| name.to_owned())
}

/// The sizes of an isolate's heap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeapSpaces {
    /// V8's spaces in its order; empty where the runtime does not tell them.
    pub spaces: Vec<HeapSpace>,
    /// Bytes of objects in all spaces.
    pub used: u64,
    /// Bytes taken from the system for all spaces.
    pub committed: u64,
    /// Bytes that the heap may grow to; `None` where it is not told.
    pub limit: Option<u64>,
    /// Bytes that its old objects may grow to, where the program was started with such a limit.
    pub old_limit: Option<u64>,
    /// Bytes outside the heap that its objects hold; array buffers are a part of them.
    pub external: u64,
    /// Bytes of `ArrayBuffer`s and `Buffer`s.
    pub array_buffers: u64,
}

/// One space of a heap.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeapSpace {
    /// V8's name for it: `old_space`.
    #[serde(rename = "space_name")]
    pub name: String,
    /// Bytes of objects.
    #[serde(rename = "space_used_size")]
    pub used: u64,
    /// Bytes taken from the system.
    #[serde(rename = "space_size")]
    pub committed: u64,
}

/// The MiB that old objects may grow to where the program was started with such a limit, else
/// `null`.
macro_rules! old_mib {
    () => {
        "(() => {
    const { resourceLimits } = process.getBuiltinModule?.('worker_threads') ?? require('worker_threads');
    const options = [process.env?.NODE_OPTIONS ?? '', ...(process.execArgv ?? [])].join(' ');
    const told = [...options.matchAll(/--max[-_]old[-_]space[-_]size=(\\d+)/g)].at(-1)?.[1];
    const mib = resourceLimits?.maxOldGenerationSizeMb ?? told;
    return mib === undefined ? null : Number(mib);
})()"
    };
}
pub(super) use old_mib;

/// As Node.js's `v8` module tells it, which Deno has too.
const SPACES: &str = concat!(
    "(() => {
    const v8 = process.getBuiltinModule?.('v8') ?? require('v8');
    const { external, arrayBuffers } = process.memoryUsage();
    const { used_heap_size, total_heap_size, heap_size_limit } = v8.getHeapStatistics();
    return { spaces: v8.getHeapSpaceStatistics(), external, arrayBuffers,
             used_heap_size, total_heap_size, heap_size_limit, old_mib: ",
    old_mib!(),
    " };
})()"
);

/// Bytes that V8's limit allows for objects that are not old yet: three times its usual semi-space.
/// The heap is full when the old ones have filled the rest.
const YOUNG: u64 = 48 << 20;

/// How full a heap is, in percent: its objects outside the young spaces, held against the limit for
/// these.
pub(super) fn full_percent(
    old_used: u64,
    limit: Option<u64>,
    old_limit: Option<u64>,
) -> Option<f64> {
    let of_all = |limit: u64| limit.saturating_sub(YOUNG).max(limit / 2);
    let limit = old_limit.or(limit.map(of_all)).filter(|&limit| limit > 0)?;
    Some(old_used as f64 / limit as f64 * 100.0)
}

impl HeapSpaces {
    /// How full it is, in percent: its old objects, held against the limit for these; `None` where
    /// no limit is told.
    #[must_use]
    pub fn full_percent(&self) -> Option<f64> {
        let young = self.spaces.iter().filter(|s| s.name.starts_with("new_"));
        let young: u64 = young.map(|space| space.used).sum();
        full_percent(self.used.saturating_sub(young), self.limit, self.old_limit)
    }
}

impl Inspector {
    /// The sizes of the isolate's heap, by V8's spaces where the runtime is Node.js or Deno.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn heap_spaces(&self) -> Result<HeapSpaces, Error> {
        #[derive(Deserialize)]
        struct Told {
            spaces: Vec<HeapSpace>,
            used_heap_size: u64,
            total_heap_size: u64,
            heap_size_limit: u64,
            old_mib: Option<f64>,
            external: u64,
            #[serde(rename = "arrayBuffers", default)]
            array_buffers: u64,
        }
        match self.evaluate_in_console::<Told>(SPACES).await {
            Ok(told) => Ok(HeapSpaces {
                spaces: told.spaces,
                used: told.used_heap_size,
                committed: told.total_heap_size,
                limit: Some(told.heap_size_limit),
                old_limit: told.old_mib.map(|mib| (mib * 1_048_576.0) as u64),
                external: told.external,
                array_buffers: told.array_buffers,
            }),
            // A browser's page has no such module.
            Err(Error::Refused { .. } | Error::Answer { .. }) => self.heap_usage().await,
            Err(error) => Err(error),
        }
    }

    /// Counts the live objects, as many nodes as a snapshot would have. The service stands still
    /// for a collection and a walk over its heap, about a tenth of what a snapshot takes.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn live_nodes(&self) -> Result<u64, Error> {
        let params = json!({ "trackAllocations": false });
        self.ask("HeapProfiler.enable", &json!({})).await?;
        self.ask("HeapProfiler.startTrackingHeapObjects", &params)
            .await?;
        // V8 tells the numbers from a timer of 50 ms, and each only once: the first are all.
        let waiting = json!({
            "expression": "new Promise((resolve) => setTimeout(resolve, 200))",
            "awaitPromise": true,
            "silent": true,
        });
        let mut notices = self.wire.ask_with_notices("Runtime.evaluate", &waiting)?;
        let mut nodes = std::collections::HashMap::new();
        let collecting = async {
            while let Some(notice) = notices.next().await {
                if let Notice::Objects(fragments) = notice {
                    nodes.extend(fragments);
                }
            }
        };
        let collected = tokio::time::timeout(self.patience, collecting).await;
        // Ends the counting; stopping it by its own name would take a snapshot.
        self.ask("HeapProfiler.disable", &json!({})).await?;
        collected.map_err(|_| Error::Silent {
            method: "HeapProfiler.startTrackingHeapObjects",
            limit: self.patience.into(),
        })?;
        Ok(nodes.values().sum())
    }

    async fn heap_usage(&self) -> Result<HeapSpaces, Error> {
        const METHOD: &str = "Runtime.getHeapUsage";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Usage {
            used_size: f64,
            total_size: f64,
            #[serde(default)]
            backing_storage_size: f64,
        }
        let usage: Usage = super::read(METHOD, &self.ask(METHOD, &json!({})).await?)?;
        Ok(HeapSpaces {
            used: usage.used_size as u64,
            committed: usage.total_size as u64,
            external: usage.backing_storage_size as u64,
            array_buffers: usage.backing_storage_size as u64,
            ..HeapSpaces::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_is_full_when_its_old_objects_are_all_that_it_may_hold() {
        assert_eq!(full_percent(90, None, Some(100)), Some(90.0));
        assert_eq!(full_percent(90, Some(1), Some(100)), Some(90.0));
        let limit = YOUNG + (100 << 20);
        assert_eq!(full_percent(50 << 20, Some(limit), None), Some(50.0));
        assert_eq!(full_percent(5, Some(10), None), Some(100.0), "a small heap");
        assert_eq!(full_percent(5, None, None), None);
        let space = |name: &str, used| HeapSpace {
            name: name.to_owned(),
            used,
            committed: used,
        };
        let heap = HeapSpaces {
            spaces: vec![space("new_space", 30), space("old_space", 60)],
            used: 90,
            old_limit: Some(120),
            ..HeapSpaces::default()
        };
        assert_eq!(heap.full_percent(), Some(50.0));
    }

    #[test]
    fn titles_of_workers_are_read() {
        let cases = [
            ("[worker 3]", Some(3), None),
            ("[worker 12] mailer", Some(12), Some("mailer")),
            ("[worker 2] WorkerThread", Some(2), None),
            ("worker [1]", None, None),
        ];
        for (text, id, name) in cases {
            assert_eq!(thread_id(text), id);
            assert_eq!(title(text).as_deref(), name);
        }
    }
}
