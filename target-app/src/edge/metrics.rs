//! What the edge counts, by target.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::service::exposition::seconds_histogram;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    target: String,
    zone: String,
    version: String,
}

/// The edge's metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    pub(super) unroutable: Counter,
    pub(super) connections: Gauge,
    requests: Family<TargetLabels, Counter>,
    failures: Family<TargetLabels, Counter>,
    in_flight: Family<TargetLabels, Gauge>,
    healthy: Family<TargetLabels, Gauge>,
    seconds: Family<TargetLabels, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("edge"),
            unroutable: Counter::default(),
            connections: Gauge::default(),
            requests: Family::default(),
            failures: Family::default(),
            in_flight: Family::default(),
            healthy: Family::default(),
            seconds: Family::new_with_constructor(seconds_histogram),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "unroutable_requests",
            "Requests that no target was asked for",
            metrics.unroutable.clone(),
        );
        registry.register(
            "client_connections",
            "Shoppers' connections open now",
            metrics.connections.clone(),
        );
        registry.register(
            "target_requests",
            "Requests sent to a target, or attempted",
            metrics.requests.clone(),
        );
        registry.register(
            "target_failures",
            "Requests answered 5xx, not answered or broken off",
            metrics.failures.clone(),
        );
        registry.register(
            "target_requests_in_flight",
            "Requests without an end yet",
            metrics.in_flight.clone(),
        );
        registry.register(
            "target_healthy",
            "1 while health checks succeed",
            metrics.healthy.clone(),
        );
        registry.register(
            "target_duration_seconds",
            "From the first byte sent to the last received",
            metrics.seconds.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// One target's metrics, looked up once and not for each request.
    pub(super) fn of_target(&self, target: &str, zone: &str, version: &str) -> TargetMetrics {
        let labels = TargetLabels {
            target: target.into(),
            zone: zone.into(),
            version: version.into(),
        };
        TargetMetrics {
            requests: self.requests.get_or_create_owned(&labels),
            failures: self.failures.get_or_create_owned(&labels),
            in_flight: self.in_flight.get_or_create_owned(&labels),
            healthy: self.healthy.get_or_create_owned(&labels),
            seconds: self.seconds.get_or_create_owned(&labels),
        }
    }
}

/// One target's metrics.
#[derive(Debug)]
pub(super) struct TargetMetrics {
    requests: Counter,
    failures: Counter,
    in_flight: Gauge,
    healthy: Gauge,
    seconds: Histogram,
}

impl TargetMetrics {
    pub(super) fn began(&self) {
        self.requests.inc();
        self.in_flight.inc();
    }

    pub(super) fn ended(&self, took: Duration, failed: bool) {
        self.in_flight.dec();
        self.seconds.observe(took.as_secs_f64());
        if failed {
            self.failures.inc();
        }
    }

    pub(super) fn healthy(&self, healthy: bool) {
        self.healthy.set(i64::from(healthy));
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.get()
    }

    pub(super) fn in_flight(&self) -> u64 {
        u64::try_from(self.in_flight.get()).unwrap_or(0)
    }
}
