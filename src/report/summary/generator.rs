//! How well the load was made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::saturation::Finding;

/// How well the load was made: whether the figures tell of the target or of this tool.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Generator {
    /// Whether it kept up.
    pub verdict: GeneratorVerdict,
    /// Why not. What is fatal is also among the run's `invalid_causes`.
    #[serde(default, deserialize_with = "super::earlier::findings")]
    pub causes: Vec<Finding>,
    /// Processor time of the generator's threads, seconds per second, mean over the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_share: Option<f64>,
    /// Share of its core that the busiest thread used in its busiest second, 0…1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_share_max: Option<f64>,
    /// Cores that it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u64>,
    /// How late iterations started, microseconds. Absent without an open-model load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_lag_us: Option<super::Latency>,
    /// Iterations that started later than the tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<u64>,
    /// Scheduled iterations that never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
    /// Most file descriptors open at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<u64>,
    /// How many it may open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor_limit: Option<u64>,
    /// Most memory in use, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// Whether the generator kept up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorVerdict {
    /// Yes.
    #[default]
    Healthy,
    /// It was near its limits; the figures stand.
    Strained,
    /// It was the bottleneck: the run is invalid.
    Saturated,
}
