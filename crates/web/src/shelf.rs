//! The snapshots that are open, each with a thread or two of its own that answer questions about it.
//!
//! A snapshot lives on the stack of its thread, with the desk of what answers have needed so far;
//! questions come to it through a channel. So nothing refers to itself, and letting a snapshot go
//! is closing its channel. Invariant: one snapshot is read at a time, and those that were asked for
//! longest ago are let go when all together are too large.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use explore::{Desk, Heap};
use serde::Serialize;
use tokio::sync::{Semaphore, oneshot};

use crate::{Opened, Problem, Workbench};

/// Threads that answer questions about one snapshot: while one looks for duplicate strings, trees
/// unfold in the other.
const READERS: usize = 2;

/// Bytes of files whose snapshots are kept open, the two asked for last aside: they may be compared.
const KEPT_BYTES: u64 = 1 << 30;

/// A question about a snapshot.
type Question = Box<dyn for<'h> FnOnce(&Desk<'h>) + Send>;

/// All snapshots, open or not.
pub(crate) struct Shelf {
    pub(crate) workbench: Workbench,
    places: Vec<Place>,
    /// Reading takes both cores and much memory.
    reading: Semaphore,
}

/// Where one snapshot stands.
struct Place {
    state: Mutex<State>,
    /// Held by whoever reads it, so that others wait for the same reading.
    opening: tokio::sync::Mutex<()>,
}

enum State {
    Closed,
    Reading(Instant),
    Open { open: Open, used: Instant },
    Failed(Problem),
}

/// A snapshot that answers.
#[derive(Clone)]
struct Open {
    questions: Sender<Question>,
    opened: Arc<Opened>,
}

/// How far a snapshot is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub(crate) enum Status {
    /// It was not asked for yet, or was let go.
    Closed,
    /// It is being read.
    Reading {
        /// For so long.
        seconds: f64,
    },
    /// It answers.
    Open,
    /// It cannot be read.
    Failed(Problem),
}

impl Shelf {
    pub(crate) fn of(workbench: Workbench) -> Arc<Self> {
        let place = |_: &_| Place {
            state: Mutex::new(State::Closed),
            opening: tokio::sync::Mutex::new(()),
        };
        Arc::new(Self {
            places: workbench.snapshots.iter().map(place).collect(),
            workbench,
            reading: Semaphore::new(1),
        })
    }

    /// How far a snapshot is; `None` if there is no such.
    pub(crate) fn status(&self, at: usize) -> Option<Status> {
        Some(match &*locked(&self.places.get(at)?.state) {
            State::Closed => Status::Closed,
            State::Reading(since) => Status::Reading {
                seconds: since.elapsed().as_secs_f64(),
            },
            State::Open { .. } => Status::Open,
            State::Failed(problem) => Status::Failed(problem.clone()),
        })
    }

    /// Asks a question about a snapshot, which is opened first if it is not.
    pub(crate) async fn ask<A: Send + 'static>(
        self: &Arc<Self>,
        at: usize,
        question: impl for<'h> FnOnce(&Desk<'h>) -> A + Send + 'static,
    ) -> Result<A, Problem> {
        let open = self.open(at).await?;
        answer(&open, question).await
    }

    /// Asks a question about two snapshots, the earlier one first.
    pub(crate) async fn ask_both<A: Send + 'static>(
        self: &Arc<Self>,
        (base, newer): (usize, usize),
        question: impl for<'h> FnOnce(Heap<'h>, Heap<'h>) -> A + Send + 'static,
    ) -> Result<A, Problem> {
        let base = self.open(base).await?;
        let newer = self.open(newer).await?;
        answer(&newer, move |desk| {
            question(base.opened.heap(), desk.heap())
        })
        .await
    }

    /// Opens a snapshot's file for itself alone: what is done with it leaves the shelf as it is.
    pub(crate) async fn read_aside<A: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Workbench) -> A + Send + 'static,
    ) -> Result<A, Problem> {
        let shelf = Arc::clone(self);
        let reading = async move {
            let _turn = shelf.reading.acquire().await;
            let shelf = Arc::clone(&shelf);
            tokio::task::spawn_blocking(move || work(&shelf.workbench)).await
        };
        match tokio::spawn(reading).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(Problem::bug()),
        }
    }

    async fn open(self: &Arc<Self>, at: usize) -> Result<Open, Problem> {
        if at >= self.places.len() {
            return Err(Problem {
                message: format!("there is no snapshot {at}"),
                hint: Some(format!("there are {}, numbered from 0", self.places.len())),
            });
        }
        // Whoever asked may go away; the snapshot is opened all the same, for the next who asks.
        let shelf = Arc::clone(self);
        let opening = tokio::spawn(async move { shelf.opened(at).await });
        opening.await.unwrap_or_else(|_| Err(Problem::bug()))
    }

    async fn opened(self: Arc<Self>, at: usize) -> Result<Open, Problem> {
        let place = &self.places[at];
        let _opening = place.opening.lock().await;
        if let State::Open { open, used } = &mut *locked(&place.state) {
            *used = Instant::now();
            return Ok(open.clone());
        }
        let _turn = self.reading.acquire().await;
        *locked(&place.state) = State::Reading(Instant::now());
        let shelf = Arc::clone(&self);
        let read = tokio::task::spawn_blocking(move || {
            let workbench = &shelf.workbench;
            (workbench.open)(&workbench.snapshots[at].path)
        });
        let read = read.await.unwrap_or_else(|_| Err(Problem::bug()));
        let state = match read.map(|opened| Open::start(Arc::new(opened))) {
            Ok(open) => State::Open {
                open,
                used: Instant::now(),
            },
            Err(problem) => State::Failed(problem),
        };
        let result = match &state {
            State::Failed(problem) => Err(problem.clone()),
            State::Open { open, .. } => Ok(open.clone()),
            State::Closed | State::Reading(_) => Err(Problem::bug()),
        };
        *locked(&place.state) = state;
        self.make_room();
        result
    }

    /// Lets those go that were asked for longest ago.
    fn make_room(&self) {
        let mut open: Vec<(Instant, usize)> = Vec::new();
        for (at, place) in self.places.iter().enumerate() {
            if let State::Open { used, .. } = &*locked(&place.state) {
                open.push((*used, at));
            }
        }
        open.sort_unstable_by(|a, b| b.cmp(a));
        let mut kept = 0;
        for (rank, (_, at)) in open.into_iter().enumerate() {
            kept += self.workbench.snapshots[at].bytes;
            if rank >= 2 && kept > KEPT_BYTES {
                *locked(&self.places[at].state) = State::Closed;
            }
        }
    }
}

async fn answer<A: Send + 'static>(
    open: &Open,
    question: impl for<'h> FnOnce(&Desk<'h>) -> A + Send + 'static,
) -> Result<A, Problem> {
    let (reply, answer) = oneshot::channel();
    let question: Question = Box::new(move |desk| {
        // Whoever asked may have gone away while others were answered.
        if !reply.is_closed() {
            let _ = reply.send(question(desk));
        }
    });
    open.questions.send(question).map_err(|_| Problem::bug())?;
    // A question that panics never answers.
    answer.await.map_err(|_| Problem::bug())
}

impl Open {
    /// Starts the threads of a snapshot. They end when nobody can ask any more.
    fn start(opened: Arc<Opened>) -> Self {
        let (questions, asked) = channel();
        let held = Arc::clone(&opened);
        std::thread::spawn(move || answer_all(&held, asked));
        Self { questions, opened }
    }
}

impl Opened {
    fn heap(&self) -> Heap<'_> {
        Heap {
            snapshot: &self.snapshot,
            analysis: &self.analysis,
        }
    }
}

fn answer_all(opened: &Opened, asked: Receiver<Question>) {
    let desk = Desk::of(opened.heap());
    let asked = Mutex::new(asked);
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                while let Some(question) = next(&asked) {
                    // The bug of one question must not take the snapshot away from all others.
                    let _ = catch_unwind(AssertUnwindSafe(|| question(&desk)));
                }
            });
        }
    });
}

fn next(asked: &Mutex<Receiver<Question>>) -> Option<Question> {
    locked(asked).recv().ok()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Problem {
    /// Something that cannot be.
    pub(crate) fn bug() -> Self {
        Self {
            message: "the question was not answered: this is a bug in leakscope".into(),
            hint: None,
        }
    }
}
