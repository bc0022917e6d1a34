//! The reference shop that `loadtest` drives, and its infrastructure on this machine: real
//! processes, a real database pair, real network links, one control plane.
//!
//! Everything here runs inside the `loadtest` binary: each process of the stack is that same
//! binary, started again with a hidden subcommand (see [`process`]).

pub mod api;
pub mod client;
pub mod control;
pub mod edge;
pub mod links;
pub mod postgres;
pub mod process;
pub mod service;
pub mod shop;
pub mod task_runner;
pub mod topologies;
