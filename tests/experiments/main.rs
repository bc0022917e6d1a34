//! Commands that run a scenario more than once, by the real binary: what is run, in which order, what
//! is concluded, and what is left behind. How long anything takes is not asserted.

mod ab;
mod baseline;
mod capacity;
mod ladder;
#[path = "../support/mod.rs"]
mod support;
