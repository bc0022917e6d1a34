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

impl Strategy {
    /// Why it leads nowhere; none when it does not.
    #[must_use]
    pub fn objection(&self) -> Option<&'static str> {
        match self {
            Self::Rolling {
                max_surge: 0,
                max_unavailable: 0,
            } => Some("max_surge and max_unavailable are both 0: no pod could ever be replaced"),
            Self::Canary { steps } => {
                let begins = steps.first().is_some_and(|step| step.share > 0);
                let grows = steps.windows(2).all(|pair| pair[0].share < pair[1].share);
                let ends = steps.last().is_some_and(|step| step.share == 100);
                (!begins || !grows || !ends)
                    .then_some("a canary's shares grow from step to step, and the last one is 100%")
            }
            Self::Rolling { .. } | Self::BlueGreen { .. } => None,
        }
    }
}

/// What a version may be called, in words: see [`is_version`].
pub const VERSION_RULE: &str = "1 to 32 letters, digits, `.`, `_` and `-`";

/// Whether a version may be called so: its name becomes a header's value and a label.
#[must_use]
pub fn is_version(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=32).contains(&text.len()) && text.chars().all(fits)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_grows_from_something_to_everything() {
        let canary = |shares: &[u32]| {
            let step = |share: &u32| CanaryStep {
                share: *share,
                pause_ms: 0,
            };
            let steps = shares.iter().map(step).collect();
            Strategy::Canary { steps }.objection()
        };
        assert_eq!(canary(&[10, 100]), None);
        for wrong in [&[][..], &[0, 100], &[10, 10, 100], &[10, 50], &[100, 10]] {
            assert!(canary(wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn a_version_is_a_short_plain_word() {
        for good in ["2", "1.4.0-rc_1", &"x".repeat(32)] {
            assert!(is_version(good), "{good}");
        }
        for wrong in ["", "a b", "é", "1\n", &"x".repeat(33)] {
            assert!(!is_version(wrong), "{wrong:?}");
        }
    }
}
