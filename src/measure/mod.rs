//! Histograms, timeline, phases, recovery, ledger, generator health.

pub mod clock;
pub mod generator;
pub mod interval;
pub mod outcome;
