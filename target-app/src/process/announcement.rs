//! What a process tells its parent on stdout, one JSON object a line.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One line on stdout: any number of progress lines, then `ready` or `failed`, then nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Announcement {
    /// A stage of starting is done.
    Progress(Progress),
    /// It listens.
    Ready(Ready),
    /// It could not start, and ends.
    Failed(Failure),
}

/// A stage of starting that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What was done.
    pub stage: String,
    /// Since the process started, in milliseconds.
    pub elapsed_ms: u64,
}

/// Where a process listens; chosen by it, because it was asked for port 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Where it serves.
    pub address: SocketAddr,
    /// Where it is administered, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
    /// The file with its address and token, if it wrote one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<PathBuf>,
}

impl Ready {
    /// Listening at `address`, with nothing else to say.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            admin: None,
            handle: None,
        }
    }
}

/// Why a process could not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong and what to do next.
    pub error: String,
    /// Whether it is for the user to put right (a missing program, a wrong option) and not a defect.
    pub usage: bool,
}
