//! The control plane: the process that starts, watches, breaks, repairs and describes a stack.
//!
//! From outside: [`start_attached`] and [`start_detached`] start one, [`find`] finds one that runs,
//! [`crate::client::Client`] talks to it, [`stop`] takes it down. From inside: [`run`].

mod auth;
mod autoscale;
mod budget;
mod certificates;
mod change;
mod database;
mod databases;
mod edge;
mod events;
mod folder;
mod handle;
mod journal;
mod launch;
mod mail;
mod metrics;
mod outlook;
mod placement;
mod pod;
mod probe;
mod problems;
mod release;
mod role;
mod rollout;
mod root;
mod server;
mod spec;
mod stages;
mod state;
mod stated;
mod supervisor;
mod sweep;
mod topology;

pub use folder::FolderError;
pub use handle::{HandleError, find, list};
pub use launch::{LaunchError, RunningStack, start_attached, start_detached, stop};
pub use role::{ControlConfig, run};
pub use spec::objection;
