//! The local stack through the real binary: real processes, a real database pair, real signals.

mod harness;
mod life;
mod traces;
