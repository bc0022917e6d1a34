//! Changes of infrastructure as data: what is ordered, what comes back, what is seen to happen.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use target_app::api::{FailoverMode, FailoverProfile, Instant, Mischief, RollbackRule, Strategy};

/// Names a change, in the journal and at the provider. Chosen by us, so that it is on disk before
/// the change is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(pub String);

impl ChangeId {
    /// A new one; ids sort by the time they were made.
    #[must_use]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }
}

impl Default for ChangeId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing done to exact targets: selectors have been resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// End pods; replacements start.
    KillPods {
        /// Names.
        pods: Vec<String>,
        /// Milliseconds to finish in; 0: at once.
        grace_ms: u64,
    },
    /// Freeze pods.
    HangPods {
        /// Names.
        pods: Vec<String>,
    },
    /// Make the standby the primary.
    FailOverDatabase {
        /// Asked for, or by the primary's death.
        mode: FailoverMode,
        /// How fast, instead of the database's own way.
        profile: Option<FailoverProfile>,
        /// Which one of several that orders are divided over, from 1.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        shard: u32,
    },
    /// Empty a zone in good order.
    DrainZone {
        /// Name.
        zone: String,
        /// Also what is lost by leaving.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        force: bool,
    },
    /// Lose a zone at once.
    OutageZone {
        /// Name.
        zone: String,
    },
    /// Ask pods to leave.
    EvictPods {
        /// Names.
        pods: Vec<String>,
        /// For how long a refusal is tried again, milliseconds.
        timeout_ms: u64,
    },
    /// End a container of pods; the pods stay.
    KillContainers {
        /// Names.
        pods: Vec<String>,
        /// Its name in each of them.
        container: String,
    },
    /// Replace every pod of a workload, a few at a time.
    RestartWorkload {
        /// Namespace, kind and name: `shop/deployment/web`.
        workload: String,
    },
    /// Let another version take over.
    Deploy {
        /// Kind and name: `deployment/shop`.
        workload: String,
        /// Which.
        version: String,
        /// How the one before gives way.
        strategy: Strategy,
        /// What is wrong with it on purpose.
        #[serde(default, skip_serializing_if = "is_none")]
        bad: Mischief,
        /// When it is taken back by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollback_when: Option<RollbackRule>,
    },
    /// Give a workload another number of pods.
    ScaleWorkload {
        /// Namespace, kind and name: `shop/deployment/web`.
        workload: String,
        /// How many.
        replicas: u32,
    },
    /// Empty machines in good order.
    DrainHosts {
        /// Names.
        hosts: Vec<String>,
        /// Also what is lost by leaving.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        force: bool,
    },
    /// Cut pods off from everybody.
    PartitionPods {
        /// Names.
        pods: Vec<String>,
    },
    /// Make links slow.
    DelayLinks {
        /// Names.
        links: Vec<String>,
        /// Added one way, milliseconds.
        delay_ms: u64,
        /// Uniform, plus or minus, milliseconds.
        jitter_ms: u64,
    },
    /// Restart the database where it is.
    RebootDatabase,
    /// Move traffic out of a zone.
    ShiftZone {
        /// Name.
        zone: String,
        /// Whose traffic.
        balancer: String,
        /// When it ends by itself, seconds from its start.
        expires_s: u64,
    },
    /// Cut networks off from everything.
    CutNetworks {
        /// The zone that they are all of.
        zone: String,
        /// Names.
        networks: Vec<String>,
    },
    /// Stop machines.
    StopHosts {
        /// Names.
        hosts: Vec<String>,
    },
    /// Let a queue's messages come late.
    DelayQueue {
        /// Name.
        queue: String,
        /// New messages are not seen for so long, seconds.
        delay_s: Option<u64>,
        /// Taken messages are not seen by others for so long, seconds.
        visibility_s: Option<u64>,
    },
}

fn is_none(bad: &Mischief) -> bool {
    *bad == Mischief::default()
}

/// A change to make, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name.
    pub id: ChangeId,
    /// Name of the run folder of the run that asks.
    pub run: String,
    /// The fault's name.
    pub fault: String,
    /// What to do.
    pub change: Change,
}

/// A change was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When.
    pub accepted: Instant,
    /// How the provider will take it back, in words.
    pub undo: String,
}

/// Something the provider saw or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Rising.
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// What, in the provider's own vocabulary: `pod-ready`.
    pub kind: String,
    /// To whom.
    pub subject: String,
    /// For people.
    pub detail: String,
    /// What it means for one of our changes.
    pub milestone: Option<Milestone>,
}

/// How far a change has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Milestone {
    /// Its effect is complete.
    Effective(ChangeId),
    /// It was taken back.
    Undone(ChangeId),
    /// It takes its effect back by itself: what it was told to watch for was there.
    RolledBack {
        /// Which.
        change: ChangeId,
        /// What was seen.
        why: String,
    },
    /// It was accepted and will not happen: what is measured is no failure.
    Void {
        /// Which.
        change: ChangeId,
        /// Why, in the provider's words, and what to do.
        reason: String,
    },
}

/// Where a provider acts: enough for another process to find it, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
pub enum Place {
    /// A stack on this machine.
    Local {
        /// Its name.
        stack: String,
        /// Process id of its control plane: tells this stack from a later one of the same name.
        pid: u32,
    },
    /// A Kubernetes cluster.
    Kubernetes {
        /// URL of the API server.
        server: String,
        /// Context of the kubeconfig; none: its current one, or from inside the cluster.
        context: Option<String>,
        /// The kubeconfig; none: where kubectl looks.
        kubeconfig: Option<PathBuf>,
        /// Namespaces that are acted in; names without one belong to the first.
        namespaces: Vec<String>,
    },
    /// A region of an AWS account.
    Aws {
        /// Region.
        region: String,
        /// Profile of the shared configuration; none: the default chain of credentials.
        profile: Option<String>,
        /// Instead of AWS's own; for tests.
        endpoint: Option<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { stack, .. } => write!(f, "stack `{stack}`"),
            Self::Kubernetes {
                server, namespaces, ..
            } => write!(f, "namespace `{}` of {server}", namespaces.join("`, `")),
            Self::Aws {
                region, endpoint, ..
            } => match endpoint {
                None => write!(f, "AWS {region}"),
                Some(endpoint) => write!(f, "AWS {region} at {endpoint}"),
            },
        }
    }
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_first(shard: &u32) -> bool {
    *shard == 1
}
