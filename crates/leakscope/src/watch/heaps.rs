//! V8's figures of every isolate of a service: its main thread, its worker threads, and those of the
//! processes that it started.
//!
//! Owns which processes have an inspector, and when workers are looked for anew. All isolates are
//! asked at the same time; one that is busy misses a reading and holds nobody up. What was put into
//! them is taken out again by [`Heaps::end`].

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use probe::{Attached, Error, Inspector, Opening, Process, Runtime, SpaceFigures, Vitals, Woken};
use watch::{Figures, Metric};

/// Worker threads come and go.
const WORKERS_EVERY: Duration = Duration::from_secs(5);

/// Readings in which a process that has just appeared is asked for an inspector: it may be slow to
/// open it.
const TRIES: u8 = 3;

/// An inspector that is open answers at once.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// An isolate other than the main one that is busy for longer misses a reading.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// The isolates of all processes.
pub(super) struct Heaps {
    own: Option<Heap>,
    others: HashMap<u32, Other>,
    /// What may be done to get the inspectors of other processes.
    opening: Opening,
    /// Whom the opening of the service's own has woken.
    woken: Woken,
}

/// What one isolate says.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The process; `None` for the service's own.
    pub(super) pid: Option<u32>,
    /// The worker thread; `None` for the main one.
    pub(super) worker: Option<Worker>,
    pub(super) figures: Figures,
    pub(super) spaces: Vec<SpaceFigures>,
}

/// A worker thread as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Worker {
    /// `worker-1`.
    pub(super) isolate: String,
    /// The name that the program gave it, else its script's.
    pub(super) name: String,
}

/// A process that the service started.
enum Other {
    /// So often it was asked for its inspector in vain.
    Closed(u8),
    Open(Box<(Heap, Attached)>),
}

/// The isolates of one process.
struct Heap {
    inspector: Inspector,
    main: One,
    workers: Vec<(Worker, One)>,
    next_look: Instant,
}

/// An isolate that is asked.
struct One {
    inspector: Inspector,
    /// Whether it knows how to tell its vitals.
    has_vitals: bool,
}

impl Heaps {
    /// Those of the service's own process; with why there is less than there could be.
    pub(super) async fn new(own: Option<&Attached>, opening: Opening) -> (Self, Option<String>) {
        let mut heaps = Self {
            own: None,
            others: HashMap::new(),
            opening,
            woken: own.map(Attached::woken).unwrap_or_default(),
        };
        let mut note = None;
        if let Some(inspector) = own.map(Attached::inspector) {
            let (main, missing) = One::begin(inspector.clone()).await;
            note =
                missing.map(|error| format!("no heap spaces, event loop and collections: {error}"));
            heaps.own = Some(Heap::new(inspector.clone(), main));
        }
        (heaps, note)
    }

    /// Looks for the inspectors of other processes; those that have ended are forgotten.
    pub(super) async fn look_at(&mut self, others: &[u32]) {
        self.others.retain(|pid, _| others.contains(pid));
        for &pid in others {
            let tries = match self.others.get(&pid) {
                None => 0,
                Some(Other::Closed(tries)) if *tries < TRIES => *tries,
                Some(_) => continue,
            };
            let found = match open(pid, self.opening, &self.woken).await {
                Some(attached) => {
                    let inspector = attached.inspector().clone();
                    let (main, _) = One::begin(inspector.clone()).await;
                    Other::Open(Box::new((Heap::new(inspector, main), attached)))
                }
                None => Other::Closed(tries + 1),
            };
            self.others.insert(pid, found);
        }
    }

    /// What every isolate says that answers in time, and whether the service's own process has gone.
    pub(super) async fn read(&mut self) -> (Vec<Told>, bool) {
        let own = async {
            match &mut self.own {
                Some(heap) => heap.read(None).await,
                None => Some(Vec::new()),
            }
        };
        let others = self
            .others
            .iter_mut()
            .filter_map(|(&pid, other)| match other {
                Other::Open(open) => Some(async move { (pid, open.0.read(Some(pid)).await) }),
                Other::Closed(_) => None,
            });
        let (own, others) = tokio::join!(own, join_all(others));
        let is_gone = own.is_none();
        if is_gone {
            self.own = None;
        }
        let mut all = own.unwrap_or_default();
        for (pid, told) in others {
            match told {
                Some(told) => all.extend(told),
                // It has ended, or closed its inspector: it is not asked again.
                None => drop(self.others.insert(pid, Other::Closed(TRIES))),
            }
        }
        (all, is_gone)
    }

    /// Takes out of the isolates what was put in, and leaves the processes as they were.
    pub(super) async fn end(&mut self) {
        if let Some(heap) = self.own.take() {
            heap.end().await;
        }
        for (_, other) in self.others.drain() {
            if let Other::Open(open) = other {
                let (heap, attached) = *open;
                heap.end().await;
                // It may have ended.
                let _ = attached.detach().await;
            }
        }
    }
}

/// The inspector of a process that runs JavaScript, if it is or can be opened.
async fn open(pid: u32, opening: Opening, woken: &Woken) -> Option<Attached> {
    let process = Process::of(pid).ok()?;
    if !matches!(process.runtime, Runtime::Node | Runtime::Deno) {
        return None;
    }
    match opening {
        Opening::Never => {
            let attaching = probe::attach(&process, opening);
            let attached = tokio::time::timeout(CONNECTED_WITHIN, attaching).await;
            attached.ok()?.ok()
        }
        Opening::BySignal => probe::attach_beside(&process, woken).await.ok(),
    }
}

impl Heap {
    fn new(inspector: Inspector, main: One) -> Self {
        Self {
            inspector,
            main,
            workers: Vec::new(),
            next_look: Instant::now(),
        }
    }

    /// What its isolates say; `None` if the conversation is over.
    async fn read(&mut self, pid: Option<u32>) -> Option<Vec<Told>> {
        if Instant::now() >= self.next_look {
            self.look_for_workers().await;
            self.next_look = Instant::now() + WORKERS_EVERY;
        }
        // The service's own main thread is what the watch is about: it is waited for.
        let main = async {
            match pid {
                None => self.main.read().await,
                Some(_) => self.main.read_soon().await,
            }
        };
        let workers = self.workers.iter().map(|(_, worker)| worker.read_soon());
        let (main, of_workers) = tokio::join!(main, join_all(workers));
        let mut all = Vec::new();
        if let Some((figures, spaces)) = main.ok()? {
            all.push(Told {
                pid,
                worker: None,
                figures,
                spaces,
            });
        }
        let mut has_ended = Vec::new();
        for ((worker, _), told) in self.workers.iter().zip(of_workers) {
            has_ended.push(told.is_err());
            if let Ok(Some((figures, spaces))) = told {
                let worker = Some(worker.clone());
                all.push(Told {
                    pid,
                    worker,
                    figures,
                    spaces,
                });
            }
        }
        let mut has_ended = has_ended.into_iter();
        self.workers.retain(|_| !has_ended.next().unwrap_or(false));
        Some(all)
    }

    async fn look_for_workers(&mut self) {
        let looking = self.inspector.isolates();
        // One that is busy is looked at the next time.
        let Ok(Ok(isolates)) = tokio::time::timeout(ANSWER_WITHIN, looking).await else {
            return;
        };
        for isolate in isolates.into_iter().skip(1) {
            if self
                .workers
                .iter()
                .any(|(known, _)| known.isolate == isolate.name)
            {
                continue;
            }
            let script = isolate
                .url
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            let worker = Worker {
                isolate: isolate.name,
                name: isolate.title.unwrap_or(script),
            };
            let beginning = One::begin(isolate.inspector);
            if let Ok((one, _)) = tokio::time::timeout(ANSWER_WITHIN, beginning).await {
                self.workers.push((worker, one));
            }
        }
    }

    async fn end(self) {
        let workers = self.workers.into_iter().map(|(_, worker)| worker);
        join_all(std::iter::once(self.main).chain(workers).map(One::end)).await;
    }
}

type Said = Result<Option<(Figures, Vec<SpaceFigures>)>, Error>;

impl One {
    async fn begin(inspector: Inspector) -> (Self, Option<Error>) {
        let missing = inspector.begin_vitals().await.err();
        let one = Self {
            inspector,
            has_vitals: missing.is_none(),
        };
        (one, missing)
    }

    /// What it says; nothing if it is busy.
    async fn read(&self) -> Said {
        let told = match self.has_vitals {
            true => self.inspector.vitals().await.map(|vitals| {
                let figures = of_vitals(&vitals);
                (figures, vitals.spaces)
            }),
            false => {
                let heap = self.inspector.heap_figures().await;
                heap.map(|heap| (of_heap(&heap), Vec::new()))
            }
        };
        match told {
            Err(Error::Silent { .. }) => Ok(None),
            told => told.map(Some),
        }
    }

    async fn read_soon(&self) -> Said {
        let read = tokio::time::timeout(ANSWER_WITHIN, self.read()).await;
        read.unwrap_or(Ok(None))
    }

    async fn end(self) {
        if self.has_vitals {
            // It may have ended.
            let _ = self.inspector.end_vitals().await;
        }
    }
}

fn of_heap(heap: &recording::HeapFigures) -> Figures {
    let mut figures = Figures::default();
    for (metric, value) in [
        (Metric::HeapUsed, heap.heap_used),
        (Metric::HeapTotal, heap.heap_total),
        (Metric::External, heap.external),
        (Metric::ArrayBuffers, heap.array_buffers),
    ] {
        figures.set_whole(metric, Some(value));
    }
    figures
}

fn of_vitals(vitals: &Vitals) -> Figures {
    let mut figures = of_heap(&vitals.heap);
    figures.set(Metric::HeapFull, vitals.full_percent());
    figures.set_whole(Metric::GcCount, Some(vitals.gc_count));
    for (metric, value) in [
        (Metric::LagMean, vitals.lag_mean),
        (Metric::LagMax, vitals.lag_max),
        (Metric::GcPause, vitals.gc_pause),
        (Metric::GcPauseMax, vitals.gc_pause_max),
    ] {
        figures.set(metric, Some(value));
    }
    figures
}
