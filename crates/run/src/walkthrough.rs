//! A hunt as it is done by hand: the script's own load without a pause, and three snapshots, at the
//! start, halfway and after.
//!
//! Sessions are in flight when the snapshot of the half is taken, so its figures are less exact than
//! those of rounds that have drained.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::{Job, Meter};
use recording::{Event, Ledger, Stage};
use scenario::Arrivals;

use crate::Error;
use crate::settle::POLL;
use crate::stages::{Conductor, every_session_failed};

impl Conductor<'_, '_> {
    /// The two halves of the load are recorded as two rounds.
    pub(crate) async fn walk_through(&self) -> Result<(), Error> {
        self.start().await?;
        let script = &self.order.script;
        let arrivals = Arrivals::of_phases(&script.phases, script.spread, self.order.seed);
        let total = arrivals.sessions();
        let half = total / 2;
        let job = Job {
            max_in_flight: None,
            ..self.job(arrivals)
        };
        self.begin_stage(Stage::Round(1), Some(half))?;
        let meter = Arc::new(Meter::default());
        let is_over = Cell::new(false);
        let begun = Instant::now();
        let performing = async {
            let outcome = self.performed(job, &meter).await;
            is_over.set(true);
            Ok(outcome)
        };
        let reading = async {
            while !is_over.get() && meter.ledger().created < half {
                tokio::time::sleep(POLL).await;
                self.tell(&Event::LoadProgress(meter.ledger()))?;
            }
            let first = self.halfway(&meter).await?;
            self.begin_stage(Stage::Round(2), Some(total - half))?;
            while !is_over.get() {
                tokio::time::sleep(POLL).await;
                self.tell(&Event::LoadProgress(meter.ledger().since(&first)))?;
            }
            Ok::<Ledger, Error>(first)
        };
        let (outcome, first) = tokio::try_join!(performing, reading)?;
        let second = meter.ledger().since(&first);
        self.tell(&Event::LoadProgress(second.clone()))?;
        self.loaded(outcome, &meter, begun.elapsed())?;
        every_session_failed(Stage::Round(2), &second)?;
        self.check_room().await?;
        self.settle().await?;
        self.snapshot("after").await?;
        self.end_stage()
    }

    async fn start(&self) -> Result<(), Error> {
        self.begin_stage(Stage::WarmUp, None)?;
        self.settle().await?;
        self.foresee().await?;
        self.keep_scripts().await?;
        self.start_sampling().await?;
        self.snapshot("start").await?;
        self.end_stage()
    }

    /// Captures the service under load, and returns what had come until then.
    async fn halfway(&self, meter: &Meter) -> Result<Ledger, Error> {
        self.check_room().await?;
        self.settle_within(Duration::ZERO).await?;
        let first = meter.ledger();
        self.tell(&Event::LoadProgress(first.clone()))?;
        every_session_failed(Stage::Round(1), &first)?;
        self.snapshot("halfway").await?;
        self.end_stage()?;
        Ok(first)
    }
}
