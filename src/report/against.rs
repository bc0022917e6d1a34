//! A run's summary beside its baseline: regressions become gates like all others, so that every
//! report and every pipeline shows them without knowing of baselines.

use super::Summary;
use super::summarise::reason;
use super::summary::{Baseline, CurvePoint, EnvelopePoint};
use crate::gate::regression::Regression;
use crate::gate::verdict::{Ending, ExitCode, decide};
use crate::gate::{GateResult, GateVerdict, Unit};
use crate::measure::window::PhaseKind;

/// How such gates' ids begin.
const PREFIX: &str = "baseline/";

/// Between which values the steady response times of runs lie, by quantile. It ends where the first
/// of them has too few requests; none of fewer than two runs.
#[must_use]
pub fn envelope(runs: &[Summary]) -> Vec<EnvelopePoint> {
    let steady = |run: &Summary| -> Option<Vec<CurvePoint>> {
        let mut curves = run.distribution.iter();
        let curve = curves.find(|curve| curve.kind == PhaseKind::Steady)?;
        Some(curve.response.clone())
    };
    let curves: Vec<Vec<CurvePoint>> = runs.iter().filter_map(steady).collect();
    let Some(shortest) = curves.iter().min_by_key(|curve| curve.len()) else {
        return Vec::new();
    };
    if curves.len() < 2 {
        return Vec::new();
    }
    let point = |place: usize, q: f64| {
        // All curves have the same quantiles, as far as they go.
        let values = curves.iter().map(|curve| curve[place].us);
        let (low_us, high_us) = (values.clone().min()?, values.max()?);
        Some(EnvelopePoint { q, low_us, high_us })
    };
    let points = shortest.iter().enumerate();
    points
        .filter_map(|(place, shortest)| point(place, shortest.q))
        .collect()
}

/// Puts what the comparison came to into the summary, instead of an earlier one, and decides anew.
/// Returns the exit code.
pub fn judge(summary: &mut Summary, baseline: Baseline, strict: bool) -> ExitCode {
    summary.gates.retain(|gate| !gate.id.starts_with(PREFIX));
    let gates = baseline.regressions.iter().map(gate).collect();
    summary.baseline = Some(baseline);
    add(summary, gates, strict)
}

/// Adds gates that were judged apart from the run, and decides anew. Returns the exit code.
pub fn add(summary: &mut Summary, gates: Vec<GateResult>, strict: bool) -> ExitCode {
    summary.gates.extend(gates);
    summary.verdict = decide(&summary.gates, &summary.invalid_causes);
    let dirty = summary.faults.iter().any(|fault| !fault.is_clean());
    let code = ExitCode::of_run(summary.verdict, summary.ending, dirty, strict);
    summary.exit_code = code.code();
    // Why a run was cut short is told nowhere else.
    if summary.ending == Ending::Completed {
        summary.reason = reason(summary, None);
    }
    code
}

fn gate(regression: &Regression) -> GateResult {
    GateResult {
        id: format!("{PREFIX}{}", regression.metric),
        text: format!(
            "{} <= {:.2} × baseline",
            regression.metric, regression.allowed
        ),
        line: 0,
        phase: "against the baseline".to_owned(),
        measured: Some(regression.ratio),
        op: "<=".to_owned(),
        limit: regression.allowed,
        unit: Unit::Times,
        interval: Some(regression.interval),
        margin: Some((regression.allowed - regression.ratio) / regression.allowed),
        samples: None,
        verdict: regression.verdict,
        explanation: match regression.verdict {
            GateVerdict::Pass => regression.explanation.clone(),
            GateVerdict::Fail => format!("{}: slower than that", regression.explanation),
            GateVerdict::Inconclusive => format!(
                "{}: runs differ too much to tell; more runs of the candidate would",
                regression.explanation
            ),
        },
    }
}
