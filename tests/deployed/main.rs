//! The shop's parts one by one, as containers run them, and a Prometheus server that watches them.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod app;
mod database;
mod inputs;
#[cfg(feature = "aws")]
#[path = "../aws/moto.rs"]
mod moto;
mod otlp;
mod pages;
mod part;
mod server;
#[cfg(feature = "aws")]
mod sqs;
mod trace;
