//! How a stack is: its zones, pods, databases and links at one instant.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{OpenChange, StackSpec, Workload};

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
