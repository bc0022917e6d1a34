//! The engine on goose: pacing, the journey interpreter, the HTTP exchange, the recorder.
//!
//! A run has one or several workers, each an OS thread with its own runtime, users, connections
//! and recorder; a collector on another thread joins what they measure. Goose runs the users'
//! lifecycle behind one adapter (`goose_adapter`); everything that is measured is ours.

#[doc(hidden)]
pub mod bench;
mod catch;
mod data;
mod exchange;
mod gate;
mod goose_adapter;
mod health;
mod inflight;
mod journey;
mod pacing;
mod plan;
mod record;
mod run;
mod seats;
mod seed;
mod shared;
mod stop;
mod thread;
mod ticker;
mod timekeeper;
mod user;
mod wire;
mod worker;
mod write_log;

pub use exchange::client_config as tls_config;
pub use plan::{LATE_US, LoadError, LoadOutcome, LoadPlan, Totals};
pub use run::{Ready, Running, prepare, run, start};
pub use stop::{Stop, Urgency};
pub use wire::WireTimes;
pub use write_log::{NoLedger, StepsFrom, WriteId, WriteLog, WriteOutcome};
