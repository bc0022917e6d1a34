//! Guards as a user meets them: each trips in a run of the real binary, and does not where it should not.

#[path = "../support/mod.rs"]
mod support;

mod abort;
mod blackout;
mod healthy;
mod log;
mod redundancy;
mod target;
