//! Limits on what was measured, over a scope and a phase.

use hdrhistogram::Histogram;

use super::result::{Comparison, GateResult, GateVerdict, Unit};
use super::sufficiency::{FOR_A_POINT, FOR_AN_INTERVAL, beyond, binomial};
use crate::measure::aggregate::{Cut, Measured, Series, Tally};
use crate::measure::quantile::block_bootstrap;
use crate::measure::units;
use crate::scenario::{Check, CompareOp, Gate, Metric, PhaseSelector, Scenario, Scope};

/// What a gate asks of a recording.
#[must_use]
pub(super) fn cut(scope: &Scope, during: &PhaseSelector, check: &Check) -> Cut {
    let resample = match check.metric {
        Metric::Response(q) if q < 1.0 => Some(Series::Response),
        Metric::Service(q) if q < 1.0 => Some(Series::Service),
        _ => None,
    };
    Cut {
        scope: scope.clone(),
        during: during.clone(),
        resample,
    }
}

/// Judges one limit. Nothing measured is a failure: a run must never pass by measuring nothing.
#[must_use]
pub(super) fn judge(
    gate: &Gate,
    scope: &Scope,
    during: &PhaseSelector,
    check: &Check,
    scenario: &Scenario,
    measured: &Measured,
) -> GateResult {
    let phase = phase_words(during, scenario);
    let unit = unit_of(check.metric);
    let limit = (check.op, check.limit, unit);
    let mut result = GateResult::unmeasured(gate, phase.clone(), limit);
    let tally = measured.resampled(&cut(scope, during, check));
    let Some(tally) = tally.filter(|tally| tally.seconds > 0) else {
        result.explanation =
            format!("nothing was measured: the run had no second in phase {phase}");
        return result;
    };
    let samples = sample_count(check.metric, tally);
    result.samples = Some(samples);
    let Some(value) = value_of(check.metric, tally) else {
        result.explanation = match check.metric {
            Metric::OfferedRateMet => "nothing was measured: no open-model load was scheduled",
            _ => "nothing was measured: no request ended in this scope and phase",
        }
        .into();
        return result;
    };
    result.measure(Comparison {
        measured: value,
        op: check.op,
        limit: check.limit,
        unit,
    });
    if let Some((q, histogram)) = quantile_of(check.metric, tally) {
        judge_quantile(&mut result, check, q, histogram, tally, scenario.seed);
    }
    result
}

/// A quantile is only as good as the requests beyond it.
fn judge_quantile(
    result: &mut GateResult,
    check: &Check,
    q: f64,
    histogram: &Histogram<u64>,
    tally: &Tally,
    seed: u64,
) {
    if q >= 1.0 {
        return;
    }
    let count = histogram.len();
    let beyond = beyond(q, count);
    let few = format!(
        "only {beyond} of {} requests lie beyond {}",
        units::count(count),
        units::quantile(q)
    );
    if beyond >= FOR_AN_INTERVAL {
        result.interval =
            block_bootstrap(tally.units.items(), tally.units.width_seconds(), q, seed)
                .map(|[low, high]| [low as f64, high as f64]);
        match result.interval {
            Some([low, high])
                if check.op.holds(low, check.limit) != check.op.holds(high, check.limit) =>
            {
                result.explanation += ", within what two equal runs may differ by";
            }
            Some(_) => {}
            None => {
                let seconds = tally.seconds;
                result.explanation += &format!("; {seconds} s are too few for an interval");
            }
        }
        return;
    }
    if beyond >= FOR_A_POINT {
        result.explanation += &format!("; {few}, too few for an interval");
        return;
    }
    result.verdict = match check.op {
        CompareOp::Less | CompareOp::AtMost => binomial(q, count, above(histogram, check)),
        // Lower limits on latency are rare; nothing is gained by a test of their own.
        _ => GateVerdict::Inconclusive,
    };
    result.explanation = match result.verdict {
        GateVerdict::Pass => format!(
            "{}; {few}, but {} above the limit",
            result.explanation,
            above(histogram, check)
        ),
        GateVerdict::Fail => {
            format!(
                "{}; {few}, but {} above the limit are too many for chance",
                result.explanation,
                above(histogram, check)
            )
        }
        GateVerdict::Inconclusive => {
            format!("insufficient: {few}; run longer, load more, or gate a lower quantile")
        }
    };
}

/// Requests that do not meet the limit.
fn above(histogram: &Histogram<u64>, check: &Check) -> u64 {
    histogram
        .iter_recorded()
        .filter(|bucket| {
            !check
                .op
                .holds(bucket.value_iterated_to() as f64, check.limit)
        })
        .map(|bucket| bucket.count_at_value())
        .sum()
}

fn unit_of(metric: Metric) -> Unit {
    match metric {
        Metric::Response(_) | Metric::Service(_) | Metric::Mean => Unit::Us,
        Metric::Errors | Metric::Availability | Metric::OfferedRateMet => Unit::Ratio,
        Metric::Rate => Unit::PerSecond,
        Metric::Count => Unit::Count,
    }
}

fn quantile_of(metric: Metric, tally: &Tally) -> Option<(f64, &Histogram<u64>)> {
    match metric {
        Metric::Response(q) => Some((q, &tally.response)),
        Metric::Service(q) => Some((q, &tally.service)),
        _ => None,
    }
}

fn sample_count(metric: Metric, tally: &Tally) -> u64 {
    match metric {
        Metric::OfferedRateMet => tally.scheduled,
        _ => tally.count,
    }
}

/// The metric's value; none when nothing was measured.
fn value_of(metric: Metric, tally: &Tally) -> Option<f64> {
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let measured = tally.count > 0;
    match metric {
        Metric::Response(_) | Metric::Service(_) => {
            let (q, histogram) = quantile_of(metric, tally)?;
            measured.then(|| histogram.value_at_quantile(q) as f64)
        }
        Metric::Mean => measured.then(|| tally.response.mean()),
        Metric::Errors => ratio(tally.failed, tally.count),
        Metric::Availability => ratio(tally.count - tally.failed, tally.count),
        Metric::Rate => measured.then(|| tally.count as f64 / tally.seconds as f64),
        Metric::Count => measured.then_some(tally.count as f64),
        Metric::OfferedRateMet => ratio(tally.started, tally.scheduled),
    }
}

pub(super) fn phase_words(during: &PhaseSelector, scenario: &Scenario) -> String {
    match during {
        PhaseSelector::Whole => "whole run".into(),
        PhaseSelector::Ramp => "ramp".into(),
        PhaseSelector::Steady => "steady".into(),
        PhaseSelector::Faults => "faults".into(),
        PhaseSelector::Fault(id) => format!("fault: {}", scenario.faults[*id].name),
        PhaseSelector::Recovery => "recovery".into(),
    }
}
