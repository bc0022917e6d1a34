//! The gates that nobody has to write: a target that breaks its word fails the run.

use super::result::{GateResult, GateVerdict, Unit};
use crate::measure::units;

/// Judges the ledger's findings as an implied gate; none when every acknowledged write is there
/// exactly once, for then the scenario's own gates have the word.
///
/// Without it, a scenario that keeps a ledger but forgot `lost_writes = 0` would pass a target
/// that loses orders.
#[must_use]
pub fn implied(acknowledged: u64, lost: u64, duplicate: u64) -> Option<GateResult> {
    broken(JOURNEYS, acknowledged, lost, duplicate)
}

/// As [`implied`], for what the canaries wrote: a write that a target loses is lost, whoever wrote it.
#[must_use]
pub fn implied_by_canaries(acknowledged: u64, lost: u64, duplicate: u64) -> Option<GateResult> {
    broken(CANARIES, acknowledged, lost, duplicate)
}

/// Whose writes: the gate's id, its text, its cause.
type Writers = (&'static str, &'static str, &'static str);

const JOURNEYS: Writers = (
    "run/whole/ledger",
    "every acknowledged write is there once",
    "a ledger step implies this gate",
);
const CANARIES: Writers = (
    "run/whole/canary-ledger",
    "every acknowledged canary write is there once",
    "canaries imply this gate",
);

fn broken(
    (id, text, cause): Writers,
    acknowledged: u64,
    lost: u64,
    duplicate: u64,
) -> Option<GateResult> {
    if lost == 0 && duplicate == 0 {
        return None;
    }
    Some(GateResult {
        id: id.into(),
        text: text.into(),
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
            "{} of {} acknowledged writes lost, {} there more than once ({cause})",
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
    fn a_word_broken_to_a_canary_is_a_gate_of_its_own() {
        assert_eq!(implied_by_canaries(5_400, 0, 0), None);
        let gate = implied_by_canaries(5_400, 0, 2).expect("a gate");
        assert_eq!(
            (gate.id.as_str(), gate.verdict),
            ("run/whole/canary-ledger", GateVerdict::Fail)
        );
    }

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
