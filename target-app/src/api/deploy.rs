//! Deploys as data: what is rolled out, in which way, and what takes it back by itself.

use serde::{Deserialize, Serialize};

/// How an old version's pods give way to a new one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Strategy {
    /// A few at a time, as a Deployment of Kubernetes does: a new pod serves before an old one leaves.
    Rolling {
        /// Pods beyond the specified number, at most.
        max_surge: u32,
        /// Pods short of the specified number, at most. One of the two is positive.
        max_unavailable: u32,
    },
    /// A whole second set is started, the edge switches at once, the old set leaves later.
    BlueGreen {
        /// How long the old set stays after the switch, in milliseconds.
        keep_old_ms: u64,
    },
    /// New pods beside the old ones get a growing share of the traffic.
    Canary {
        /// In order; the last one is 100 %.
        steps: Vec<CanaryStep>,
    },
}

/// A share of the traffic, and how long it stays at that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryStep {
    /// Of the traffic, in percent, 1 to 100.
    pub share: u32,
    /// Before the next step, in milliseconds.
    pub pause_ms: u64,
}

/// When a rollout is taken back by itself: judged on the new version's traffic alone, as the edge
/// counts it, over a sliding window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackRule {
    /// What is looked at.
    pub metric: TrafficMetric,
    /// Above or below what.
    pub comparison: Comparison,
    /// In parts per million for shares, in microseconds for times.
    pub limit: u64,
    /// In milliseconds.
    pub window_ms: u64,
    /// As its author wrote it.
    pub text: String,
}

/// What the edge can tell of a version's traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficMetric {
    /// Requests answered 5xx or not at all ÷ requests.
    Errors,
    /// 1 − errors.
    Availability,
    /// From the first byte sent to the last received, on average.
    Mean,
}

/// How a value compares to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether the comparison holds.
    #[must_use]
    pub fn holds(self, value: u64, limit: u64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

/// An app whose pods are of one kind, as a Deployment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// `shop` or `task-runner`.
    pub app: String,
    /// The version that it is to run.
    pub version: String,
    /// Pods that it is to have.
    pub desired: u32,
    /// How many of them may be asked to leave now; none: nothing limits it.
    #[serde(default)]
    pub headroom: Option<u32>,
    /// Pods that are ready, of whatever version.
    pub ready: u32,
    /// Rises with each change of what its pods are to be.
    pub generation: u64,
    /// Every pod is what it is to be, and none is missing.
    pub settled: bool,
}
