//! What the control plane knows: plain data, owned by the supervisor alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use tokio::time::Instant;

use super::change::Changes;
use super::databases;
use super::release::Release;
use super::rollout::{Rollout, Way};
use super::topology::Isolation;
use crate::api::{self, Database, PodState, StackSpec, ZoneState};

/// Everything known about a stack.
#[derive(Debug)]
pub(super) struct State {
    pub(super) spec: StackSpec,
    pub(super) isolation: Isolation,
    pub(super) pods: Vec<Pod>,
    pub(super) edge: Edge,
    /// The database; with orders divided over several, all of them in their order.
    pub(super) databases: Vec<Pair>,
    /// The mail sink died, and its books with it.
    pub(super) mail_lost: bool,
    pub(super) changes: Changes,
    /// How often all pods of an app were replaced by ones of the same kind.
    pub(super) restarts: BTreeMap<App, u32>,
    /// How many shop pods the autoscaler wants; none: as specified.
    pub(super) scaled: Option<usize>,
    /// Releases on their way.
    pub(super) rollouts: BTreeMap<App, Rollout>,
    /// What each app's pods are to be, as far as its rollouts were told, and how often that changed.
    aims: BTreeMap<App, (Release, u64)>,
    /// The next pod's number, for each app.
    next: BTreeMap<App, u32>,
}

/// A primary and its standby.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    /// As it says itself; `None` until it is up.
    pub(super) seen: Option<Database>,
    /// A failover is under way.
    pub(super) busy: bool,
    /// What keeps it from being redundant, in its own words.
    pub(super) trouble: Option<String>,
}

/// What a pod runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum App {
    Shop,
    TaskRunner,
}

/// One pod.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) app: App,
    pub(super) zone: String,
    pub(super) release: Release,
    pub(super) state: PodState,
    pub(super) pid: Option<u32>,
    pub(super) address: Option<SocketAddr>,
    /// The near end of the link by which the edge reaches it.
    pub(super) front: Option<SocketAddr>,
    /// It was ready once.
    pub(super) was_ready: bool,
    /// It is gone, and its replacement waits until then.
    pub(super) replace_at: Option<Instant>,
}

/// The load balancer.
#[derive(Debug, Default)]
pub(super) struct Edge {
    /// Kept when it crashes, so that its address stays.
    pub(super) address: Option<SocketAddr>,
    pub(super) running: bool,
    /// Pods that its health checks let take part.
    pub(super) in_rotation: BTreeSet<String>,
}

impl App {
    pub(super) const ALL: [Self; 2] = [Self::Shop, Self::TaskRunner];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::TaskRunner => "task-runner",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|app| app.as_str() == name)
    }

    /// How many the specification asks for.
    pub(super) fn replicas(self, spec: &StackSpec) -> usize {
        let replicas = match self {
            Self::Shop => spec.replicas,
            Self::TaskRunner => spec.task_runners,
        };
        usize::try_from(replicas).unwrap_or(usize::MAX)
    }
}

impl Pair {
    /// The zone of the server that takes writes.
    pub(super) fn primary_zone(&self) -> Option<&str> {
        let nodes = &self.seen.as_ref()?.nodes;
        let is_primary = |node: &&api::DatabaseNode| node.role == api::DatabaseRole::Primary;
        nodes.iter().find(is_primary).map(|node| node.zone.as_str())
    }

    /// Whether its standby could take over now without losing anything.
    pub(super) fn can_fail_over(&self) -> bool {
        let standby = |node: &api::DatabaseNode| node.role == api::DatabaseRole::Standby;
        let ready = |seen: &Database| seen.redundant && seen.nodes.iter().any(standby);
        !self.busy && self.seen.as_ref().is_some_and(ready)
    }
}

impl Pod {
    /// It runs, and is meant to go on.
    pub(super) fn is_staying(&self) -> bool {
        matches!(
            self.state,
            PodState::Starting | PodState::Ready | PodState::Unready
        )
    }
}

impl State {
    pub(super) fn new(spec: StackSpec) -> Self {
        let pairs = usize::try_from(spec.order_shards).unwrap_or(usize::MAX);
        Self {
            spec,
            isolation: Isolation::detect(),
            pods: Vec::new(),
            edge: Edge::default(),
            databases: vec![Pair::default(); pairs],
            mail_lost: false,
            changes: Changes::default(),
            restarts: BTreeMap::new(),
            scaled: None,
            rollouts: BTreeMap::new(),
            aims: BTreeMap::new(),
            next: BTreeMap::new(),
        }
    }

    /// What every pod of an app is to be: what the open changes say.
    pub(super) fn release(&self, app: App) -> Release {
        let deployed = match app {
            App::Shop => self.changes.deployed(),
            App::TaskRunner => None,
        };
        let own = self.spec.mischief;
        let (version, mischief) = match deployed {
            Some((version, bad)) => (version, own.answering_like(bad)),
            None => (self.spec.version.as_str(), own),
        };
        Release {
            version: version.to_owned(),
            mischief,
            restarts: self.restarts.get(&app).copied().unwrap_or(0),
        }
    }

    /// How often what an app's pods are to be has changed.
    pub(super) fn generation(&self, app: App) -> u64 {
        self.aims.get(&app).map_or(1, |(_, generation)| *generation)
    }

    /// Begins to bring every pod of an app to what it is to be now, if that has changed.
    pub(super) fn roll_out(&mut self, app: App, change: &str, way: Way) -> Option<&mut Rollout> {
        let to = self.release(app);
        let generation = self.generation(app);
        let from = self
            .aims
            .get(&app)
            .map_or_else(|| self.first_release(), |(at, _)| at.clone());
        if from == to {
            return None;
        }
        self.aims.insert(app, (to.clone(), generation + 1));
        let rollout = Rollout {
            change: change.to_owned(),
            from,
            to,
            way,
            judge: None,
        };
        self.rollouts.insert(app, rollout);
        self.rollouts.get_mut(&app)
    }

    fn first_release(&self) -> Release {
        Release {
            version: self.spec.version.clone(),
            mischief: self.spec.mischief,
            restarts: 0,
        }
    }

    /// How many pods an app is to have.
    pub(super) fn replicas(&self, app: App) -> usize {
        let scaled = self.scaled.filter(|_| app == App::Shop);
        scaled.unwrap_or_else(|| app.replicas(&self.spec))
    }

    /// Whether users' requests reach a pod, or for a task runner, whether it takes jobs.
    pub(super) fn serves(&self, pod: &Pod) -> bool {
        let reached = pod.app != App::Shop || self.edge.in_rotation.contains(&pod.name);
        pod.state == PodState::Ready && reached
    }

    /// Whether every pod of an app is what it is to be, serves, and none is missing.
    pub(super) fn is_settled(&self, app: App) -> bool {
        let release = self.release(app);
        let there = self
            .pods
            .iter()
            .filter(|pod| pod.app == app && pod.state != PodState::Gone);
        let fits = |pod: &Pod| pod.release == release && self.serves(pod);
        there.clone().all(fits) && there.count() == self.replicas(app)
    }

    /// A new pod's record, with the next number of its app.
    pub(super) fn add_pod(&mut self, app: App, zone: &str, release: Release) -> &Pod {
        let number = self.next.entry(app).or_insert(1);
        let name = format!("{}-{number}", app.as_str());
        *number += 1;
        self.pods.push(Pod {
            name,
            app,
            zone: zone.to_owned(),
            release,
            state: PodState::Starting,
            pid: None,
            address: None,
            front: None,
            was_ready: false,
            replace_at: None,
        });
        &self.pods[self.pods.len() - 1]
    }

    pub(super) fn pod(&self, name: &str) -> Option<&Pod> {
        self.pods.iter().find(|pod| pod.name == name)
    }

    pub(super) fn pod_mut(&mut self, name: &str) -> Option<&mut Pod> {
        self.pods.iter_mut().find(|pod| pod.name == name)
    }

    /// Whether a zone takes part: what the open changes say.
    pub(super) fn zone_state(&self, zone: &str) -> ZoneState {
        self.changes.zone_state(zone)
    }

    /// The zones that take part, in the specification's order.
    pub(super) fn zones_up(&self) -> Vec<&str> {
        let up = |zone: &&String| self.zone_state(zone) == ZoneState::Up;
        self.spec
            .zones
            .iter()
            .filter(up)
            .map(String::as_str)
            .collect()
    }

    pub(super) fn zone_address(&self, zone: &str) -> Option<IpAddr> {
        let index = self.spec.zones.iter().position(|name| name == zone)?;
        Some(self.isolation.address(index))
    }

    /// The zone of a database server that is there.
    pub(super) fn node_zone(&self, name: &str) -> Option<&str> {
        let mut nodes = self.database_nodes();
        let node = nodes.find(|node| node.name == name)?;
        (!node.zone.is_empty()).then_some(&*node.zone)
    }

    /// The servers of all pairs, and their read replicas.
    pub(super) fn database_nodes(&self) -> impl Iterator<Item = &api::DatabaseNode> {
        let seen = self.databases.iter().filter_map(|pair| pair.seen.as_ref());
        seen.flat_map(|seen| &seen.nodes)
    }

    /// Where a link to a database ends: in the zone of the pair's primary, or of the read replica.
    pub(super) fn database_zone(&self, name: &str) -> Option<&str> {
        match databases::index(name) {
            Some(index) => self.databases.get(index)?.primary_zone(),
            None => self.node_zone(name),
        }
    }
}
