//! Whether infrastructure is back to what it was before a fault.

use std::collections::BTreeMap;

use super::{Plan, workloads};
use crate::provider::{Change, DatabaseView, Snapshot, WorkloadView};

/// What is still missing, in words; empty: everything that the fault took is back.
///
/// Looks at what is there, not at whether users are served: that is for `measure` to say.
#[must_use]
pub fn missing(plan: &Plan, before: &Snapshot, now: &Snapshot) -> Vec<String> {
    match &plan.change {
        Change::KillPods { pods, .. } | Change::KillContainers { pods, .. } => {
            let mut missing = still_there(pods, before, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        // Evicted pods that a budget has kept are not missing.
        Change::HangPods { .. } | Change::EvictPods { .. } | Change::PartitionPods { .. } => {
            pods_missing(before, now)
        }
        Change::FailOverDatabase { shard, .. } => failover_missing(*shard, before, now),
        Change::DrainZone { .. } | Change::OutageZone { .. } | Change::CutNetworks { .. } => {
            let mut missing = zones_missing(before, now);
            missing.extend(pods_missing(before, now));
            missing.extend(redundancy_missing(before, now));
            missing
        }
        Change::DrainHosts { hosts, .. } => {
            let mut missing = closed_hosts(hosts, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        Change::RestartWorkload { workload } => {
            let mut missing = not_restarted(workload, before, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        Change::Deploy { workload, .. } => {
            let mut missing = not_rolled_out(workload, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        Change::ScaleWorkload { workload, .. } => {
            let mut missing = not_scaled_back(workload, before, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        // A link without a delay is back the moment the change is undone.
        Change::DelayLinks { .. } => Vec::new(),
        Change::RebootDatabase => {
            let available = |database: &DatabaseView| database.endpoint.is_some();
            let mut missing = Vec::new();
            if !now.database.as_ref().is_some_and(available) {
                missing.push("the database is not available".to_owned());
            }
            missing.extend(redundancy_missing(before, now));
            missing
        }
        Change::ShiftZone { .. } => zones_missing(before, now),
        Change::StopHosts { hosts } => {
            let mut missing = hosts_missing(hosts, now);
            missing.extend(pods_missing(before, now));
            missing
        }
        Change::DelayQueue { .. } => queue_missing(before, now).into_iter().collect(),
    }
}

/// Right after a kill the probes have not noticed yet: the dead still count as ready.
fn still_there(killed: &[String], before: &Snapshot, now: &Snapshot) -> Vec<String> {
    before
        .pods
        .iter()
        .filter(|pod| killed.contains(&pod.name))
        .filter(|pod| {
            now.pods
                .iter()
                .any(|other| other.uid == pod.uid && other.restarts == pod.restarts && other.ready)
        })
        .map(|pod| format!("{} has not ended yet", pod.name))
        .collect()
}

fn pods_missing(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let ready = as_wanted(before.ready_by_app(), now);
    let mut missing = fewer(ready, &now.ready_by_app(), "are ready");
    if missing.is_empty() {
        // Ready is what the pod says of itself; who sends it requests may not know yet.
        let serving = as_wanted(before.serving_by_app(), now);
        missing = fewer(serving, &now.serving_by_app(), "are in service");
    }
    missing
}

/// Pods that an autoscaler has taken away since are not missing.
fn as_wanted<'s>(mut before: BTreeMap<&'s str, usize>, now: &Snapshot) -> BTreeMap<&'s str, usize> {
    for (app, count) in &mut before {
        let name = format!("deployment/{app}");
        let workload = now.workloads.iter().find(|workload| workload.name == name);
        if let Some(workload) = workload {
            *count = (*count).min(workload.desired as usize);
        }
    }
    before
}

fn fewer(before: BTreeMap<&str, usize>, now: &BTreeMap<&str, usize>, state: &str) -> Vec<String> {
    before
        .into_iter()
        .filter_map(|(app, before)| {
            let now = now.get(app).copied().unwrap_or(0);
            (now < before).then(|| format!("{now} of {before} pods of {app} {state}"))
        })
        .collect()
}

fn closed_hosts(drained: &[String], now: &Snapshot) -> Vec<String> {
    drained
        .iter()
        .filter(|name| (now.hosts.iter()).any(|host| host.name == **name && !host.schedulable))
        .map(|name| format!("node {name} takes no pods"))
        .collect()
}

fn workload<'s>(name: &str, snapshot: &'s Snapshot) -> Option<&'s WorkloadView> {
    (snapshot.workloads.iter()).find(|workload| workloads::exact(workload) == name)
}

fn not_restarted(name: &str, before: &Snapshot, now: &Snapshot) -> Vec<String> {
    match (workload(name, before), workload(name, now)) {
        (Some(before), Some(now)) if now.generation > before.generation && now.settled => vec![],
        (_, Some(_)) => vec![format!("{name} still replaces pods")],
        (_, None) => vec![format!("{name} is not there")],
    }
}

fn not_rolled_out(name: &str, now: &Snapshot) -> Vec<String> {
    match workload(name, now) {
        Some(now) if now.settled => vec![],
        Some(_) => vec![format!("{name} still replaces pods")],
        None => vec![format!("{name} is not there")],
    }
}

fn not_scaled_back(name: &str, before: &Snapshot, now: &Snapshot) -> Vec<String> {
    match (workload(name, before), workload(name, now)) {
        (Some(before), Some(now)) if now.desired != before.desired || now.ready < before.ready => {
            let (ready, wanted) = (now.ready, before.desired);
            vec![format!("{ready} of {wanted} pods of {name} are ready")]
        }
        (_, Some(_)) => vec![],
        (_, None) => vec![format!("{name} is not there")],
    }
}

fn failover_missing(shard: u32, before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let primary = |snapshot: &Snapshot| Some(snapshot.shard(shard)?.primary()?.name.clone());
    let mut missing = Vec::new();
    match primary(now) {
        None => missing.push("no node takes writes".to_owned()),
        Some(name) if Some(&name) == primary(before).as_ref() => {
            missing.push(format!("{name} is still the primary"));
        }
        Some(name) => {
            let endpoint = now.shard(shard).and_then(|db| db.endpoint.clone());
            if endpoint.as_ref() != Some(&name) {
                missing.push(format!("the endpoint does not lead to {name} yet"));
            }
        }
    }
    missing.extend(redundancy_missing(before, now));
    missing
}

fn redundancy_missing(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let redundant = |snapshot: &Snapshot| {
        let mut all = snapshot.databases().peekable();
        all.peek().is_some() && all.all(|database| database.redundant)
    };
    (redundant(before) && !redundant(now))
        .then(|| "no standby has caught up with the primary".to_owned())
}

fn hosts_missing(stopped: &[String], now: &Snapshot) -> Vec<String> {
    let runs = |name: &String| (now.hosts.iter()).any(|host| host.name == *name && host.ready);
    let missing = stopped.iter().filter(|name| !runs(name));
    missing.map(|name| format!("{name} does not run")).collect()
}

fn queue_missing(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let times = |snapshot: &Snapshot| {
        let queue = snapshot.queue.as_ref()?;
        Some((queue.delay_s, queue.visibility_s))
    };
    (times(before) != times(now)).then(|| "the queue has other times than before".to_owned())
}

fn zones_missing(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    before
        .zones_up()
        .filter(|zone| !now.zones_up().any(|up| up == *zone))
        .map(|zone| format!("zone {zone} is out of service"))
        .collect()
}
