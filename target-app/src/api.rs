//! The control plane's HTTP API as data: what `loadtest` (its client) and the control plane agree on.
//!
//! Every change of the stack is a resource with an id chosen by the client. The control plane keeps
//! it until it is undone, so that a tool that was killed can find out from the stack alone what is
//! still broken and who broke it.
//!
//! | call | meaning |
//! |---|---|
//! | `GET /v1/stack` | [`StackStatus`] |
//! | `GET /v1/events?after=SEQ&wait_ms=N` | `Vec<`[`Event`]`>`, long poll |
//! | `PUT /v1/changes/{id}` with [`ChangeRequest`] | make a change; the same id twice is the same change. Answers [`ChangeReceipt`] |
//! | `DELETE /v1/changes/{id}` | undo it and wait until undone; unknown ids are already undone |
//! | `POST /v1/purge` with [`Purge`] | the edge forgets what it keeps of these addresses. Answers [`Purged`]; 409 without `cdn` |
//! | `POST /v1/recover` | undo every open change and repair what is broken, back to the stack's specification |
//! | `POST /v1/stop` | take the stack down and leave nothing behind |
//! | `GET /metrics` | the stack in numbers, for Prometheus; the only call without a token |
//!
//! Every other call carries `Authorization: Bearer <token>`, and all are answered on loopback only. Errors are
//! [`ApiError`] with a 4xx or 5xx status.

mod change;
mod deploy;
mod event;
mod millis;
mod redis;
mod scaling;
mod spec;
mod stated;
mod status;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::edge::admin_api::{Purge, Purged};
pub use change::{Action, ChangeReceipt, ChangeRequest, FailoverMode, OpenChange};
pub use deploy::{
    CanaryStep, Comparison, RollbackRule, Strategy, TrafficMetric, VERSION_RULE, Workload,
    is_version,
};
pub use event::{Event, EventKind};
pub use millis::Millis;
pub use redis::RedisUrl;
pub use scaling::{Autoscale, DisruptionBudget};
pub use spec::{FailoverProfile, Mischief, Replication, StackSpec};
pub use stated::{Cache, Confirm, DatabaseTime};
pub use status::{
    Database, DatabaseNode, DatabaseRole, Link, LinkMode, Mail, MetricsPage, Pod, PodState,
    StackStatus, Zone, ZoneState,
};

/// One instant on two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Instant {
    /// `CLOCK_MONOTONIC` in microseconds: comparable between processes of one machine.
    pub monotonic_us: u64,
    /// Unix time in microseconds.
    pub unix_us: u64,
}

impl Instant {
    /// Reads both clocks.
    #[must_use]
    pub fn now() -> Self {
        let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let unix = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            monotonic_us: u64::try_from(monotonic.tv_sec).unwrap_or(0) * 1_000_000
                + u64::try_from(monotonic.tv_nsec).unwrap_or(0) / 1_000,
            unix_us: u64::try_from(unix.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Body of an answer with status 4xx or 5xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What went wrong and what to do next.
    pub error: String,
}

/// What `stack up` leaves for other commands to find the stack by; readable by its owner only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackHandle {
    /// The stack's name.
    pub name: String,
    /// `http://127.0.0.1:PORT` of the control plane.
    pub control_url: String,
    /// Bearer token of the control plane. Never printed or logged.
    pub token: String,
    /// As [`StackStatus::ca`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Process id of the control plane.
    pub pid: u32,
}
