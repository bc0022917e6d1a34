//! Load testing and failover chaos in one tool, on one clock.
//!
//! Arrows run downward only: `cli` → `load`, `chaos`, `baseline` → `report` → `capacity`, `measure`, `gate`,
//! `provider` → `scenario`. `scenario`, `gate` and the deciding parts of `measure` do no IO and read no clock.

// A run is one future in another, and those of a whole experiment hold several runs.
#![recursion_limit = "256"]

pub mod baseline;
pub mod capacity;
pub mod chaos;
pub mod cli;
pub mod gate;
pub mod ladder;
pub mod load;
pub mod measure;
pub mod observe;
pub mod provider;
pub mod report;
pub mod scenario;
