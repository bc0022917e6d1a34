//! Was the generator the bottleneck? Then its figures tell of itself and not of the target. Pure.

use super::clock::Micros;
use super::generator::GeneratorSample;

/// What was seen of the generator over a run, in bounded memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watch {
    seconds: u64,
    cpu_seconds: f64,
    busiest: f64,
    saturated_now: u64,
    saturated_longest: u64,
    laggard_seconds: u64,
    worst_lag_us: u64,
    descriptors: (u64, u64),
    ports: (u64, u64),
    resident_bytes: u64,
    clock_step_us: u64,
}

/// Why the run cannot be believed, or only just.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it makes the run invalid; otherwise it is a warning.
    pub fatal: bool,
    /// What was seen, and what to do.
    pub words: String,
}

/// A generator thread at this share of its core cannot keep a schedule.
const SATURATED: f64 = 0.95;
/// Seconds in a row that make it a bottleneck rather than a hiccup.
const SATURATED_SECONDS: u64 = 3;
/// A p99 start lag above this, while users were free, is the generator's own.
const LAG_US: u64 = 50_000;
/// Share of seconds with such a lag that makes a run invalid.
const LAGGARD_SHARE: f64 = 0.05;
/// Share of descriptors or ports from which on connections are about to fail.
const NEARLY_ALL: f64 = 0.95;
/// Wall clocks drift; they do not jump.
const CLOCK_STEP_US: u64 = 500_000;

impl Watch {
    /// Takes one second into account. `clock_step_us` is how far the wall clock moved against the
    /// monotonic one since the last sample.
    pub fn sample(&mut self, sample: &GeneratorSample, clock_step_us: u64) {
        self.seconds += 1;
        self.cpu_seconds += sample.cpu_seconds;
        self.busiest = self.busiest.max(sample.cpu_busiest);
        self.saturated_now = if sample.cpu_busiest >= SATURATED {
            self.saturated_now + 1
        } else {
            0
        };
        self.saturated_longest = self.saturated_longest.max(self.saturated_now);
        // With a backlog every user was busy: arrivals waited for the target, not for us.
        if sample.backlog == 0 && sample.start_lag_p99_us > LAG_US {
            self.laggard_seconds += 1;
            self.worst_lag_us = self.worst_lag_us.max(sample.start_lag_p99_us);
        }
        if sample.descriptors > self.descriptors.0 {
            self.descriptors = (sample.descriptors, sample.descriptors_limit);
        }
        if sample.ports > self.ports.0 {
            self.ports = (sample.ports, sample.ports_limit);
        }
        self.resident_bytes = self.resident_bytes.max(sample.resident_bytes);
        self.clock_step_us = self.clock_step_us.max(clock_step_us);
    }

    /// Processor time of the generator's threads, seconds per second.
    #[must_use]
    pub fn cpu_mean(&self) -> Option<f64> {
        (self.seconds > 0).then(|| self.cpu_seconds / self.seconds as f64)
    }

    /// Share of its core that the busiest thread used in its busiest second.
    #[must_use]
    pub fn cpu_busiest(&self) -> Option<f64> {
        (self.seconds > 0).then_some(self.busiest)
    }

    /// Most descriptors open, and the limit.
    #[must_use]
    pub fn descriptors(&self) -> Option<(u64, u64)> {
        (self.descriptors.1 > 0).then_some(self.descriptors)
    }

    /// Most memory in use, bytes.
    #[must_use]
    pub fn resident_bytes(&self) -> Option<u64> {
        (self.resident_bytes > 0).then_some(self.resident_bytes)
    }

    /// Everything that speaks against the run's figures.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        [
            self.cpu(),
            self.lag(),
            self.descriptors_short(),
            self.ports_short(),
            self.clock(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn cpu(&self) -> Option<Finding> {
        (self.saturated_longest > 0).then(|| Finding {
            fatal: self.saturated_longest >= SATURATED_SECONDS,
            words: format!(
                "the generator used {:.0} % of its core for {} s in a row: it could not keep its \
                 schedule; lower the load, add `--workers`, or give it a machine of its own",
                self.busiest * 100.0,
                self.saturated_longest
            ),
        })
    }

    fn lag(&self) -> Option<Finding> {
        let share = self.laggard_seconds as f64 / self.seconds.max(1) as f64;
        (self.laggard_seconds > 0).then(|| Finding {
            fatal: share > LAGGARD_SHARE && self.laggard_seconds >= 3,
            words: format!(
                "iterations started up to {} ms late (p99 of a second) in {} of {} s although users \
                 were free: this machine was too busy to generate the load; run it where less else runs",
                self.worst_lag_us / 1_000,
                self.laggard_seconds,
                self.seconds
            ),
        })
    }

    fn descriptors_short(&self) -> Option<Finding> {
        nearly_all(self.descriptors).then(|| Finding {
            fatal: true,
            words: format!(
                "{} of {} file descriptors were in use: raise the limit (`ulimit -n`)",
                self.descriptors.0, self.descriptors.1
            ),
        })
    }

    fn ports_short(&self) -> Option<Finding> {
        nearly_all(self.ports).then(|| Finding {
            fatal: true,
            words: format!(
                "{} of {} local ports were in use: keep connections alive, or widen \
                 net.ipv4.ip_local_port_range",
                self.ports.0, self.ports.1
            ),
        })
    }

    fn clock(&self) -> Option<Finding> {
        (self.clock_step_us > CLOCK_STEP_US).then(|| Finding {
            fatal: false,
            words: format!(
                "the wall clock was set by {:.1} s during the run: run time is not affected, but \
                 UTC times of this report and of other logs do not fit",
                self.clock_step_us as f64 / 1e6
            ),
        })
    }
}

fn nearly_all((used, limit): (u64, u64)) -> bool {
    limit > 0 && used as f64 >= NEARLY_ALL * limit as f64
}

/// How far the wall clock moved against the monotonic one between two instants, microseconds.
#[must_use]
pub fn clock_step(before: target_app::api::Instant, after: target_app::api::Instant) -> Micros {
    let wall = after.unix_us.abs_diff(before.unix_us);
    let monotonic = after.monotonic_us.abs_diff(before.monotonic_us);
    wall.abs_diff(monotonic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm() -> GeneratorSample {
        GeneratorSample {
            at: 0,
            cpu_busiest: 0.2,
            cpu_seconds: 0.2,
            start_lag_p99_us: 300,
            start_lag_max_us: 900,
            backlog: 0,
            descriptors: 100,
            descriptors_limit: 1024,
            ports: 100,
            ports_limit: 28_000,
            resident_bytes: 1 << 24,
        }
    }

    fn fatal(change: impl Fn(&mut GeneratorSample), seconds: usize) -> Vec<bool> {
        let mut watch = Watch::default();
        for _ in 0..20 {
            watch.sample(&calm(), 0);
        }
        let mut sample = calm();
        change(&mut sample);
        for _ in 0..seconds {
            watch.sample(&sample, 0);
        }
        watch
            .findings()
            .iter()
            .map(|finding| finding.fatal)
            .collect()
    }

    #[test]
    fn a_calm_generator_is_above_suspicion() {
        assert_eq!(fatal(|_| {}, 5), [false; 0]);
    }

    #[test]
    fn each_limit_is_told_and_only_lasting_ones_are_fatal() {
        assert_eq!(fatal(|s| s.cpu_busiest = 0.99, 1), [false]);
        assert_eq!(fatal(|s| s.cpu_busiest = 0.99, 3), [true]);
        assert_eq!(fatal(|s| s.start_lag_p99_us = 80_000, 1), [false]);
        assert_eq!(fatal(|s| s.start_lag_p99_us = 80_000, 5), [true]);
        assert_eq!(fatal(|s| s.descriptors = 1_000, 1), [true]);
        assert_eq!(fatal(|s| s.ports = 27_900, 1), [true]);
    }

    #[test]
    fn arrivals_that_wait_for_a_stalled_target_are_not_the_generators_fault() {
        let waits = |s: &mut GeneratorSample| (s.start_lag_p99_us, s.backlog) = (900_000, 40);
        assert_eq!(fatal(waits, 10), [false; 0]);
    }

    #[test]
    fn a_wall_clock_that_jumps_is_told() {
        let at = |monotonic_us, unix_us| target_app::api::Instant {
            monotonic_us,
            unix_us,
        };
        assert_eq!(
            clock_step(at(0, 0), at(1_000_000, 3_600_000_000)),
            3_599_000_000
        );
        let mut watch = Watch::default();
        watch.sample(&calm(), 3_599_000_000);
        assert_eq!(watch.findings().len(), 1);
    }
}
