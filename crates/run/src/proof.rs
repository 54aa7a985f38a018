//! The proof: a holder is cleared in the running service, everything is collected, and a snapshot
//! shows what went.
//!
//! Only at the end of a run, and only when asked for: afterwards the service is broken. Invariant:
//! whatever the service does then, the run is as good as without the proof.

use recording::{Cut, CutFacts, Event, Stage};

use crate::stages::Conductor;
use crate::{Error, Failure};

impl Conductor<'_, '_> {
    /// Clears one holder after the other.
    pub(crate) async fn prove(&self) -> Result<(), Error> {
        let Some(ask) = self.advice.cuts else {
            return Ok(());
        };
        let recording = self.recorder.borrow().recording().clone();
        for (number, cut) in (1..).zip(ask(recording).await) {
            self.begin_stage(Stage::Proof(number), None)?;
            let mut facts = self.cut(&cut).await;
            if facts.failure.is_none() {
                facts.failure = self.count_afterwards(number).await?;
            }
            self.tell(&Event::Cut(facts))?;
            self.end_stage()?;
        }
        Ok(())
    }

    /// Clears the first target that can be.
    async fn cut(&self, cut: &Cut) -> CutFacts {
        let mut facts = CutFacts {
            holder: cut.holder,
            done: None,
            failure: Some("nothing of it can be reached by a program".into()),
        };
        for target in &cut.targets {
            match self.inspector.cut(target.id, &target.properties).await {
                Ok(done) => {
                    facts.done = Some(done);
                    facts.failure = None;
                    return facts;
                }
                Err(error) => facts.failure = Some(error.to_string()),
            }
        }
        facts
    }

    /// Collects and takes a snapshot; why it could not, if the service is the reason.
    async fn count_afterwards(&self, number: u32) -> Result<Option<String>, Error> {
        self.settle_and_snapshot(number)
            .await
            .map(|()| None)
            .or_else(|error| match error.failure() {
                Failure::Service => Ok(Some(error.to_string())),
                _ => Err(error),
            })
    }

    async fn settle_and_snapshot(&self, number: u32) -> Result<(), Error> {
        self.settle().await?;
        self.snapshot(&format!("proof-{number}")).await
    }

    /// The service ended in the middle of a proof.
    pub(crate) fn died_of_a_cut(&self) -> Result<(), Error> {
        let warning = "the service ended while a holder was being proved; the verdict does not \
                       hang on it";
        self.tell(&Event::Warning(warning.into()))?;
        self.end_stage()
    }
}
