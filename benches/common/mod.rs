//! What the comparisons share: nginx, pinned processes, the page that tells the results.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each comparison is a crate of its own and takes what it needs"
)]

pub(crate) mod measure;
pub(crate) mod nginx;
pub(crate) mod page;
pub(crate) mod run;

/// The generator's core.
pub(crate) const GENERATOR: usize = 0;
/// The server's.
pub(crate) const SERVER: usize = 1;
