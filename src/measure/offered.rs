//! Was the load made that the scenario asks for? Pure. The limits are told in `docs/validity.md`.

use super::saturation::Finding;
use super::validity::{Cause, InvalidCause};

/// What became of the arrivals of all open-model loads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offered {
    /// As many were due.
    pub scheduled: u64,
    /// Of those, started.
    pub started: u64,
    /// Of those, late although a user was free.
    pub held_up: u64,
    /// Never started, because every user was busy until the schedule was over.
    pub dropped: u64,
}

/// Share of arrivals that the generator itself held up, from which on the median is its own.
const HELD_UP_SHARE: f64 = 0.5;
/// And from which on the higher quantiles are: worth a warning.
const HELD_UP_WARNING: f64 = 0.1;
/// Share of arrivals that may be missing: figures of a lower load are not those that were asked for.
const DROPPED_SHARE: f64 = 0.01;
/// Fewer than these are chance, however short the run.
const AT_LEAST: u64 = 10;

impl Offered {
    /// Whether the generator itself held arrivals up. `late_us` is from when on one is late.
    #[must_use]
    pub fn late(&self, late_us: u64) -> Option<Finding> {
        too_many(self.held_up, self.started, HELD_UP_WARNING).then(|| Finding {
            cause: Cause::LateArrivals,
            fatal: too_many(self.held_up, self.started, HELD_UP_SHARE),
            words: format!(
                "{} of {} iterations started more than {} ms late although users were free: this \
                 machine was too busy to generate the load; lower the load, add `--workers`, or run \
                 it where less else runs",
                self.held_up,
                self.started,
                late_us / 1_000
            ),
        })
    }

    /// Whether the load is another than the one that was asked for. That is a matter of the
    /// scenario, or of the target, and says nothing against the generator.
    #[must_use]
    pub fn missing(&self) -> Option<InvalidCause> {
        too_many(self.dropped, self.scheduled, DROPPED_SHARE).then(|| {
            Cause::DroppedArrivals.found(format!(
                "{} of {} iterations never started, because every user was busy until the end: the \
                 load that was asked for was not made; raise `max_users`, lower the rate, or end \
                 with a rate that the target keeps up with",
                self.dropped, self.scheduled
            ))
        })
    }
}

fn too_many(part: u64, whole: u64, share: f64) -> bool {
    part >= AT_LEAST && part as f64 > share * whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(offered: Offered) -> Option<bool> {
        offered.late(10_000).map(|found| found.fatal)
    }

    fn is_missing(offered: Offered) -> bool {
        offered.missing().is_some()
    }

    /// Of 3,000 arrivals that were due, so many started late and so many never.
    fn of_3000(held_up: u64, dropped: u64) -> Offered {
        Offered {
            scheduled: 3_000,
            started: 3_000 - dropped,
            held_up,
            dropped,
        }
    }

    #[test]
    fn a_load_that_was_made_as_asked_for_is_not_blamed() {
        for made in [Offered::default(), of_3000(290, 30)] {
            assert_eq!((late(made), is_missing(made)), (None, false), "{made:?}");
        }
    }

    #[test]
    fn arrivals_that_the_generator_held_up_are_told_and_fatal_from_half_of_them_on() {
        assert_eq!(late(of_3000(301, 0)), Some(false));
        assert_eq!(late(of_3000(1_500, 0)), Some(false));
        assert_eq!(late(of_3000(1_501, 0)), Some(true));
        let found = of_3000(1_501, 0).late(10_000).map(|found| found.cause);
        assert_eq!(found, Some(Cause::LateArrivals));
    }

    #[test]
    fn arrivals_that_never_started_are_told() {
        let found = of_3000(0, 31).missing().map(|found| found.cause);
        assert_eq!(found, Some(Cause::DroppedArrivals));
    }

    #[test]
    fn a_few_are_chance() {
        let few = |missing| Offered {
            scheduled: 18,
            started: 18 - missing,
            held_up: missing,
            dropped: missing,
        };
        assert_eq!((late(few(9)), is_missing(few(9))), (None, false));
        assert_eq!((late(few(10)), is_missing(few(10))), (Some(true), true));
    }
}
