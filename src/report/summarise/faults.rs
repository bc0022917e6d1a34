//! Faults: what the recording adds to what the fault's own record says, and what gates ask.

use crate::gate::FaultOutcome;
use crate::gate::recovery::Writes;
use crate::measure::aggregate::Measured;
use crate::report::summary::{Budget, Fault, FaultLane, Lanes, Ledger, Span};
use crate::scenario::{FaultStart, PhaseSelector, Scenario, Scope};

/// Fills in requests, failures and budget where they are absent.
pub(super) fn completed(
    mut faults: Vec<Fault>,
    scenario: &Scenario,
    measured: &Measured,
) -> Vec<Fault> {
    let run_requests = measured
        .tally(&Scope::Run, &PhaseSelector::Whole)
        .map_or(0, |tally| tally.count);
    for (id, fault) in faults.iter_mut().enumerate() {
        let window = measured
            .windows
            .iter()
            .find(|(window, _)| window.fault == Some(id));
        if let Some((_, tally)) = window {
            fault.requests.get_or_insert(tally.count);
            fault.failed_requests.get_or_insert(tally.failed);
        }
        fault.undone = fault.undo.as_ref().map(|undo| undo.done);
        fault.budget = fault
            .budget
            .or_else(|| budget(fault, scenario.slo.availability, run_requests));
    }
    faults
}

/// What a fault cost of what the SLO allows; none where the SLO allows nothing.
fn budget(fault: &Fault, slo: f64, run_requests: u64) -> Option<Budget> {
    let (requests, failed) = (fault.requests?, fault.failed_requests?);
    let allowed = 1.0 - slo;
    (allowed > 0.0 && requests > 0 && run_requests > 0).then(|| Budget {
        spent: rounded(failed as f64 / (allowed * run_requests as f64)),
        burn_rate: rounded(failed as f64 / requests as f64 / allowed),
    })
}

/// 1 − 0.99 is not 0.01; four digits hide that and are more than anyone reads.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Sums seconds up to buckets of the timeline.
pub(super) fn bucketed(mut lanes: Lanes, bucket_seconds: u64) -> Lanes {
    let width = usize::try_from(bucket_seconds).unwrap_or(1).max(1);
    let sums = |seconds: &[u64]| {
        seconds
            .chunks(width)
            .map(|chunk| chunk.iter().sum())
            .collect()
    };
    for lane in &mut lanes.serving {
        lane.ok = sums(&lane.ok);
        lane.failed = sums(&lane.failed);
    }
    lanes
}

/// Fills in the fault lanes where there are none.
pub(super) fn with_lanes(
    mut lanes: Lanes,
    scenario: &Scenario,
    faults: &[Fault],
    end_us: u64,
) -> Lanes {
    if !lanes.faults.is_empty() {
        return lanes;
    }
    let micros =
        |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    lanes.faults = scenario
        .faults
        .iter()
        .zip(faults)
        .map(|(planned, fault)| FaultLane {
            name: fault.name.clone(),
            planned: match planned.start {
                FaultStart::At(at) => Some(Span {
                    from_us: micros(at),
                    to_us: micros(at + planned.hold.unwrap_or_default()),
                }),
                FaultStart::After { .. } => None,
            },
            actual: fault.accepted_us.map(|from_us| {
                let undone = fault.undo.as_ref().and_then(|undo| undo.at_us);
                let to_us = fault.recovered_us.max(undone).unwrap_or(end_us);
                Span {
                    from_us,
                    to_us: to_us.max(from_us),
                }
            }),
        })
        .collect();
    lanes
}

/// What gates ask about a fault. Writes are the run's: a write lost in one fault's window may have
/// been acknowledged in another's.
pub(super) fn outcome(fault: &Fault, ledger: Option<Ledger>, run_us: u64) -> FaultOutcome {
    let seconds_to_us = |seconds: Option<f64>| seconds.map(|seconds| (seconds * 1e6).round());
    FaultOutcome {
        injected: fault.accepted_us.is_some(),
        not_injected: fault.not_injected.clone(),
        rto_us: seconds_to_us(fault.rto_seconds),
        watched_us: fault.accepted_us.map(|at| run_us.saturating_sub(at) as f64),
        unavailable_us: seconds_to_us(fault.dead_window_seconds),
        failed_requests: fault.failed_requests,
        writes: ledger.map(|ledger| Writes {
            acknowledged: ledger.acknowledged,
            lost: ledger.lost,
            unverified: ledger.unverified,
        }),
        rolled_back: fault.rolled_back.as_ref().map(|back| back.why.clone()),
        undone: fault
            .undo
            .as_ref()
            .map(|undo| (undo.done, undo.how.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::{ServingKind, ServingLane};

    #[test]
    fn lanes_follow_the_timelines_buckets() {
        let lane = ServingLane {
            kind: ServingKind::Zone,
            name: "a".into(),
            ok: vec![1, 2, 3, 4, 5],
            failed: vec![0, 0, 1, 0, 1],
        };
        let lanes = Lanes {
            serving: vec![lane],
            ..Lanes::default()
        };
        let bucketed = bucketed(lanes, 2).serving.remove(0);
        assert_eq!(
            (bucketed.ok, bucketed.failed),
            (vec![3, 7, 5], vec![0, 1, 1])
        );
    }

    #[test]
    fn a_budget_is_told_in_shares_of_what_the_slo_allows() {
        let fault = Fault {
            requests: Some(800),
            failed_requests: Some(120),
            ..Fault::default()
        };
        let budget_of =
            |slo| budget(&fault, slo, 20_000).map(|budget| (budget.spent, budget.burn_rate));
        assert_eq!(budget_of(0.99), Some((0.6, 15.0)));
        assert_eq!(budget_of(1.0), None, "an SLO of 100 % has no budget");
        assert!(
            budget(&Fault::default(), 0.99, 20_000).is_none(),
            "unknown is not zero"
        );
    }
}
