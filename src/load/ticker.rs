//! The one timer of a worker: releases due arrivals and wakes due sleepers.
//!
//! It is armed for the next instant at which something is due, but never less than [`GRAIN_US`]
//! ahead: below that, one wake-up serves everything that has become due, whatever the rate.

use std::io;
use std::sync::Arc;

use super::gate::OpenGate;
use super::timekeeper::Timekeeper;
use crate::measure::clock::{Micros, RunClock};

pub(crate) use timer::Timer;

/// Wake-ups are at least this far apart, microseconds.
const GRAIN_US: Micros = 200;

/// Runs until it is dropped.
///
/// # Errors
/// The system refused to set the timer.
pub(crate) async fn tick(
    timer: &mut Timer,
    keeper: &Timekeeper,
    gates: &[Arc<OpenGate>],
) -> io::Result<()> {
    loop {
        let now = keeper.clock.now();
        let alarm = keeper.ring(now);
        let arrivals = gates.iter().filter_map(|gate| gate.release(now));
        let next = arrivals.chain(alarm).min();
        let until = next.map_or(Micros::MAX, |next| next.max(now + GRAIN_US));
        tokio::select! {
            waited = timer.wait_until(until) => waited?,
            () = keeper.needed_before(until) => {}
        }
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::io;
    use std::os::fd::OwnedFd;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    use super::{Micros, RunClock};

    /// A timerfd on the run's clock: some 50 µs exact, where tokio's timer is a millisecond coarse.
    #[derive(Debug)]
    pub(crate) struct Timer {
        fd: AsyncFd<OwnedFd>,
        clock: RunClock,
    }

    impl Timer {
        pub(crate) fn new(clock: RunClock) -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            // SAFETY: the descriptor is open, and owned by the AsyncFd until both are gone.
            let fd = unsafe { AsyncFd::register(fd) }?;
            Ok(Self { fd, clock })
        }

        /// Returns at that instant; never, for [`Micros::MAX`].
        pub(super) async fn wait_until(&mut self, at: Micros) -> io::Result<()> {
            if at == Micros::MAX {
                return std::future::pending().await;
            }
            let at = self.clock.started().monotonic_us.saturating_add(at);
            let spec = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec {
                    tv_sec: i64::try_from(at / 1_000_000).unwrap_or(i64::MAX),
                    // Zero would disarm it.
                    tv_nsec: (at % 1_000_000 * 1_000).max(1).cast_signed(),
                },
            };
            timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::ABSTIME, &spec)?;
            loop {
                let mut ready = self.fd.readable().await?;
                let mut count = [0; 8];
                match ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut count)?)) {
                    Ok(read) => return read.map(|_| ()),
                    Err(_would_block) => {}
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::io;
    use std::time::Duration;

    use super::{Micros, RunClock};

    /// Tokio's timer, a millisecond coarse: the start lag shows it.
    #[derive(Debug)]
    pub(crate) struct Timer {
        clock: RunClock,
    }

    impl Timer {
        pub(crate) fn new(clock: RunClock) -> io::Result<Self> {
            Ok(Self { clock })
        }

        /// Returns at that instant; never, for [`Micros::MAX`].
        pub(super) async fn wait_until(&mut self, at: Micros) -> io::Result<()> {
            if at == Micros::MAX {
                return std::future::pending().await;
            }
            let ahead = at.saturating_sub(self.clock.now());
            tokio::time::sleep(Duration::from_micros(ahead)).await;
            Ok(())
        }
    }
}
