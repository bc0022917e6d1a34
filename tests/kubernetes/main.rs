//! Faults on a cluster: the real binary, the real client, and an API server in the test's process.

#[path = "../support/mod.rs"]
mod support;

mod double;
mod drill;
mod faults;
mod killed;
mod looks;
mod shipped;
mod troubles;
