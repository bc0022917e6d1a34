//! Was the generator the bottleneck? Then its figures tell of itself and not of the target. Pure.
//! The limits are told in `docs/validity.md`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clock::Micros;
use super::generator::GeneratorSample;
use super::validity::Cause;

/// What was seen of the generator over a run, in bounded memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watch {
    seconds: u64,
    cpu_seconds: f64,
    busiest: f64,
    saturated_now: u64,
    saturated_longest: u64,
    wanted: f64,
    laggard_seconds: u64,
    worst_lag_us: u64,
    descriptors: (u64, u64),
    ports: (u64, u64),
    resident_bytes: u64,
    clock_step_us: u64,
}

/// Connections that this machine denied, so that the target never saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Denied {
    /// For want of a file descriptor.
    pub descriptors: u64,
    /// For want of a local port.
    pub ports: u64,
}

impl std::ops::AddAssign for Denied {
    fn add_assign(&mut self, other: Self) {
        self.descriptors += other.descriptors;
        self.ports += other.ports;
    }
}

/// Why the run cannot be believed, or only just.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Finding {
    /// Of which kind it is.
    pub cause: Cause,
    /// Whether it makes the run invalid; otherwise it is a warning.
    pub fatal: bool,
    /// What was seen, and what to do.
    pub words: String,
}

/// A generator thread that wants a processor for this share of the time cannot keep a schedule.
const SATURATED: f64 = 0.95;
/// Seconds in a row that make it a bottleneck rather than a hiccup.
const SATURATED_SECONDS: u64 = 3;
/// A p99 start lag above this, while users were free, is the generator's own.
const LAG_US: u64 = 50_000;
/// Share of seconds with such a lag that makes a run invalid.
const LAGGARD_SHARE: f64 = 0.05;
/// A single pause of the machine is a hiccup, however short the run.
const LAGGARD_SECONDS: u64 = 3;
/// Share of descriptors or ports from which on connections are about to fail.
const NEARLY_ALL: f64 = 0.95;
/// Wall clocks drift; they do not jump.
const CLOCK_STEP_US: u64 = 500_000;
/// Two readings of the clocks that are so close had no pause between them.
const AT_ONCE_US: u64 = 10_000;

impl Watch {
    /// Takes one second into account. `clock_step_us` is how far the wall clock moved against the
    /// monotonic one since the last sample.
    pub fn sample(&mut self, sample: &GeneratorSample, clock_step_us: u64) {
        self.seconds += 1;
        self.cpu_seconds += sample.cpu_seconds;
        self.busiest = self.busiest.max(sample.cpu_busiest);
        self.wanted = self.wanted.max(sample.cpu_wanted);
        self.saturated_now = if sample.cpu_wanted >= SATURATED {
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

    /// Everything that speaks against the generator.
    #[must_use]
    pub fn findings(&self, denied: Denied) -> Vec<Finding> {
        [
            self.cpu(),
            self.lag(),
            self.descriptors_short(denied.descriptors),
            self.ports_short(denied.ports),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether the wall clock jumped. No fault of the generator, and fatal all the same: either
    /// somebody set the clock, and no other log can be laid beside this run, or the machine slept,
    /// and the run's own clock stood still meanwhile.
    #[must_use]
    pub fn clock(&self) -> Option<Finding> {
        (self.clock_step_us > CLOCK_STEP_US).then(|| Finding {
            cause: Cause::ClockStep,
            fatal: true,
            words: format!(
                "the wall clock jumped by {:.1} s during the run: somebody set it, or the machine \
                 slept; keep the machine awake, let NTP slew its clock instead of stepping it, and \
                 run again",
                self.clock_step_us as f64 / 1e6
            ),
        })
    }

    fn cpu(&self) -> Option<Finding> {
        (self.saturated_longest > 0).then(|| Finding {
            cause: Cause::GeneratorCpu,
            fatal: self.saturated_longest >= SATURATED_SECONDS,
            words: format!(
                "a generator thread worked, or waited for a processor, {:.0} % of the time for {} s \
                 in a row, {:.0} % of it working: what was measured is its own delay; lower the \
                 load, add `--workers`, or give it a machine of its own",
                self.wanted * 100.0,
                self.saturated_longest,
                self.busiest * 100.0,
            ),
        })
    }

    fn lag(&self) -> Option<Finding> {
        let share = self.laggard_seconds as f64 / self.seconds.max(1) as f64;
        (self.laggard_seconds > 0).then(|| Finding {
            cause: Cause::ScheduleLag,
            fatal: share > LAGGARD_SHARE && self.laggard_seconds >= LAGGARD_SECONDS,
            words: format!(
                "iterations started up to {} ms late (p99 of a second) in {} of {} s although users \
                 were free: this machine was too busy to generate the load; run it where less else runs",
                self.worst_lag_us / 1_000,
                self.laggard_seconds,
                self.seconds
            ),
        })
    }

    fn descriptors_short(&self, denied: u64) -> Option<Finding> {
        let (used, limit) = self.descriptors;
        (denied > 0 || nearly_all(self.descriptors)).then(|| Finding {
            cause: Cause::Descriptors,
            fatal: true,
            words: format!(
                "{used} of {limit} file descriptors were in use, and {denied} connections could not \
                 be opened for want of one: raise the limit (`ulimit -n`), or have fewer users"
            ),
        })
    }

    fn ports_short(&self, denied: u64) -> Option<Finding> {
        let (used, limit) = self.ports;
        (denied > 0 || nearly_all(self.ports)).then(|| Finding {
            cause: Cause::EphemeralPorts,
            fatal: true,
            words: format!(
                "{used} of {limit} local ports were in use, and {denied} connections could not be \
                 opened for want of one: keep connections alive, or widen \
                 net.ipv4.ip_local_port_range"
            ),
        })
    }
}

fn nearly_all((used, limit): (u64, u64)) -> bool {
    limit > 0 && used as f64 >= NEARLY_ALL * limit as f64
}

/// Both clocks at the same instant, read by `now` one after the other. A thread that was put aside
/// in between would see a jump of the wall clock that never was, so it reads again.
pub fn both_clocks(mut now: impl FnMut() -> target_app::api::Instant) -> target_app::api::Instant {
    let mut before = now();
    for _ in 0..10 {
        let after = now();
        if after.monotonic_us.saturating_sub(before.monotonic_us) < AT_ONCE_US {
            return before;
        }
        before = after;
    }
    before
}

/// How far the wall clock moved against the monotonic one between two instants, microseconds.
#[must_use]
pub fn clock_step(before: target_app::api::Instant, after: target_app::api::Instant) -> Micros {
    let moved = |from: u64, to: u64| i128::from(to) - i128::from(from);
    let wall = moved(before.unix_us, after.unix_us);
    let monotonic = moved(before.monotonic_us, after.monotonic_us);
    Micros::try_from(wall.abs_diff(monotonic)).unwrap_or(Micros::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm() -> GeneratorSample {
        GeneratorSample {
            at: 0,
            cpu_busiest: 0.2,
            cpu_wanted: 0.3,
            cpu_seconds: 0.2,
            start_lag_p99_us: 300,
            start_lag_max_us: 900,
            backlog: 0,
            descriptors: 100,
            descriptors_limit: 1_000,
            ports: 100,
            ports_limit: 20_000,
            resident_bytes: 1 << 24,
        }
    }

    /// What is found after 57 calm seconds and so many that this changes.
    fn found(seconds: usize, change: impl Fn(&mut GeneratorSample)) -> Vec<(Cause, bool)> {
        let mut sample = calm();
        change(&mut sample);
        let mut watch = Watch::default();
        let calm = std::iter::repeat_n(calm(), 57);
        for sample in calm.chain(std::iter::repeat_n(sample, seconds)) {
            watch.sample(&sample, 0);
        }
        let findings = watch.findings(Denied::default()).into_iter();
        findings.map(|f| (f.cause, f.fatal)).collect()
    }

    #[test]
    fn a_calm_generator_is_above_suspicion() {
        assert_eq!(found(5, |_| {}), []);
        assert_eq!(Watch::default().findings(Denied::default()), []);
    }

    #[test]
    fn a_thread_that_wants_a_processor_all_the_time_is_the_bottleneck() {
        // Whether it got one or had to wait makes no difference to what is measured.
        let saturated = |s: &mut GeneratorSample| s.cpu_wanted = 0.95;
        assert_eq!(found(2, saturated), [(Cause::GeneratorCpu, false)]);
        assert_eq!(found(3, saturated), [(Cause::GeneratorCpu, true)]);
        assert_eq!(found(9, |s| s.cpu_wanted = 0.949), []);
    }

    #[test]
    fn lag_is_fatal_in_more_than_one_of_twenty_seconds() {
        let late = |s: &mut GeneratorSample| s.start_lag_p99_us = 50_001;
        assert_eq!(found(3, late), [(Cause::ScheduleLag, false)]);
        assert_eq!(found(4, late), [(Cause::ScheduleLag, true)]);
        assert_eq!(found(20, |s| s.start_lag_p99_us = 50_000), []);
    }

    #[test]
    fn arrivals_that_wait_for_a_stalled_target_are_not_the_generators_fault() {
        let waits = |s: &mut GeneratorSample| (s.start_lag_p99_us, s.backlog) = (900_000, 40);
        assert_eq!(found(10, waits), []);
    }

    #[test]
    fn descriptors_and_ports_are_told_before_they_run_out() {
        assert_eq!(
            found(1, |s| s.descriptors = 950),
            [(Cause::Descriptors, true)]
        );
        assert_eq!(found(1, |s| s.descriptors = 949), []);
        assert_eq!(
            found(1, |s| s.ports = 19_000),
            [(Cause::EphemeralPorts, true)]
        );
        assert_eq!(found(1, |s| s.ports = 18_999), []);
    }

    #[test]
    fn a_single_connection_that_this_machine_denied_is_enough() {
        let mut watch = Watch::default();
        watch.sample(&calm(), 0);
        let causes = |descriptors, ports| -> Vec<Cause> {
            let findings = watch.findings(Denied { descriptors, ports });
            findings.iter().map(|finding| finding.cause).collect()
        };
        assert_eq!(causes(1, 0), [Cause::Descriptors]);
        assert_eq!(causes(0, 1), [Cause::EphemeralPorts]);
    }

    #[test]
    fn a_wall_clock_that_jumps_is_fatal_and_one_that_drifts_is_not() {
        let at = |monotonic_us, unix_us| target_app::api::Instant {
            monotonic_us,
            unix_us,
        };
        let (start, hour) = (at(5_000_000, 9_000_000), 3_600_000_000);
        assert_eq!(clock_step(start, at(6_000_000, 10_000_000)), 0);
        assert_eq!(clock_step(start, at(6_000_000, 10_000_000 + hour)), hour);
        // Set back, too.
        assert_eq!(clock_step(start, at(6_000_000, 3_000_000)), 7_000_000);
        let jumped = |step| {
            let mut watch = Watch::default();
            watch.sample(&calm(), step);
            watch.clock().map(|finding| (finding.cause, finding.fatal))
        };
        assert_eq!(jumped(500_000), None);
        assert_eq!(jumped(500_001), Some((Cause::ClockStep, true)));
    }

    #[test]
    fn a_pause_between_the_two_clocks_is_no_jump() {
        let at = |monotonic_us, unix_us| target_app::api::Instant {
            monotonic_us,
            unix_us,
        };
        // Put aside for 0.7 s after the first clock had been read.
        let mut readings = [
            at(1_000, 701_000),
            at(701_100, 701_100),
            at(701_200, 701_200),
        ]
        .into_iter();
        let clocks = both_clocks(|| readings.next().expect("no more than three readings"));
        assert_eq!(clocks, at(701_100, 701_100));
    }
}
