//! The canaries: who wrote, what became of it, and for how long nobody could.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::measure::units;

/// The writers beside the load.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Canary {
    /// Writes per second of each.
    pub rate_per_writer: f64,
    /// In the scenario's order.
    pub writers: Vec<CanaryWriter>,
    /// What became of their writes. Absent without a ledger rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// What makes their figures less exact, in words.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// One writer over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct CanaryWriter {
    /// `canary b`, or `canary`.
    pub name: String,
    /// The zone it writes through. Absent without zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Writes that ended.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
}

/// What a fault did to one writer, or to all of them together. Instants are run time.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct CanaryImpact {
    /// `all`, or the writer's name.
    pub writer: String,
    /// The zone it writes through. Absent for `all`, and without zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Writes that ended since the fault was accepted, until its window was over.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// End of the first failure, to 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error_us: Option<u64>,
    /// End of the last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_us: Option<u64>,
    /// The first success after the first failure, or after the first silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_success_us: Option<u64>,
    /// From here on its writes met the SLO for the scenario's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_us: Option<u64>,
    /// From the fault's acceptance until then, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<f64>,
    /// Longest stretch without a successful write, seconds; 0 without any.
    pub dead_window_seconds: f64,
    /// All such stretches together, seconds.
    pub unavailable_seconds: f64,
}

impl CanaryImpact {
    /// The first entry of a fault's impacts: all canaries together.
    pub const ALL: &str = "all";

    /// `no write for 480 ms, 11 of 240 failed`
    #[must_use]
    pub fn words(&self) -> String {
        let dead = if self.dead_window_seconds > 0.0 {
            let length = units::duration(self.dead_window_seconds * 1e6);
            format!("no write for {length}")
        } else {
            "never without a write".into()
        };
        format!(
            "{dead}, {} of {} failed",
            units::count(self.failed),
            units::count(self.requests)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impact_is_told_in_a_line() {
        let impact = |dead_window_seconds, failed| CanaryImpact {
            requests: 240,
            failed,
            dead_window_seconds,
            ..CanaryImpact::default()
        };
        let told = impact(0.48, 11).words();
        assert_eq!(told, "no write for 480 ms, 11 of 240 failed");
        let told = impact(0.0, 0).words();
        assert_eq!(told, "never without a write, 0 of 240 failed");
    }
}
