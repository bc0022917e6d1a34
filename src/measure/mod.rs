//! Histograms, timeline, phases, recovery, ledger, generator health.

pub mod aggregate;
pub mod bands;
pub mod clock;
pub mod generator;
pub mod infrastructure;
pub mod interval;
pub mod interval_log;
pub mod ledger;
pub mod offered;
pub mod outcome;
pub mod phases;
pub mod quantile;
pub mod recording;
pub mod recovery;
pub mod samples;
pub mod saturation;
pub mod served;
pub mod timeline;
pub mod units;
pub mod validity;
pub mod window;
