//! The stages of a run, in their order. See `docs/hunt.md` for why each of them is there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::{Job, Meter, Outcome, Segment, Surroundings};
use probe::{Forecast, Inspector, Service, Traffic};
use recording::{Event, Further, Ledger, Sample, ServiceFacts, Stage};
use scenario::Arrivals;

use crate::conduct::{Advice, Before, Setting};
use crate::isolates::Isolates;
use crate::recorder::Recorder;
use crate::settle::POLL;
use crate::{Error, Folder, LoadSource, Order};

/// How long the load's periods are: what is shown of a load over time.
const PERIOD: Duration = Duration::from_secs(1);

/// Without load for as long as the longest round needs, within these bounds.
const IDLE: std::ops::RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(15);

/// Without load in a drain: at least so long, at most so much, whatever timers are alive.
const DRAIN: std::ops::RangeInclusive<Duration> = Duration::from_secs(6)..=Duration::from_secs(60);

/// A timer is over a little later than it says, and what it starts takes its time.
const TIMER_SLACK: Duration = Duration::from_secs(1);

/// Sessions after a drain: enough for a service that looks for what is too old only when somebody
/// comes.
const AFTER_DRAIN: u64 = 11;

/// For how long a round beyond the plan may last, at half of the pace that the service can keep.
const FURTHER_TIME: f64 = 20.0;

/// What the stages share.
pub(crate) struct Conductor<'a, 'r> {
    pub(crate) order: &'a Order,
    pub(crate) folder: &'a Folder,
    pub(crate) recorder: &'a RefCell<Recorder<'r>>,
    pub(crate) advice: Advice<'a>,
    pub(crate) pid: u32,
    pub(crate) inspector: Inspector,
    /// Whether the service tells of V8's own collections.
    counts_collections: bool,
    /// Those beside the main one. Whoever works with them takes them out meanwhile.
    pub(crate) isolates: RefCell<Isolates>,
    pub(crate) baseline_sockets: u64,
    meter: RefCell<Arc<Meter>>,
    pub(crate) sessions_before: Cell<u64>,
    /// What had arrived at the last snapshot, where the load is not ours.
    pub(crate) counted: RefCell<Traffic>,
    pub(crate) snapshots: Cell<u32>,
    /// What the next snapshot of each isolate costs, by the isolate's name.
    pub(crate) forecasts: RefCell<BTreeMap<String, Forecast>>,
    /// Most sessions a second that the service has performed so far.
    fastest: Cell<f64>,
    /// What came of all loads so far.
    loaded: RefCell<Option<Outcome>>,
    /// With the script's functions, and what its `before` has captured.
    surroundings: RefCell<Surroundings>,
}

impl<'a, 'r> Conductor<'a, 'r> {
    /// Runs all stages on a service that has just been started.
    pub(crate) async fn perform(
        setting: Setting<'a, 'r>,
        service: &mut Service,
    ) -> Result<(), Error> {
        let order = setting.order;
        service.wait_ready(&order.ready, order.limits.ready).await?;
        if service.is_short_of_ports().await {
            let grace = order.limits.stop_grace;
            service.restart_on_free_ports(grace).await?;
            service.wait_ready(&order.ready, order.limits.ready).await?;
        }
        let url = service.inspector_url().await?;
        let inspector = Inspector::connect(&url).await?;
        Self::perform_until(setting, inspector, None, async || {
            // How it ended is asked again by whoever tells of it.
            let _ = service.ended().await;
        })
        .await
    }

    pub(crate) async fn perform_until(
        setting: Setting<'a, 'r>,
        inspector: Inspector,
        before: Option<Before>,
        mut ended: impl AsyncFnMut(),
    ) -> Result<(), Error> {
        let Setting {
            order,
            folder,
            recorder,
            advice,
        } = setting;
        let facts = inspector.facts().await?;
        let (pid, visits, counts_collections) = match before {
            Some(before) => (before.pid, Some(before.visits), before.counts_collections),
            // An engine that cannot count them is sampled without.
            None => (facts.pid, None, inspector.begin_vitals().await.is_ok()),
        };
        let conductor = Self {
            order,
            folder,
            recorder,
            advice,
            pid,
            inspector,
            counts_collections,
            isolates: RefCell::new(Isolates::new(visits)),
            baseline_sockets: sockets(pid)?,
            meter: RefCell::default(),
            sessions_before: Cell::new(0),
            counted: RefCell::default(),
            snapshots: Cell::new(0),
            forecasts: RefCell::default(),
            fastest: Cell::new(0.0),
            loaded: RefCell::default(),
            surroundings: RefCell::new(order.surroundings.clone()),
        };
        conductor.tell(&Event::ServiceStarted(ServiceFacts {
            pid,
            node_version: Some(facts.node_version),
            v8_version: Some(facts.v8_version),
        }))?;
        conductor.end_stage()?;
        tokio::select! {
            result = conductor.stages() => result?,
            error = conductor.keep_sampling() => return Err(error),
            () = ended() => return Err(Error::Died {
                stage: None,
                how: String::new(),
                tail: Vec::new(),
            }),
        }
        // A service that dies of being cut has told everything else already.
        tokio::select! {
            result = conductor.prove() => result?,
            () = ended() => conductor.died_of_a_cut()?,
        }
        conductor.tear_down().await?;
        conductor.begin_stage(Stage::Stop, None)
    }

    /// The script's `after`, when everything has been measured: the verdict does not hang on it.
    async fn tear_down(&self) -> Result<(), Error> {
        if self.order.load.is_foreign() {
            return Ok(());
        }
        match self.job(Arrivals::paced(0, 1.0)).tear_down().await {
            Ok(()) => Ok(()),
            Err(error) => self.tell(&Event::Warning(error.to_string())),
        }
    }

    async fn stages(&self) -> Result<(), Error> {
        let is_foreign = self.order.load.is_foreign();
        if is_foreign {
            self.begin_counting().await?;
        } else {
            let mut job = self.job(Arrivals::paced(0, 1.0));
            job.set_up(self.order.processor, None).await?;
            self.surroundings.replace(job.surroundings);
        }
        match self.rounds().await {
            // What there is may decide.
            Err(Error::NoRoom { lack, .. }) if self.has_two_rounds() => {
                self.tell(&Event::Warning(format!("{lack}: no more is measured")))?;
            }
            measured => measured?,
        }
        self.keep_profiles().await?;
        self.keep_scripts().await?;
        self.leave_isolates().await
    }

    /// What is planned, and what else it takes to decide.
    async fn rounds(&self) -> Result<(), Error> {
        if self.order.walkthrough {
            self.walk_through().await?;
        } else {
            self.planned_rounds().await?;
        }
        let is_foreign = self.order.load.is_foreign();
        let rounds = &self.order.rounds;
        let mut number = rounds.measured.len() as u32;
        while let Some(further) = self.further().await {
            match further {
                Further::Round(_) if is_foreign && number > rounds.measured.len() as u32 => break,
                Further::Round(sessions) => {
                    number += 1;
                    let (sessions, rate) = self.in_time(sessions);
                    self.round(number, sessions, rate).await?;
                }
                Further::Drain(seconds) => self.drain(Duration::from_secs(seconds)).await?,
            }
        }
        Ok(())
    }

    async fn planned_rounds(&self) -> Result<(), Error> {
        self.warm_up().await?;
        self.isolates.borrow_mut().choose();
        // Nobody can tell real users to stay away.
        if self.order.load != LoadSource::Traffic {
            self.idle().await?;
        }
        let rounds = &self.order.rounds;
        for (number, &sessions) in (1..).zip(&rounds.measured) {
            self.round(number, sessions, rounds.arrival_rate).await?;
        }
        Ok(())
    }

    fn has_two_rounds(&self) -> bool {
        self.recorder.borrow().recording().rounds().len() >= 2
    }

    async fn round(&self, number: u32, sessions: u64, rate: f64) -> Result<(), Error> {
        let stage = Stage::Round(number);
        let planned = (!self.order.load.is_foreign()).then_some(sessions);
        self.begin_stage(stage, planned)?;
        every_session_failed(stage, &self.load(sessions, rate).await?)?;
        self.check_room().await?;
        self.settle().await?;
        self.snapshot(&format!("round-{number}")).await?;
        self.end_stage()
    }

    /// So many sessions, or as many as the service performs in the time that a further round has,
    /// at half of the pace that it can keep.
    fn in_time(&self, sessions: u64) -> (u64, f64) {
        let usual = self.order.rounds.arrival_rate;
        match self.fastest.get() {
            // The load is somebody else's.
            0.0 => (sessions, usual),
            fastest => {
                let rate = (0.5 * fastest).max(usual);
                let most = rate.min(fastest) * FURTHER_TIME;
                (sessions.min((most as u64).max(1)), rate)
            }
        }
    }

    /// The stage that would decide, if those so far do not.
    async fn further(&self) -> Option<Further> {
        let recording = self.recorder.borrow().recording().clone();
        (self.advice.further)(recording).await
    }

    /// No load until the longest timer of the service's own code is over, then a few sessions: a
    /// backlog is worked off meanwhile, what has a time to live is over, and what is looked for
    /// only when somebody comes has been looked for.
    async fn drain(&self, at_least: Duration) -> Result<(), Error> {
        self.begin_stage(Stage::Drain, Some(AFTER_DRAIN))?;
        let mut span = at_least.clamp(*DRAIN.start(), *DRAIN.end());
        if let Some(left) = self.longest_timer().await? {
            self.tell(&Event::TimerFound(left))?;
            let over = Duration::from_nanos(left.nanos).saturating_add(TIMER_SLACK);
            // One that runs longer than anybody would wait is not waited for at all.
            if over <= *DRAIN.end() {
                span = span.max(over);
            }
        }
        self.tell(&Event::Settling {
            waiting_for: format!(
                "{:.0} s until the timers alive are over",
                span.as_secs_f64()
            ),
        })?;
        tokio::time::sleep(span).await;
        self.load(AFTER_DRAIN, self.order.rounds.arrival_rate)
            .await?;
        self.check_room().await?;
        self.settle().await?;
        self.snapshot("drain").await?;
        self.end_stage()
    }

    async fn idle(&self) -> Result<(), Error> {
        self.begin_stage(Stage::Idle, None)?;
        let rounds = &self.order.rounds;
        let longest = rounds.measured.iter().copied().max().unwrap_or(0) as f64;
        let span = Duration::try_from_secs_f64(longest / rounds.arrival_rate);
        let span = span
            .unwrap_or(*IDLE.end())
            .clamp(*IDLE.start(), *IDLE.end());
        self.tell(&Event::Settling {
            waiting_for: format!("{} s without load", span.as_secs()),
        })?;
        tokio::time::sleep(span).await;
        self.settle().await?;
        self.snapshot("idle").await?;
        self.end_stage()
    }

    /// The script's load, with sessions arriving so.
    pub(crate) fn job(&self, arrivals: Arrivals) -> Job {
        Job {
            script: Arc::clone(&self.order.script),
            target: self.order.target.clone(),
            surroundings: self.surroundings.borrow().clone(),
            transport: Arc::clone(&self.order.transport),
            arrivals,
            segment: Segment::WHOLE,
            log: None,
            max_in_flight: Some(self.order.limits.in_flight),
            session_offset: self.sessions_before.get(),
            seed: self.order.seed,
        }
    }

    /// Exactly `sessions` sessions, `rate` of them a second; returns when the last of them has
    /// ended, with how they did.
    pub(crate) async fn load(&self, sessions: u64, rate: f64) -> Result<Ledger, Error> {
        if self.order.load.is_foreign() {
            return self.foreign_load(sessions).await;
        }
        let meter = Arc::new(Meter::default());
        let before = self.ledger_of_stage();
        let begun = Instant::now();
        let performing = self.performed(self.job(Arrivals::paced(sessions, rate)), &meter);
        tokio::pin!(performing);
        let outcome = loop {
            tokio::select! {
                outcome = &mut performing => break outcome,
                () = tokio::time::sleep(POLL) => self.tell_progress(&before, &meter)?,
            }
        };
        self.tell_progress(&before, &meter)?;
        self.loaded(outcome, &meter, begun.elapsed())?;
        Ok(meter.ledger())
    }

    /// Performs a load and counts it by periods.
    pub(crate) async fn performed(&self, job: Job, meter: &Arc<Meter>) -> Outcome {
        self.meter.replace(Arc::clone(meter));
        let performing = load::perform(job, Arc::clone(meter));
        tokio::pin!(performing);
        let mut periods = tokio::time::interval(PERIOD);
        periods.tick().await;
        loop {
            tokio::select! {
                outcome = &mut performing => return outcome,
                _ = periods.tick() => { meter.end_period(); }
            }
        }
    }

    /// Keeps what came of a load.
    pub(crate) fn loaded(
        &self,
        mut outcome: Outcome,
        meter: &Meter,
        took: Duration,
    ) -> Result<(), Error> {
        let pace = meter.ledger().completed as f64 / took.as_secs_f64().max(1e-3);
        self.fastest.set(self.fastest.get().max(pace));
        self.sessions_before
            .set(self.sessions_before.get() + meter.ledger().created);
        self.meter.replace(Arc::default());
        outcome.periods.push(meter.end_period());
        self.keep_load(outcome)
    }

    /// Writes what came of all loads so far.
    fn keep_load(&self, outcome: Outcome) -> Result<(), Error> {
        let mut loaded = self.loaded.borrow_mut();
        match &mut *loaded {
            None => *loaded = Some(outcome),
            Some(whole) => whole.add(outcome),
        }
        let report = loaded.as_ref().map(load::load_json);
        report.map_or(Ok(()), |report| Ok(self.folder.write_load(&report)?))
    }

    fn tell_progress(&self, before: &Ledger, meter: &Meter) -> Result<(), Error> {
        let mut ledger = before.clone();
        ledger.add(&meter.ledger());
        self.tell(&Event::LoadProgress(ledger))
    }

    fn ledger_of_stage(&self) -> Ledger {
        let recorder = self.recorder.borrow();
        recorder
            .recording()
            .stages
            .last()
            .map(|s| s.ledger.clone())
            .unwrap_or_default()
    }

    /// Reads the service's memory at a steady pace; returns only with an error.
    async fn keep_sampling(&self) -> Error {
        let mut ticks = tokio::time::interval(self.order.limits.sample_every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sample().await {
                return error;
            }
        }
    }

    async fn sample(&self) -> Result<(), Error> {
        let memory = probe::read_memory(self.pid)?;
        // A service that is busy, or writing a snapshot, answers later or not at all.
        let told = tokio::time::timeout(POLL, async {
            if self.counts_collections {
                let (heap, gc) = self.inspector.heap_and_collections().await?;
                return Ok((heap, Some(gc)));
            }
            Ok::<_, probe::Error>((self.inspector.heap_figures().await?, None))
        })
        .await;
        let told = told.ok().and_then(Result::ok);
        let sample = Sample {
            at: self.recorder.borrow().now(),
            memory,
            heap: told.map(|(heap, _)| heap),
            gc: told.and_then(|(_, gc)| gc),
            sessions: self.sessions_before.get() + self.meter.borrow().ledger().created,
        };
        self.tell(&Event::Sampled(sample))
    }

    pub(crate) fn begin_stage(&self, stage: Stage, sessions: Option<u64>) -> Result<(), Error> {
        let at = self.recorder.borrow().now();
        self.tell(&Event::StageStarted {
            at,
            stage,
            sessions,
        })
    }

    pub(crate) fn end_stage(&self) -> Result<(), Error> {
        let at = self.recorder.borrow().now();
        self.tell(&Event::StageEnded { at })
    }

    pub(crate) fn tell(&self, event: &Event) -> Result<(), Error> {
        Ok(self.recorder.borrow_mut().tell(event)?)
    }
}

fn sockets(pid: u32) -> Result<u64, Error> {
    Ok(probe::read_memory(pid)?.sockets.unwrap_or(0))
}

pub(crate) fn every_session_failed(stage: Stage, ledger: &Ledger) -> Result<(), Error> {
    match ledger.main_failure() {
        Some((cause, _)) if ledger.completed == 0 => Err(Error::EverySessionFailed {
            stage,
            failed: ledger.failed,
            cause: cause.to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_fails_only_when_no_session_got_through() {
        let mut ledger = Ledger {
            created: 3,
            failed: 3,
            ..Ledger::default()
        };
        ledger.failures.insert("ECONNREFUSED".into(), 3);
        let error = every_session_failed(Stage::WarmUp, &ledger).unwrap_err();
        assert_eq!(
            error.to_string(),
            "all 3 sessions of the warm-up failed: ECONNREFUSED"
        );
        ledger.completed = 1;
        assert!(every_session_failed(Stage::WarmUp, &ledger).is_ok());
    }
}
