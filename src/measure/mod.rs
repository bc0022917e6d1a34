//! Histograms, timeline, phases, recovery, ledger, generator health.

pub mod aggregate;
pub mod clock;
pub mod interval;
pub mod interval_log;
pub mod outcome;
pub mod quantile;
pub mod recording;
pub mod samples;
pub mod timeline;
pub mod units;
pub mod window;
