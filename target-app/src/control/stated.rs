//! What a specification says of pods, as each process of them is told.

use std::net::SocketAddr;

use super::database::ReplicaTarget;
use crate::api::StackSpec;
use crate::edge::Regions;
use crate::shop::{DatabaseWork, PodWork, ReplicaConfig, ShopConfig};
use crate::task_runner::{QueueWork, TaskRunnerConfig};

/// A shop pod as the specification wants it.
pub(super) fn shop(
    spec: &StackSpec,
    turnstile: Option<SocketAddr>,
    config: ShopConfig,
) -> ShopConfig {
    let work = spec.service_time.zip(spec.concurrency);
    ShopConfig {
        mischief: spec.mischief,
        work: work.map(|(time, at_once)| PodWork { time, at_once }),
        database_work: spec
            .database_time
            .map(|time| DatabaseWork { time, turnstile }),
        cache: spec.cache.clone(),
        confirm: spec.confirm,
        confirm_time: spec.confirm_time,
        ..config
    }
}

/// The regions as the edge is told of them.
pub(super) fn edge(spec: &StackSpec) -> Option<Regions> {
    let distance_ms = spec.distance?.get().into();
    let region = |zone: &String| Some((zone.clone(), spec.region_of(zone)?.to_owned()));
    Some(Regions {
        of_zone: spec.zones.iter().filter_map(region).collect(),
        distance_ms,
    })
}

/// A read replica as a pod is told of it.
pub(super) fn replica(
    spec: &StackSpec,
    replica: &ReplicaTarget,
    address: SocketAddr,
) -> ReplicaConfig {
    ReplicaConfig {
        name: replica.name.clone(),
        address,
        turnstile: replica.turnstile,
        lag: spec.replica_lag,
    }
}

/// A task runner as the specification wants it.
pub(super) fn task_runner(
    spec: &StackSpec,
    turnstile: Option<SocketAddr>,
    config: TaskRunnerConfig,
) -> TaskRunnerConfig {
    let work = spec.database_time.zip(turnstile);
    TaskRunnerConfig {
        confirm_time: spec.confirm_time,
        database_work: work.map(|(time, turnstile)| QueueWork { time, turnstile }),
        ..config
    }
}
