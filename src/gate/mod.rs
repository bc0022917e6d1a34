//! Gates: the rules that decide the verdict. Pure.
//!
//! | file | holds |
//! |---|---|
//! | [`slo`] | limits on what was measured, over a scope and a phase |
//! | [`recovery`] | limits on what a fault did |
//! | [`metric`] | limits on what the target tells of itself |
//! | [`ledger`] | the gate that a ledger step implies |
//! | [`regression`] | whether a candidate is slower than its baseline |
//! | [`paired`] | which of two versions is slower, measured in turn |
//! | [`sufficiency`] | whether there are enough requests to tell |
//! | [`verdict`] | what all gates together come to |

pub mod books;
pub mod ledger;
pub mod metric;
pub mod paired;
pub mod recovery;
pub mod regression;
pub mod result;
pub mod slo;
pub mod sufficiency;
pub mod verdict;

pub use recovery::FaultOutcome;
pub use result::{GateResult, GateVerdict, Unit};
pub use verdict::{Ending, ExitCode, Verdict};

use crate::measure::aggregate::{Cut, Measured};
use crate::observe::pages::Track;
use crate::scenario::{Gate, GateSubject, Scenario};

/// The questions that the gates ask of a recording.
#[must_use]
pub fn cuts(gates: &[Gate]) -> Vec<Cut> {
    gates
        .iter()
        .filter_map(|gate| match &gate.subject {
            GateSubject::Measured {
                scope,
                during,
                check,
            } => Some(slo::cut(scope, during, check)),
            GateSubject::Metric(_) | GateSubject::Recovery { .. } => None,
        })
        .collect()
}

/// Judges every gate of a scenario, in its order. `measured` must have answered [`cuts`];
/// `outcomes` are the scenario's faults and `tracks` its metrics, by their index.
#[must_use]
pub fn judge(
    scenario: &Scenario,
    measured: &Measured,
    outcomes: &[FaultOutcome],
    tracks: &[Track],
) -> Vec<GateResult> {
    let windows = measured.windows.iter().map(|(window, _)| window.clone());
    let windows: Vec<_> = windows.collect();
    scenario
        .gates
        .iter()
        .map(|gate| match &gate.subject {
            GateSubject::Measured {
                scope,
                during,
                check,
            } => slo::judge(gate, scope, during, check, scenario, measured),
            GateSubject::Metric(check) => {
                let track = tracks.get(check.metric);
                metric::judge(gate, check, scenario, track, &windows)
            }
            GateSubject::Recovery { fault, check } => {
                let name = &scenario.faults[*fault].name;
                recovery::judge(gate, name, check, outcomes.get(*fault))
            }
        })
        .collect()
}
