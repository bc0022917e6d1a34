//! `--prometheus`: the run's own figures as Prometheus reads them, while it lasts.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use hdrhistogram::Histogram as Recorded;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use target_app::service::exposition;

use crate::chaos::record::{ChaosEvent, ChaosEventKind};
use crate::cli::UsageError;
use crate::measure::interval::Interval;
use crate::scenario::Scenario;

/// From what a cache answers to what a person gives up on, seconds.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    journey: String,
    step: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    journey: String,
    step: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    scenario: String,
    run: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    fault: String,
}

/// What is told; shared with the server by reference counts.
#[derive(Debug, Clone)]
pub(super) struct Exposition {
    response: Family<StepLabels, Histogram, fn() -> Histogram>,
    requests: Family<ResultLabels, Counter>,
    offered: Counter,
    started: Counter,
    in_progress: Gauge,
    faults: Family<FaultLabels, Gauge>,
}

fn buckets() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Exposition {
    fn default() -> Self {
        Self {
            response: Family::new_with_constructor(buckets as fn() -> Histogram),
            requests: Family::default(),
            offered: Counter::default(),
            started: Counter::default(),
            in_progress: Gauge::default(),
            faults: Family::default(),
        }
    }
}

impl Exposition {
    /// Nothing told yet, of faults that all wait.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let exposition = Self::default();
        for fault in &scenario.faults {
            exposition.fault(&fault.name).set(0);
        }
        exposition
    }

    /// What is told, under its names.
    pub(super) fn registry(&self, scenario: &Scenario, run: &str) -> Registry {
        let mut registry = Registry::with_prefix("loadtest");
        // OpenMetrics has a type of its own for this, which older servers do not know.
        let about = Family::<RunLabels, Gauge>::default();
        let labels = RunLabels {
            scenario: scenario.name.clone(),
            run: run.to_owned(),
        };
        about.get_or_create(&labels).set(1);
        registry.register("run_info", "The run that is measured", about);
        registry.register_with_unit(
            "response_time",
            "From the intended start to the last byte, failures as well",
            Unit::Seconds,
            self.response.clone(),
        );
        registry.register("requests", "Requests that ended", self.requests.clone());
        registry.register(
            "iterations_offered",
            "Iterations that open-model schedules called for",
            self.offered.clone(),
        );
        registry.register(
            "iterations_started",
            "Of those, started",
            self.started.clone(),
        );
        registry.register(
            "iterations_in_progress",
            "Most iterations at once in the last second",
            self.in_progress.clone(),
        );
        registry.register(
            "fault_active",
            "1 from a fault's acceptance until it is undone, or has healed",
            self.faults.clone(),
        );
        registry
    }

    /// Takes in a second.
    pub(super) fn interval(&self, scenario: &Scenario, interval: &Interval) {
        self.offered.inc_by(interval.scheduled);
        self.started.inc_by(interval.started);
        let in_progress = i64::try_from(interval.users).unwrap_or(i64::MAX);
        self.in_progress.set(in_progress);
        for of in &interval.steps {
            let step = &scenario.steps[of.step];
            let journey = scenario.journeys[step.journey].name.clone();
            let labels = StepLabels {
                journey,
                step: step.name.clone(),
            };
            let response = self.response.get_or_create(&labels);
            observe(&response, &of.ok_response_us);
            observe(&response, &of.failed_response_us);
            for (result, count) in [
                ("ok", of.ok_response_us.len()),
                ("failed", of.failed_response_us.len()),
            ] {
                let labels = ResultLabels {
                    journey: labels.journey.clone(),
                    step: labels.step.clone(),
                    result,
                };
                self.requests.get_or_create(&labels).inc_by(count);
            }
        }
    }

    /// Takes in what became of a fault.
    pub(super) fn chaos(&self, scenario: &Scenario, event: &ChaosEvent) {
        let Some(fault) = event.fault else { return };
        let active = match event.what {
            ChaosEventKind::Accepted => 1,
            ChaosEventKind::Undone | ChaosEventKind::Restored => 0,
            _ => return,
        };
        self.fault(&scenario.faults[fault].name).set(active);
    }

    fn fault(&self, name: &str) -> Gauge {
        let labels = FaultLabels {
            fault: name.to_owned(),
        };
        self.faults.get_or_create(&labels).clone()
    }
}

/// Serves a page until the task is aborted; answers with the address.
///
/// # Errors
/// The address cannot be listened to.
pub(super) async fn serve(
    address: SocketAddr,
    registry: Arc<Registry>,
) -> anyhow::Result<(SocketAddr, impl Future<Output = ()> + Send + 'static)> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| UsageError(format!("--prometheus {address}: {error}")))?;
    let bound = listener.local_addr()?;
    let page = move |headers: HeaderMap| {
        let registry = Arc::clone(&registry);
        async move { exposition::page(&registry, &headers) }
    };
    let router = Router::new().route("/metrics", get(page));
    let served = async move {
        if let Err(error) = axum::serve(listener, router).await {
            log::warn!("--prometheus: {error}");
        }
    };
    Ok((bound, served))
}

/// Recorded to three digits, which is closer than any bucket.
fn observe(histogram: &Histogram, recorded: &Recorded<u64>) {
    for value in recorded.iter_recorded() {
        let seconds = value.value_iterated_to() as f64 / 1e6;
        for _ in 0..value.count_at_value() {
            histogram.observe(seconds);
        }
    }
}
