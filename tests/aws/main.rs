//! Faults on AWS: the real binary against moto's server, and against recorded answers where moto
//! only pretends. Nothing here has ever talked to AWS itself.
#![cfg(feature = "aws")]

#[path = "../support/mod.rs"]
mod support;

mod clock;
mod ecs;
mod guards;
mod kill;
mod metrics;
mod moto;
mod own;
mod proxy;
mod refusals;
mod scenario;
mod shift;
mod shipped;
mod trouble;
mod world;
