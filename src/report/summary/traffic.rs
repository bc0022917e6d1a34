//! What the requests came to: in all, by journey, step, phase and error.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::outcome::ErrorKind;
use crate::measure::window::PhaseKind;

/// Quantiles of a time, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Latency {
    /// Requests that they rest on.
    pub count: u64,
    /// Half are at most this.
    pub p50: u64,
    /// 90 % are at most this.
    pub p90: u64,
    /// 95 %.
    pub p95: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p99_9: u64,
    /// The slowest.
    pub max: u64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Latency {
    /// Of recorded times, microseconds; none of nothing.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let at = |q| histogram.value_at_quantile(q);
        (!histogram.is_empty()).then(|| Self {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p99_9: at(0.999),
            max: histogram.max(),
            // A bucket's middle is known to three digits; more would only look exact.
            mean: (histogram.mean() * 10.0).round() / 10.0,
        })
    }
}

/// All requests.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Requests {
    /// Requests that ended.
    pub total: u64,
    /// Of those, not as the step expects.
    pub failed: u64,
    /// 1 − failed ÷ total. Absent without requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<f64>,
    /// Requests per second over the run.
    pub rate: f64,
    /// Iterations that the open-model schedules called for.
    pub scheduled: u64,
    /// Of those, started.
    pub started: u64,
    /// Iterations that ended, of all loads.
    pub iterations: u64,
    /// Scheduled iterations per second over the run. Absent without an open-model load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_rate: Option<f64>,
    /// Started iterations per second over the run. Absent without an open-model load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_rate: Option<f64>,
    /// Body bytes sent.
    pub bytes_sent: u64,
    /// Body bytes received.
    pub bytes_received: u64,
    /// From the intended start to the last byte, all answers and failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_us: Option<Latency>,
    /// From the send to the last byte, all answers and failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time_us: Option<Latency>,
}

/// One user path.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Journey {
    /// As the scenario names it.
    pub name: String,
    /// Requests.
    pub count: u64,
    /// Of those, failed.
    pub failed: u64,
    /// From the intended start to the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_us: Option<Latency>,
    /// From the send to the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time_us: Option<Latency>,
}

/// One request of a journey.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Step {
    /// Its journey's name.
    pub journey: String,
    /// As the scenario names it.
    pub step: String,
    /// `GET`, `POST` …
    pub method: String,
    /// Whether it changes something.
    pub write: bool,
    /// Requests.
    pub count: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Failures by kind.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "$ref": "#/$defs/ErrorKind" }))]
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Answers by status.
    #[serde(default)]
    pub statuses: BTreeMap<u16, u64>,
    /// From the intended start to the last byte, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_us: Option<Latency>,
    /// From the send to the last byte, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time_us: Option<Latency>,
    /// As `response_time_us`, successes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok_response_time_us: Option<Latency>,
    /// As `service_time_us`, successes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok_service_time_us: Option<Latency>,
}

/// A labelled stretch of time. Every second belongs to the phase that says most about it: a fault's
/// window before recovery, ramp and steady, so that nothing but undisturbed seconds is steady.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Phase {
    /// `steady`, or the fault's name.
    pub name: String,
    /// What it is.
    pub kind: PhaseKind,
    /// Start, run time.
    pub from_us: u64,
    /// End, run time.
    pub to_us: u64,
    /// Requests.
    pub count: u64,
    /// Of those, failed.
    pub failed: u64,
    /// From the intended start to the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_us: Option<Latency>,
    /// From the send to the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time_us: Option<Latency>,
}

/// Failures of one kind at one step.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Its journey's name.
    pub journey: String,
    /// The step's name.
    pub step: String,
    /// Why.
    pub kind: ErrorKind,
    /// How many.
    pub count: u64,
    /// Start of the second in which the first ended, run time.
    pub first_us: u64,
    /// End of the second in which the last ended, run time.
    pub last_us: u64,
    /// One of them: what was expected and what came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Its request: `METHOD path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Its answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The pod that answered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Its trace id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// One of the slowest requests of a run.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct SlowRow {
    /// Its journey's name.
    pub journey: String,
    /// The step's name.
    pub step: String,
    /// When it ended, run time.
    pub at_us: u64,
    /// From the intended start to the last byte.
    pub response_us: u64,
    /// From the send to the last byte.
    pub service_us: u64,
    /// Whether it failed.
    pub failed: bool,
    /// `METHOD path`.
    pub request: String,
    /// Its answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The pod that answered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Its trace id, by which its log lines are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}
