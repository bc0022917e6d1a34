//! What was believed of a fault beside what came of it.

use super::{Fault, Ledger, Summary};
use crate::gate::{GateResult, GateVerdict};
use crate::measure::units;

/// What came of a fault, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What its gates say; none where no gate asks.
    pub verdict: Option<GateVerdict>,
    /// Its gates in words: `both gates held`, `1 of 2 gates failed: recovered_within <= 5s`.
    pub gates: String,
    /// What users saw: `recovered in 1.2 s, nobody served for 0.8 s, 14 of 812 requests failed`.
    pub users: String,
}

impl Summary {
    /// What came of a fault: the judgement of its gates, and what users saw.
    #[must_use]
    pub fn outcome(&self, fault: &Fault) -> Outcome {
        let about = format!("fault:{}", fault.name);
        let during = format!("fault: {}", fault.name);
        let gates: Vec<&GateResult> = (self.gates.iter())
            .filter(|gate| gate.phase == during || gate.id.split('/').any(|part| part == about))
            .collect();
        let failed: Vec<&&GateResult> = (gates.iter())
            .filter(|gate| gate.verdict == GateVerdict::Fail)
            .collect();
        let open = (gates.iter()).any(|gate| gate.verdict == GateVerdict::Inconclusive);
        let verdict = match (gates.len(), failed.len(), open) {
            (0, ..) => None,
            (_, 0, false) => Some(GateVerdict::Pass),
            (_, 0, true) => Some(GateVerdict::Inconclusive),
            _ => Some(GateVerdict::Fail),
        };
        let words = match (verdict, gates.len()) {
            (None, _) => "no gate asks".to_owned(),
            (Some(GateVerdict::Pass), 1) => "its gate held".to_owned(),
            (Some(GateVerdict::Pass), count) => format!("all {count} gates held"),
            (Some(GateVerdict::Inconclusive), _) => "its gates cannot be decided".to_owned(),
            (Some(GateVerdict::Fail), count) => {
                let texts: Vec<&str> = failed.iter().map(|gate| gate.text.as_str()).collect();
                format!(
                    "{} of {count} gates failed: {}",
                    failed.len(),
                    texts.join(", ")
                )
            }
        };
        Outcome {
            verdict,
            gates: words,
            users: users(fault, fault.ledger.or(self.ledger)),
        }
    }

    /// Whether anybody wrote down what they believe.
    #[must_use]
    pub fn has_hypotheses(&self) -> bool {
        self.faults.iter().any(|fault| fault.hypothesis.is_some())
    }
}

fn users(fault: &Fault, ledger: Option<Ledger>) -> String {
    if let Some(why) = &fault.not_injected {
        return format!("never injected: {why}");
    }
    let seconds = |seconds: f64| units::duration(seconds * 1e6);
    let mut parts = vec![match fault.rto_seconds {
        Some(0.0) => "the SLO was never missed".to_owned(),
        Some(rto) => format!("recovered in {}", seconds(rto)),
        None => "not recovered by the end".to_owned(),
    }];
    let dead = fault.dead_window_seconds.filter(|dead| *dead > 0.0);
    parts.extend(dead.map(|dead| format!("nobody served for {}", seconds(dead))));
    if let Some((failed, all)) = fault.failed_requests.zip(fault.requests) {
        let (failed, all) = (units::count(failed), units::count(all));
        parts.push(format!("{failed} of {all} requests failed"));
    }
    parts.extend(ledger.map(|ledger| {
        let (lost, all) = (units::count(ledger.lost), units::count(ledger.acknowledged));
        format!("{lost} of {all} acknowledged writes lost")
    }));
    let noticed = fault.noticed_words();
    parts.extend(noticed.map(|(after, _)| format!("a person noticed after {after}")));
    parts.join(", ")
}
