//! The control plane's words in ours, and ours in its.

use target_app::api;

use crate::provider::{
    BudgetView, Change, ChangeId, DatabaseView, LinkView, Milestone, NodeView, Occurrence,
    OpenChange, Order, PodView, Role, Snapshot, WorkloadView, ZoneView,
};

/// The app whose pods stand behind the edge.
const SERVING_APP: &str = "shop";
/// What keeps pods of an app running is a Deployment in all but name.
const WORKLOAD_KIND: &str = "deployment/";

/// The stack as faults see it.
pub(super) fn snapshot(status: &api::StackStatus) -> Snapshot {
    Snapshot {
        zones: status.zones.iter().map(zone).collect(),
        pods: status.pods.iter().map(pod).collect(),
        database: Some(database(&status.database)),
        shards: status.shards.iter().map(database).collect(),
        links: status.links.iter().map(link).collect(),
        workloads: status.workloads.iter().map(workload).collect(),
        budgets: status
            .workloads
            .iter()
            .filter_map(|w| budget(w, status))
            .collect(),
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

fn workload(workload: &api::Workload) -> WorkloadView {
    WorkloadView {
        name: format!("{WORKLOAD_KIND}{}", workload.app),
        namespace: None,
        desired: workload.desired,
        ready: workload.ready,
        generation: i64::try_from(workload.generation).unwrap_or(i64::MAX),
        settled: workload.settled,
        shielded: None,
    }
}

/// What limits how many pods of a workload may be gone; none: nothing does.
fn budget(workload: &api::Workload, status: &api::StackStatus) -> Option<BudgetView> {
    let pods = status.pods.iter().filter(|pod| pod.app == workload.app);
    Some(BudgetView {
        name: workload.app.clone(),
        namespace: None,
        pods: pods.map(|pod| pod.name.clone()).collect(),
        headroom: workload.headroom?,
    })
}

/// The app of a workload that is named as Kubernetes names it.
fn app_of(workload: &str) -> String {
    let app = workload.strip_prefix(WORKLOAD_KIND);
    app.unwrap_or(workload).to_owned()
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
        api::Action::EvictPods { pods, .. } => format!("pods evicted: {}", pods.join(", ")),
        api::Action::HangPods { pods } => format!("pods hung: {}", pods.join(", ")),
        api::Action::FailOverDatabase { shard: 1, .. } => "database failed over".to_owned(),
        api::Action::FailOverDatabase { shard, .. } => {
            format!("database of shard {shard} failed over")
        }
        api::Action::DrainZone { zone } => format!("zone {zone} drained"),
        api::Action::OutageZone { zone } => format!("zone {zone} cut off"),
        api::Action::DelayLinks {
            links, delay_ms, ..
        } => format!("delayed by {delay_ms} ms: {}", links.join(", ")),
        api::Action::Deploy { app, version, .. } => {
            format!("version {version} of {app} deployed")
        }
        api::Action::RestartPods { app } => format!("every pod of {app} replaced"),
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
        Change::Deploy { .. } => {
            "a pod starts within a second, and leaves within two; back with the undo"
        }
        Change::RestartWorkload { .. } => "about three seconds for each round of pods",
        Change::EvictPods { .. } => {
            "out of service at once, as far as the budget allows; replacements serve within a second"
        }
        Change::KillContainers { .. }
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
        Change::FailOverDatabase {
            mode,
            profile,
            shard,
        } => api::Action::FailOverDatabase {
            mode,
            profile,
            shard,
        },
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
        Change::EvictPods { pods, timeout_ms } => api::Action::EvictPods { pods, timeout_ms },
        Change::KillContainers { .. } => return Err(Lacking("kill a container of a pod")),
        Change::RestartWorkload { workload } => api::Action::RestartPods {
            app: app_of(&workload),
        },
        Change::Deploy {
            workload,
            version,
            strategy,
            bad,
            rollback_when,
        } => api::Action::Deploy {
            app: app_of(&workload),
            version,
            strategy,
            bad,
            rollback_when,
        },
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
        api::EventKind::RolloutRolledBack => Some(Milestone::RolledBack {
            change: ChangeId(event.subject.clone()),
            why: event.detail.clone(),
        }),
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
