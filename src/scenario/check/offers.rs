//! Which provider can do which fault: one matrix, and reasons where a name alone would mislead.

use crate::scenario::model::{FaultKind, ProviderKind};

/// All providers, as scenarios write them.
const PROVIDERS: [(ProviderKind, &str); 3] = [
    (ProviderKind::Local, "local"),
    (ProviderKind::Kubernetes, "kubernetes"),
    (ProviderKind::Aws, "aws"),
];

/// Whether this provider can do this fault; if not, why, and what to do.
pub(super) fn possible(provider: ProviderKind, kind: &FaultKind) -> Result<(), (String, String)> {
    if let Some((why, help)) = special(provider, kind) {
        return Err((format!("`{}` {why}", kind.name()), help.to_owned()));
    }
    if offers(provider, kind) {
        return Ok(());
    }
    let able = PROVIDERS
        .iter()
        .filter(|(other, _)| offers(*other, kind))
        .map(|(_, name)| format!("\"{name}\""));
    let able: Vec<String> = able.collect();
    let known = PROVIDERS.iter().find(|(known, _)| *known == provider);
    let name = known.map_or("", |(_, name)| name);
    Err((
        format!("the provider `{name}` has no `{}`", kind.name()),
        format!("it is there with provider = {}", able.join(" or ")),
    ))
}

fn offers(provider: ProviderKind, kind: &FaultKind) -> bool {
    let (local, kubernetes, aws) = match kind {
        FaultKind::PodKill { .. } => (true, true, true),
        FaultKind::PodHang { .. } => (true, true, false),
        FaultKind::DbFailover { .. } | FaultKind::ZoneOutage { .. } => (true, false, true),
        FaultKind::DbCrash { .. } | FaultKind::LinkDelay { .. } => (true, false, false),
        FaultKind::ZoneDrain { .. } => (true, true, false),
        FaultKind::PodEvict { .. }
        | FaultKind::ContainerKill { .. }
        | FaultKind::RolloutRestart { .. }
        | FaultKind::ScaleTo { .. }
        | FaultKind::NodeDrain { .. }
        | FaultKind::NetworkPartition { .. } => (false, true, false),
        FaultKind::DbReboot
        | FaultKind::ZoneShift { .. }
        | FaultKind::ZoneStop { .. }
        | FaultKind::InstanceStop { .. }
        | FaultKind::EcsTaskStop { .. }
        | FaultKind::QueueDelay { .. } => (false, false, true),
    };
    match provider {
        ProviderKind::Local => local,
        ProviderKind::Kubernetes => kubernetes,
        ProviderKind::Aws => aws,
    }
}

/// What is missing for a reason of its own, and what to use instead.
fn special(provider: ProviderKind, kind: &FaultKind) -> Option<(&'static str, &'static str)> {
    use FaultKind as Kind;
    Some(match (provider, kind) {
        (ProviderKind::Aws, Kind::PodHang { .. }) => (
            "has no counterpart in ECS: a task is stopped or runs",
            "use kind = \"ecs-task-stop\"",
        ),
        (ProviderKind::Aws, Kind::DbCrash { .. }) => (
            "cannot be done to RDS: AWS does not let anybody kill its processes",
            "use kind = \"db-failover\"",
        ),
        (ProviderKind::Aws, Kind::LinkDelay { .. }) => (
            "cannot be done to AWS's network",
            "use kind = \"zone-outage\", or the local stack",
        ),
        (ProviderKind::Aws, Kind::DbFailover { profile: Some(_) }) => (
            "takes as long as RDS takes: a `profile` is the stack's",
            "leave `profile` out",
        ),
        (ProviderKind::Aws, Kind::PodKill { grace, .. }) if !grace.is_zero() => (
            "has no `grace` on ECS: a container's stopTimeout decides",
            "leave `grace` out",
        ),
        (
            ProviderKind::Local | ProviderKind::Kubernetes,
            Kind::DbReboot
            | Kind::ZoneShift { .. }
            | Kind::ZoneStop { .. }
            | Kind::InstanceStop { .. }
            | Kind::EcsTaskStop { .. }
            | Kind::QueueDelay { .. },
        ) => ("is a fault of AWS", "add provider = \"aws\""),
        _ => return None,
    })
}
