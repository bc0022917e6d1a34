//! Accepting a change: is it possible, what does it do at once, when is its effect complete?

use std::time::Duration;

use axum::http::StatusCode;

use super::Supervisor;
use crate::api::{
    Action, ChangeReceipt, ChangeRequest, DatabaseRole, EventKind, Instant, PodState, ZoneState,
};
use crate::control::change::{Stage, undo_in_words};
use crate::control::journal::Record;
use crate::control::server::Refusal;
use crate::control::state::App;

impl Supervisor {
    /// Makes a change, unless it was made before.
    pub(super) fn accept(
        &mut self,
        id: &str,
        request: &ChangeRequest,
    ) -> Result<ChangeReceipt, Refusal> {
        check_id(id)?;
        if let Some(known) = self.state.changes.get(id) {
            if known.request != *request {
                let text =
                    format!("change {id} is open already, and is another one: choose another id");
                return Err(Refusal::new(StatusCode::CONFLICT, text));
            }
            return Ok(receipt(id, known.accepted, &request.action));
        }
        if self.state.changes.was_undone(id) {
            let text = format!("change {id} was undone already and is not made again");
            return Err(Refusal::new(StatusCode::GONE, text));
        }
        self.check(&request.action)?;
        let at = Instant::now();
        let record = Record::Accepted { id, at, request };
        self.tools.journal.write(&record).map_err(|error| {
            let text = format!("change {id} cannot be put on record and was not made: {error}");
            Refusal::new(StatusCode::INSUFFICIENT_STORAGE, text)
        })?;
        self.state.changes.add(id, request.clone(), at);
        let detail = format!("fault '{}' of run {}", request.fault, request.run);
        self.tools
            .events
            .add_at(at, EventKind::ChangeAccepted, id, detail);
        self.act(id, &request.action);
        Ok(receipt(id, at, &request.action))
    }

    /// Whether the stack can take it now.
    fn check(&self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::KillPods { pods, .. } => self.check_pods(pods),
            Action::EvictPods { pods, .. } => {
                self.check_pods(pods)?;
                self.check_eviction(pods)
            }
            Action::HangPods { pods } => {
                self.check_pods(pods)?;
                let hung = self.state.changes.hung();
                match pods.iter().find(|pod| hung.contains(pod.as_str())) {
                    Some(pod) => conflict(format!("{pod} hangs already")),
                    None => Ok(()),
                }
            }
            Action::FailOverDatabase { shard, .. } => self.check_standby(*shard),
            Action::Deploy {
                app,
                version,
                strategy,
                bad,
                ..
            } => self.check_deploy(app, version, strategy, *bad),
            Action::RestartPods { app } => self.check_rollout(app).map(drop),
            Action::DrainZone { zone } | Action::OutageZone { zone } => {
                self.check_zone(zone)?;
                let pairs = self.state.databases.iter();
                let mut there = pairs.filter(|pair| pair.primary_zone() == Some(zone));
                match there.find(|pair| !pair.can_fail_over()) {
                    Some(_) => not_in_step(),
                    None => Ok(()),
                }
            }
            Action::DelayLinks {
                links, delay_ms, ..
            } => {
                if *delay_ms == 0 {
                    return invalid("a delay is 1 ms at least");
                }
                let known = self.links();
                match links
                    .iter()
                    .find(|name| !known.iter().any(|link| link.name == **name))
                {
                    Some(name) => missing(format!("there is no link '{name}'")),
                    None if links.is_empty() => invalid("no link is named"),
                    None => Ok(()),
                }
            }
        }
    }

    fn check_pods(&self, pods: &[String]) -> Result<(), Refusal> {
        let runs = |name: &&String| {
            let pod = self.state.pod(name);
            pod.is_some_and(|pod| pod.pid.is_some() && pod.state != PodState::Gone)
        };
        match pods.iter().find(|name| !runs(name)) {
            Some(name) => missing(format!("there is no running pod '{name}'")),
            None if pods.is_empty() => invalid("no pod is named"),
            None => Ok(()),
        }
    }

    fn check_standby(&self, shard: u32) -> Result<(), Refusal> {
        match self.state.databases.get(index_of(shard)) {
            None => missing(format!("there is no shard {shard} of the database")),
            Some(pair) if !pair.can_fail_over() => not_in_step(),
            Some(_) => Ok(()),
        }
    }

    fn check_zone(&self, zone: &String) -> Result<(), Refusal> {
        if !self.state.spec.zones.contains(zone) {
            return missing(format!("there is no zone '{zone}'"));
        }
        match self.state.zone_state(zone) {
            ZoneState::Drained => conflict(format!("zone {zone} is drained already")),
            ZoneState::Out => conflict(format!("zone {zone} is out already")),
            ZoneState::Up if self.state.zones_up().len() == 1 => {
                conflict(format!("zone {zone} is the last one that takes part"))
            }
            ZoneState::Up => Ok(()),
        }
    }

    /// What is done at once. What lasts follows from the change being open.
    fn act(&mut self, id: &str, action: &Action) {
        match action {
            Action::KillPods { pods, grace_ms } => {
                for name in pods {
                    self.end_pod(name, Duration::from_millis(*grace_ms));
                }
            }
            Action::HangPods { pods } => {
                for handle in pods.iter().filter_map(|name| self.pods.get(name)) {
                    handle.hang();
                }
            }
            Action::FailOverDatabase {
                mode,
                profile,
                shard,
            } => {
                let index = index_of(*shard);
                if let Some(database) = self.tools.databases.get(index) {
                    self.state.databases[index].busy = true;
                    database.fail_over(id.to_owned(), *mode, *profile);
                }
            }
            Action::OutageZone { zone } => {
                // Silence first: not even the end of a connection may get out.
                self.set_links();
                for database in self.tools.databases.all() {
                    database.lose_zone(id.to_owned(), zone.clone());
                }
            }
            Action::DrainZone { zone } => {
                for database in self.tools.databases.all() {
                    database.leave_zone(id.to_owned(), zone.clone());
                }
            }
            Action::Deploy { .. } | Action::RestartPods { .. } => self.begin_rollout(id, action),
            Action::EvictPods { .. } => self.evict(),
            Action::DelayLinks { .. } => {}
        }
        // Before the receipt, so that a first effect is under way.
        self.place_pods();
        self.set_links();
    }

    fn end_pod(&mut self, name: &str, grace: Duration) {
        let child = self.pods.get(name).and_then(|handle| handle.child.clone());
        match child {
            Some(child) if !grace.is_zero() => {
                if let Some(pod) = self.state.pod_mut(name) {
                    pod.state = PodState::Draining;
                }
                child.term();
                tokio::spawn(async move {
                    if tokio::time::timeout(grace, child.wait()).await.is_err() {
                        child.kill();
                    }
                });
            }
            _ => self.kill(name),
        }
    }

    /// Tells of changes whose effect has become complete.
    pub(super) fn notice_effects(&mut self) {
        let complete = |change: &&crate::control::change::Change| {
            let going_on = matches!(
                change.stage,
                Stage::Applying
                    | Stage::RolledBack {
                        complete: false,
                        ..
                    }
            );
            going_on && self.is_effective(&change.request.action, change.accepted)
        };
        let changes = self.state.changes.open().iter().filter(complete);
        let ids: Vec<_> = changes.map(|change| change.id.clone()).collect();
        for id in ids {
            self.set_effective(&id);
        }
    }

    pub(super) fn set_effective(&mut self, id: &str) {
        let Some(change) = self.state.changes.get_mut(id) else {
            return;
        };
        let detail = match &mut change.stage {
            Stage::Applying => {
                change.stage = Stage::Effective;
                "its effect is complete"
            }
            // A failover that was to be undone before it was done is done all the same.
            Stage::Undoing => "its effect is complete",
            Stage::RolledBack { complete, .. } => {
                *complete = true;
                "it was rolled back, and nothing of it is left"
            }
            Stage::Effective | Stage::Failed(_) => return,
        };
        let at = Instant::now();
        if let Err(error) = self.tools.journal.write(&Record::Effective { id, at }) {
            tracing::error!(id, %error, "cannot put on record that a change is effective");
        }
        self.tools
            .events
            .add_at(at, EventKind::ChangeEffective, id, detail);
    }

    fn is_effective(&self, action: &Action, accepted: Instant) -> bool {
        let is_gone = |name: &String| {
            self.state
                .pod(name)
                .is_none_or(|pod| pod.state == PodState::Gone)
        };
        match action {
            Action::KillPods { pods, .. } => pods.iter().all(is_gone),
            Action::EvictPods { pods, timeout_ms } => self.is_evicted(pods, accepted, *timeout_ms),
            Action::HangPods { .. } | Action::DelayLinks { .. } => true,
            Action::Deploy { app, .. } | Action::RestartPods { app } => {
                App::named(app).is_none_or(|app| !self.state.rollouts.contains_key(&app))
            }
            // The failover itself tells.
            Action::FailOverDatabase { .. } => false,
            Action::DrainZone { zone } | Action::OutageZone { zone } => {
                let pods = self.state.pods.iter();
                let empty = pods
                    .filter(|pod| pod.zone == *zone)
                    .all(|pod| is_gone(&pod.name));
                empty && !self.has_database(zone)
            }
        }
    }

    /// Whether a database server runs in the zone.
    fn has_database(&self, zone: &str) -> bool {
        let runs = |role| {
            use DatabaseRole::{Primary, Replica, Standby};
            matches!(role, Primary | Standby | Replica)
        };
        let mut nodes = self.state.database_nodes();
        nodes.any(|node| node.zone == zone && runs(node.role))
    }
}

/// The place, from 0, of a shard that is counted from 1.
fn index_of(shard: u32) -> usize {
    usize::try_from(shard).unwrap_or(usize::MAX).wrapping_sub(1)
}

fn not_in_step<T>() -> Result<T, Refusal> {
    conflict("the database has no standby in step to fail over to: wait until it has".into())
}

fn receipt(id: &str, accepted: Instant, action: &Action) -> ChangeReceipt {
    ChangeReceipt {
        id: id.to_owned(),
        accepted,
        undo: undo_in_words(action),
    }
}

fn check_id(id: &str) -> Result<(), Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if (1..=128).contains(&id.len()) && id.chars().all(fits) {
        Ok(())
    } else {
        invalid("a change's id is 1 to 128 letters, digits, '-', '_', '.' and ':'")
    }
}

fn invalid<T>(text: &str) -> Result<T, Refusal> {
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, text))
}

fn missing<T>(text: String) -> Result<T, Refusal> {
    Err(Refusal::new(StatusCode::NOT_FOUND, text))
}

fn conflict<T>(text: String) -> Result<T, Refusal> {
    Err(Refusal::new(StatusCode::CONFLICT, text))
}
