//! Figures over time and over quantiles, small enough to draw.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Heat;
use crate::measure::outcome::ErrorKind;
use crate::measure::window::PhaseKind;

/// Figures over time: columns of equal length, one entry per bucket, from run time 0.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Timeline {
    /// Length of a bucket, whole seconds.
    pub bucket_seconds: u64,
    /// Requests that ended in it.
    pub requests: Vec<u64>,
    /// Of those, failed, by kind; kinds without failures are left out.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "$ref": "#/$defs/ErrorKind" }))]
    pub errors: BTreeMap<ErrorKind, Vec<u64>>,
    /// Iterations that the open-model schedules called for; empty without an open-model load.
    #[serde(default)]
    pub scheduled: Vec<u64>,
    /// Of those, started.
    #[serde(default)]
    pub started: Vec<u64>,
    /// Most iterations in progress at once.
    pub users: Vec<u64>,
    /// Response time, microseconds; null where nothing ended.
    pub p50: Vec<Option<u64>>,
    /// Response time, microseconds.
    pub p90: Vec<Option<u64>>,
    /// Response time, microseconds.
    pub p99: Vec<Option<u64>>,
    /// Response time, microseconds.
    pub max: Vec<Option<u64>>,
    /// Every response by its time; absent in summaries of earlier versions.
    #[serde(default, skip_serializing_if = "Heat::is_empty")]
    pub heat: Heat,
}

impl Timeline {
    /// Number of buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Failures in a bucket, all kinds.
    #[must_use]
    pub fn failed(&self, bucket: usize) -> u64 {
        self.errors
            .values()
            .filter_map(|column| column.get(bucket))
            .sum()
    }
}

/// Latency by quantile, over one kind of phase.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Curve {
    /// Which phases.
    pub kind: PhaseKind,
    /// Requests that it rests on; it ends where fewer than ten lie beyond.
    pub count: u64,
    /// From the intended start, in order of quantile.
    pub response: Vec<CurvePoint>,
    /// From the send, in order of quantile.
    pub service: Vec<CurvePoint>,
}

/// One quantile.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct CurvePoint {
    /// 0…1
    pub q: f64,
    /// Microseconds.
    pub us: u64,
}
