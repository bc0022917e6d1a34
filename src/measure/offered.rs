//! Was the load made that the scenario asks for? Pure. The limits are told in `docs/validity.md`.

use super::saturation::Finding;
use super::validity::Cause;

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

/// Share of arrivals that the generator itself held up, from which on every quantile is its own.
const HELD_UP_SHARE: f64 = 0.1;
/// Share of arrivals that may be missing: figures of a lower load are not those that were asked for.
const DROPPED_SHARE: f64 = 0.01;
/// Fewer than these are chance, however short the run.
const AT_LEAST: u64 = 10;

impl Offered {
    /// Everything that speaks against the load. `late_us` is from when on an arrival is late.
    #[must_use]
    pub fn findings(&self, late_us: u64) -> Vec<Finding> {
        let late = too_many(self.held_up, self.started, HELD_UP_SHARE).then(|| Finding {
            cause: Cause::LateArrivals,
            fatal: true,
            words: format!(
                "{} of {} iterations started more than {} ms late although users were free: this \
                 machine was too busy to generate the load; lower the load, add `--workers`, or run \
                 it where less else runs",
                self.held_up,
                self.started,
                late_us / 1_000
            ),
        });
        let dropped = too_many(self.dropped, self.scheduled, DROPPED_SHARE).then(|| Finding {
            cause: Cause::DroppedArrivals,
            fatal: true,
            words: format!(
                "{} of {} iterations never started, because every user was busy until the end: the \
                 load that was asked for was not made; raise `max_users`, lower the rate, or end \
                 with a rate that the target keeps up with",
                self.dropped, self.scheduled
            ),
        });
        late.into_iter().chain(dropped).collect()
    }
}

fn too_many(part: u64, whole: u64, share: f64) -> bool {
    part >= AT_LEAST && part as f64 > share * whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(offered: Offered) -> Vec<Cause> {
        let findings = offered.findings(10_000);
        assert!(findings.iter().all(|finding| finding.fatal));
        findings.iter().map(|finding| finding.cause).collect()
    }

    #[test]
    fn a_load_that_was_made_as_asked_for_is_not_blamed() {
        assert_eq!(found(Offered::default()), []);
        let nearly = Offered {
            scheduled: 3_030,
            started: 3_000,
            held_up: 300,
            dropped: 30,
        };
        assert_eq!(found(nearly), []);
    }

    #[test]
    fn arrivals_that_the_generator_held_up_or_dropped_are_told() {
        let late = Offered {
            scheduled: 3_000,
            started: 3_000,
            held_up: 301,
            dropped: 0,
        };
        assert_eq!(found(late), [Cause::LateArrivals]);
        let dropped = Offered {
            scheduled: 3_000,
            started: 2_969,
            held_up: 0,
            dropped: 31,
        };
        assert_eq!(found(dropped), [Cause::DroppedArrivals]);
    }

    #[test]
    fn a_few_are_chance() {
        let few = |missing| Offered {
            scheduled: 60,
            started: 60 - missing,
            held_up: missing,
            dropped: missing,
        };
        assert_eq!(found(few(9)), []);
        assert_eq!(
            found(few(10)),
            [Cause::LateArrivals, Cause::DroppedArrivals]
        );
    }
}
