//! The one clock: requests, faults, observations and marks are all told in microseconds since the
//! run's start on `CLOCK_MONOTONIC`.

use target_app::api::Instant;

/// Microseconds since the run's start.
pub type Micros = u64;

/// Turns "now" and the control plane's instants into run time. Copied to everything that measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunClock {
    start: Instant,
}

impl RunClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// A clock that started then, for tests and re-reading a run.
    #[must_use]
    pub fn started_at(start: Instant) -> Self {
        Self { start }
    }

    /// When the run started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.start
    }

    /// Microseconds since the run's start.
    #[must_use]
    pub fn now(&self) -> Micros {
        // Read on the hot path, so without the wall clock that an `Instant` also holds.
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let us = u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000
            + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000;
        us.saturating_sub(self.start.monotonic_us)
    }

    /// An instant of another process of this machine as run time; before the start is 0.
    #[must_use]
    pub fn at(&self, instant: Instant) -> Micros {
        instant.monotonic_us.saturating_sub(self.start.monotonic_us)
    }

    /// Run time as Unix time in microseconds, for people and other tools.
    #[must_use]
    pub fn unix_us(&self, at: Micros) -> u64 {
        self.start.unix_us.saturating_add(at)
    }
}
