//! `leakscope watch`: readings of a running service, one after another, and who is told of them.
//!
//! Owns the order of things: the service is found, read at a steady pace, followed when it comes
//! back, and left as it was. What readings mean is the `watch` crate's; how they are taken the
//! sampler's.

mod actions;
mod heaps;
mod lines;
mod prometheus;
mod records;
mod sampler;
mod screen;
mod subject;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use probe::SpaceFigures;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use watch::{Figures, Fired, Growth, History, Metric, Watched};

use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell};
use actions::Actions;
use heaps::Worker;
use records::Records;
use sampler::Sampler;
use screen::{Face, Wish};
use subject::Subject;

/// What growth is told of.
const GROWING: [Metric; 4] = [Metric::Rss, Metric::HeapUsed, Metric::External, Metric::Fds];

/// One reading of a service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// Seconds since the first reading of this process.
    at: f64,
    /// Of all processes together.
    figures: Figures,
    /// Each of them, the service's own first.
    processes: Vec<ProcessReading>,
    /// V8's heap by space, of the service's own main thread.
    spaces: Vec<SpaceFigures>,
}

/// One process of a reading.
#[derive(Debug, Clone, Default)]
struct ProcessReading {
    pid: u32,
    name: String,
    /// With those of its main thread's heap.
    figures: Figures,
    spaces: Vec<SpaceFigures>,
    workers: Vec<WorkerReading>,
}

/// One worker thread of a process: what V8 says of its heap.
#[derive(Debug, Clone, Default)]
struct WorkerReading {
    worker: Worker,
    figures: Figures,
    spaces: Vec<SpaceFigures>,
}

/// All that is known now, for every face.
#[derive(Debug, Default)]
struct Known {
    title: String,
    reading: Reading,
    history: History,
    growth: Vec<(Metric, Growth)>,
    fired: Vec<Fired>,
    n_fired: u64,
}

/// Why the watch ended.
enum End {
    Stopped,
    TimeIsUp,
    /// The service ended, as it said.
    Gone(String),
    AlertExit,
}

/// Watches a service.
pub(crate) fn watch(args: &WatchArgs) -> Result<Exit, Failure> {
    if let Some(target) = args.target.as_deref().filter(|target| target.is_empty()) {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{target}` names no service"),
        ));
    }
    crate::signals::until_stopped(async |stop| run(args, &stop).await)
}

async fn run(args: &WatchArgs, stop: &CancellationToken) -> Result<Exit, Failure> {
    let actions = Actions::parse(args)?;
    let mut records = Records::open(args)?;
    let known = Arc::new(Mutex::new(Known::default()));
    let metrics = match args.metrics {
        Some(address) => {
            let known = Arc::clone(&known);
            let text =
                move || prometheus::text(&known.lock().unwrap_or_else(PoisonError::into_inner));
            Some(crate::scrapes::serve(address, text).await?)
        }
        None => None,
    };
    let mut subject = Subject::find(args, actions.need_inspector(), stop).await?;
    let mut face = Face::new(records.use_stdout());
    let mut watching = Watching {
        args,
        known: &known,
        records: &mut records,
        face: &mut face,
        actions,
        alerts: args.alert.iter().cloned().map(Watched::new).collect(),
        since: Instant::now(),
    };
    let end = watching.all(&mut subject, stop).await;
    let mut actions = watching.actions;
    face.close();
    actions.finish().await;
    let how = subject.leave().await;
    drop(metrics);
    let end = end?;
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    conclude(&known, records.use_stdout())?;
    match end {
        End::AlertExit => Ok(Exit::Load),
        End::Gone(words) => {
            tell(&format!(
                "{words}{}",
                how.map_or(String::new(), |how| format!(": {how}"))
            ));
            Ok(Exit::Clean)
        }
        End::Stopped | End::TimeIsUp => Ok(Exit::Clean),
    }
}

/// The last words: on stdout, unless that is for a program.
fn conclude(known: &Known, stdout_is_taken: bool) -> Result<(), Failure> {
    let mut text = String::new();
    for (metric, growth) in &known.growth {
        text += &format!("{}\n", growth.sentence(metric.name(), metric.unit()));
    }
    match stdout_is_taken {
        true => {
            text.lines().for_each(tell);
            Ok(())
        }
        false => answer(&text),
    }
}

struct Watching<'a> {
    args: &'a WatchArgs,
    known: &'a Mutex<Known>,
    records: &'a mut Records,
    face: &'a mut Face,
    actions: Actions,
    alerts: Vec<Watched>,
    since: Instant,
}

impl Watching<'_> {
    /// One process after another, if it is to be followed.
    async fn all(
        &mut self,
        subject: &mut Subject,
        stop: &CancellationToken,
    ) -> Result<End, Failure> {
        loop {
            let end = self.one(subject, stop).await?;
            let (End::Gone(words), Some(name)) = (&end, &self.args.follow) else {
                return Ok(end);
            };
            self.face
                .note(&format!("{words}; waiting for the next `{name}`"));
            self.records.event("ended", words)?;
            subject.next(self.args).await;
            if stop.is_cancelled() {
                return Ok(End::Stopped);
            }
            self.alerts.iter_mut().for_each(Watched::reset);
        }
    }

    /// One process to its end.
    async fn one(&mut self, subject: &Subject, stop: &CancellationToken) -> Result<End, Failure> {
        let mut sampler = Sampler::new(subject).await;
        for note in sampler.notes() {
            self.face.note(&note);
        }
        {
            let mut known = self.known();
            known.title = subject.title();
            known.history.clear();
        }
        let began = Instant::now();
        let mut ticks = interval(self.args.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let end = loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break Ok(End::Stopped),
                wish = self.face.wish() => match wish {
                    Wish::Stop => break Ok(End::Stopped),
                },
                _ = ticks.tick() => {}
            }
            let at = began.elapsed().as_secs_f64();
            let Some(reading) = sampler.read(at).await else {
                break Ok(End::Gone(format!("{} has ended", subject.title())));
            };
            match self.take(reading, &sampler).await {
                Ok(true) => break Ok(End::AlertExit),
                Ok(false) => {}
                // Whatever it is, the service is left as it was.
                Err(failure) => break Err(failure),
            }
            if self
                .args
                .duration
                .is_some_and(|limit| self.since.elapsed() >= limit)
            {
                break Ok(End::TimeIsUp);
            }
        };
        sampler.end().await;
        end
    }

    /// Whether readings go elsewhere than to stdout.
    fn has_other_readers(&self) -> bool {
        let args = self.args;
        let has_file = args.csv.is_some() || args.json.is_some();
        has_file || args.metrics.is_some() || !args.alert.is_empty()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody of a reading; whether an alert wants the end.
    async fn take(&mut self, reading: Reading, sampler: &Sampler<'_>) -> Result<bool, Failure> {
        let fired = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.history.push(reading.at, reading.figures);
            let fired: Vec<Fired> = self
                .alerts
                .iter_mut()
                .filter_map(|alert| alert.look(reading.at, &known.history))
                .collect();
            known.growth = growth(&known.history);
            known.n_fired += fired.len() as u64;
            known.fired.extend(fired.iter().cloned());
            known.reading = reading;
            self.records.reading(&known, self.args.by_process)?;
            match self.face.show(&known, self.args.by_process) {
                Err(failure) if failure.exit == Exit::Clean && self.has_other_readers() => {
                    *self.face = Face::Quiet;
                }
                shown => shown?,
            }
            fired
        };
        let mut wants_end = false;
        for fired in fired {
            self.face
                .note(&format!("alert: {} ({})", fired.alert, fired.message));
            self.records
                .event("alert", &format!("{}: {}", fired.alert, fired.message))?;
            wants_end |= self.actions.act(&fired, sampler, self.face).await;
        }
        Ok(wants_end)
    }
}

/// How long a growth is looked at: the beginning of a long watch is the warm-up's.
const LOOKED_AT: Duration = Duration::from_secs(3600);

fn growth(history: &History) -> Vec<(Metric, Growth)> {
    let all = GROWING.iter().filter_map(|&metric| {
        let series = history.series(metric, LOOKED_AT.as_secs_f64());
        (!series.is_empty()).then(|| (metric, Growth::of(&series)))
    });
    all.collect()
}
