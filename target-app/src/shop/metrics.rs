//! What a pod counts.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::{HeaderValue, Method};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::ShopConfig;
use crate::service::exposition::seconds_histogram;
use crate::service::slots::Slots;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServerLabels {
    server: String,
}

/// What became of an order that someone placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderOutcome {
    Placed,
    Repeated,
    Refused,
    Failed,
    Unknown,
}

impl OrderOutcome {
    fn label(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// A pod's metrics, and its names as header values, made once.
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) pod: HeaderValue,
    pub(crate) zone: HeaderValue,
    pub(crate) version: HeaderValue,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    orders: Family<OutcomeLabels, Counter>,
    pool: Family<StateLabels, Gauge>,
    writable: Gauge,
    cpu: Counter<f64, AtomicU64>,
    slots: Family<StateLabels, Gauge>,
    database_work: Family<ServerLabels, Histogram, fn() -> Histogram>,
}

impl Metrics {
    /// `database_seconds` is observed by whoever asks the database.
    pub(crate) fn new(config: &ShopConfig, database_seconds: Histogram) -> Self {
        let mut registry = Registry::with_prefix_and_labels(
            "shop",
            [
                ("pod".into(), config.pod.clone().into()),
                ("zone".into(), config.zone.clone().into()),
            ]
            .into_iter(),
        );
        let requests = Family::new_with_constructor(seconds_histogram as fn() -> Histogram);
        let in_flight = Gauge::default();
        let orders = Family::default();
        let pool = Family::default();
        let writable = Gauge::default();
        let build = Family::<BuildLabels, Gauge>::default();
        let version = config.version.clone();
        build.get_or_create(&BuildLabels { version }).set(1);
        registry.register("build_info", "1, under the version that runs", build);
        registry.register(
            "http_request_duration_seconds",
            "From the request's head to the response's head",
            requests.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests without a response yet",
            in_flight.clone(),
        );
        registry.register("orders", "Orders by what became of them", orders.clone());
        let cpu = Counter::default();
        registry.register(
            "process_cpu_seconds",
            "CPU time that the pod has used",
            cpu.clone(),
        );
        registry.register(
            "database_seconds",
            "One use of the database: a query, or a whole transaction with its commit",
            database_seconds,
        );
        registry.register(
            "database_connections",
            "Pool connections by state; waiting: requests without one",
            pool.clone(),
        );
        registry.register(
            "database_writable",
            "1 while the database takes writes",
            writable.clone(),
        );
        let slots = Family::default();
        let database_work = Family::new_with_constructor(seconds_histogram as fn() -> Histogram);
        if config.work.is_some() {
            registry.register(
                "slots",
                "What the pod can do at once, by state; waiting: requests without a slot",
                slots.clone(),
            );
        }
        if config.database_work.is_some() {
            registry.register(
                "database_work_seconds",
                "From asking for a slot of a database server until its stated time was over",
                database_work.clone(),
            );
        }
        Self {
            registry,
            pod: header(&config.pod),
            zone: header(&config.zone),
            version: header(&config.version),
            requests,
            in_flight,
            orders,
            pool,
            writable,
            cpu,
            slots,
            database_work,
        }
    }

    /// Counts a request as in flight until the guard is dropped, also when its client goes away.
    pub(crate) fn enter(&self) -> impl Drop + use<> {
        struct InFlight(Gauge);
        impl Drop for InFlight {
            fn drop(&mut self) {
                self.0.dec();
            }
        }
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub(crate) fn request(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            method: method_label(method),
            route: route.to_owned(),
            status,
        };
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    pub(crate) fn order(&self, outcome: OrderOutcome) {
        let outcome = outcome.label();
        self.orders.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Where a database server's work is measured.
    pub(crate) fn database_work(&self, server: &str) -> Histogram {
        let server = server.to_owned();
        let labels = ServerLabels { server };
        self.database_work.get_or_create(&labels).clone()
    }

    /// Takes over how the pod's slots are now.
    pub(crate) fn set_slots(&self, slots: &Slots) {
        for (state, number) in [
            ("held", slots.held()),
            ("most", slots.count()),
            ("waiting", slots.waiting()),
        ] {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            self.slots.get_or_create(&StateLabels { state }).set(number);
        }
    }

    /// Takes over what is read only when someone looks.
    pub(crate) fn look(&self, pool: &deadpool_postgres::Status, writable: bool) {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        for (state, number) in [
            ("idle", count(pool.available)),
            ("used", count(pool.size.saturating_sub(pool.available))),
            ("most", count(pool.max_size)),
            ("waiting", count(pool.waiting)),
        ] {
            self.pool.get_or_create(&StateLabels { state }).set(number);
        }
        self.writable.set(i64::from(writable));
        let used = cpu_seconds() - self.cpu.get();
        self.cpu.inc_by(used.max(0.0));
    }
}

/// CPU time of this process so far.
fn cpu_seconds() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// Methods that we serve by name, and the inventions of clients as one.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "other",
    }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
}
