//! The gate that nobody has to write: a target that breaks its word fails the run.

use super::result::{GateResult, GateVerdict, Unit};
use crate::measure::units;

/// Judges the ledger's findings as an implied gate; none when every acknowledged write is there
/// exactly once, for then the scenario's own gates have the word.
///
/// Without it, a scenario that keeps a ledger but forgot `lost_writes = 0` would pass a target
/// that loses orders.
#[must_use]
pub fn implied(acknowledged: u64, lost: u64, duplicate: u64) -> Option<GateResult> {
    if lost == 0 && duplicate == 0 {
        return None;
    }
    Some(GateResult {
        id: "run/whole/ledger".into(),
        text: "every acknowledged write is there once".into(),
        line: 0,
        phase: "whole run".into(),
        measured: Some((lost + duplicate) as f64),
        op: "==".into(),
        limit: 0.0,
        unit: Unit::Count,
        interval: None,
        margin: None,
        samples: Some(acknowledged),
        verdict: GateVerdict::Fail,
        explanation: format!(
            "{} of {} acknowledged writes lost, {} there more than once (a ledger step implies this gate)",
            units::count(lost),
            units::count(acknowledged),
            units::count(duplicate)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_word_fails_the_run_and_a_kept_one_is_no_gate() {
        assert_eq!(implied(800, 0, 0), None);
        let gate = implied(800, 3, 1).expect("a gate");
        assert_eq!(
            (gate.verdict, gate.measured),
            (GateVerdict::Fail, Some(4.0))
        );
        assert!(
            gate.explanation
                .starts_with("3 of 800 acknowledged writes lost, 1 there")
        );
    }
}
