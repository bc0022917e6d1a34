//! What a specification says of pods, as each process of them is told.

use std::net::SocketAddr;

use super::database::ReplicaTarget;
use super::databases::DatabaseTarget;
use crate::api::StackSpec;
use crate::edge::Regions;
use crate::shop::{DatabaseWork, PodWork, ReplicaConfig, ShardConfig, ShopConfig};
use crate::task_runner::{QueueWork, ShardQueue, TaskRunnerConfig};

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

/// Further databases as a pod is told of them: each with the near end of the link there.
pub(super) fn shards<'a>(
    pairs: impl Iterator<Item = (&'a DatabaseTarget, SocketAddr)>,
) -> Vec<ShardConfig> {
    let shard = |(pair, address): (&DatabaseTarget, SocketAddr)| ShardConfig {
        name: pair.name.clone(),
        address,
        turnstile: pair.turnstile,
    };
    pairs.map(shard).collect()
}

/// The same, as a task runner is told of them.
pub(super) fn queues<'a>(
    spec: &StackSpec,
    pairs: impl Iterator<Item = (&'a DatabaseTarget, SocketAddr)>,
) -> Vec<ShardQueue> {
    let shard = |(pair, address): (&DatabaseTarget, SocketAddr)| ShardQueue {
        address,
        work: queue_work(spec, pair.turnstile),
    };
    pairs.map(shard).collect()
}

fn queue_work(spec: &StackSpec, turnstile: Option<SocketAddr>) -> Option<QueueWork> {
    let (time, turnstile) = spec.database_time.zip(turnstile)?;
    Some(QueueWork { time, turnstile })
}

/// A task runner as the specification wants it.
pub(super) fn task_runner(
    spec: &StackSpec,
    turnstile: Option<SocketAddr>,
    config: TaskRunnerConfig,
) -> TaskRunnerConfig {
    TaskRunnerConfig {
        confirm_time: spec.confirm_time,
        database_work: queue_work(spec, turnstile),
        ..config
    }
}
