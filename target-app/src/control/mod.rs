//! The control plane: the process that starts, watches, breaks, repairs and describes a stack.
//!
//! From outside: [`start_attached`] and [`start_detached`] start one, [`find`] finds one that runs,
//! [`crate::client::Client`] talks to it, [`stop`] takes it down. From inside: [`run`].

mod folder;
mod handle;
mod launch;
mod role;

pub use folder::FolderError;
pub use handle::{HandleError, find, list};
pub use launch::{LaunchError, RunningStack, start_attached, start_detached, stop};
pub use role::{ControlConfig, run};
