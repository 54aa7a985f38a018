//! The kernel's high-resolution timer, a timerfd, read like a socket.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};
use tokio::io::unix::AsyncFd;

/// One of them.
pub(super) struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    /// `None` where the system has run out of descriptors.
    pub(super) fn new() -> Option<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok()?;
        // SAFETY: `OwnedFd` gives out the same descriptor at every call, and keeps it open until it
        // is dropped, which `AsyncFd` does only after it has deregistered it.
        unsafe { AsyncFd::register(timer) }.ok().map(Self)
    }

    pub(super) async fn wait(&self, span: Duration) -> io::Result<()> {
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(span.subsec_nanos()),
            },
        };
        // Setting it makes an earlier expiry unreadable, so that the loop below waits for this one.
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        loop {
            let mut ready = self.0.readable().await?;
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
