//! The shop's parts one by one, as containers run them, and a Prometheus server that watches them.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod app;
mod database;
mod inputs;
mod otlp;
mod pages;
mod part;
mod server;
mod trace;
