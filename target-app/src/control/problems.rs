//! Why a stack is not as specified, in words.

use super::change::Stage;
use super::databases;
use super::placement;
use super::state::{App, Pair, State};
use crate::api::{Action, DatabaseRole, LinkMode, PodState, Replication, ZoneState};

/// One reason, and what it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) scope: Scope,
    pub(super) text: String,
}

/// What a problem concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// An open change and what it does as long as it is open.
    Change,
    /// Pods that are not there, not ready or in the wrong place.
    Pods,
    /// The pair.
    Database,
}

/// Everything that is not as specified. With changes open, what they leave of the stack is held
/// against what can be there: with a zone out, its pods belong to the other zones.
pub(super) fn find(state: &State) -> Vec<Problem> {
    let mut found = Vec::new();
    changes(state, &mut found);
    edge(state, &mut found);
    mail(state, &mut found);
    for app in App::ALL {
        match state.rollouts.get(&app) {
            None => spread(state, app, &mut found),
            Some(rollout) => {
                let text = format!("{} is on its way to {}", rollout.to, app.as_str());
                add(&mut found, Scope::Pods, text);
            }
        }
    }
    pods(state, &mut found);
    for (index, pair) in state.databases.iter().enumerate() {
        database(state, index, pair, &mut found);
    }
    found
}

fn add(found: &mut Vec<Problem>, scope: Scope, text: String) {
    found.push(Problem { scope, text });
}

fn changes(state: &State, found: &mut Vec<Problem>) {
    for zone in &state.spec.zones {
        match state.zone_state(zone) {
            ZoneState::Up => {}
            ZoneState::Drained => add(found, Scope::Change, format!("zone {zone} is drained")),
            ZoneState::Out => add(found, Scope::Change, format!("zone {zone} is out")),
        }
    }
    for change in state.changes.open() {
        let request = &change.request;
        let what = match &request.action {
            Action::KillPods { pods, .. } => format!("{} killed", pods.join(", ")),
            Action::EvictPods { pods, .. } => format!("{} asked to leave", pods.join(", ")),
            Action::HangPods { pods } => format!("{} hung", pods.join(", ")),
            Action::FailOverDatabase { shard: 1, .. } => "database failed over".into(),
            Action::FailOverDatabase { shard, .. } => format!("shard {shard} failed over"),
            Action::DrainZone { zone } => format!("zone {zone} drained"),
            Action::OutageZone { zone } => format!("zone {zone} cut off"),
            Action::DelayLinks { links, .. } => format!("{} delayed", links.join(", ")),
            Action::Deploy { app, version, .. } => format!("version {version} of {app} deployed"),
            Action::RestartPods { app } => format!("every pod of {app} replaced"),
        };
        let failed = match &change.stage {
            Stage::Failed(why) => format!(", which failed: {why}"),
            Stage::RolledBack { why, .. } => format!(", which was rolled back: {why}"),
            Stage::Applying | Stage::Effective | Stage::Undoing => String::new(),
        };
        let text = format!(
            "change {} is open: {what} by fault '{}' of run {}{failed}",
            change.id, request.fault, request.run
        );
        add(found, Scope::Change, text);
    }
}

fn edge(state: &State, found: &mut Vec<Problem>) {
    if !state.edge.running {
        add(found, Scope::Pods, "the edge is not running".into());
    }
}

fn mail(state: &State, found: &mut Vec<Problem>) {
    if state.mail_lost {
        let text = "the mail sink ended, and its books with it: take the stack down and up again";
        add(found, Scope::Pods, text.into());
    }
}

fn spread(state: &State, app: App, found: &mut Vec<Problem>) {
    let up = state.zones_up();
    let desired = placement::desired(state.replicas(app), &up);
    let count = |zone: &str| {
        let here =
            |pod: &&super::state::Pod| pod.app == app && pod.zone == zone && pod.is_staying();
        state.pods.iter().filter(here).count()
    };
    for (zone, wanted) in desired {
        let there = count(zone);
        if there != wanted {
            let app = app.as_str();
            let text = format!("zone {zone} has {there} {app} pods and should have {wanted}");
            add(found, Scope::Pods, text);
        }
    }
}

fn pods(state: &State, found: &mut Vec<Problem>) {
    let hung = state.changes.hung();
    for pod in &state.pods {
        let name = &pod.name;
        if hung.contains(name.as_str()) {
            continue;
        }
        let wrong = match pod.state {
            PodState::Ready if pod.app == App::Shop && !state.edge.in_rotation.contains(name) => {
                Some("is ready but not in the edge's rotation")
            }
            PodState::Ready | PodState::Gone => None,
            PodState::Starting => Some("is starting"),
            PodState::Unready => Some("is not ready"),
            PodState::Draining => Some("is finishing what it has"),
        };
        if let Some(wrong) = wrong {
            add(
                found,
                Scope::Pods,
                format!("{name} in zone {} {wrong}", pod.zone),
            );
        }
    }
}

fn database(state: &State, index: usize, pair: &Pair, found: &mut Vec<Problem>) {
    let the = match index {
        0 => "the database".to_owned(),
        _ => format!("the database {}", databases::name(index)),
    };
    let Some(database) = &pair.seen else {
        return add(found, Scope::Database, format!("{the} is starting"));
    };
    if pair.busy {
        add(found, Scope::Database, format!("{the} is failing over"));
    }
    let with = |role| database.nodes.iter().find(move |node| node.role == role);
    let (primary, standby) = (with(DatabaseRole::Primary), with(DatabaseRole::Standby));
    match primary {
        None => add(found, Scope::Database, format!("{the} has no primary")),
        Some(primary) if database.endpoint_target.as_ref() != Some(&primary.name) => {
            let text = format!("the endpoint of {the} does not lead to {}", primary.name);
            add(found, Scope::Database, text);
        }
        Some(_) => {}
    }
    let is_replica = |node: &&crate::api::DatabaseNode| node.role == DatabaseRole::Replica;
    let replicas = database.nodes.iter().filter(is_replica).count();
    let wanted = usize::try_from(state.spec.read_replicas).unwrap_or(usize::MAX);
    if index == 0 && replicas < wanted {
        let text = format!("{replicas} of {wanted} read replicas are there");
        add(found, Scope::Database, text);
    }
    // With a single zone left there is no place for a standby until the change is undone.
    let alone = state.zones_up().len() == 1 && state.spec.zones.len() > 1;
    let scope = if alone {
        Scope::Change
    } else {
        Scope::Database
    };
    if !database.redundant {
        let why = pair.trouble.as_ref();
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        add(found, scope, format!("{the} has no standby in step{why}"));
    }
    if state.spec.replication == Replication::Synchronous && !database.synchronous {
        add(
            found,
            scope,
            format!("commits do not wait for the standby of {the}"),
        );
    }
    if let (Some(primary), Some(standby)) = (primary, standby)
        && primary.zone == standby.zone
        && state.spec.zones.len() > 1
    {
        let zone = &primary.zone;
        let text = format!("primary and standby of {the} are both in zone {zone}");
        add(found, scope, text);
    }
}

/// The words for a link that does not pass.
pub(super) fn link_in_words(mode: LinkMode) -> Option<String> {
    match mode {
        LinkMode::Pass => None,
        LinkMode::Delay {
            delay_ms,
            jitter_ms: 0,
        } => Some(format!("{delay_ms} ms late")),
        LinkMode::Delay {
            delay_ms,
            jitter_ms,
        } => Some(format!("{delay_ms} ± {jitter_ms} ms late")),
        LinkMode::Silent => Some("silent".into()),
        LinkMode::Reset => Some("resets".into()),
        LinkMode::Refuse => Some("refuses".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ChangeRequest, Database, DatabaseNode, FailoverMode, Instant, StackSpec};

    fn node(name: &str, zone: &str, role: DatabaseRole) -> DatabaseNode {
        DatabaseNode {
            name: name.into(),
            zone: zone.into(),
            role,
            pid: Some(1),
            address: String::new(),
        }
    }

    fn well() -> State {
        let mut state = State::new(StackSpec::default());
        for (app, zone) in [
            (App::Shop, "a"),
            (App::Shop, "b"),
            (App::Shop, "c"),
            (App::TaskRunner, "a"),
        ] {
            let release = state.release(app);
            let name = state.add_pod(app, zone, release).name.clone();
            state.pod_mut(&name).unwrap().state = PodState::Ready;
            state.edge.in_rotation.insert(name);
        }
        state.edge.running = true;
        state.databases[0].seen = Some(Database {
            nodes: vec![
                node("db-1", "a", DatabaseRole::Primary),
                node("db-2", "b", DatabaseRole::Standby),
            ],
            synchronous: true,
            redundant: true,
            endpoint_target: Some("db-1".into()),
        });
        state
    }

    fn seen(state: &mut State) -> &mut Database {
        state.databases[0].seen.as_mut().unwrap()
    }

    fn found(state: &State) -> Vec<(Scope, String)> {
        find(state).into_iter().map(|p| (p.scope, p.text)).collect()
    }

    fn open(state: &mut State, action: Action) {
        let request = ChangeRequest {
            run: "r".into(),
            fault: "f".into(),
            action,
        };
        state.changes.add("x", request, Instant::now());
    }

    #[test]
    fn a_stack_as_specified_has_none() {
        assert_eq!(found(&well()), []);
    }

    #[test]
    fn each_is_told() {
        type Harm = fn(&mut State);
        let harms: [(Harm, Scope, &str); 8] = [
            (
                |s| s.edge.running = false,
                Scope::Pods,
                "edge is not running",
            ),
            (
                |s| s.pods[0].state = PodState::Unready,
                Scope::Pods,
                "shop-1 in zone a is not ready",
            ),
            (
                |s| s.pods[1].state = PodState::Gone,
                Scope::Pods,
                "zone b has 0 shop pods and should have 1",
            ),
            (
                |s| {
                    s.edge.in_rotation.remove("shop-3");
                },
                Scope::Pods,
                "shop-3 in zone c is ready but not in",
            ),
            (|s| s.databases[0].seen = None, Scope::Database, "starting"),
            (
                |s| s.databases[0].busy = true,
                Scope::Database,
                "failing over",
            ),
            (
                |s| seen(s).redundant = false,
                Scope::Database,
                "no standby in step",
            ),
            (
                |s| seen(s).nodes[1].zone = "a".into(),
                Scope::Database,
                "both in zone a",
            ),
        ];
        for (harm, scope, words) in harms {
            let mut state = well();
            harm(&mut state);
            let found = found(&state);
            assert!(
                found
                    .iter()
                    .any(|(s, text)| *s == scope && text.contains(words)),
                "{words}: {found:?}"
            );
        }
    }

    #[test]
    fn what_a_change_does_is_the_changes_problem() {
        let mut state = well();
        open(
            &mut state,
            Action::HangPods {
                pods: vec!["shop-1".into()],
            },
        );
        state.pods[0].state = PodState::Unready;
        assert!(
            found(&state)
                .iter()
                .all(|(scope, _)| *scope == Scope::Change)
        );
        assert!(!found(&state).is_empty());
    }

    #[test]
    fn asynchronous_replication_asks_for_no_synchronous_standby() {
        let mut state = well();
        state.spec.replication = Replication::Asynchronous;
        seen(&mut state).synchronous = false;
        assert_eq!(found(&state), []);
    }

    #[test]
    fn a_failed_change_says_why() {
        let mut state = well();
        open(
            &mut state,
            Action::FailOverDatabase {
                mode: FailoverMode::Planned,
                profile: None,
                shard: 1,
            },
        );
        state.changes.get_mut("x").unwrap().stage = Stage::Failed("no standby".into());
        assert!(found(&state)[0].1.contains("which failed: no standby"));
    }
}
