//! Infrastructure at one instant, in words that every provider can fill in.

use std::collections::BTreeMap;

use super::ChangeId;

/// Everything that faults may be aimed at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Availability zones.
    pub zones: Vec<ZoneView>,
    /// Replicas.
    pub pods: Vec<PodView>,
    /// The database, where the provider has one.
    pub database: Option<DatabaseView>,
    /// The others, where orders are divided over several.
    pub shards: Vec<DatabaseView>,
    /// Machines, where the provider can touch them.
    pub hosts: Vec<HostView>,
    /// Controllers of pods, where the provider knows such.
    pub workloads: Vec<WorkloadView>,
    /// How many pods may be missing, where that is limited.
    pub budgets: Vec<BudgetView>,
    /// Networks that can be cut off, where zones consist of such.
    pub networks: Vec<NetworkView>,
    /// What shares traffic out among the zones, where it can be told to leave one out.
    pub balancer: Option<String>,
    /// A queue, where the provider has one.
    pub queue: Option<QueueView>,
    /// Network crossings, where the provider can touch them.
    pub links: Vec<LinkView>,
    /// Changes made and not taken back.
    pub open: Vec<OpenChange>,
    /// What is not as it should be, in words; empty: healthy.
    pub problems: Vec<String>,
    /// Number of the last occurrence that this snapshot includes.
    pub last_occurrence: u64,
}

/// An availability zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZoneView {
    /// Name.
    pub name: String,
    /// What else it is called: `use1-az2`, `b`.
    pub aliases: Vec<String>,
    /// Whether it takes part.
    pub up: bool,
}

/// A replica.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodView {
    /// Name, unique among all that this provider sees.
    pub name: String,
    /// Tells this pod from a later one of the same name.
    pub uid: String,
    /// What it is a replica of.
    pub app: String,
    /// Zone it runs in.
    pub zone: String,
    /// Whether its readiness probe succeeds.
    pub ready: bool,
    /// Whether users' requests reach it.
    pub serving: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Namespace, where there are such.
    pub namespace: Option<String>,
    /// What replaces it: `deployment/shop`, `statefulset/db`; none: nothing does.
    pub owner: Option<String>,
    /// The machine it runs on, where that is known.
    pub host: Option<String>,
    /// Names of its containers, where they are known.
    pub containers: Vec<String>,
    /// How often containers of it were started again.
    pub restarts: u32,
    /// What an eviction of it means.
    pub eviction: Eviction,
    /// Why it must not be touched: it lacks the opt-in, or hosts this tool. Not even `force` helps.
    pub shielded: Option<String>,
}

/// What an eviction of a pod means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Eviction {
    /// Another takes its place.
    #[default]
    Replaced,
    /// A drain leaves it where it is, for this reason.
    Left(String),
    /// Something is lost with it, for this reason: only by force.
    Loses(String),
}

/// A machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostView {
    /// Name, unique among all that this provider sees.
    pub name: String,
    /// Zone it stands in.
    pub zone: String,
    /// Whether it runs and is well.
    pub ready: bool,
    /// Whether it takes new work.
    pub schedulable: bool,
    /// Labels, or tags.
    pub labels: BTreeMap<String, String>,
    /// Why it must not be touched: it lacks the opt-in, or hosts this tool. Not even `force` helps.
    pub shielded: Option<String>,
}

/// A network that lies in one zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkView {
    /// Name.
    pub name: String,
    /// Zone it lies in.
    pub zone: String,
    /// Why it must not be touched. Not even `force` helps.
    pub shielded: Option<String>,
}

/// A queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueView {
    /// Name.
    pub name: String,
    /// How long new messages are not seen, seconds.
    pub delay_s: u64,
    /// How long a taken message is not seen by others, seconds.
    pub visibility_s: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// Why it must not be touched. Not even `force` helps.
    pub shielded: Option<String>,
}

/// A controller of pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadView {
    /// Kind and name: `deployment/shop`.
    pub name: String,
    /// Its namespace, where there are such.
    pub namespace: Option<String>,
    /// Pods it shall have.
    pub desired: u32,
    /// Pods of it that are ready.
    pub ready: u32,
    /// Rises with each change of what it shall be.
    pub generation: i64,
    /// Whether it is what it shall be: every pod is of the latest kind, and none is missing.
    pub settled: bool,
    /// Why it must not be touched. Not even `force` helps.
    pub shielded: Option<String>,
}

/// A limit to how many of some pods may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BudgetView {
    /// Name.
    pub name: String,
    /// Its namespace, where there are such.
    pub namespace: Option<String>,
    /// Names of the pods it protects.
    pub pods: Vec<String>,
    /// How many of them may go now.
    pub headroom: u32,
}

/// A replicated database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseView {
    /// Its servers.
    pub nodes: Vec<NodeView>,
    /// A failover now would lose nothing: a standby is there and has caught up.
    pub redundant: bool,
    /// The node that clients reach.
    pub endpoint: Option<String>,
    /// Why it must not be touched. Not even `force` helps.
    pub shielded: Option<String>,
}

impl DatabaseView {
    /// The node that takes writes.
    #[must_use]
    pub fn primary(&self) -> Option<&NodeView> {
        self.nodes.iter().find(|node| node.role == Role::Primary)
    }

    /// The first node that can take over.
    #[must_use]
    pub fn standby(&self) -> Option<&NodeView> {
        self.nodes.iter().find(|node| node.role == Role::Standby)
    }
}

/// A database server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// Name.
    pub name: String,
    /// Zone it runs in.
    pub zone: String,
    /// Its part.
    pub role: Role,
}

/// A database server's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes writes.
    Primary,
    /// Replicates.
    Standby,
    /// Being built, or dead.
    Other,
}

/// A network crossing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// Name.
    pub name: String,
    /// Zone (or `edge`) at its start.
    pub from: String,
    /// Zone at its end.
    pub to: String,
}

/// A change made and not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChange {
    /// Its id.
    pub id: ChangeId,
    /// Name of the run folder of the run that made it.
    pub run: String,
    /// The fault's name.
    pub fault: String,
    /// What was done, in words.
    pub words: String,
}

impl Snapshot {
    /// Every database: none, one, or as many as orders are divided over.
    pub fn databases(&self) -> impl Iterator<Item = &DatabaseView> {
        self.database.iter().chain(&self.shards)
    }

    /// One of the databases that orders are divided over, counted from 1.
    #[must_use]
    pub fn shard(&self, number: u32) -> Option<&DatabaseView> {
        self.databases()
            .nth(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Ready pods by app.
    #[must_use]
    pub fn ready_by_app(&self) -> BTreeMap<&str, usize> {
        let mut ready = BTreeMap::new();
        for pod in &self.pods {
            *ready.entry(pod.app.as_str()).or_default() += usize::from(pod.ready);
        }
        ready
    }

    /// The zone that is called so, by name or alias.
    #[must_use]
    pub fn zone(&self, called: &str) -> Option<&ZoneView> {
        let by_name = self.zones.iter().find(|zone| zone.name == called);
        by_name.or_else(|| {
            let mut zones = self.zones.iter();
            zones.find(|zone| zone.aliases.iter().any(|alias| alias == called))
        })
    }

    /// Pods that are ready and reached by users, by app.
    #[must_use]
    pub fn serving_by_app(&self) -> BTreeMap<&str, usize> {
        let mut serving = BTreeMap::new();
        for pod in &self.pods {
            *serving.entry(pod.app.as_str()).or_default() += usize::from(pod.ready && pod.serving);
        }
        serving
    }

    /// Names of the zones that take part.
    pub fn zones_up(&self) -> impl Iterator<Item = &str> {
        self.zones
            .iter()
            .filter(|zone| zone.up)
            .map(|zone| zone.name.as_str())
    }
}
