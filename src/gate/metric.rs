//! Limits on what the target tells of itself.

use super::result::{Comparison, GateResult, Unit};
use super::slo::phase_words;
use crate::measure::window::PhaseWindow;
use crate::observe::pages::{Found, Track};
use crate::scenario::{Gate, MetricCheck, MetricUnit, Scenario, Statistic};

/// Judges one limit. A metric that no page told is a failure: a run must never pass by measuring
/// nothing.
#[must_use]
pub(super) fn judge(
    gate: &Gate,
    check: &MetricCheck,
    scenario: &Scenario,
    track: Option<&Track>,
    windows: &[PhaseWindow],
) -> GateResult {
    let spec = &scenario.metrics[check.metric];
    let (unit, scale) = unit_of(spec.unit(), check.statistic);
    let phase = phase_words(&check.during, scenario);
    let limit = check.limit * scale;
    let mut result = GateResult::unmeasured(gate, phase.clone(), (check.op, limit, unit));
    let found = track.and_then(|track| track.statistic(check.statistic, &check.during, windows));
    match found {
        None => {
            result.explanation = match track.is_some_and(|track| !track.looks.is_empty()) {
                true => format!("nothing was measured: no page told it in phase {phase}"),
                false => "nothing was measured: no page told it at any time".into(),
            };
        }
        Some(Found::Beyond(bound)) => {
            let bound = unit.show(bound * scale);
            result.explanation = format!(
                "more than {bound}: beyond the last bucket of the histogram, nobody knows how far"
            );
        }
        Some(Found::Value(value)) => result.measure(Comparison {
            measured: value * scale,
            op: check.op,
            limit,
            unit,
        }),
    }
    result
}

/// The unit of a gate's figures, and what a metric's values are multiplied with to be in it.
fn unit_of(unit: MetricUnit, statistic: Statistic) -> (Unit, f64) {
    match (unit, statistic) {
        (_, Statistic::Total) => (Unit::Count, 1.0),
        (MetricUnit::Seconds, _) => (Unit::Us, 1e6),
        (MetricUnit::Ratio, _) => (Unit::Ratio, 1.0),
        (MetricUnit::PerSecond, _) => (Unit::PerSecond, 1.0),
        (MetricUnit::Number, _) => (Unit::Number, 1.0),
    }
}
