//! Figures over time and over quantiles.

use hdrhistogram::Histogram;

use crate::gate::sufficiency::{FOR_A_POINT, beyond};
use crate::measure::aggregate::Measured;
use crate::measure::outcome::ErrorKind;
use crate::measure::timeline::Bucket;
use crate::measure::window::PhaseKind;
use crate::report::summary::{Curve, CurvePoint, Timeline};
use crate::scenario::{PhaseSelector, Scope};

pub(super) fn timeline(measured: &Measured) -> Timeline {
    let buckets = measured.timeline.items();
    let column = |of: &dyn Fn(&Bucket) -> u64| buckets.iter().map(of).collect::<Vec<_>>();
    let at = |q: f64| {
        buckets
            .iter()
            .map(|bucket| bucket.response.value_at(q))
            .collect()
    };
    // Without an open-model load there is nothing offered, which is not the same as zero.
    let offered = |values: Vec<u64>| {
        if values.iter().any(|value| *value > 0) {
            values
        } else {
            Vec::new()
        }
    };
    let errors = ErrorKind::ALL
        .into_iter()
        .map(|kind| {
            (
                kind,
                column(&|bucket| bucket.errors.get(&kind).copied().unwrap_or(0)),
            )
        })
        .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
        .collect();
    let scheduled = offered(column(&|bucket| bucket.scheduled));
    Timeline {
        bucket_seconds: measured.timeline.width_seconds(),
        requests: column(&|bucket| bucket.response.count()),
        errors,
        started: if scheduled.is_empty() {
            Vec::new()
        } else {
            column(&|bucket| bucket.started)
        },
        scheduled,
        users: column(&|bucket| bucket.users),
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        max: at(1.0),
    }
}

/// Points per factor of ten on the axis of nines.
const POINTS_PER_NINE: i32 = 16;

/// One curve per kind of phase that had requests.
pub(super) fn distribution(measured: &Measured) -> Vec<Curve> {
    [
        (PhaseKind::Steady, PhaseSelector::Steady),
        (PhaseKind::Fault, PhaseSelector::Faults),
        (PhaseKind::Recovery, PhaseSelector::Recovery),
    ]
    .into_iter()
    .filter_map(|(kind, during)| {
        let tally = measured.tally(&Scope::Run, &during)?;
        (tally.count > 0).then(|| Curve {
            kind,
            count: tally.count,
            response: points(&tally.response),
            service: points(&tally.service),
        })
    })
    .collect()
}

/// Evenly on the axis 1 ÷ (1 − q), up to where too few requests lie beyond to mean anything.
fn points(histogram: &Histogram<u64>) -> Vec<CurvePoint> {
    (0..)
        .map(|k| 1.0 - 10_f64.powf(-f64::from(k) / f64::from(POINTS_PER_NINE)))
        .take_while(|q| *q < 0.999_999 && beyond(*q, histogram.len()) >= FOR_A_POINT)
        .map(|q| CurvePoint {
            q: (q * 1e8).round() / 1e8,
            us: histogram.value_at_quantile(q),
        })
        .collect()
}
