//! What is played to the tool: one file per wrong, each with its scenario, its script and the
//! rows that compare what the target did with what the run's summary says.

mod delays;
mod errors;
mod infrastructure;
mod stall;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use target_app::api::Instant;

use super::row::Row;
use super::sabotage::Sabotages;
use super::target::Script;
use crate::measure::clock::{Micros, RunClock};
use crate::provider::Providers;
use crate::report::Summary;

/// A part of the selftest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Part {
    /// Known delays
    Delays,
    /// A second of silence while arrivals go on
    Stall,
    /// An outage of known length
    Errors,
    /// Lost, doubled, kept and unanswered writes
    Writes,
}

impl Part {
    /// All of them, in the order of the table.
    pub(super) const ALL: [Self; 4] = [Self::Delays, Self::Stall, Self::Errors, Self::Writes];

    /// As on the command line and in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delays => "delays",
            Self::Stall => "stall",
            Self::Errors => "errors",
            Self::Writes => "writes",
        }
    }

    /// What the target does, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Delays => delays::WORDS,
            Self::Stall => stall::WORDS,
            Self::Errors => errors::WORDS,
            Self::Writes => writes::WORDS,
        }
    }

    /// The scenario, as a user would write it.
    pub(super) fn scenario(self) -> &'static str {
        match self {
            Self::Delays => include_str!("delays.toml"),
            Self::Stall => include_str!("stall.toml"),
            Self::Errors => include_str!("errors.toml"),
            Self::Writes => include_str!("writes.toml"),
        }
    }

    /// The change of the scenario that calls for one arrival more than its rows expect.
    pub(super) fn one_arrival_more(self) -> Vec<String> {
        match self {
            Self::Stall => vec!["load.0.arrivals.0.for=3005ms".to_owned()],
            Self::Delays | Self::Errors | Self::Writes => Vec::new(),
        }
    }

    /// How long its load lasts.
    pub(super) fn lasts(self) -> Duration {
        Duration::from_millis(match self {
            Self::Delays => 2_500,
            Self::Stall => 3_000,
            Self::Errors => 4_000,
            Self::Writes => 1_500,
        })
    }

    /// A fresh target for one attempt.
    pub(super) fn act(self, sabotages: &Sabotages) -> Arc<dyn Act> {
        match self {
            Self::Delays => Arc::new(delays::Delays::new(sabotages)),
            Self::Stall => Arc::new(stall::Stall::new(sabotages)),
            Self::Errors => Arc::new(errors::Errors::new(sabotages)),
            Self::Writes => Arc::new(writes::Writes::new(sabotages)),
        }
    }
}

/// What the target does, and what the tool must say of it.
pub(super) trait Act: Script {
    /// What the scenario's faults act through.
    fn providers(self: Arc<Self>) -> Providers {
        Providers::new()
    }

    /// Compares.
    fn rows(&self, heard: &Heard) -> Vec<Row>;
}

/// What the tool said.
#[derive(Debug)]
pub(super) struct Heard {
    /// What every report is made from.
    pub(super) summary: Summary,
    /// The run's clock.
    pub(super) clock: RunClock,
    /// When its schedules began, run time.
    pub(super) began: Micros,
}

impl Heard {
    /// An instant of the target's books as run time.
    fn at(&self, monotonic_us: u64) -> Micros {
        self.clock.at(Instant {
            monotonic_us,
            unix_us: 0,
        })
    }
}

/// The value at a quantile of sorted values; 0 when there are none.
fn quantile(sorted: &[u64], q: f64) -> u64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};

    #[test]
    fn every_scenario_is_sound() {
        for part in Part::ALL {
            let path = format!("{}.toml", part.name());
            let read = scenario::parse(
                part.scenario(),
                path.as_ref(),
                &Overrides::default(),
                &Nowhere,
            );
            let reading = read.unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert!(reading.warnings.0.is_empty(), "{}", reading.warnings);
        }
    }

    #[test]
    fn quantiles_are_those_of_their_rank() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|q| quantile(&values, q)),
            [1, 50, 99, 100]
        );
        assert_eq!(quantile(&[], 0.5), 0);
    }
}
