//! The fault catalogue, its schedule, guards, journal and undo.
//!
//! [`catalogue`], [`schedule`] and [`guards`] decide, from data alone; [`journal`] remembers;
//! [`conductor`] acts on what they say through [`crate::provider`]; [`recover`] puts back what a
//! killed run left broken.

pub mod catalogue;
pub mod conductor;
pub mod guards;
pub mod journal;
pub mod plan;
pub mod record;
pub mod recover;
pub mod schedule;
#[cfg(test)]
pub(crate) mod testing;
