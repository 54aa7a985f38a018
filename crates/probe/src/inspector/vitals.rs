//! What V8 and the event loop do, as the service itself can tell: asked again and again at little
//! cost.
//!
//! Owns a small piece of JavaScript that is put into the service and taken out again: a histogram of
//! timers' delays and an observer of collections, both Node.js' own. It is found by a symbol, so that
//! a second watcher shares it; what it counts, it counts since it was asked last.

use std::time::Duration;

use recording::{GcFigures, HeapFigures};
use serde::Deserialize;

use super::{Inspector, isolates};
use crate::Error;

/// A service that is busy answers late; a reading later is as good.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Every figure that V8 and the event loop give.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vitals {
    /// `process.memoryUsage()`.
    #[serde(flatten)]
    pub heap: HeapFigures,
    /// V8's heap, space by space.
    pub spaces: Vec<SpaceFigures>,
    /// Bytes that the heap may grow to.
    pub limit: u64,
    /// MiB that its old objects may grow to, where the program was started with such a limit.
    pub old_mib: Option<f64>,
    /// How late timers were on average since the last answer, in milliseconds.
    pub lag_mean: f64,
    /// How late the latest was.
    pub lag_max: f64,
    /// Collections since the last answer.
    pub gc_count: u64,
    /// Milliseconds that they took together.
    pub gc_pause: f64,
    /// Milliseconds that the longest took.
    pub gc_pause_max: f64,
}

impl Vitals {
    /// How full the heap is, in percent: its old objects, held against the limit for these.
    #[must_use]
    pub fn full_percent(&self) -> Option<f64> {
        let old = self.spaces.iter().filter(|s| !s.name.starts_with("new_"));
        let old = old.map(|space| space.used).sum();
        let old_limit = self.old_mib.map(|mib| (mib * 1_048_576.0) as u64);
        isolates::full_percent(old, Some(self.limit), old_limit)
    }
}

/// A space of V8's heap, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpaceFigures {
    /// V8's name for it, as `old_space`.
    pub name: String,
    /// In use.
    pub used: u64,
    /// Committed.
    pub size: u64,
}

/// Puts the piece in if it is not there, and counts its users.
const BEGIN: &str = concat!(
    "(() => {
  const key = Symbol.for('leakscope.vitals');
  if (globalThis[key]) { globalThis[key].users += 1; return true; }
  const load = process.getBuiltinModule ?? require;
  const { monitorEventLoopDelay, PerformanceObserver } = load('perf_hooks');
  const v8 = load('v8');
  const resolution = 20;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  let gc = { count: 0, pause: 0, longest: 0 };
  const all = { count: 0, pause: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      all.count += 1;
      all.pause += duration;
      gc.count += 1;
      gc.pause += duration;
      gc.longest = Math.max(gc.longest, duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const { heap_size_limit: limit } = v8.getHeapStatistics();
  const oldMib = ",
    isolates::old_mib!(),
    ";
  const late = (nanos) => Number.isFinite(nanos) ? Math.max(0, nanos / 1e6 - resolution) : 0;
  const read = () => {
    const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const spaces = v8.getHeapSpaceStatistics().map((space) => ({
      name: space.space_name, used: space.space_used_size, size: space.space_size,
    }));
    const { mean, max, count } = delay;
    delay.reset();
    const told = {
      heap_total: heapTotal, heap_used: heapUsed, external, array_buffers: arrayBuffers, spaces,
      limit, oldMib,
      lagMean: count === 0 ? 0 : late(mean), lagMax: count === 0 ? 0 : late(max),
      gcCount: gc.count, gcPause: gc.pause, gcPauseMax: gc.longest,
    };
    gc = { count: 0, pause: 0, longest: 0 };
    return told;
  };
  const total = () => {
    const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return {
      heap: { heap_total: heapTotal, heap_used: heapUsed, external, array_buffers: arrayBuffers },
      gc: { count: all.count, pause_us: Math.round(1000 * all.pause) },
    };
  };
  const end = () => { delay.disable(); observer.disconnect(); delete globalThis[key]; };
  Object.defineProperty(globalThis, key, { value: { read, total, end, users: 1 }, configurable: true });
  return true;
})()"
);

const READ: &str = "globalThis[Symbol.for('leakscope.vitals')].read()";

const TOTAL: &str = "globalThis[Symbol.for('leakscope.vitals')].total()";

const END: &str = "(() => {
  const vitals = globalThis[Symbol.for('leakscope.vitals')];
  if (vitals && (vitals.users -= 1) === 0) vitals.end();
  return true;
})()";

impl Inspector {
    /// Prepares the service to tell its vitals.
    ///
    /// # Errors
    /// If it does not answer in time, or is no Node.js.
    pub async fn begin_vitals(&self) -> Result<(), Error> {
        self.ask_console::<bool>(BEGIN).await.map(drop)
    }

    /// Asks for what happened since the last answer; only after [`Inspector::begin_vitals`].
    ///
    /// # Errors
    /// If the service does not answer in time.
    pub async fn vitals(&self) -> Result<Vitals, Error> {
        self.ask_console(READ).await
    }

    /// The heap now, and all collections since [`Inspector::begin_vitals`]: one answer that is lost
    /// loses nothing.
    ///
    /// # Errors
    /// If the service does not answer in time.
    pub async fn heap_and_collections(&self) -> Result<(HeapFigures, GcFigures), Error> {
        #[derive(Deserialize)]
        struct Total {
            heap: HeapFigures,
            gc: GcFigures,
        }
        let total: Total = self.ask_console(TOTAL).await?;
        Ok((total.heap, total.gc))
    }

    /// Takes out again what was put in.
    ///
    /// # Errors
    /// If the service does not answer in time.
    pub async fn end_vitals(&self) -> Result<(), Error> {
        self.ask_console::<bool>(END).await.map(drop)
    }

    /// The value of an expression that may use a console's `require`.
    pub(super) async fn ask_console<T: for<'a> Deserialize<'a>>(
        &self,
        expression: &str,
    ) -> Result<T, Error> {
        let asked = self.clone().with_patience(ANSWER_WITHIN);
        asked.evaluate_in_console(expression).await
    }
}
