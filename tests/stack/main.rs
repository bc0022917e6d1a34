//! The local stack through the real binary: real processes, a real database pair, real signals.

mod api;
mod database;
mod deploys;
mod harness;
mod life;
mod pods;
mod scale;
mod scaling;
mod shards;
mod shopper;
mod traces;
mod two_zone;
mod zones;
