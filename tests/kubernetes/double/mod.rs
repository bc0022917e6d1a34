//! An API server in the test's own process: it speaks the real REST API to the real client, and
//! behind it controllers do what a cluster's do.

mod answers;
mod controllers;
mod serve;
mod store;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::Store;
use tokio::sync::Notify;

pub(crate) use controllers::NAMESPACE;
use controllers::{cluster, is_ready, name, settle};

/// When the world stops, counted in calls that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// So many were answered, and the next one is held before anything is done.
    Answered(usize),
    /// So many were answered, and the next one is done but never answered.
    Unanswered(usize),
}

/// How the server misbehaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moods {
    /// So many of the next calls that change something are throttled.
    pub(crate) throttle: usize,
    /// After so many calls that change something nobody is known any more.
    pub(crate) expire_after: Option<usize>,
    /// So many of the next calls that change something are never answered.
    pub(crate) mute: usize,
    /// Calls whose method and path contain this fail with 500.
    pub(crate) fail: Option<String>,
    /// Rights that are missing: `create pods/eviction`.
    pub(crate) denied: BTreeSet<String>,
}

/// What all share.
pub(crate) struct World {
    state: Mutex<Inner>,
    reached: Condvar,
    /// A watch has something to tell.
    changed: Notify,
    began: Instant,
}

pub(crate) struct Inner {
    store: Store,
    moods: Moods,
    stop: Option<Stop>,
    /// The world has stopped where it was told to.
    stopped: bool,
    /// Calls that changed something, as they came: `PATCH /api/v1/nodes/node-b1`.
    calls: Vec<String>,
    agents: BTreeSet<String>,
    largest_page: usize,
}

/// The double; the server ends with it.
pub(crate) struct Double {
    world: Arc<World>,
    url: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Double {
    /// Nodes in these zones, so many pods `shop`.
    pub(crate) fn start(zones: &[&str], replicas: u32) -> Self {
        let world = Arc::new(World {
            state: Mutex::new(Inner {
                store: cluster(zones, replicas),
                moods: Moods::default(),
                stop: None,
                stopped: false,
                calls: Vec::new(),
                agents: BTreeSet::new(),
                largest_page: 0,
            }),
            reached: Condvar::new(),
            changed: Notify::new(),
            began: Instant::now(),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let url = serve::start(Arc::clone(&world), stopped);
        Self {
            world,
            url,
            stop: Some(stop),
        }
    }

    /// Writes a kubeconfig that leads here.
    pub(crate) fn kubeconfig(&self, folder: &Path) -> String {
        let path = folder.join("kubeconfig");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "double",
            "clusters": [{ "name": "double", "cluster": { "server": self.url } }],
            "users": [{ "name": "tester", "user": { "token": TOKEN } }],
            "contexts": [{ "name": "double", "context": {
                "cluster": "double", "user": "tester", "namespace": NAMESPACE,
            } }],
        });
        std::fs::write(&path, config.to_string()).expect("a kubeconfig");
        path.display().to_string()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.world.inner()
    }

    /// From now on it misbehaves like this.
    pub(crate) fn moods(&self, moods: Moods) {
        self.inner().moods = moods;
    }

    /// Changes resources as an administrator would.
    pub(crate) fn put(&self, plural: &str, object: Value) {
        self.inner().store.put(plural, object);
        self.world.changed.notify_waiters();
    }

    /// Changes every resource of a kind.
    pub(crate) fn each(&self, plural: &str, change: impl Fn(&mut Value)) {
        let mut inner = self.inner();
        for mut object in inner.store.all(plural) {
            change(&mut object);
            inner.store.put(plural, object);
        }
        drop(inner);
        self.world.changed.notify_waiters();
    }

    /// Forgets what happened so far: watches have to list again.
    pub(crate) fn compact(&self) {
        self.inner().store.compact();
        self.world.changed.notify_waiters();
    }

    /// A budget that keeps so many pods of the shop.
    pub(crate) fn budget(&self, name: &str, at_least: u32) {
        self.put(
            "poddisruptionbudgets",
            json!({
                "metadata": { "name": name, "namespace": NAMESPACE },
                "spec": { "minAvailable": at_least,
                    "selector": { "matchLabels": { "app": "shop" } } },
            }),
        );
    }

    /// The calls that changed something so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    /// Who has asked.
    pub(crate) fn agents(&self) -> BTreeSet<String> {
        self.inner().agents.clone()
    }

    /// All resources of a kind.
    pub(crate) fn all(&self, plural: &str) -> Vec<Value> {
        self.inner().store.all(plural)
    }

    /// Stops the world there, from the next call that changes something on.
    pub(crate) fn stop_at(&self, stop: Stop) {
        let mut inner = self.inner();
        inner.calls.clear();
        inner.stop = Some(stop);
        inner.stopped = false;
    }

    /// Waits until the world has stopped, or `ended` says that it never will.
    pub(crate) fn stops(&self, mut ended: impl FnMut() -> bool) -> bool {
        let mut inner = self.inner();
        while !inner.stopped {
            if ended() {
                return false;
            }
            let step = Duration::from_millis(20);
            inner = self
                .world
                .reached
                .wait_timeout(inner, step)
                .expect("sound")
                .0;
        }
        true
    }

    /// The world goes on, for whoever comes next.
    pub(crate) fn go_on(&self) {
        let mut inner = self.inner();
        inner.stop = None;
        inner.stopped = false;
    }

    /// All resources as they are.
    pub(crate) fn photograph(&self) -> Store {
        self.inner().store.clone()
    }

    /// All resources as they were then.
    pub(crate) fn put_back(&self, photograph: &Store) {
        let mut inner = self.inner();
        inner.store = photograph.clone();
        inner.store.version += 1000;
        inner.store.compact();
    }

    /// What differs from the start, in words; pods may have other names.
    pub(crate) fn wounds(&self, replicas: usize) -> Vec<String> {
        let store = &self.inner().store;
        let mut wounds = Vec::new();
        for node in store.all("nodes") {
            if node["spec"]["unschedulable"] == json!(true) {
                wounds.push(format!("{} is cordoned", name(&node)));
            }
        }
        for kind in ["nodes", "pods", "deployments", "networkpolicies"] {
            for object in store.all(kind) {
                let metadata = &object["metadata"];
                let marked = |key: &str| {
                    let all = metadata[key].as_object();
                    all.into_iter()
                        .flatten()
                        .any(|(key, _)| key.starts_with("loadtest/") && key != "loadtest/allow")
                };
                if marked("labels") || marked("annotations") {
                    wounds.push(format!("{kind} {} carries marks", name(&object)));
                }
            }
        }
        let ready = store.all("pods").iter().filter(|pod| is_ready(pod)).count();
        if ready != replicas {
            wounds.push(format!("{ready} of {replicas} pods are ready"));
        }
        for deployment in store.all("deployments") {
            if deployment["spec"]["replicas"] != json!(replicas) {
                wounds.push(format!("scaled to {}", deployment["spec"]["replicas"]));
            }
        }
        if !store.all("networkpolicies").is_empty() {
            wounds.push("a network policy".to_owned());
        }
        wounds
    }

    /// The largest page that anybody asked for; 0: somebody asked for everything at once.
    pub(crate) fn largest_page(&self) -> usize {
        self.inner().largest_page
    }
}

/// Never to be seen anywhere.
pub(crate) const TOKEN: &str = "a-secret-token";

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl World {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().expect("no test panicked with it")
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Controllers take their turn.
    fn turn(&self) {
        let now = self.now_ms();
        let mut inner = self.inner();
        if settle(&mut inner.store, now) {
            drop(inner);
            self.changed.notify_waiters();
        }
    }
}
