//! What a fault did to users in detail: by class of requests, by stage, and moment by moment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::ControlEvent;

/// What a fault did to one class of requests. Instants are run time, microseconds.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct ClassImpact {
    /// `all`, `reads`, `writes`, `buy`, `buy reads`, `buy writes`.
    pub class: String,
    /// The journey; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<String>,
    /// Only writes, or only reads; absent for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<bool>,
    /// Requests that ended since the fault was accepted, until its window was over.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// End of the first failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error_us: Option<u64>,
    /// T4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_success_us: Option<u64>,
    /// T5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_us: Option<u64>,
    /// T5 − T0, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<f64>,
    /// Longest stretch without any success, seconds.
    pub dead_window_seconds: f64,
    /// Time in which some were served but the SLO was missed, seconds.
    pub brown_out_seconds: f64,
}

/// One step of what the time between a fault and its end was spent on.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Stage {
    /// Who waited for it.
    pub towards: Towards,
    /// `promotion`, `pools reconnect` …
    pub name: String,
    /// Its start, run time.
    pub from_us: u64,
    /// Its end, run time.
    pub to_us: u64,
}

impl Stage {
    /// Microseconds.
    #[must_use]
    pub fn length_us(&self) -> u64 {
        self.to_us.saturating_sub(self.from_us)
    }
}

/// One outage by two witnesses who know nothing of each other: clients, and the infrastructure's
/// own log. Instants are run time, microseconds.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Check {
    /// From here on requests that were sent failed, or nobody was served.
    pub clients_from_us: u64,
    /// Until here.
    pub clients_to_us: u64,
    /// What broke, by the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_from: Option<ControlEvent>,
    /// What routed around it, by the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_to: Option<ControlEvent>,
}

/// Who waits for a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Towards {
    /// Users: T0 to T5.
    Users,
    /// The next fault: T0 to T7.
    Redundancy,
}

/// Requests that ended around a fault, in short buckets.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct CloseUp {
    /// Start of the first bucket, run time.
    pub from_us: u64,
    /// Length of a bucket, microseconds: a multiple of 10 ms.
    pub bucket_us: u64,
    /// Successes per bucket.
    pub ok: Vec<u64>,
    /// Failures per bucket.
    pub failed: Vec<u64>,
    /// The canaries' successes per bucket; empty without canaries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canary_ok: Vec<u64>,
    /// The canaries' failures per bucket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canary_failed: Vec<u64>,
}
