//! Which provider can do which fault: one matrix.

use crate::scenario::model::{FaultKind, ProviderKind};

/// All providers, as scenarios write them.
const PROVIDERS: [(ProviderKind, &str); 3] = [
    (ProviderKind::Local, "local"),
    (ProviderKind::Kubernetes, "kubernetes"),
    (ProviderKind::Aws, "aws"),
];

/// Whether this provider can do this fault.
pub(super) fn offers(provider: ProviderKind, kind: &FaultKind) -> bool {
    let (local, kubernetes, aws) = match kind {
        FaultKind::PodKill { .. } => (true, true, true),
        FaultKind::PodHang { .. } | FaultKind::ZoneDrain { .. } => (true, true, false),
        FaultKind::DbFailover { .. } | FaultKind::ZoneOutage { .. } => (true, false, true),
        FaultKind::DbCrash { .. } | FaultKind::LinkDelay { .. } | FaultKind::Deploy { .. } => {
            (true, false, false)
        }
        FaultKind::RolloutRestart { .. } | FaultKind::PodEvict { .. } => (true, true, false),
        // A zone of AWS is drained by one of two ways, each a kind of its own.
        FaultKind::DbReboot
        | FaultKind::ZoneShift { .. }
        | FaultKind::ZoneStop { .. }
        | FaultKind::InstanceStop { .. }
        | FaultKind::EcsTaskStop { .. }
        | FaultKind::QueueDelay { .. } => (false, false, true),
        FaultKind::ContainerKill { .. }
        | FaultKind::ScaleTo { .. }
        | FaultKind::NodeDrain { .. }
        | FaultKind::NetworkPartition { .. } => (false, true, false),
    };
    match provider {
        ProviderKind::Local => local,
        ProviderKind::Kubernetes => kubernetes,
        ProviderKind::Aws => aws,
    }
}

/// Where this fault can be done instead: `provider = "local" or "kubernetes"`.
pub(super) fn instead(kind: &FaultKind) -> String {
    let able: Vec<String> = PROVIDERS
        .iter()
        .filter(|(provider, _)| offers(*provider, kind))
        .map(|(_, name)| format!("\"{name}\""))
        .collect();
    format!("it is there with provider = {}", able.join(" or "))
}
