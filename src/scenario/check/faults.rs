//! Faults that this target cannot suffer, or that would never start.

use std::time::Duration;

use super::offers::{instead, offers};
use crate::scenario::model::{
    Fault, FaultId, FaultKind, FaultStart, PickCount, PodSelector, ProviderKind, StackTarget,
    Target,
};
use crate::scenario::read::FaultPlaces;
use crate::scenario::syntax::{Log, did_you_mean};

type Placed = (Fault, FaultPlaces);

const APPS: [&str; 2] = ["shop", "task-runner"];

/// Checks all faults against the target and the length of the load.
pub(crate) fn check_faults(log: &Log, faults: &[Placed], target: &Target, end: Duration) {
    for (id, (fault, places)) in faults.iter().enumerate() {
        check_provider(log, fault, places);
        check_start(log, faults, id, end);
        match target {
            Target::Stack(stack) if fault.provider == ProviderKind::Local => {
                check_stack(log, fault, places, stack);
            }
            Target::Url(_) if fault.provider == ProviderKind::Local => {
                let message = format!(
                    "fault \"{}\" acts on the bundled stack, but the target is a URL",
                    fault.name
                );
                let help = "run with --no-faults, or use target stack = \"local\"";
                log.error_help(places.name, message, help);
            }
            Target::Stack(_) | Target::Url(_) => {}
        }
    }
}

fn check_provider(log: &Log, fault: &Fault, places: &FaultPlaces) {
    let (name, built_in) = match fault.provider {
        ProviderKind::Local => ("local", true),
        ProviderKind::Kubernetes => ("kubernetes", cfg!(feature = "kubernetes")),
        ProviderKind::Aws => ("aws", cfg!(feature = "aws")),
    };
    if !built_in {
        let message = format!("this binary is built without the provider `{name}`");
        let help = format!("build it with: cargo build --release --features {name}");
        return log.error_help(places.provider, message, help);
    }
    let kind = fault.kind.name();
    if let Err((message, help)) = possible(&fault.kind, fault.provider) {
        log.error_help(places.kind, format!("`{kind}` {message}"), help);
    } else if !offers(fault.provider, &fault.kind) {
        let message = format!("the provider `{name}` has no `{kind}`");
        log.error_help(places.kind, message, instead(&fault.kind));
    }
}

/// Where more can be said than that a provider lacks a fault: why, and what to do.
fn possible(kind: &FaultKind, provider: ProviderKind) -> Result<(), (&'static str, &'static str)> {
    use FaultKind as Kind;
    match (provider, kind) {
        (ProviderKind::Aws, Kind::PodHang { .. }) => Err((
            "has no counterpart in ECS: a task is stopped or runs",
            "use kind = \"ecs-task-stop\"",
        )),
        (ProviderKind::Aws, Kind::DbCrash { .. }) => Err((
            "cannot be done to RDS: AWS does not let anybody kill its processes",
            "use kind = \"db-failover\"",
        )),
        (ProviderKind::Aws, Kind::LinkDelay { .. }) => Err((
            "cannot be done to AWS's network",
            "use kind = \"zone-outage\", or the local stack",
        )),
        (
            ProviderKind::Aws,
            Kind::DbFailover {
                profile: Some(_), ..
            },
        ) => Err((
            "takes as long as RDS takes: a `profile` is the stack's",
            "leave `profile` out",
        )),
        (ProviderKind::Aws, Kind::DbFailover { shard, .. }) if *shard > 1 => Err((
            "of AWS acts on the database that [aws] names: a `shard` is the stack's",
            "leave `shard` out",
        )),
        (ProviderKind::Aws, Kind::PodKill { grace, .. }) if !grace.is_zero() => Err((
            "has no `grace` on ECS: a container's stopTimeout decides",
            "leave `grace` out",
        )),
        (
            ProviderKind::Local | ProviderKind::Kubernetes,
            Kind::DbReboot
            | Kind::ZoneShift { .. }
            | Kind::ZoneStop { .. }
            | Kind::InstanceStop { .. }
            | Kind::EcsTaskStop { .. }
            | Kind::QueueDelay { .. },
        ) => Err(("is a fault of AWS", "add provider = \"aws\"")),
        _ => Ok(()),
    }
}

fn check_stack(log: &Log, fault: &Fault, places: &FaultPlaces, stack: &StackTarget) {
    match &fault.kind {
        FaultKind::PodKill { pods, .. }
        | FaultKind::PodHang { pods }
        | FaultKind::PodEvict { pods, .. } => {
            check_pods(log, pods, places, stack);
        }
        FaultKind::ZoneDrain { .. } | FaultKind::ZoneOutage { .. }
            if stack.spec.zones.len() == 1 =>
        {
            let message = "the stack has a single zone: nothing would be left";
            log.error_help(
                places.kind,
                message,
                "give the target zones = [\"a\", \"b\", \"c\"]",
            );
        }
        FaultKind::DbFailover { shard, .. } | FaultKind::DbCrash { shard, .. }
            if *shard > stack.spec.order_shards =>
        {
            let message = match stack.spec.order_shards {
                1 => format!("there is no shard {shard}: the stack has one database"),
                all => format!("there is no shard {shard}: the stack's orders are in {all}"),
            };
            let help = format!("give the target order_shards = {shard}");
            log.error_help(places.kind, message, help);
        }
        _ => {}
    }
}

fn check_pods(log: &Log, pods: &PodSelector, places: &FaultPlaces, stack: &StackTarget) {
    let Some(at) = places.pods else { return };
    for (key, given) in [
        ("namespace", &pods.namespace),
        ("owner", &pods.owner),
        ("node", &pods.host),
    ] {
        if given.is_some() {
            let message = format!("pods of the local stack have no `{key}`");
            log.error_help(at, message, "select by app, name, zone or labels");
        }
    }
    let Some(app) = pods.app.as_deref() else {
        return;
    };
    let running = match app {
        "shop" => stack.spec.replicas,
        "task-runner" => stack.spec.task_runners,
        _ => {
            let message = match did_you_mean(app, APPS) {
                Some(meant) => format!("there is no app `{app}`: did you mean `{meant}`?"),
                None => format!("there is no app `{app}` in the stack"),
            };
            return log.error_help(at, message, "its apps: shop, task-runner");
        }
    };
    if let PickCount::Count(count) = pods.pick
        && count > running
    {
        let message = format!("{count} pods of `{app}` are picked, but the stack has {running}");
        log.error_help(at, message, "pick fewer, or \"all\"");
    }
}

fn check_start(log: &Log, faults: &[Placed], id: FaultId, end: Duration) {
    let (fault, places) = &faults[id];
    let Some(start) = earliest_start(faults, id) else {
        let message = format!("fault \"{}\" waits for itself", fault.name);
        let help = "`after` must lead to a fault with `at`";
        return log.error_help(places.start, message, help);
    };
    if end.is_zero() {
        return;
    }
    if start >= end {
        let message = format!(
            "fault \"{}\" would never start: the load ends after {} s, the fault starts at {} s at the earliest",
            fault.name,
            seconds(end),
            seconds(start)
        );
        log.error_help(
            places.start,
            message,
            "start it earlier, or make the load longer",
        );
    } else if start + fault.hold.unwrap_or_default() >= end {
        let message = format!(
            "fault \"{}\" lasts until the load ends: its recovery cannot be seen",
            fault.name
        );
        log.warn(
            places.start,
            message,
            "start it earlier, or make the load longer",
        );
    }
}

/// When it can start at the earliest; `None` if it waits for itself.
fn earliest_start(faults: &[Placed], id: FaultId) -> Option<Duration> {
    let mut waited = Duration::ZERO;
    let mut next = id;
    // A chain longer than there are faults goes in a circle.
    for _ in 0..=faults.len() {
        match faults.get(next)?.0.start {
            FaultStart::At(at) => return Some(waited + at),
            FaultStart::After {
                fault,
                recovered_for,
            } => {
                let hold = faults.get(fault)?.0.hold.unwrap_or_default();
                waited += recovered_for + hold;
                next = fault;
            }
        }
    }
    None
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e3).round() / 1e3
}
