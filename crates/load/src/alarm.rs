//! Waking at a moment, to some ten microseconds.
//!
//! The runtime's own timers are a wheel of milliseconds: with them every arrival would come up to
//! one late. A timerfd is the kernel's high-resolution timer, read like a socket.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};
use tokio::io::unix::AsyncFd;

/// A timer that one task waits on.
pub(crate) struct Alarm {
    /// `None` where the system has run out of descriptors: then the runtime's timers must do.
    timer: Option<AsyncFd<OwnedFd>>,
}

impl Alarm {
    /// Needs a Tokio runtime.
    pub(crate) fn new() -> Self {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
        // SAFETY: `OwnedFd` gives out the same descriptor at every call, and keeps it open until it
        // is dropped, which `AsyncFd` does only after it has deregistered it.
        let timer = timer.and_then(|timer| unsafe { AsyncFd::register(timer) }.ok());
        Self { timer }
    }

    /// Returns at `moment`, or at once if it has passed.
    pub(crate) async fn wait_until(&mut self, moment: Instant) {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if self.wait(left).await.is_err() {
                tokio::time::sleep_until(moment.into()).await;
            }
        }
    }

    async fn wait(&mut self, span: Duration) -> io::Result<()> {
        let Some(timer) = &self.timer else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(span.subsec_nanos()),
            },
        };
        // Setting it makes an earlier expiry unreadable, so that the loop below waits for this one.
        timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        loop {
            let mut ready = timer.readable().await?;
            let read = ready.try_io(|timer| {
                let mut expiries = [0; 8];
                Ok(rustix::io::read(timer.get_ref(), &mut expiries).map(drop)?)
            });
            if let Ok(result) = read {
                return result;
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
