//! What is measured, from one request to the second it belongs to. One recorder per worker; only
//! the collector, on a thread of its own, joins them.

mod collector;
mod recorder;
mod responders;
mod samples;
mod slices;
mod slowest;

pub(crate) use collector::{Collected, Outlets, collect};
pub(crate) use recorder::{Due, Outcome, Recorder, Report};
