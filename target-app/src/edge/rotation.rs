//! Who is in rotation, and what all requests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::TlsConnector;

use super::admin_api::{Counts, Injection, Stats, Target};
use super::backend::Backend;
use super::balance;
use super::cdn::Cdn;
use super::events::Events;
use super::metrics::Metrics;
use super::near::Origin;
use super::{EdgeConfig, health};
use crate::api::Instant;

/// The load balancer's state.
pub(super) struct Edge {
    pub(super) config: EdgeConfig,
    pub(super) response_timeout: Duration,
    pub(super) events: Arc<Events>,
    pub(super) metrics: Metrics,
    /// None: nothing is kept.
    pub(super) cdn: Option<Arc<Cdn>>,
    /// None: targets are asked in clear.
    target_tls: Option<TlsConnector>,
    backends: RwLock<Arc<[Arc<Backend>]>>,
    /// Removed, with requests in flight.
    leaving: Mutex<Vec<Arc<Backend>>>,
    injections: RwLock<Arc<[Injection]>>,
}

impl Edge {
    /// An edge with the targets of its configuration, whose checks begin at once; `target_tls` is
    /// how they are asked.
    pub(super) fn new(config: EdgeConfig, target_tls: Option<TlsConnector>) -> Self {
        let mut metrics = Metrics::default();
        let cdn = config.cdn.clone();
        let cdn = cdn.map(|cdn| Arc::new(Cdn::new(cdn, &mut metrics.registry)));
        let edge = Self {
            response_timeout: Duration::from_millis(config.response_timeout_ms),
            events: Arc::default(),
            metrics,
            cdn,
            target_tls,
            backends: RwLock::new(Arc::new([])),
            leaving: Mutex::default(),
            injections: RwLock::new(Arc::new([])),
            config,
        };
        edge.set_targets(&edge.config.targets);
        edge
    }

    /// Replaces the list of targets. Those that stay keep their health, connections and numbers;
    /// those that go finish what they have.
    pub(super) fn set_targets(&self, targets: &[Target]) {
        let mut backends = self
            .backends
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut weighed_anew = false;
        let next: Arc<[_]> = targets
            .iter()
            .map(
                |target| match backends.iter().find(|known| known.is(target)) {
                    Some(known) => {
                        weighed_anew |= known.update(target);
                        Arc::clone(known)
                    }
                    None => self.enter(target),
                },
            )
            .collect();
        if weighed_anew {
            // Credits are in units of weight: old ones would give somebody turns without end.
            next.iter().for_each(|backend| backend.forget_credit());
        }
        let mut leaving = self.leaving();
        for old in backends.iter() {
            if !next.iter().any(|new| Arc::ptr_eq(old, new)) {
                old.remove();
                leaving.push(Arc::clone(old));
            }
        }
        *backends = next;
    }

    fn enter(&self, target: &Target) -> Arc<Backend> {
        let events = Arc::clone(&self.events);
        let tls = self.target_tls.clone();
        let backend = Backend::new(target, &self.config, events, &self.metrics, tls);
        let backend = Arc::new(backend);
        let checks = health::watch(Arc::downgrade(&backend), self.config.health.clone());
        tokio::spawn(checks);
        backend
    }

    /// A target to ask that is not among those `tried`: one that its origin prefers if there is
    /// one in rotation, else any.
    pub(super) fn choose(&self, tried: &[Arc<Backend>], origin: &Origin) -> Option<Arc<Backend>> {
        let backends = Arc::clone(&self.backends.read().unwrap_or_else(PoisonError::into_inner));
        let untried = |backend: &Arc<Backend>| {
            backend.is_active() && !tried.iter().any(|other| Arc::ptr_eq(other, backend))
        };
        let in_rotation = |backend: &Arc<Backend>| backend.is_healthy() && untried(backend);
        let policy = self.config.policy;
        let regions = self.config.regions.as_ref();
        let near = balance::choose(&backends, policy, |backend| {
            origin.prefers(&backend.zone, regions) == Some(true) && in_rotation(backend)
        });
        let chosen = near
            .or_else(|| balance::choose(&backends, policy, in_rotation))
            .or_else(|| {
                let open = self.config.fail_open;
                open.then(|| balance::choose(&backends, policy, untried))?
            });
        chosen.cloned()
    }

    /// Faults ordered now.
    pub(super) fn injections(&self) -> Arc<[Injection]> {
        let injections = self.injections.read();
        Arc::clone(&injections.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the faults.
    pub(super) fn set_injections(&self, injections: Vec<Injection>) {
        *self
            .injections
            .write()
            .unwrap_or_else(PoisonError::into_inner) = injections.into();
    }

    /// The numbers so far.
    pub(super) fn stats(&self) -> Stats {
        let backends = self.backends.read();
        let backends = Arc::clone(&backends.unwrap_or_else(PoisonError::into_inner));
        let mut stats = Stats {
            at: Some(Instant::now()),
            unroutable: self.metrics.unroutable.get(),
            connections: u64::try_from(self.metrics.connections.get()).unwrap_or(0),
            ..Stats::default()
        };
        // Whoever is in the list last wins: a target that came back under its old name.
        for backend in self.leaving().iter().chain(backends.iter()) {
            stats.targets.insert(backend.name.clone(), backend.stats());
        }
        for target in stats.targets.values() {
            add(&mut stats.zones, &target.zone, target.counts);
        }
        stats
    }

    /// Those that were removed and have not finished.
    fn leaving(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Backend>>> {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.retain(|backend| backend.stats().counts.in_flight > 0);
        leaving
    }
}

fn add(zones: &mut BTreeMap<String, Counts>, zone: &str, counts: Counts) {
    let sum = zones.entry(zone.to_owned()).or_default();
    let requests = sum.requests + counts.requests;
    let weighted = sum.mean_us * sum.requests + counts.mean_us * counts.requests;
    *sum = Counts {
        requests,
        failures: sum.failures + counts.failures,
        in_flight: sum.in_flight + counts.in_flight,
        mean_us: weighted / requests.max(1),
        max_us: sum.max_us.max(counts.max_us),
    };
}
