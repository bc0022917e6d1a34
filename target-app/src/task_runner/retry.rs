//! What happens to a job after a failure. Pure: chance comes in as a number.

use std::time::Duration;

use super::TaskRunnerConfig;

/// Waits between attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
}

/// What to do with a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again after this long.
    Retry(Duration),
    /// Give up and keep it for people to look at.
    Dead,
}

impl Backoff {
    pub(super) fn new(config: &TaskRunnerConfig) -> Self {
        Self {
            first: Duration::from_millis(config.retry_ms),
            longest: Duration::from_millis(config.retry_max_ms.max(config.retry_ms)),
        }
    }

    /// Judges a job whose `attempt`th attempt (from 1) of `most` failed.
    ///
    /// The wait doubles each time and is then shortened by up to a half, by `chance` from 0 to 1, so
    /// that jobs which failed together do not come back together.
    pub(super) fn after_failure(self, attempt: i32, most: i32, chance: f64) -> Verdict {
        if attempt >= most {
            return Verdict::Dead;
        }
        let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(31);
        let wait = self.first.saturating_mul(1 << doublings).min(self.longest);
        Verdict::Retry(wait.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(1),
    };

    #[test]
    fn waits_double_up_to_the_longest_and_then_it_is_over() {
        let wait = |attempt| BACKOFF.after_failure(attempt, 6, 0.0);
        let retry = |ms| Verdict::Retry(Duration::from_millis(ms));
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(wait),
            [
                retry(100),
                retry(200),
                retry(400),
                retry(800),
                retry(1_000),
                Verdict::Dead
            ]
        );
    }

    proptest! {
        #[test]
        fn every_wait_is_within_bounds(attempt in 1..1_000_000i32, chance in 0.0..=1.0f64) {
            match BACKOFF.after_failure(attempt, i32::MAX, chance) {
                Verdict::Retry(wait) => {
                    prop_assert!(wait >= BACKOFF.first / 2 && wait <= BACKOFF.longest);
                }
                Verdict::Dead => prop_assert!(false, "there were attempts left"),
            }
        }
    }
}
