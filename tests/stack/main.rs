//! The local stack through the real binary: real processes, a real database pair, real signals.

mod api;
mod database;
mod harness;
mod life;
mod pods;
mod scale;
mod shopper;
mod traces;
mod zones;
