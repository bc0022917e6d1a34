//! What the target measured of itself while it was under load.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was asked for after the load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// Sorted by who says it, then in the order in which it was asked for.
    #[serde(default)]
    pub series: Vec<ObservedSeries>,
    /// What could not be read, and why.
    #[serde(default)]
    pub not_read: Vec<String>,
}

impl Observed {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.not_read.is_empty()
    }
}

/// One figure over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedSeries {
    /// `CPUUtilization of shop`
    pub name: String,
    /// `%`, `s`; empty: a bare number.
    pub unit: String,
    /// Who says so: `CloudWatch`.
    pub source: String,
    /// The stretch that one point stands for.
    pub resolution_us: u64,
    /// In order of time; at most 600.
    pub points: Vec<ObservedPoint>,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedPoint {
    /// Run time of the middle of what it stands for, microseconds.
    pub at_us: u64,
    /// In the series' unit.
    pub value: f64,
}
