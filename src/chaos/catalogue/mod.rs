//! What can be done to infrastructure: one file per kind of fault.
//!
//! A fault turns its selectors and a [`Snapshot`] into a [`Plan`] with exact targets, or refuses
//! when the blast radius is not what a careful person would accept. It does nothing itself, so
//! that `loadtest chaos plan` and a run decide by the same code.

mod budgets;
mod container_kill;
mod db_crash;
mod db_failover;
mod db_reboot;
mod deploy;
mod ecs_task_stop;
mod emptying;
mod hosts;
mod link_delay;
mod network_partition;
mod node_drain;
mod pod_evict;
mod pod_hang;
mod pod_kill;
mod queue_delay;
mod restored;
mod rollout_restart;
mod scale_to;
mod select;
#[cfg(test)]
mod tests;
mod workloads;
mod zone_drain;
mod zone_outage;
mod zone_shift;
mod zones;

use crate::provider::{Change, Snapshot};
use crate::scenario::{Fault as ScenarioFault, FaultKind, Force, QueueDelay};

pub use restored::missing;

/// A fault with its targets resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What the provider is asked to do.
    pub change: Change,
    /// Exact names of what is touched.
    pub targets: Vec<String>,
    /// What will be done, as a sentence.
    pub words: String,
    /// Who is hit and what is left, as a sentence.
    pub blast_radius: String,
    /// How it is taken back, as a sentence.
    pub undo: String,
    /// What has to be there again before the next fault, as a sentence.
    pub restored_when: String,
}

/// A fault is not done: its blast radius is unclear or too large. Says why and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// How infrastructure gets well after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Healing {
    /// By itself: replacements start, a standby is rebuilt. There is nothing to undo.
    ByItself,
    /// Only when the fault is undone.
    ByUndo,
}

/// What the choice of targets depends on, besides the snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The scenario's seed.
    pub seed: u64,
    /// The fault's name: two faults of one scenario choose independently.
    pub fault: &'a str,
    /// Do it although it leaves nothing to carry the load.
    pub force: Force,
}

impl Choice<'_> {
    /// Whether to do what leaves nothing to carry the load.
    fn is_forced(&self) -> bool {
        self.force == Force::Yes
    }
}

/// One kind of fault.
trait Fault {
    /// Exact targets and what it means to hit them.
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal>;
}

/// Exact targets and what it means to hit them. The same seed, fault and snapshot give the same
/// plan.
///
/// # Errors
/// [`Refusal`] when nothing matches or nothing would be left.
pub fn plan(kind: &FaultKind, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
    resolve(kind, now, choice).map_err(|Refusal(why)| match choice.force {
        Force::FileOnly => Refusal(format!(
            "{why} (`force = true` in the file counts here only together with --force)"
        )),
        Force::No | Force::Yes => Refusal(why),
    })
}

fn resolve(kind: &FaultKind, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
    match kind.clone() {
        FaultKind::PodKill { pods, grace } => pod_kill::PodKill { pods, grace }.plan(now, choice),
        FaultKind::PodHang { pods } => pod_hang::PodHang { pods }.plan(now, choice),
        FaultKind::DbFailover { profile, shard } => {
            db_failover::DbFailover { profile, shard }.plan(now, choice)
        }
        FaultKind::DbCrash { profile, shard } => {
            db_crash::DbCrash { profile, shard }.plan(now, choice)
        }
        FaultKind::ZoneDrain { zone } => zone_drain::ZoneDrain { zone }.plan(now, choice),
        FaultKind::ZoneOutage { zone } => zone_outage::ZoneOutage { zone }.plan(now, choice),
        FaultKind::LinkDelay {
            links,
            delay,
            jitter,
        } => link_delay::LinkDelay {
            links,
            delay,
            jitter,
        }
        .plan(now, choice),
        FaultKind::PodEvict { pods, timeout } => {
            pod_evict::PodEvict { pods, timeout }.plan(now, choice)
        }
        FaultKind::ContainerKill { pods, container } => {
            container_kill::ContainerKill { pods, container }.plan(now, choice)
        }
        FaultKind::RolloutRestart { workload } => {
            rollout_restart::RolloutRestart { workload }.plan(now, choice)
        }
        FaultKind::Deploy { deploy } => deploy::Deploy { deploy }.plan(now, choice),
        FaultKind::ScaleTo { workload, replicas } => {
            scale_to::ScaleTo { workload, replicas }.plan(now, choice)
        }
        FaultKind::NodeDrain { nodes } => node_drain::NodeDrain { nodes }.plan(now, choice),
        FaultKind::NetworkPartition { pods } => {
            network_partition::NetworkPartition { pods }.plan(now, choice)
        }
        FaultKind::DbReboot => db_reboot::DbReboot.plan(now, choice),
        FaultKind::ZoneShift { zone, expires } => {
            zone_shift::ZoneShift { zone, expires }.plan(now, choice)
        }
        FaultKind::ZoneStop { zone } => hosts::ZoneStop { zone }.plan(now, choice),
        FaultKind::InstanceStop { instances } => {
            hosts::InstanceStop { instances }.plan(now, choice)
        }
        FaultKind::EcsTaskStop { tasks } => ecs_task_stop::EcsTaskStop { tasks }.plan(now, choice),
        FaultKind::QueueDelay { delay } => queue_delay::QueueDelay { delay }.plan(now, choice),
    }
}

/// How infrastructure gets well after a fault of this kind.
#[must_use]
pub fn healing(kind: &FaultKind) -> Healing {
    match kind {
        FaultKind::PodKill { .. }
        | FaultKind::PodEvict { .. }
        | FaultKind::ContainerKill { .. }
        | FaultKind::RolloutRestart { .. }
        | FaultKind::DbFailover { .. }
        | FaultKind::DbCrash { .. }
        | FaultKind::DbReboot
        | FaultKind::EcsTaskStop { .. } => Healing::ByItself,
        FaultKind::PodHang { .. }
        | FaultKind::Deploy { .. }
        | FaultKind::ScaleTo { .. }
        | FaultKind::NodeDrain { .. }
        | FaultKind::NetworkPartition { .. }
        | FaultKind::ZoneShift { .. }
        | FaultKind::ZoneStop { .. }
        | FaultKind::InstanceStop { .. }
        | FaultKind::QueueDelay { .. }
        | FaultKind::ZoneDrain { .. }
        | FaultKind::ZoneOutage { .. }
        | FaultKind::LinkDelay { .. } => Healing::ByUndo,
    }
}

/// What a fault is going to do, as far as can be said without looking at the infrastructure.
#[must_use]
pub fn intention(fault: &ScenarioFault) -> String {
    match &fault.kind {
        FaultKind::PodKill { pods, grace } if grace.is_zero() => {
            format!("kill {}", select::pods_in_words(pods))
        }
        FaultKind::PodKill { pods, grace } => format!(
            "stop {} with {} ms of grace",
            select::pods_in_words(pods),
            grace.as_millis()
        ),
        FaultKind::PodHang { pods } => format!("freeze {}", select::pods_in_words(pods)),
        FaultKind::DbFailover { shard, .. } => {
            format!(
                "fail the database{} over to its standby",
                db_failover::of(*shard)
            )
        }
        FaultKind::DbCrash { shard, .. } => {
            format!("kill the database's primary{}", db_failover::of(*shard))
        }
        FaultKind::ZoneDrain { zone } => format!("empty zone `{zone}` in good order"),
        FaultKind::ZoneOutage { zone } => format!("cut off zone `{zone}`"),
        FaultKind::LinkDelay { links, delay, .. } => format!(
            "delay {} by {} ms",
            select::links_in_words(links),
            delay.as_millis()
        ),
        FaultKind::PodEvict { pods, .. } => format!("evict {}", select::pods_in_words(pods)),
        FaultKind::ContainerKill { pods, container } => format!(
            "kill container `{container}` in {}",
            select::pods_in_words(pods)
        ),
        FaultKind::RolloutRestart { workload } => {
            format!("replace every pod of {}", workload.name)
        }
        FaultKind::Deploy { deploy } => format!("deploy version {}", deploy.version),
        FaultKind::ScaleTo { workload, replicas } => {
            format!("scale {} to {replicas} pods", workload.name)
        }
        FaultKind::NodeDrain { nodes } => format!("empty {}", emptying::in_words(nodes)),
        FaultKind::NetworkPartition { pods } => {
            format!("cut off {}", select::pods_in_words(pods))
        }
        FaultKind::DbReboot => "restart the database".to_owned(),
        FaultKind::ZoneShift { zone, .. } => format!("shift traffic away from zone `{zone}`"),
        FaultKind::ZoneStop { zone } => format!("stop the instances of zone `{zone}`"),
        FaultKind::InstanceStop { instances } => {
            format!("stop {}", select::hosts_in_words(instances))
        }
        FaultKind::EcsTaskStop { tasks } => format!("stop {}", select::pods_in_words(tasks)),
        FaultKind::QueueDelay { delay } => match delay {
            QueueDelay::Delivery(delay) => format!("delay messages by {} s", delay.as_secs()),
            QueueDelay::Visibility(hidden) => {
                format!("hide taken messages for {} s", hidden.as_secs())
            }
        },
    }
}
