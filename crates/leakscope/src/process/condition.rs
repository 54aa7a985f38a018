//! A condition on a service: looked at again and again, it comes true once.

use std::time::Duration;

use probe::{Error, HeapSpaces};
use tokio::time::Instant;

use super::Subject;
use crate::args::{Bound, Condition, Metric};
use crate::failure::Failure;
use crate::targets::failed;

/// A heap that does not answer by then is looked at the next time.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A condition that is waited for.
pub(super) struct Watched {
    pub(super) condition: Condition,
    /// Since when it holds without a break.
    since: Option<Instant>,
    /// Whether it has not held since it last came true.
    is_armed: bool,
}

impl Watched {
    pub(super) fn new(condition: Condition) -> Self {
        Self {
            condition,
            since: None,
            is_armed: true,
        }
    }

    /// Looks at the service; whether it has just come true.
    pub(super) async fn is_due(&mut self, subject: &mut Subject) -> Result<bool, Failure> {
        let holds = match self.condition.metric.is_of_heap() {
            true => self.of_heaps(subject).await?,
            false => self.of_process(subject)?,
        };
        Ok(self.note(holds, Instant::now()))
    }

    fn note(&mut self, holds: bool, now: Instant) -> bool {
        if !holds {
            self.since = None;
            self.is_armed = true;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let is_due = self.is_armed && now - since >= self.condition.held_for;
        if is_due {
            self.is_armed = false;
        }
        is_due
    }

    fn of_process(&self, subject: &Subject) -> Result<bool, Failure> {
        let process = subject.local_process()?;
        let memory = probe::read_memory(process.pid).map_err(|error| failed(&error))?;
        let value = match self.condition.metric {
            Metric::Pss => memory.pss,
            Metric::Uss => memory.uss,
            Metric::Swap => memory.swap,
            Metric::Threads => memory.threads,
            Metric::Fds => memory.fds,
            Metric::Sockets => memory.sockets,
            _ => Some(memory.rss),
        };
        Ok(value.is_some_and(|value| self.condition.holds(value, None)))
    }

    async fn of_heaps(&self, subject: &mut Subject) -> Result<bool, Failure> {
        for inspector in subject.chosen().await? {
            match inspector.with_patience(ANSWER_WITHIN).heap_spaces().await {
                Ok(spaces) if self.condition.holds_in(&spaces) => return Ok(true),
                Ok(_) | Err(Error::Silent { .. }) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(false)
    }
}

/// Bytes that V8's limit allows for objects that are not old yet: three times its usual semi-space.
/// The heap is full when the old ones have filled the rest.
const YOUNG: u64 = 48 << 20;

impl Condition {
    fn holds_in(&self, spaces: &HeapSpaces) -> bool {
        let value = match self.metric {
            Metric::External => spaces.external,
            Metric::ArrayBuffers => spaces.array_buffers,
            _ => match self.bound {
                Bound::Value(_) => spaces.used,
                Bound::OfLimit(_) => old(spaces),
            },
        };
        let of_all = |limit: u64| limit.saturating_sub(YOUNG).max(limit / 2);
        let limit = spaces.old_limit.or(spaces.limit.map(of_all));
        self.holds(value, limit)
    }

    fn holds(&self, value: u64, limit: Option<u64>) -> bool {
        let bound = match (self.bound, limit) {
            (Bound::Value(bound), _) => bound as f64,
            (Bound::OfLimit(percent), Some(limit)) => limit as f64 * percent / 100.0,
            (Bound::OfLimit(_), None) => return false,
        };
        match self.is_above {
            true => value as f64 > bound,
            false => (value as f64) < bound,
        }
    }
}

/// Bytes of objects outside the young spaces.
fn old(spaces: &HeapSpaces) -> u64 {
    let young = spaces.spaces.iter().filter(|s| s.name.starts_with("new_"));
    spaces
        .used
        .saturating_sub(young.map(|space| space.used).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_comes_true_once_and_again_only_after_it_was_not() {
        let condition: Condition = "rss > 100 for 10s".parse().unwrap();
        assert!(condition.holds(101, None) && !condition.holds(100, None));
        let mut watched = Watched::new(condition);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let states = [
            (0, true),
            (5, true),
            (6, false),
            (7, true),
            (17, true),
            (18, true),
            (19, false),
            (20, true),
            (30, true),
        ];
        let due = states.map(|(seconds, holds)| watched.note(holds, at(seconds)));
        let expected = [false, false, false, false, true, false, false, false, true];
        assert_eq!(due, expected);
    }

    #[test]
    fn percents_are_of_the_heaps_limit() {
        let near = Condition::near_limit();
        assert!(near.holds(91, Some(100)) && !near.holds(90, Some(100)));
        assert!(!near.holds(91, None), "no limit is told");
        let below: Condition = "heap < 50".parse().unwrap();
        assert!(below.holds(49, None) && !below.holds(50, None));
    }
}
