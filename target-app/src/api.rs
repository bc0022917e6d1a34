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

mod deploy;
mod millis;
mod redis;
mod scaling;
mod spec;
mod stated;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use deploy::{
    CanaryStep, Comparison, RollbackRule, Strategy, TrafficMetric, VERSION_RULE, Workload,
    is_version,
};
pub use scaling::{Autoscale, DisruptionBudget};
use serde::{Deserialize, Serialize};

pub use crate::edge::admin_api::{Purge, Purged};
pub use millis::Millis;
pub use redis::RedisUrl;
pub use spec::{FailoverProfile, Mischief, Replication, StackSpec};
pub use stated::{Cache, Confirm, DatabaseTime};

/// A change to make, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// The run that asks: its run folder's name.
    pub run: String,
    /// The fault's name in the scenario.
    pub fault: String,
    /// What to do.
    pub action: Action,
}

/// One thing done to the infrastructure. Targets are exact names: selectors are resolved by the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// SIGKILL, or SIGTERM and SIGKILL after `grace_ms`; the control plane starts replacements.
    KillPods {
        /// Pod names.
        pods: Vec<String>,
        /// Zero: SIGKILL at once.
        grace_ms: u64,
    },
    /// Ask pods to leave in good order. Refused with 429 when the disruption budget lets none of them
    /// go now: ask again. Once one may go, the others follow as the budget allows.
    EvictPods {
        /// Pod names.
        pods: Vec<String>,
        /// Those that the budget keeps for so long stay where they are.
        timeout_ms: u64,
    },
    /// SIGSTOP: the process keeps its sockets and answers nothing. Undone by SIGCONT. A liveness
    /// probe does not restart pods that were hung on purpose while the change is open.
    HangPods {
        /// Pod names.
        pods: Vec<String>,
    },
    /// Fail the database over to its standby.
    FailOverDatabase {
        /// Planned (fenced first) or a crash (the primary dies and has to be noticed).
        mode: FailoverMode,
        /// Instead of the stack's own profile.
        profile: Option<FailoverProfile>,
        /// Which database, where orders are divided over several; counted from 1, which is the one
        /// with all the rest.
        #[serde(default = "first")]
        shard: u32,
    },
    /// Move everything out of a zone in good order: the edge stops sending, pods finish and stop,
    /// replacements start in other zones, a primary there is failed over, a standby is moved.
    DrainZone {
        /// Zone name.
        zone: String,
    },
    /// The zone is gone: its links fall silent and its members are killed.
    OutageZone {
        /// Zone name.
        zone: String,
    },
    /// Every byte over these links takes this much longer.
    DelayLinks {
        /// Link names.
        links: Vec<String>,
        /// Added one way, in milliseconds; at least 1.
        delay_ms: u64,
        /// Uniform, plus or minus, in milliseconds.
        jitter_ms: u64,
    },
    /// Another version of the shop takes the place of the one that runs. Undone by bringing that one
    /// back in the same orderly way.
    Deploy {
        /// `shop`.
        app: String,
        /// 1 to 32 letters, digits, `.`, `_` and `-`; told in the header `x-version`.
        version: String,
        /// In which way.
        strategy: Strategy,
        /// What is wrong with it on purpose: how it answers. Nothing, unless told.
        #[serde(default)]
        bad: Mischief,
        /// When it is taken back without being asked to.
        #[serde(default)]
        rollback_when: Option<RollbackRule>,
    },
    /// Every pod of an app is replaced by one of the same kind, a few at a time: as many as may be
    /// beyond and short of the specified number by the rules of Kubernetes, a quarter each.
    RestartPods {
        /// `shop` or `task-runner`.
        app: String,
    },
}

/// How the primary goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailoverMode {
    /// The operator asks for it: fence, promote, flip.
    Planned,
    /// SIGKILL of the primary; detection is part of the outage.
    Crash,
}

/// Answer to a change: it was accepted and its first effect is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeReceipt {
    /// The id that the client chose.
    pub id: String,
    /// When it was accepted.
    pub accepted: Instant,
    /// How it will be undone, in words.
    pub undo: String,
}

/// A change that was made and not undone yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChange {
    /// The id that the client chose.
    pub id: String,
    /// Who asked for what.
    pub request: ChangeRequest,
    /// When it was accepted.
    pub accepted: Instant,
}

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

/// The whole stack at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackStatus {
    /// What was asked for.
    pub spec: StackSpec,
    /// Process id of the control plane.
    pub pid: u32,
    /// Folder with data, logs and configuration of this stack; gone when the stack is down.
    pub root: PathBuf,
    /// Where shoppers go: `http://127.0.0.1:PORT`, or `https://…` with [`StackSpec::tls`].
    pub edge_url: String,
    /// The certificate of the stack's own authority, as PEM: what its clients have to trust. None
    /// without [`StackSpec::tls`].
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The database's one fixed address, `127.0.0.1:PORT`, as the RDS name is.
    pub database_endpoint: String,
    /// Where confirmations are mailed to; none unless the specification asks for it.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// Everything the specification asks for is there, and no change is open.
    pub healthy: bool,
    /// Why it is not healthy, in words.
    pub problems: Vec<String>,
    /// In the order of the specification.
    pub zones: Vec<Zone>,
    /// Shop and task runner pods.
    pub pods: Vec<Pod>,
    /// What those pods are to be.
    #[serde(default)]
    pub workloads: Vec<Workload>,
    /// The pair; with orders divided over several, the first.
    pub database: Database,
    /// The other pairs, where orders are divided over several.
    #[serde(default)]
    pub shards: Vec<Database>,
    /// Crossings between zones.
    pub links: Vec<Link>,
    /// Changes made and not undone.
    pub open_changes: Vec<OpenChange>,
    /// How zones are told apart on this machine: `loopback-subnets` or `ports`.
    pub isolation: String,
    /// The last event's number.
    pub last_event: u64,
    /// Where its processes tell their metrics.
    #[serde(default)]
    pub metrics: Vec<MetricsPage>,
}

impl StackStatus {
    /// Every pair: one, or as many as orders are divided over.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        std::iter::once(&self.database).chain(&self.shards)
    }
}

fn first() -> u32 {
    1
}

/// A `/metrics` page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsPage {
    /// Whose it is: `shop-1`, `edge`, `mail-sink`, `control-plane`.
    pub process: String,
    /// What that is: `shop`, `task-runner`, `edge`, `mail-sink`, `control-plane`.
    pub app: String,
    /// Where it is read.
    pub url: String,
}

/// The sink that takes the shop's e-mail, and counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Where it takes mail by SMTP, `127.0.0.1:PORT`.
    pub smtp: String,
    /// Where it shows its books by HTTP: `/books`, `/orders`, `/metrics`.
    pub url: String,
}

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Name.
    pub name: String,
    /// Its loopback address, such as `127.0.1.1`.
    pub address: String,
    /// Whether it takes part.
    pub state: ZoneState,
}

/// Whether a zone takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneState {
    /// Serving.
    Up,
    /// Emptied in good order.
    Drained,
    /// Unreachable.
    Out,
}

/// A replica of the shop or of the task runner: one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// `shop-1`, `task-runner-1`; a replacement gets a new number.
    pub name: String,
    /// `shop` or `task-runner`.
    pub app: String,
    /// The zone it runs in.
    pub zone: String,
    /// Process id; absent while it is not running.
    pub pid: Option<u32>,
    /// Where it listens.
    pub address: String,
    /// Where it is in its life.
    pub state: PodState,
    /// `app`, `zone` and whatever else it was given.
    pub labels: BTreeMap<String, String>,
}

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodState {
    /// Started, not ready yet.
    Starting,
    /// Its readiness probe succeeds.
    Ready,
    /// Running, but its readiness probe fails.
    Unready,
    /// Finishing what it has.
    Draining,
    /// No process.
    Gone,
}

/// The database pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The servers.
    pub nodes: Vec<DatabaseNode>,
    /// Whether a commit waits for the standby now: false while degraded, or when asynchronous.
    pub synchronous: bool,
    /// The specification's redundancy is there: a standby streams and has replayed a marker
    /// written after the last change of roles.
    pub redundant: bool,
    /// The node that the endpoint leads to.
    pub endpoint_target: Option<String>,
}

/// One database server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseNode {
    /// `db-1`, `db-2`; a rebuilt one gets a new number.
    pub name: String,
    /// The zone it runs in.
    pub zone: String,
    /// Its part now.
    pub role: DatabaseRole,
    /// Process id of the postmaster.
    pub pid: Option<u32>,
    /// Where it listens.
    pub address: String,
}

/// A database server's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseRole {
    /// Takes writes.
    Primary,
    /// Replicates.
    Standby,
    /// Replicates to be read from; never promoted.
    Replica,
    /// Being copied from the primary.
    Rebuilding,
    /// Dead or fenced.
    Down,
}

/// A crossing between two places: a TCP relay that can misbehave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `edge->shop-1`, `shop-1->database`, `db-1->db-2`.
    pub name: String,
    /// Zone (or `edge`) at its start.
    pub from: String,
    /// Zone at its end.
    pub to: String,
    /// What it does to bytes now.
    pub mode: LinkMode,
}

/// What a link does to bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LinkMode {
    /// Passes them on.
    #[default]
    Pass,
    /// Passes them on later.
    Delay {
        /// Milliseconds, one way.
        delay_ms: u64,
        /// Uniform, plus or minus.
        jitter_ms: u64,
    },
    /// Swallows them: new connections are accepted and nothing is ever answered.
    Silent,
    /// Resets open connections and every new one.
    Reset,
    /// Closes open connections and refuses new ones.
    Refuse,
}

/// One entry of the control plane's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3 …
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// What happened.
    pub kind: EventKind,
    /// To whom: a pod, node, zone, link or change.
    pub subject: String,
    /// For people.
    pub detail: String,
}

/// What the control plane saw or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A change was accepted.
    ChangeAccepted,
    /// Its effect is complete: killed, hung, flipped, drained.
    ChangeEffective,
    /// It was undone.
    ChangeUndone,
    /// A process started.
    PodStarted,
    /// Its readiness probe succeeded for the first time, or again.
    PodReady,
    /// Its readiness probe fails.
    PodUnready,
    /// Its process ended.
    PodExited,
    /// The edge takes the pod back into rotation.
    EdgeTargetUp,
    /// The edge's health check takes the pod out of rotation.
    EdgeTargetDown,
    /// The primary was found dead.
    DatabaseDown,
    /// The old primary can no longer accept a write.
    DatabaseFenced,
    /// The standby accepts writes.
    DatabasePromoted,
    /// The endpoint leads to the new primary.
    DatabaseEndpointMoved,
    /// A new standby is being copied.
    DatabaseRebuildStarted,
    /// The standby has replayed a marker written after the change of roles.
    DatabaseStandbyCaughtUp,
    /// A read replica is being copied from the primary.
    ReplicaCopying,
    /// A read replica has caught up and is read from.
    ReplicaReady,
    /// A read replica is read from no more.
    ReplicaLost,
    /// Commits wait for the standby again.
    DatabaseSynchronous,
    /// The standby was lost; commits no longer wait for it.
    DatabaseDegraded,
    /// A zone changed its state.
    ZoneChanged,
    /// A link changed its mode.
    LinkChanged,
    /// The edge gives a version another share of the traffic.
    TrafficShifted,
    /// A rollout is taken back by itself: its rule held.
    RolloutRolledBack,
    /// Every pod is of the version that it is to be.
    RolloutDone,
    /// An app is to have another number of pods.
    Scaled,
    /// A disruption budget keeps pods that were asked to leave.
    EvictionRefused,
    /// The stack meets its specification (again).
    StackHealthy,
    /// Something went wrong that a person should see.
    Problem,
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
