//! When did users notice a fault, how long could they not be served, and when were they again?
//!
//! Pure: fed with the pulses of the engine, 10 ms at a time, it never reads a clock.

mod canary;
mod closeup;
mod dead;
mod gaps;
mod latency;
mod stages;
mod tracker;
mod watch;
mod witness;

pub use canary::CanaryWatch;
pub use closeup::{CloseUp, CloseUps};
pub use dead::{DeadTime, DeadWindow};
pub use latency::{LatencyBack, LatencySpan, latency_back};
pub use stages::{Course, HELD, Stage, towards_redundancy, towards_users};
pub use tracker::{Health, Impact, SloRule, Tracker};
pub use watch::{FaultWatch, Side, Watchtower};
pub use witness::{Logged, Witnesses, witnesses};
