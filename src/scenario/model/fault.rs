//! Faults and what they are aimed at.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Deploy, FaultId, InstanceSelector, QueueDelay};

/// One thing done to the infrastructure.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// As gates and reports name it.
    pub name: String,
    /// What its author believes will happen, in a sentence.
    pub hypothesis: Option<String>,
    /// What is done.
    pub kind: FaultKind,
    /// When.
    pub start: FaultStart,
    /// How long it is held before it is undone; kinds that undo themselves have none.
    pub hold: Option<Duration>,
    /// What it acts through.
    pub provider: ProviderKind,
    /// Do it although it leaves nothing to carry the load.
    pub force: Force,
}

/// Whether a fault is done although it leaves nothing to carry the load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Force {
    /// It is refused.
    #[default]
    No,
    /// The file asks for it; on infrastructure that is not ours the command line has to ask as well.
    FileOnly,
    /// It is done.
    Yes,
}

impl Force {
    /// Asked for by the file, and by the command line.
    #[must_use]
    pub fn of(provider: ProviderKind, file: bool, command_line: bool) -> Self {
        match (file, command_line || provider == ProviderKind::Local) {
            (false, _) => Self::No,
            (true, false) => Self::FileOnly,
            (true, true) => Self::Yes,
        }
    }
}

/// What a fault acts through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {
    /// The bundled stack's control plane.
    Local,
    /// A Kubernetes API server.
    Kubernetes,
    /// Amazon Web Services.
    Aws,
}

/// When a fault starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStart {
    /// This long after the load's start.
    At(Duration),
    /// After another fault has recovered and stayed so.
    After {
        /// The other one.
        fault: FaultId,
        /// For this long.
        recovered_for: Duration,
    },
}

/// The catalogue.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// SIGKILL (or SIGTERM with grace) pods.
    PodKill {
        /// Which.
        pods: PodSelector,
        /// Between SIGTERM and SIGKILL; zero: SIGKILL at once.
        grace: Duration,
    },
    /// Stop pods without ending them.
    PodHang {
        /// Which.
        pods: PodSelector,
    },
    /// A planned failover of the database.
    DbFailover {
        /// Instead of the stack's own.
        profile: Option<target_app::api::FailoverProfile>,
        /// Which database of several that orders are divided over, from 1.
        shard: u32,
    },
    /// The primary dies.
    DbCrash {
        /// Instead of the stack's own.
        profile: Option<target_app::api::FailoverProfile>,
        /// Which database of several that orders are divided over, from 1.
        shard: u32,
    },
    /// A zone is emptied in good order.
    ZoneDrain {
        /// Its name.
        zone: String,
    },
    /// A zone is lost at once.
    ZoneOutage {
        /// Its name.
        zone: String,
    },
    /// Ask for pods to leave, as a drain does: disruption budgets may refuse.
    PodEvict {
        /// Which.
        pods: PodSelector,
        /// For how long a refusal is tried again.
        timeout: Duration,
    },
    /// A container dies; its pod stays.
    ContainerKill {
        /// In which pods.
        pods: PodSelector,
        /// Its name.
        container: String,
    },
    /// Every pod of a workload is replaced, a few at a time.
    RolloutRestart {
        /// Which.
        workload: WorkloadSelector,
    },
    /// Another version takes over.
    Deploy {
        /// Which, and how.
        deploy: Deploy,
    },
    /// A workload has another number of pods.
    ScaleTo {
        /// Which.
        workload: WorkloadSelector,
        /// How many.
        replicas: u32,
    },
    /// Machines are emptied in good order.
    NodeDrain {
        /// Which.
        nodes: HostSelector,
    },
    /// Pods reach nobody and are reached by nobody.
    NetworkPartition {
        /// Which.
        pods: PodSelector,
    },
    /// Links become slow.
    LinkDelay {
        /// Which.
        links: LinkSelector,
        /// Added one way.
        delay: Duration,
        /// Uniform, plus or minus.
        jitter: Duration,
    },
    /// The database restarts where it is.
    DbReboot,
    /// Traffic is moved out of a zone: `zone-drain` by zonal shift.
    ZoneShift {
        /// Its name.
        zone: String,
        /// When the shift ends by itself, counted from its start.
        expires: Duration,
    },
    /// The instances of a zone are stopped: `zone-drain` by instances.
    ZoneStop {
        /// Its name.
        zone: String,
    },
    /// Virtual machines are stopped.
    InstanceStop {
        /// Which.
        instances: InstanceSelector,
    },
    /// Tasks of ECS services are stopped; the services start others.
    EcsTaskStop {
        /// Which.
        tasks: PodSelector,
    },
    /// Messages of a queue come late.
    QueueDelay {
        /// How.
        delay: QueueDelay,
    },
}

impl FaultKind {
    /// As the scenario writes it: `pod-kill`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PodKill { .. } => "pod-kill",
            Self::PodHang { .. } => "pod-hang",
            Self::DbFailover { .. } => "db-failover",
            Self::DbCrash { .. } => "db-crash",
            Self::ZoneDrain { .. } => "zone-drain",
            Self::ZoneOutage { .. } => "zone-outage",
            Self::LinkDelay { .. } => "link-delay",
            Self::DbReboot => "db-reboot",
            Self::ZoneShift { .. } | Self::ZoneStop { .. } => "zone-drain",
            Self::InstanceStop { .. } => "instance-stop",
            Self::EcsTaskStop { .. } => "ecs-task-stop",
            Self::QueueDelay { .. } => "queue-delay",
            Self::PodEvict { .. } => "pod-evict",
            Self::ContainerKill { .. } => "container-kill",
            Self::RolloutRestart { .. } => "rollout-restart",
            Self::Deploy { .. } => "deploy",
            Self::ScaleTo { .. } => "scale-to",
            Self::NodeDrain { .. } => "node-drain",
            Self::NetworkPartition { .. } => "network-partition",
        }
    }
}

/// Which pods. Every given condition must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodSelector {
    /// Exact name.
    pub name: Option<String>,
    /// The label `app`.
    pub app: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// What replaces them: `deployment/shop`.
    pub owner: Option<String>,
    /// The machine they run on.
    pub host: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How many of those that match.
    pub pick: PickCount,
}

/// Which machines. Every given condition must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSelector {
    /// Exact name.
    pub name: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How many of those that match.
    pub pick: PickCount,
}

/// A controller of pods, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadSelector {
    /// Kind and name: `deployment/shop`.
    pub name: String,
    /// Its namespace; none: the provider's own.
    pub namespace: Option<String>,
}

/// How many of those that match; which ones is the seed's choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PickCount {
    /// Every one.
    #[default]
    All,
    /// This many; fewer matching is an error.
    Count(u32),
    /// This share, rounded up, 1 to 100.
    Percent(u32),
}

/// Which links. Every given condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSelector {
    /// Name, with `*` as wildcard.
    pub name: Option<String>,
    /// Zone (or `edge`) at the start.
    pub from: Option<String>,
    /// Zone at the end.
    pub to: Option<String>,
}
