//! The control plane's words in ours, and ours in its.

use target_app::api;

use crate::provider::{
    Change, ChangeId, DatabaseView, LinkView, Milestone, NodeView, Occurrence, OpenChange, Order,
    PodView, Role, Snapshot, ZoneView,
};

/// The app whose pods stand behind the edge.
const SERVING_APP: &str = "shop";

/// The stack as faults see it.
pub(super) fn snapshot(status: &api::StackStatus) -> Snapshot {
    Snapshot {
        zones: status.zones.iter().map(zone).collect(),
        pods: status.pods.iter().map(pod).collect(),
        database: Some(database(&status.database)),
        links: status.links.iter().map(link).collect(),
        open: status.open_changes.iter().map(open_change).collect(),
        problems: status.problems.clone(),
        last_occurrence: status.last_event,
        ..Snapshot::default()
    }
}

fn zone(zone: &api::Zone) -> ZoneView {
    ZoneView {
        name: zone.name.clone(),
        aliases: Vec::new(),
        up: zone.state == api::ZoneState::Up,
    }
}

fn pod(pod: &api::Pod) -> PodView {
    PodView {
        name: pod.name.clone(),
        uid: format!("{}/{}", pod.name, pod.pid.unwrap_or(0)),
        app: pod.app.clone(),
        zone: pod.zone.clone(),
        ready: pod.state == api::PodState::Ready,
        serving: pod.app == SERVING_APP,
        labels: pod.labels.clone(),
        ..PodView::default()
    }
}

fn database(database: &api::Database) -> DatabaseView {
    DatabaseView {
        nodes: database.nodes.iter().map(node).collect(),
        redundant: database.redundant,
        endpoint: database.endpoint_target.clone(),
        shielded: None,
    }
}

fn node(node: &api::DatabaseNode) -> NodeView {
    NodeView {
        name: node.name.clone(),
        zone: node.zone.clone(),
        role: match node.role {
            api::DatabaseRole::Primary => Role::Primary,
            api::DatabaseRole::Standby => Role::Standby,
            api::DatabaseRole::Replica
            | api::DatabaseRole::Rebuilding
            | api::DatabaseRole::Down => Role::Other,
        },
    }
}

fn link(link: &api::Link) -> LinkView {
    LinkView {
        name: link.name.clone(),
        from: link.from.clone(),
        to: link.to.clone(),
    }
}

fn open_change(open: &api::OpenChange) -> OpenChange {
    OpenChange {
        id: ChangeId(open.id.clone()),
        run: open.request.run.clone(),
        fault: open.request.fault.clone(),
        words: words(&open.request.action),
    }
}

fn words(action: &api::Action) -> String {
    match action {
        api::Action::KillPods { pods, .. } => format!("pods killed: {}", pods.join(", ")),
        api::Action::HangPods { pods } => format!("pods hung: {}", pods.join(", ")),
        api::Action::FailOverDatabase { .. } => "database failed over".to_owned(),
        api::Action::DrainZone { zone } => format!("zone {zone} drained"),
        api::Action::OutageZone { zone } => format!("zone {zone} cut off"),
        api::Action::DelayLinks {
            links, delay_ms, ..
        } => format!("delayed by {delay_ms} ms: {}", links.join(", ")),
    }
}

/// What a change does, for people.
pub(super) fn change_in_words(change: &Change) -> String {
    action(change).map_or_else(|Lacking(what)| what.to_owned(), |action| words(&action))
}

/// How long it takes on a calm machine, as measured when this was written.
pub(super) fn expected(change: &Change) -> &'static str {
    match change {
        Change::KillPods { .. } => "replacements serve within about a second",
        Change::HangPods { .. } => "taken out of service within a second, back with the undo",
        Change::FailOverDatabase { .. } => {
            "writes come back within 0.1 s, or as the profile says; a new standby within seconds"
        }
        Change::DrainZone { .. } => "empty within a second, back with the undo",
        Change::OutageZone { .. } => "lost at once, back within seconds of the undo",
        Change::DelayLinks { .. } => "slow at once, quick again with the undo",
        Change::EvictPods { .. }
        | Change::KillContainers { .. }
        | Change::RestartWorkload { .. }
        | Change::ScaleWorkload { .. }
        | Change::DrainHosts { .. }
        | Change::PartitionPods { .. }
        | Change::RebootDatabase
        | Change::CutNetworks { .. }
        | Change::ShiftZone { .. }
        | Change::StopHosts { .. }
        | Change::DelayQueue { .. } => "a stack cannot do this",
    }
}

/// Something that a stack cannot do.
#[derive(Debug)]
pub(super) struct Lacking(pub(super) &'static str);

/// The order as the control plane takes it.
pub(super) fn request(order: &Order) -> Result<api::ChangeRequest, Lacking> {
    Ok(api::ChangeRequest {
        run: order.run.clone(),
        fault: order.fault.clone(),
        action: action(&order.change)?,
    })
}

fn action(change: &Change) -> Result<api::Action, Lacking> {
    Ok(match change.clone() {
        Change::KillPods { pods, grace_ms } => api::Action::KillPods { pods, grace_ms },
        Change::HangPods { pods } => api::Action::HangPods { pods },
        Change::FailOverDatabase { mode, profile } => {
            api::Action::FailOverDatabase { mode, profile }
        }
        Change::DrainZone { zone, .. } => api::Action::DrainZone { zone },
        Change::OutageZone { zone } => api::Action::OutageZone { zone },
        Change::DelayLinks {
            links,
            delay_ms,
            jitter_ms,
        } => api::Action::DelayLinks {
            links,
            delay_ms,
            jitter_ms,
        },
        Change::EvictPods { .. } => return Err(Lacking("evict pods")),
        Change::KillContainers { .. } => return Err(Lacking("kill a container of a pod")),
        Change::RestartWorkload { .. } => return Err(Lacking("restart a workload")),
        Change::ScaleWorkload { .. } => return Err(Lacking("scale a workload")),
        Change::DrainHosts { .. } => return Err(Lacking("drain nodes")),
        Change::PartitionPods { .. } => return Err(Lacking("cut pods off")),
        Change::RebootDatabase => return Err(Lacking("restart the database")),
        Change::CutNetworks { .. } => return Err(Lacking("cut networks off")),
        Change::ShiftZone { .. } => return Err(Lacking("shift traffic away from a zone")),
        Change::StopHosts { .. } => return Err(Lacking("stop instances")),
        Change::DelayQueue { .. } => return Err(Lacking("delay a queue")),
    })
}

/// An entry of the control plane's log as something that happened.
pub(super) fn occurrence(event: api::Event) -> Occurrence {
    let milestone = match event.kind {
        api::EventKind::ChangeEffective => {
            Some(Milestone::Effective(ChangeId(event.subject.clone())))
        }
        api::EventKind::ChangeUndone => Some(Milestone::Undone(ChangeId(event.subject.clone()))),
        _ => None,
    };
    Occurrence {
        seq: event.seq,
        at: event.at,
        kind: kind_name(event.kind),
        subject: event.subject,
        detail: event.detail,
        milestone,
    }
}

/// As the API writes it: `pod-ready`.
fn kind_name(kind: api::EventKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{kind:?}"),
    }
}
