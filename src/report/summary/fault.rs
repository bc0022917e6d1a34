//! One fault: what was done, what the users saw, when it was over, what was lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::recovery::HELD;
use crate::measure::units;

use super::CanaryImpact;
use super::impact::{Check, ClassImpact, CloseUp, Stage, Towards};

/// One fault. Instants are run time in microseconds; T0 to T7 as a drill's report names them.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Fault {
    /// As the scenario names it.
    pub name: String,
    /// `pod-kill` …
    pub kind: String,
    /// `local`, `kubernetes`, `aws`.
    pub provider: String,
    /// What its author believed would happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypothesis: Option<String>,
    /// What it hit, in words: `pod shop-2 in zone b`.
    #[serde(default)]
    pub target: Vec<String>,
    /// When the scenario wanted it. Absent when it follows another fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_us: Option<u64>,
    /// T0: the infrastructure took the order. Absent: never injected, see `not_injected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_us: Option<u64>,
    /// Why it was never injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_injected: Option<String>,
    /// T1: the first request failed, to 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error_us: Option<u64>,
    /// When the first request was sent that then failed: users were affected from here on, though a
    /// request that hangs tells late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failed_sent_us: Option<u64>,
    /// T2, per detector, in order of time.
    #[serde(default)]
    pub detected: Vec<Detection>,
    /// T3: the infrastructure acted: promoted, took out of rotation, moved the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_us: Option<u64>,
    /// When a person said that they had noticed. Absent: nobody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_us: Option<u64>,
    /// When a person said that they had done something about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_by_hand_us: Option<u64>,
    /// T4: the first success after the first failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_success_us: Option<u64>,
    /// The last failure in its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_us: Option<u64>,
    /// T5: from here on the SLO held for the scenario's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_us: Option<u64>,
    /// T6: p99 back within 10 % of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_recovered_us: Option<u64>,
    /// T7: the infrastructure can take the next fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundancy_restored_us: Option<u64>,
    /// T5 − T0, seconds: how long users felt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<f64>,
    /// T2 − the moment from which users were affected, seconds; negative when the infrastructure
    /// knew first. Absent when nobody noticed, or nobody was affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_detect_seconds: Option<f64>,
    /// As above, until a person noticed. Absent when nobody did, or nobody was affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_detect_seconds: Option<f64>,
    /// As above, until a person had done something about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_mitigate_seconds: Option<f64>,
    /// Longest stretch without any success, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_window_seconds: Option<f64>,
    /// All stretches without any success together, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_seconds: Option<f64>,
    /// Other faults that were in force within its window: what failed meanwhile counts for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// Time in which some were served but the SLO was missed, seconds, in tenths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brown_out_seconds: Option<f64>,
    /// How often the SLO was missed again after T5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relapses: Option<u32>,
    /// p99 of the response time before it, which T6 compares with. Absent when too few requests
    /// came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_before_us: Option<u64>,
    /// Time outside the SLO within its window, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_slo_seconds: Option<f64>,
    /// Requests in its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Of those, failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_requests: Option<u64>,
    /// What it cost of what the SLO allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Writes acknowledged in its window or shortly before, and what became of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// Observed RPO, seconds: T0 − acknowledgement of the oldest write that was lost; 0 when none was.
    /// Absent without a ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_seconds: Option<f64>,
    /// What the time until T5 and until T7 was spent on, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// By class of requests, all of them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassImpact>,
    /// Clients' instants beside the infrastructure's. Absent where no client felt anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The moments around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_up: Option<CloseUp>,
    /// What it did to the canaries: all together, then each. Empty without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canary: Vec<CanaryImpact>,
    /// It took its effect back by itself, as a deploy with `rollback_when` does. Absent: it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
    /// Whether it is undone completely, as `undo` explains. Absent when it was never injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<bool>,
    /// How it was put back. Absent when it was never injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What the infrastructure itself logged meanwhile, in order of time.
    #[serde(default)]
    pub events: Vec<ControlEvent>,
}

impl Fault {
    /// T0 to T7 in order, with the words that reports use; absent instants are left out.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let detected = self.detected.first().map(|detection| detection.at_us);
        [
            ("T0", "fault accepted", self.accepted_us),
            ("T1", "first failure", self.first_error_us),
            ("T2", "detected", detected),
            ("T3", "mitigated", self.mitigated_us),
            ("T4", "first success", self.first_success_us),
            ("T5", "SLO held again", self.recovered_us),
            ("T6", "latency back", self.latency_recovered_us),
            ("T7", "redundancy back", self.redundancy_restored_us),
        ]
        .into_iter()
        .filter_map(|(id, label, at)| at.map(|at_us| Mark { id, label, at_us }))
        .collect()
    }

    /// The longest stage that users waited for; with none, the longest that redundancy waited for.
    /// Time that the fault was held on purpose does not count.
    #[must_use]
    pub fn slowest_stage(&self) -> Option<&Stage> {
        let longest = |towards: Towards| {
            let stages = self.stages.iter();
            stages
                .filter(move |stage| stage.towards == towards && stage.name != HELD)
                .max_by_key(|stage| stage.length_us())
        };
        longest(Towards::Users).or_else(|| longest(Towards::Redundancy))
    }

    /// From when on users were affected: T1, or when a request was sent that then failed. Times to
    /// detect and to mitigate count from here.
    #[must_use]
    pub fn affected_us(&self) -> Option<u64> {
        let sent = self.first_failed_sent_us.into_iter();
        sent.chain(self.first_error_us).min()
    }

    /// The slowest stage in words: `users waited longest for "promotion": 1.2 s of 1.9 s`.
    #[must_use]
    pub fn slowest_words(&self) -> Option<String> {
        let slowest = self.slowest_stage()?;
        let (who, end) = match slowest.towards {
            Towards::Users => ("users waited longest for", self.recovered_us?),
            Towards::Redundancy => (
                "users did not wait; redundancy waited longest for",
                self.redundancy_restored_us?,
            ),
        };
        Some(format!(
            "{who} “{}”, {} of {}",
            slowest.name,
            units::micros(slowest.length_us()),
            units::micros(end.saturating_sub(self.accepted_us?))
        ))
    }

    /// How long the infrastructure took to notice: `1.24 s`, or `before users`.
    #[must_use]
    pub fn detected_words(&self) -> Option<String> {
        let seconds = self.time_to_detect_seconds?;
        Some(if seconds < 0.0 {
            "before users".into()
        } else {
            units::duration(seconds * 1e6)
        })
    }

    /// How long a person took to notice: `4.2 s`, or since T0 where no user was affected. The second
    /// is for sorting, seconds.
    #[must_use]
    pub fn noticed_words(&self) -> Option<(String, f64)> {
        self.person_words(self.noticed_us?, self.human_detect_seconds)
    }

    /// How long a person took to do something about it, in the same way.
    #[must_use]
    pub fn mended_words(&self) -> Option<(String, f64)> {
        self.person_words(self.mitigated_by_hand_us?, self.human_mitigate_seconds)
    }

    fn person_words(&self, at: u64, since_affected: Option<f64>) -> Option<(String, f64)> {
        if let Some(seconds) = since_affected {
            return Some((units::duration(seconds * 1e6), seconds));
        }
        let us = at as f64 - self.accepted_us? as f64;
        let words = format!("{} after T0; no user was affected", units::duration(us));
        Some((words, us / 1e6))
    }

    /// `overlaps with “primary dies”: what failed in both windows counts for both`
    #[must_use]
    pub fn overlap_words(&self) -> Option<String> {
        let others: Vec<String> = self
            .shared_with
            .iter()
            .map(|of| format!("“{of}”"))
            .collect();
        (!others.is_empty()).then(|| {
            format!(
                "overlaps with {}: what failed meanwhile counts for each",
                others.join(", ")
            )
        })
    }

    /// `rolled back after 3.2 s: errors > 2% for 2s …`, where it took its effect back by itself.
    #[must_use]
    pub fn rolled_back_words(&self) -> Option<String> {
        let RolledBack { at_us, why } = self.rolled_back.as_ref()?;
        let after = units::micros(at_us.saturating_sub(self.accepted_us?));
        Some(format!("rolled back after {after}: {why}"))
    }

    /// Whether it was put back, or has nothing to put back because it was never injected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.undo
            .as_ref()
            .map_or(self.accepted_us.is_none(), |undo| undo.done)
    }
}

/// An instant of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// `T0` … `T7`
    pub id: &'static str,
    /// What happened.
    pub label: &'static str,
    /// When, run time in microseconds.
    pub at_us: u64,
}

/// Somebody noticed.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Detection {
    /// Who: `edge health check`, `control plane`, `readiness`.
    pub by: String,
    /// When, run time.
    pub at_us: u64,
}

/// What a fault cost of what the SLO allows.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Budget {
    /// Failed requests ÷ those the SLO allows over the run; 1 is all of it.
    pub spent: f64,
    /// Error ratio in its window ÷ the ratio the SLO allows.
    pub burn_rate: f64,
}

/// What became of the writes that the target acknowledged, and of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Ledger {
    /// Writes that the target said it has.
    pub acknowledged: u64,
    /// Of those, gone.
    pub lost: u64,
    /// Present more than once.
    pub duplicate: u64,
    /// Surely refused, and there all the same.
    pub phantom: u64,
    /// Acknowledged and there, but missed by the first look: there only later.
    #[serde(default)]
    pub stale: u64,
    /// No answer: may be there or not, both are right.
    pub unknown: u64,
    /// Acknowledged writes that could not be read back, so that nobody knows.
    #[serde(default)]
    pub unverified: u64,
}

/// A fault that took its effect back by itself.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct RolledBack {
    /// When that began, run time.
    pub at_us: u64,
    /// What was seen: `errors > 2% for 2s: 20.0 % errors of 120 requests to it`.
    pub why: String,
}

/// How a fault was put back.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Undo {
    /// Whether it is undone completely.
    pub done: bool,
    /// How, or why not, in words.
    pub how: String,
    /// When, run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
}

/// An entry of the infrastructure's own log.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ControlEvent {
    /// When, run time.
    pub at_us: u64,
    /// `database-promoted` …
    pub kind: String,
    /// To whom.
    pub subject: String,
    /// For people.
    pub detail: String,
}
