//! A control plane without processes: the same API over a model of a stack, for tests.
//!
//! It heals like the real one, but by being looked at instead of by time passing, so that tests
//! depend on no clock. A [`Fuse`] can stop the world at any call, as a SIGKILL would.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use target_app::api::*;
use tokio::sync::Notify;

use super::{ControlApi, LocalProvider};
use crate::provider::{Finder, Found, Pending, Place, Provider, ProviderError};

/// How often the stack is looked at before it has healed.
const LOOKS_TO_HEAL: u32 = 3;
/// What the shop runs at first.
const FIRST_VERSION: &str = "1";

/// Stops the world at the n-th dangerous point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fuse(Arc<FuseState>);

#[derive(Debug, Default)]
struct FuseState {
    left: Mutex<Option<u32>>,
    blown: Notify,
}

impl Fuse {
    /// Blows at point `n`, from 0.
    pub(crate) fn at(n: u32) -> Self {
        let fuse = Self::default();
        *fuse.0.left.lock().unwrap() = Some(n);
        fuse
    }

    /// A point at which a process could be killed; returns never once the fuse has blown.
    pub(crate) async fn point(&self) {
        let blown = {
            let mut left = self.0.left.lock().unwrap();
            match left.as_mut() {
                None => false,
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
            }
        };
        if blown {
            self.0.blown.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Resolves when it has blown.
    pub(crate) async fn blown(&self) {
        self.0.blown.notified().await;
    }
}

/// The model of a stack; clones are the same stack.
#[derive(Debug, Clone)]
pub(crate) struct Double {
    state: Arc<Mutex<State>>,
    /// Of the client that this one is.
    pub(crate) fuse: Fuse,
}

#[derive(Debug)]
struct State {
    status: StackStatus,
    events: Vec<Event>,
    healing: u32,
    next_pod: u32,
    undone: Vec<String>,
    /// Undo and recover fail while this is set.
    stuck: bool,
    /// Changes fail, after having been made, while this is set.
    clumsy: bool,
    down: bool,
    /// The database does not become redundant by itself.
    standby_lost: bool,
}

impl Double {
    /// A healthy stack: three shop pods, one task runner, a redundant database, three zones.
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                status: healthy(),
                events: Vec::new(),
                healing: 0,
                next_pod: 4,
                undone: Vec::new(),
                stuck: false,
                clumsy: false,
                down: false,
                standby_lost: false,
            })),
            fuse: Fuse::default(),
        }
    }

    /// The same stack, seen by a process that is killed at point `n`.
    pub(crate) fn killed_at(&self, n: u32) -> Self {
        Self {
            state: Arc::clone(&self.state),
            fuse: Fuse::at(n),
        }
    }

    /// A provider that acts on it.
    pub(crate) fn provider(&self) -> Arc<dyn Provider> {
        Arc::new(LocalProvider::new(self.clone(), "double", 1))
    }

    /// As it is, without being looked at.
    pub(crate) fn status_now(&self) -> StackStatus {
        self.lock().status.clone()
    }

    /// Undoing fails from now on, or works again.
    pub(crate) fn set_stuck(&self, stuck: bool) {
        self.lock().stuck = stuck;
    }

    /// Changes are made, but answered by an error.
    pub(crate) fn set_clumsy(&self, clumsy: bool) {
        self.lock().clumsy = clumsy;
    }

    /// The control plane is gone.
    pub(crate) fn take_down(&self) {
        self.lock().down = true;
    }

    /// Breaks the standby, so that the database is not redundant.
    pub(crate) fn lose_standby(&self) {
        let mut state = self.lock();
        state.standby_lost = true;
        state.status.database.redundant = false;
        state.status.problems = vec!["no standby".into()];
    }

    /// What differs from a healthy stack, in words; pods may have other names.
    pub(crate) fn wounds(&self) -> Vec<String> {
        let state = self.lock();
        let status = &state.status;
        let mut wounds = Vec::new();
        let ready = |app: &str| {
            let pods = status.pods.iter();
            pods.filter(|pod| pod.app == app && pod.state == PodState::Ready)
                .count()
        };
        if ready("shop") != 3 || ready("task-runner") != 1 {
            wounds.push(format!("pods: {:?}", status.pods));
        }
        if status.zones.iter().any(|zone| zone.state != ZoneState::Up) {
            wounds.push(format!("zones: {:?}", status.zones));
        }
        if status.links.iter().any(|link| link.mode != LinkMode::Pass) {
            wounds.push(format!("links: {:?}", status.links));
        }
        for workload in &status.workloads {
            if workload.version != FIRST_VERSION || !workload.settled {
                wounds.push(format!("{workload:?}"));
            }
        }
        if !status.database.redundant {
            wounds.push("database".into());
        }
        if !status.open_changes.is_empty() {
            wounds.push(format!("open: {:?}", status.open_changes));
        }
        wounds
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn alive(&self) -> Result<MutexGuard<'_, State>, ProviderError> {
        let state = self.lock();
        if state.down {
            return Err(ProviderError::Gone {
                place: "double".into(),
                reason: "connection refused".into(),
            });
        }
        Ok(state)
    }
}

impl Finder for Double {
    fn find<'a>(&'a self, place: &'a Place) -> Found<'a> {
        let here = self.provider();
        let found = (here.place() == *place && !self.lock().down).then_some(here);
        Box::pin(std::future::ready(Ok(found)))
    }

    fn places(&self) -> Result<Vec<Place>, String> {
        let here = self.provider().place();
        Ok((!self.lock().down).then_some(here).into_iter().collect())
    }
}

fn failed(what: &str) -> ProviderError {
    ProviderError::Failed {
        place: "double".into(),
        what: what.into(),
        reason: "told to fail".into(),
    }
}

impl ControlApi for Double {
    fn status(&self) -> Pending<'_, StackStatus> {
        Box::pin(async {
            let mut state = self.alive()?;
            state.heal();
            Ok(state.status.clone())
        })
    }

    fn events(&self, after: u64, _wait: Duration) -> Pending<'_, Vec<Event>> {
        Box::pin(async move {
            // Not `wait`: a test has nothing to wait for.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let state = self.alive()?;
            let new = state.events.iter().filter(|event| event.seq > after);
            Ok(new.cloned().collect())
        })
    }

    fn change<'a>(&'a self, id: &'a str, request: &'a ChangeRequest) -> Pending<'a, ChangeReceipt> {
        Box::pin(async move {
            self.fuse.point().await;
            let receipt = {
                let mut state = self.alive()?;
                let accepted = state.change(id, request);
                if state.clumsy {
                    Err(failed("change"))
                } else {
                    Ok(ChangeReceipt {
                        id: id.into(),
                        accepted,
                        undo: "undo".into(),
                    })
                }
            };
            self.fuse.point().await;
            receipt
        })
    }

    fn undo<'a>(&'a self, id: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            self.fuse.point().await;
            {
                let mut state = self.alive()?;
                if state.stuck {
                    return Err(failed("undo"));
                }
                state.undo(id);
            }
            self.fuse.point().await;
            Ok(())
        })
    }

    fn recover(&self) -> Pending<'_, ()> {
        Box::pin(async {
            let mut state = self.alive()?;
            if state.stuck {
                return Err(failed("recover"));
            }
            let open = std::mem::take(&mut state.status.open_changes);
            for change in open {
                state.take_back(&change.request.action);
            }
            state.healing = 0;
            state.standby_lost = false;
            state.heal_now();
            Ok(())
        })
    }
}

impl State {
    fn event(&mut self, kind: EventKind, subject: &str) -> Instant {
        let at = Instant::now();
        let seq = self.events.len() as u64 + 1;
        self.status.last_event = seq;
        self.events.push(Event {
            seq,
            at,
            kind,
            subject: subject.into(),
            detail: String::new(),
        });
        at
    }

    fn change(&mut self, id: &str, request: &ChangeRequest) -> Instant {
        let accepted = self.event(EventKind::ChangeAccepted, id);
        self.status.open_changes.push(OpenChange {
            id: id.into(),
            request: request.clone(),
            accepted,
        });
        self.make(&request.action);
        self.healing = LOOKS_TO_HEAL;
        self.event(EventKind::ChangeEffective, id);
        accepted
    }

    fn make(&mut self, action: &Action) {
        let status = &mut self.status;
        match action {
            Action::KillPods { pods, .. } | Action::EvictPods { pods, .. } => {
                status.pods.retain(|pod| !pods.contains(&pod.name));
            }
            Action::HangPods { pods } => {
                for pod in &mut status.pods {
                    if pods.contains(&pod.name) {
                        pod.state = PodState::Unready;
                    }
                }
            }
            Action::FailOverDatabase { .. } => self.fail_over(),
            Action::DrainZone { zone } => self.leave_zone(zone, ZoneState::Drained),
            Action::OutageZone { zone } => self.leave_zone(zone, ZoneState::Out),
            Action::DelayLinks {
                links,
                delay_ms,
                jitter_ms,
            } => {
                for link in &mut status.links {
                    if links.contains(&link.name) {
                        link.mode = LinkMode::Delay {
                            delay_ms: *delay_ms,
                            jitter_ms: *jitter_ms,
                        };
                    }
                }
            }
            Action::Deploy { app, version, .. } => self.roll(app, version),
            Action::RestartPods { app } => {
                let version = self.workload(app).version.clone();
                self.roll(app, &version);
            }
        }
    }

    fn workload(&mut self, app: &str) -> &mut Workload {
        let mut workloads = self.status.workloads.iter_mut();
        let found = workloads.find(|workload| workload.app == app);
        found.expect("an app of the stack")
    }

    /// Its pods are of another kind when it heals.
    fn roll(&mut self, app: &str, version: &str) {
        let workload = self.workload(app);
        workload.version = version.into();
        workload.generation += 1;
        workload.settled = false;
    }

    fn fail_over(&mut self) {
        let database = &mut self.status.database;
        for node in &mut database.nodes {
            node.role = match node.role {
                DatabaseRole::Standby => {
                    database.endpoint_target = Some(node.name.clone());
                    DatabaseRole::Primary
                }
                _ => DatabaseRole::Rebuilding,
            };
        }
        database.redundant = false;
    }

    fn leave_zone(&mut self, zone: &str, state: ZoneState) {
        self.status.pods.retain(|pod| pod.zone != zone);
        for known in &mut self.status.zones {
            if known.name == zone {
                known.state = state;
            }
        }
        if (self.status.database.nodes.iter())
            .any(|node| node.zone == zone && node.role == DatabaseRole::Primary)
        {
            self.fail_over();
        }
    }

    fn undo(&mut self, id: &str) {
        let open = self.status.open_changes.iter();
        if let Some(at) = open.clone().position(|change| change.id == id) {
            let change = self.status.open_changes.remove(at);
            self.take_back(&change.request.action);
            self.healing = LOOKS_TO_HEAL;
            self.undone.push(id.into());
            self.event(EventKind::ChangeUndone, id);
        }
    }

    fn take_back(&mut self, action: &Action) {
        let status = &mut self.status;
        match action {
            Action::KillPods { .. }
            | Action::EvictPods { .. }
            | Action::FailOverDatabase { .. } => {}
            Action::HangPods { .. } => {
                for pod in &mut status.pods {
                    pod.state = PodState::Ready;
                }
            }
            Action::DrainZone { zone } | Action::OutageZone { zone } => {
                for known in &mut status.zones {
                    if known.name == *zone {
                        known.state = ZoneState::Up;
                    }
                }
            }
            Action::DelayLinks { .. } => {
                for link in &mut status.links {
                    link.mode = LinkMode::Pass;
                }
            }
            Action::Deploy { app, .. } => self.roll(app, FIRST_VERSION),
            Action::RestartPods { .. } => {}
        }
    }

    fn heal(&mut self) {
        self.healing = self.healing.saturating_sub(1);
        if self.healing == 0 {
            self.heal_now();
        }
    }

    /// Replacements start where a zone takes part; a standby is rebuilt.
    fn heal_now(&mut self) {
        for (app, wanted) in [("shop", 3), ("task-runner", 1)] {
            let there = self.status.pods.iter().filter(|pod| pod.app == app).count();
            for _ in there..wanted {
                let there = |zone: &&Zone| {
                    let pods = self.status.pods.iter();
                    pods.filter(|pod| pod.app == app && pod.zone == zone.name)
                        .count()
                };
                let up = self.status.zones.iter();
                let up = up.filter(|zone| zone.state == ZoneState::Up);
                let zone = up.min_by_key(there).expect("a zone is up").name.clone();
                let name = format!("{app}-{}", self.next_pod);
                self.next_pod += 1;
                self.status.pods.push(pod(&name, app, &zone));
                self.event(EventKind::PodReady, &name);
            }
        }
        for workload in &mut self.status.workloads {
            workload.settled = true;
        }
        let database = &mut self.status.database;
        for node in &mut database.nodes {
            if node.role == DatabaseRole::Rebuilding {
                node.role = DatabaseRole::Standby;
            }
        }
        database.redundant = !self.standby_lost;
        if !self.standby_lost {
            self.status.problems.clear();
        }
    }
}

fn pod(name: &str, app: &str, zone: &str) -> Pod {
    Pod {
        name: name.into(),
        app: app.into(),
        zone: zone.into(),
        pid: Some(1),
        address: String::new(),
        state: PodState::Ready,
        labels: BTreeMap::from([("app".into(), app.into()), ("zone".into(), zone.into())]),
    }
}

fn workload(app: &str, desired: u32) -> Workload {
    Workload {
        app: app.into(),
        version: FIRST_VERSION.into(),
        desired,
        ready: desired,
        generation: 1,
        headroom: None,
        settled: true,
    }
}

/// A healthy stack at its start.
pub(crate) fn healthy() -> StackStatus {
    let zone = |name: &str| Zone {
        name: name.into(),
        address: String::new(),
        state: ZoneState::Up,
    };
    let node = |name: &str, zone: &str, role| DatabaseNode {
        name: name.into(),
        zone: zone.into(),
        role,
        pid: Some(1),
        address: String::new(),
    };
    let link = |name: &str, from: &str, to: &str| Link {
        name: name.into(),
        from: from.into(),
        to: to.into(),
        mode: LinkMode::Pass,
    };
    StackStatus {
        spec: StackSpec::default(),
        pid: 1,
        root: PathBuf::new(),
        edge_url: String::new(),
        ca: None,
        database_endpoint: String::new(),
        mail: None,
        healthy: true,
        problems: Vec::new(),
        zones: ["a", "b", "c"].map(zone).into(),
        pods: vec![
            pod("shop-1", "shop", "a"),
            pod("shop-2", "shop", "b"),
            pod("shop-3", "shop", "c"),
            pod("task-runner-1", "task-runner", "a"),
        ],
        workloads: vec![workload("shop", 3), workload("task-runner", 1)],
        shards: Vec::new(),
        database: Database {
            nodes: vec![
                node("db-1", "a", DatabaseRole::Primary),
                node("db-2", "b", DatabaseRole::Standby),
            ],
            synchronous: true,
            redundant: true,
            endpoint_target: Some("db-1".into()),
        },
        links: vec![
            link("edge->shop-1", "edge", "a"),
            link("edge->shop-2", "edge", "b"),
            link("shop-2->database", "b", "a"),
            link("db-1->db-2", "a", "b"),
        ],
        open_changes: Vec::new(),
        isolation: "ports".into(),
        last_event: 0,
        metrics: Vec::new(),
    }
}
