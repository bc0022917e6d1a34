//! Gates that nobody has to write: the target's own books must be in order.

use super::result::{GateResult, GateVerdict, Unit};
use crate::measure::units;

/// Judges one rule of the target's domain as an implied gate; none when it holds.
#[must_use]
pub fn implied(name: &str, rule: &str, checked: u64, violations: u64) -> Option<GateResult> {
    (violations > 0).then(|| GateResult {
        id: format!("run/invariants/{name}"),
        text: rule.into(),
        line: 0,
        phase: "whole run".into(),
        measured: Some(violations as f64),
        op: "==".into(),
        limit: 0.0,
        unit: Unit::Count,
        interval: None,
        margin: None,
        samples: Some(checked),
        verdict: GateVerdict::Fail,
        explanation: format!(
            "{} of {} break this rule of the target's own books",
            units::count(violations),
            units::count(checked)
        ),
    })
}

/// The books say nothing yet.
#[must_use]
pub fn undecided(why: &str) -> GateResult {
    GateResult {
        id: "run/invariants/books".into(),
        text: "the target's books are in order".into(),
        line: 0,
        phase: "whole run".into(),
        measured: None,
        op: "==".into(),
        limit: 0.0,
        unit: Unit::Count,
        interval: None,
        margin: None,
        samples: None,
        verdict: GateVerdict::Inconclusive,
        explanation: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_fails_the_run_and_a_kept_one_is_no_gate() {
        assert_eq!(implied("stock", "stock adds up", 200, 0), None);
        let gate = implied("stock", "stock adds up", 200, 2).expect("a gate");
        assert_eq!(gate.id, "run/invariants/stock");
        assert_eq!(gate.verdict, GateVerdict::Fail);
        assert!(gate.explanation.starts_with("2 of 200 break"));
    }
}
