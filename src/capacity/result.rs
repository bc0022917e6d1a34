//! What a search came to: `capacity.json`.

use serde::{Deserialize, Serialize};

use super::knee::knee;
use super::search::{Bounds, Conclusion, Kind, Outcome, Tried};
use crate::gate::{Ending, ExitCode, Verdict};
use crate::measure::units;

/// Version of the format of `capacity.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// How much a target carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// [`SCHEMA_VERSION`] of the build that wrote it.
    pub schema_version: u32,
    /// Pass: found. Fail: even the lowest rate fails. Invalid: the runs do not say. Inconclusive:
    /// found, but with too few requests to be sure; or interrupted.
    pub verdict: Verdict,
    /// One sentence: how much, and what limits it.
    pub reason: String,
    /// The process's exit code.
    pub exit_code: u8,
    /// The scenario's name.
    pub scenario: String,
    /// What was loaded, without credentials.
    pub target: String,
    /// The fault that was held during every step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<String>,
    /// What has to hold, as the scenario writes it.
    pub limits: Vec<String>,
    /// The SLO's limit of the response time's p99, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_limit_us: Option<u64>,
    /// Where it was looked for.
    pub bounds: Bounds,
    /// The capacity: iterations per second that were held. Absent when none was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The lowest rate that failed. Absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails_at: Option<f64>,
    /// The rate from which on waiting grows faster than the load. Absent where the curve has no knee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<f64>,
    /// In the order in which they were tried.
    pub steps: Vec<Step>,
    /// Version of this tool.
    pub tool: String,
}

/// A rate that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Iterations per second that were offered.
    pub rate: f64,
    /// For how long.
    pub kind: Kind,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether a limit could not be decided for want of requests, though none was missed.
    pub is_unsure: bool,
    /// Why.
    pub why: String,
    /// The run's name.
    pub run: String,
    /// Its folder, relative to that of `capacity.json`.
    pub folder: String,
    /// Requests of the measured part.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Response time in the measured part, microseconds. Absent without requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<u64>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u64>,
}

impl Step {
    /// As the search sees it.
    #[must_use]
    pub fn tried(&self) -> Tried {
        Tried {
            rate: self.rate,
            kind: self.kind,
            outcome: self.outcome,
        }
    }
}

/// How the search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// It knows.
    Known(Conclusion),
    /// The user did not want to wait.
    Interrupted,
    /// A fault could not be undone.
    Dirty,
}

impl Capacity {
    /// With what the search came to.
    #[must_use]
    pub fn concluded(mut self, end: End) -> (Self, ExitCode) {
        let points: Vec<(f64, f64)> = (self.steps.iter())
            .filter(|step| step.outcome != Outcome::Invalid)
            .filter_map(|step| Some((step.rate, step.p99_us? as f64)))
            .collect();
        self.knee = knee(&points);
        let (ending, dirty) = match end {
            End::Known(_) => (Ending::Completed, false),
            End::Interrupted => (Ending::Interrupted, false),
            End::Dirty => (Ending::Aborted, true),
        };
        let while_held = self
            .during
            .as_ref()
            .map_or(String::new(), |fault| format!(" while “{fault}” is held"));
        let why_at = |rate: Option<f64>| {
            let mut at = self.steps.iter().rev();
            let step = at.find(|step| Some(step.rate) == rate && step.outcome != Outcome::Held);
            step.map_or(String::new(), |step| {
                step.why.trim_end_matches('.').to_owned()
            })
        };
        (self.verdict, self.reason) = match end {
            End::Known(Conclusion::Found { rate, fails_at }) => {
                (self.rate, self.fails_at) = (Some(rate), fails_at);
                let limit = match fails_at {
                    Some(fails) => {
                        format!("at {} it fails: {}", units::rate(fails), why_at(fails_at))
                    }
                    None => "more was not asked for".to_owned(),
                };
                let mut hold = self.steps.iter().rev();
                let hold = hold.find(|step| step.rate == rate && step.kind == Kind::Hold);
                let unsure = hold.is_some_and(|step| step.is_unsure);
                let (verdict, doubt) = match unsure {
                    true => (
                        Verdict::Inconclusive,
                        "; with too few requests to be sure, hold it for longer",
                    ),
                    false => (Verdict::Pass, ""),
                };
                (
                    verdict,
                    format!("Holds {}{while_held}; {limit}{doubt}.", units::rate(rate)),
                )
            }
            End::Known(Conclusion::LowestFails) => {
                self.fails_at = Some(self.bounds.from);
                let at = units::rate(self.bounds.from);
                let why = why_at(self.fails_at);
                (
                    Verdict::Fail,
                    format!("Even {at}, the lowest rate, is not held{while_held}: {why}."),
                )
            }
            End::Known(Conclusion::Invalid { at, holds }) => {
                let least = holds.map_or(String::new(), |holds| {
                    format!("It carries {} at least{while_held}. ", units::rate(holds))
                });
                let why = why_at(Some(at));
                let reason = format!(
                    "{least}At {} the run says nothing of the target: {why}.",
                    units::rate(at)
                );
                (Verdict::Invalid, reason)
            }
            End::Interrupted => (
                Verdict::Inconclusive,
                "Interrupted before it was known.".to_owned(),
            ),
            End::Dirty => {
                let why =
                    "A fault could not be undone: the environment is dirty, and no step followed.";
                (Verdict::Inconclusive, why.to_owned())
            }
        };
        let code = ExitCode::of_run(self.verdict, ending, dirty, false);
        self.exit_code = code.code();
        (self, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rate: f64, kind: Kind, outcome: Outcome, p99_us: u64) -> Step {
        Step {
            rate,
            kind,
            outcome,
            is_unsure: false,
            why: match outcome {
                Outcome::Held => "all limits held".into(),
                Outcome::Failed => "p99 <= 400ms: 900 ms".into(),
                Outcome::Invalid => "the generator, not the target, was the bottleneck".into(),
            },
            run: String::new(),
            folder: String::new(),
            requests: 1_000,
            failed: 0,
            p50_us: Some(p99_us / 2),
            p99_us: Some(p99_us),
        }
    }

    fn concluded(steps: Vec<Step>, end: End) -> (Capacity, u8) {
        let capacity = Capacity {
            schema_version: SCHEMA_VERSION,
            verdict: Verdict::Inconclusive,
            reason: String::new(),
            exit_code: 0,
            scenario: "checkout".into(),
            target: "http://h".into(),
            during: Some("zone b gone".into()),
            limits: vec!["p99 <= 400ms".into()],
            p99_limit_us: Some(400_000),
            bounds: Bounds {
                from: 10.0,
                to: None,
                precision: 0.05,
            },
            rate: None,
            fails_at: None,
            knee: None,
            steps,
            tool: "loadtest".into(),
        };
        let (capacity, code) = capacity.concluded(end);
        assert_eq!(capacity.exit_code, code.code());
        (capacity, code.code())
    }

    #[test]
    fn every_end_is_told_with_what_limits_it() {
        use Kind::{Hold, Probe};
        use Outcome::{Failed, Held, Invalid};
        let steps = vec![
            step(10.0, Probe, Held, 10_000),
            step(20.0, Probe, Held, 11_000),
            step(40.0, Probe, Failed, 900_000),
            step(30.0, Hold, Held, 30_000),
        ];
        let found = Conclusion::Found {
            rate: 30.0,
            fails_at: Some(40.0),
        };
        let (capacity, code) = concluded(steps, End::Known(found));
        assert_eq!(
            capacity.reason,
            "Holds 30.0/s while “zone b gone” is held; at 40.0/s it fails: p99 <= 400ms: 900 ms."
        );
        assert_eq!(
            (code, capacity.rate, capacity.knee),
            (0, Some(30.0), Some(30.0))
        );

        let lowest = vec![step(10.0, Probe, Failed, 900_000)];
        let (capacity, code) = concluded(lowest, End::Known(Conclusion::LowestFails));
        assert_eq!((capacity.verdict, code), (Verdict::Fail, 3));

        let steps = vec![
            step(10.0, Probe, Held, 10_000),
            step(20.0, Probe, Invalid, 10_000),
        ];
        let invalid = Conclusion::Invalid {
            at: 20.0,
            holds: Some(10.0),
        };
        let (capacity, code) = concluded(steps, End::Known(invalid));
        assert!(
            capacity.reason.contains("the generator, not the target"),
            "{}",
            capacity.reason
        );
        assert_eq!(
            (capacity.verdict, capacity.rate, code),
            (Verdict::Invalid, None, 4)
        );

        assert_eq!(concluded(Vec::new(), End::Interrupted).1, 130);
        assert_eq!(concluded(Vec::new(), End::Dirty).1, 6);
    }
}
