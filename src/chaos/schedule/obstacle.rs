//! What keeps a fault that is due from being injected, and what a person can do about it.

use super::{Outlook, Schedule, Stage, micros};
use crate::measure::clock::Micros;
use crate::scenario::FaultId;

/// Something that has to be otherwise first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// What is so.
    pub(super) why: String,
    /// What to do if it stays so.
    pub(super) next: &'static str,
    /// It will: waiting is no use.
    pub(super) stays: bool,
}

const CLEAN_UP: &str = "clean up with `loadtest chaos recover`";
const MORE_TIME: &str =
    "leave the faults more time (a later `at`, or `after`), or raise [guard] wait_at_most";
const NOT_ASKED: &str =
    "see that the target answers at all, and give the fault an `at` at which the load has begun";
const NOT_HEALTHY: &str = "run it with --no-faults to see what fails or is slow; then mend the target, lower the load, \
                           or loosen [slo]";

impl Schedule {
    /// What keeps a fault that is due from being injected.
    pub(super) fn obstacle(
        &self,
        fault: FaultId,
        now: Micros,
        outlook: &Outlook,
    ) -> Option<Obstacle> {
        if let Some(dirty) = self
            .entries
            .iter()
            .find(|entry| entry.stage == Stage::Dirty)
        {
            return Some(Obstacle {
                why: format!("`{}` could not be taken back", dirty.name),
                next: CLEAN_UP,
                stays: true,
            });
        }
        let mut overlaps = false;
        for (other, earlier) in self.entries.iter().enumerate() {
            if other == fault || !earlier.stage.is_in_progress() {
                continue;
            }
            if self.entries[fault].overlaps(earlier) {
                overlaps = true;
            } else {
                return Some(Obstacle {
                    why: format!("`{}` {}", earlier.name, earlier.unfinished()),
                    next: MORE_TIME,
                    stays: false,
                });
            }
        }
        if overlaps {
            return None;
        }
        self.ill_health(now, outlook)
    }

    fn ill_health(&self, now: Micros, outlook: &Outlook) -> Option<Obstacle> {
        let before = micros(self.guard.healthy_before);
        let (why, next) = match outlook.healthy_since {
            _ if before == 0 => return None,
            Some(since) if now >= since + before => return None,
            Some(_) => (
                format!(
                    "the target has not met the SLO for {} s yet",
                    self.guard.healthy_before.as_secs_f64()
                ),
                NOT_HEALTHY,
            ),
            None if outlook.unasked => (
                "no request has ended yet, so nobody knows whether the target is healthy"
                    .to_owned(),
                NOT_ASKED,
            ),
            None => ("the target does not meet the SLO".to_owned(), NOT_HEALTHY),
        };
        Some(Obstacle {
            why,
            next,
            stays: false,
        })
    }
}
