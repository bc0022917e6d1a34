//! What the attempts at a part came to, and whether another one is worth making. Pure.

use super::parts::Part;
use super::row::Row;
use crate::report::summary::{Generator, GeneratorVerdict};

/// Attempts at a part whose times are off: something else may have kept the machine busy.
pub(super) const ATTEMPTS: u32 = 3;

/// A part, judged by its last attempt.
#[derive(Debug, Clone)]
pub(super) struct PartResult {
    /// Which.
    pub(super) part: Part,
    /// Injected beside reported.
    pub(super) rows: Vec<Row>,
    /// How many attempts were made.
    pub(super) attempts: u32,
    /// How busy the machine was.
    pub(super) machine: Machine,
}

/// Figures that tell how busy the machine was during an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Machine {
    /// How late arrivals started, 99th percentile, microseconds.
    pub(super) start_lag_p99_us: Option<u64>,
    /// Processor time of this process in its busiest second, as a share of all cores.
    pub(super) cpu_share_max: Option<f64>,
    /// Processes that wanted to run, of everybody, over the last minute.
    pub(super) load_average: Option<f64>,
    /// Cores.
    pub(super) cores: u64,
    /// Whether the generator itself says that it was near its limits.
    pub(super) strained: bool,
}

impl Machine {
    /// During a run with this summary.
    pub(super) fn during(generator: &Generator, load_average: Option<f64>) -> Self {
        Self {
            start_lag_p99_us: generator.start_lag_us.as_ref().map(|lag| lag.p99),
            cpu_share_max: generator.cpu_share_max,
            load_average,
            cores: generator.cores.unwrap_or(1),
            strained: generator.verdict != GeneratorVerdict::Healthy,
        }
    }

    /// Whether it was too busy for times to be told to a few milliseconds.
    pub(super) fn is_busy(&self) -> bool {
        /// On a calm machine it is a fraction of a millisecond.
        const LAG_US: u64 = 3_000;
        self.strained
            || self.start_lag_p99_us.is_some_and(|lag| lag > LAG_US)
            || self
                .load_average
                .is_some_and(|load| load > self.cores as f64)
    }
}

impl PartResult {
    /// Rows that do not hold.
    pub(super) fn misses(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.holds())
    }

    /// Whether another attempt is worth making: only times are off, and the attempts are not used
    /// up. A wrong count is final.
    pub(super) fn is_worth_another(&self) -> bool {
        self.attempts < ATTEMPTS
            && self.misses().next().is_some()
            && self.misses().all(Row::is_timing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::selftest::row::Tolerance;

    fn result(rows: Vec<Row>, attempts: u32) -> PartResult {
        PartResult {
            part: Part::Delays,
            rows,
            attempts,
            machine: Machine::default(),
        }
    }

    #[test]
    fn only_times_are_tried_again() {
        let good = Row::count("requests", 1, 1);
        let late = Row::duration("p50", 1, Some(9), Tolerance::EXACT);
        let wrong = Row::count("lost", 1, 0);
        assert!(!result(vec![good.clone()], 1).is_worth_another());
        assert!(result(vec![good.clone(), late.clone()], 1).is_worth_another());
        assert!(!result(vec![good, late.clone()], ATTEMPTS).is_worth_another());
        assert!(!result(vec![late, wrong], 1).is_worth_another());
    }

    #[test]
    fn a_machine_is_busy_by_its_own_figures() {
        let calm = Machine {
            start_lag_p99_us: Some(300),
            load_average: Some(0.5),
            cores: 2,
            ..Machine::default()
        };
        assert!(!calm.is_busy());
        let late = Machine {
            start_lag_p99_us: Some(9_000),
            ..calm
        };
        let crowded = Machine {
            load_average: Some(6.0),
            ..calm
        };
        assert!(late.is_busy() && crowded.is_busy());
    }
}
