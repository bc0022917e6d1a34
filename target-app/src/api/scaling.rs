//! How many pods there are to be, and how many may be missing: as data.

use serde::{Deserialize, Serialize};

/// Pods of the shop by what they have to do. One target at least; of two the hungrier counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// Never fewer pods; the stack starts with its `replicas`.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// Requests in flight for each pod.
    #[serde(default)]
    pub target_in_flight: Option<u32>,
    /// CPU of each pod, in percent of a core.
    #[serde(default)]
    pub target_cpu_percent: Option<u32>,
    /// Fewer pods only when so many have been enough for so long, in milliseconds.
    #[serde(default = "scale_down_after_ms")]
    pub scale_down_after_ms: u64,
}

impl Autoscale {
    /// Between these numbers of pods; a target is still to be set.
    #[must_use]
    pub fn between(min: u32, max: u32) -> Self {
        Self {
            min,
            max,
            target_in_flight: None,
            target_cpu_percent: None,
            scale_down_after_ms: scale_down_after_ms(),
        }
    }
}

/// A few looks; Kubernetes' own default is five minutes, too long for a test.
fn scale_down_after_ms() -> u64 {
    15_000
}

/// How many pods of the shop may be gone of somebody's free will: an eviction, a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisruptionBudget {
    /// So many serve at least.
    MinAvailable(u32),
    /// So many of those specified are missing at most.
    MaxUnavailable(u32),
}
