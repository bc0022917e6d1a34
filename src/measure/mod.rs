//! Histograms, timeline, phases, recovery, ledger, generator health.

pub mod clock;
pub mod interval;
pub mod outcome;
pub mod window;
