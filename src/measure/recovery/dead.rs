//! Dead windows: stretches in which nobody was served.

use crate::measure::clock::Micros;

/// Between two successes, with a failure in it or far longer than traffic explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadWindow {
    /// End of the last success before it.
    pub from: Micros,
    /// End of the first success after it, or the end of observation.
    pub to: Micros,
}

impl DeadWindow {
    /// Its length, microseconds.
    #[must_use]
    pub fn length(self) -> Micros {
        self.to.saturating_sub(self.from)
    }
}

/// Collects dead windows from successes and failures in order of time.
#[derive(Debug, Clone)]
pub struct DeadTime {
    /// A gap longer than this is dead even when no request failed in it: requests hang.
    silence_us: Micros,
    last_success: Micros,
    failed_since: bool,
    longest: Option<DeadWindow>,
    total_us: Micros,
}

impl DeadTime {
    /// Starts at `from`, as if a request had just succeeded. A gap longer than `silence_us` is dead
    /// time even without a failure; none: silence alone never is.
    #[must_use]
    pub fn new(from: Micros, silence_us: Option<Micros>) -> Self {
        Self {
            silence_us: silence_us.unwrap_or(Micros::MAX),
            last_success: from,
            failed_since: false,
            longest: None,
            total_us: 0,
        }
    }

    /// Something succeeded at `at`.
    pub fn success(&mut self, at: Micros) {
        self.close(at);
        self.last_success = self.last_success.max(at);
        self.failed_since = false;
    }

    /// Something failed at `at`.
    pub fn failure(&mut self, _at: Micros) {
        self.failed_since = true;
    }

    /// The window that is open at `now`, if nobody was served since.
    #[must_use]
    pub fn open(&self, now: Micros) -> Option<DeadWindow> {
        let window = DeadWindow {
            from: self.last_success,
            to: now,
        };
        let dead = window.length() > 0 && (self.failed_since || window.length() > self.silence_us);
        dead.then_some(window)
    }

    /// The longest so far, an open one included.
    #[must_use]
    pub fn longest(&self, now: Micros) -> Option<DeadWindow> {
        self.longest
            .into_iter()
            .chain(self.open(now))
            .max_by_key(|window| window.length())
    }

    /// All of them together, an open one included, microseconds.
    #[must_use]
    pub fn total_us(&self, now: Micros) -> Micros {
        self.total_us + self.open(now).map_or(0, DeadWindow::length)
    }

    fn close(&mut self, at: Micros) {
        if let Some(window) = self.open(at) {
            self.total_us += window.length();
            if self
                .longest
                .is_none_or(|longest| window.length() > longest.length())
            {
                self.longest = Some(window);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_between_two_successes_is_a_dead_window() {
        let mut dead = DeadTime::new(0, Some(100_000));
        dead.success(10_000);
        dead.failure(20_000);
        dead.failure(60_000);
        dead.success(80_000);
        dead.success(90_000);
        assert_eq!(
            dead.longest(90_000),
            Some(DeadWindow {
                from: 10_000,
                to: 80_000
            })
        );
        assert_eq!(dead.total_us(90_000), 70_000);
    }

    #[test]
    fn silence_is_dead_only_when_traffic_was_dense() {
        let mut dense = DeadTime::new(0, Some(100_000));
        dense.success(500_000);
        assert_eq!(dense.total_us(500_000), 500_000);
        let mut sparse = DeadTime::new(0, None);
        sparse.success(500_000);
        assert_eq!(sparse.total_us(500_000), 0);
    }

    #[test]
    fn an_outage_that_never_ends_counts_until_now() {
        let mut dead = DeadTime::new(1_000_000, None);
        dead.failure(1_200_000);
        assert_eq!(dead.total_us(3_000_000), 2_000_000);
    }
}
