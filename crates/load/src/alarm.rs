//! Waking at a moment, to some ten microseconds.
//!
//! The runtime's own timers are a wheel of milliseconds: with them every arrival would come up to
//! one late. Linux has a better one; elsewhere they must do.

#[cfg_attr(not(target_os = "linux"), path = "alarm/none.rs")]
mod timer;

use std::time::Instant;

use timer::Timer;

/// A timer that one task waits on.
pub(crate) struct Alarm {
    /// `None` where the system has none or has run out of descriptors: then the runtime's timers must
    /// do.
    timer: Option<Timer>,
}

impl Alarm {
    /// Needs a Tokio runtime.
    pub(crate) fn new() -> Self {
        Self {
            timer: Timer::new(),
        }
    }

    /// Returns at `moment`, or at once if it has passed.
    pub(crate) async fn wait_until(&mut self, moment: Instant) {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = match &self.timer {
                Some(timer) => timer.wait(left).await.is_ok(),
                None => false,
            };
            if !waited {
                tokio::time::sleep_until(moment.into()).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_alarm_never_rings_early_and_can_be_used_again() {
        let mut alarm = Alarm::new();
        for _ in 0..3 {
            let moment = Instant::now() + Duration::from_millis(2);
            alarm.wait_until(moment).await;
            assert!(Instant::now() >= moment);
        }
        alarm.wait_until(Instant::now()).await;
    }

    #[tokio::test]
    async fn a_wait_that_was_given_up_does_not_wake_the_next() {
        let mut alarm = Alarm::new();
        let soon = Instant::now() + Duration::from_millis(1);
        tokio::select! {
            biased;
            () = alarm.wait_until(soon) => {}
            () = std::future::ready(()) => {}
        }
        let later = Instant::now() + Duration::from_millis(5);
        alarm.wait_until(later).await;
        assert!(Instant::now() >= later);
    }
}
