//! A target as the edge knows it: its connections, its health, its numbers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio_rustls::TlsConnector;

use super::admin_api::{Counts, Target, TargetState, TargetStats};
use super::balance::Candidate;
use super::dial::Dial;
use super::events::Events;
use super::health::Health;
use super::metrics::{Metrics, TargetMetrics};
use super::upstream::Upstream;
use super::{EdgeConfig, HealthCheck};

/// One target.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) version: String,
    pub(super) address: SocketAddr,
    pub(super) pod_header: HeaderValue,
    pub(super) zone_header: HeaderValue,
    pub(super) upstream: Upstream,
    pub(super) metrics: TargetMetrics,
    weight: AtomicU32,
    draining: AtomicBool,
    /// Not in the list of targets any more.
    removed: AtomicBool,
    /// A copy of what `health` says, for the hot path.
    healthy: AtomicBool,
    health: Mutex<Health>,
    /// Why the last check failed, if it did.
    trouble: Mutex<Option<String>>,
    health_config: HealthCheck,
    events: Arc<Events>,
    credit: AtomicI64,
    total_us: AtomicU64,
    max_us: AtomicU64,
}

impl Backend {
    pub(super) fn new(
        target: &Target,
        config: &EdgeConfig,
        events: Arc<Events>,
        metrics: &Metrics,
        tls: Option<TlsConnector>,
    ) -> Self {
        Self {
            name: target.name.clone(),
            zone: target.zone.clone(),
            version: target.version.clone(),
            address: target.address,
            pod_header: header(&target.name),
            zone_header: header(&target.zone),
            upstream: Upstream::new(
                Dial::new(&target.name, target.address, tls),
                Duration::from_millis(config.connect_timeout_ms),
                Duration::from_millis(config.response_timeout_ms),
            ),
            metrics: metrics.of_target(&target.name, &target.zone, &target.version),
            weight: AtomicU32::new(target.weight),
            draining: AtomicBool::new(target.state == TargetState::Draining),
            removed: AtomicBool::new(false),
            healthy: AtomicBool::new(false),
            health: Mutex::default(),
            trouble: Mutex::default(),
            health_config: config.health.clone(),
            events,
            credit: AtomicI64::new(0),
            total_us: AtomicU64::new(0),
            max_us: AtomicU64::new(0),
        }
    }

    /// Whether this is the same server, so that its state can be kept.
    pub(super) fn is(&self, target: &Target) -> bool {
        self.name == target.name
            && self.zone == target.zone
            && self.version == target.version
            && self.address == target.address
    }

    /// Takes over what may change about a target; answers whether its weight did.
    pub(super) fn update(&self, target: &Target) -> bool {
        let draining = target.state == TargetState::Draining;
        self.draining.store(draining, Ordering::Relaxed);
        self.weight.swap(target.weight, Ordering::Relaxed) != target.weight
    }

    /// What it was owed by other weights is not owed any more.
    pub(super) fn forget_credit(&self) {
        self.credit.store(0, Ordering::Relaxed);
    }

    /// Ends checks and events about it: what happens to it now is nobody's concern here.
    pub(super) fn remove(&self) {
        self.removed.store(true, Ordering::Relaxed);
        self.upstream.close_idle();
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Relaxed)
    }

    pub(super) fn is_active(&self) -> bool {
        !self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Counts a check, or an attempt to connect, and tells when that changes things.
    pub(super) fn record_health(&self, outcome: Result<(), String>) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let turned = health.record(outcome.is_ok(), &self.health_config);
        let healthy = health.is_healthy();
        drop(health);
        *self.trouble() = outcome.as_ref().err().cloned();
        if !turned || self.is_removed() {
            return;
        }
        self.healthy.store(healthy, Ordering::Relaxed);
        self.metrics.healthy(healthy);
        if !healthy {
            // Whatever took it down may have left them half dead.
            self.upstream.close_idle();
        }
        let reason = outcome.err().unwrap_or_else(|| "checks succeed".into());
        tracing::info!(
            target = self.name,
            zone = self.zone,
            healthy,
            reason,
            "target turned"
        );
        self.events.note(&self.name, &self.zone, healthy, reason);
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request; the guard ends it.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        self.metrics.began();
        Exchange {
            backend: Arc::clone(self),
            started: Instant::now(),
            failed: false,
        }
    }

    pub(super) fn stats(&self) -> TargetStats {
        let requests = self.metrics.requests();
        let in_flight = self.metrics.in_flight();
        let ended = requests.saturating_sub(in_flight).max(1);
        TargetStats {
            zone: self.zone.clone(),
            version: self.version.clone(),
            address: self.address,
            state: if self.is_active() {
                TargetState::Active
            } else {
                TargetState::Draining
            },
            healthy: self.is_healthy(),
            trouble: self.trouble().clone(),
            counts: Counts {
                requests,
                failures: self.metrics.failures(),
                in_flight,
                mean_us: self.total_us.load(Ordering::Relaxed) / ended,
                max_us: self.max_us.load(Ordering::Relaxed),
            },
        }
    }
}

impl Candidate for Arc<Backend> {
    fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }
    fn in_flight(&self) -> u64 {
        self.metrics.in_flight()
    }
    fn credit(&self) -> &AtomicI64 {
        &self.credit
    }
}

/// A request on its way: in flight until dropped, which is when it is timed.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) backend: Arc<Backend>,
    started: Instant,
    failed: bool,
}

impl Exchange {
    /// The target failed it: 5xx, no answer, or half an answer.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.backend.total_us.fetch_add(us, Ordering::Relaxed);
        self.backend.max_us.fetch_max(us, Ordering::Relaxed);
        self.backend.metrics.ended(took, self.failed);
    }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
}
