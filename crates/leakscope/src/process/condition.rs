//! A condition on a service: looked at again and again, it comes true once.
//!
//! Owns what is asked for the figure that a condition is about; what the condition means, and since
//! when it holds, is the `watch` crate's.

use std::time::Duration;

use probe::Error;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use watch::{Alert, Figures, History, Metric};

use super::Subject;
use crate::failure::Failure;
use crate::signals::interrupted;
use crate::targets::failed;

/// A heap that does not answer by then is looked at the next time.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The heap fills nine tenths of what it may.
pub(super) fn near_limit() -> Option<Alert> {
    "heap > 90%".parse().ok()
}

/// A condition that is waited for.
pub(super) struct Watched {
    watched: watch::Watched,
    history: History,
    began: Instant,
}

impl Watched {
    pub(super) fn new(alert: Alert) -> Self {
        Self {
            watched: watch::Watched::new(alert),
            history: History::default(),
            began: Instant::now(),
        }
    }

    /// What is waited for.
    pub(super) fn alert(&self) -> &Alert {
        self.watched.alert()
    }

    /// Looks at the service; whether it has just come true.
    pub(super) async fn is_due(
        &mut self,
        subject: &mut Subject,
        stop: &CancellationToken,
    ) -> Result<bool, Failure> {
        let amount = match self.alert().metric() {
            Metric::HeapUsed | Metric::HeapFull | Metric::External | Metric::ArrayBuffers => {
                self.of_heaps(subject, stop).await?
            }
            metric => of_process(metric, subject)?,
        };
        let mut figures = Figures::default();
        figures.set(self.alert().metric(), amount);
        let at = self.began.elapsed().as_secs_f64();
        self.history.push(at, figures);
        Ok(self.watched.look(at, &self.history).is_some())
    }

    /// The figure of the chosen isolate that is nearest to what is waited for.
    async fn of_heaps(
        &self,
        subject: &mut Subject,
        stop: &CancellationToken,
    ) -> Result<Option<f64>, Failure> {
        let metric = self.alert().metric();
        let mut amounts = Vec::new();
        for inspector in subject.chosen(stop).await? {
            let inspector = inspector.with_patience(ANSWER_WITHIN);
            let answer = tokio::select! {
                answer = inspector.heap_spaces() => answer,
                () = stop.cancelled() => return Err(interrupted()),
            };
            match answer {
                Ok(heap) => amounts.extend(match metric {
                    Metric::HeapFull => heap.full_percent(),
                    Metric::External => Some(heap.external as f64),
                    Metric::ArrayBuffers => Some(heap.array_buffers as f64),
                    _ => Some(heap.used as f64),
                }),
                Err(Error::Silent { .. }) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(self.alert().nearest(amounts.into_iter()))
    }
}

fn of_process(metric: Metric, subject: &Subject) -> Result<Option<f64>, Failure> {
    let process = subject.local_process()?;
    let memory = probe::read_memory(process.pid).map_err(|error| failed(&error))?;
    let amount = match metric {
        Metric::Vsz => Some(memory.vsz),
        Metric::Pss => memory.pss,
        Metric::Uss => memory.uss,
        Metric::Swap => memory.swap,
        Metric::Threads => memory.threads,
        Metric::Fds => memory.fds,
        Metric::Sockets => memory.sockets,
        _ => Some(memory.rss),
    };
    Ok(amount.map(|amount| amount as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_the_limit_is_a_part_of_it() {
        assert_eq!(near_limit().unwrap().metric(), Metric::HeapFull);
    }
}
