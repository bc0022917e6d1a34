//! Figures over time and over quantiles.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::gate::sufficiency::{FOR_A_POINT, beyond};
use crate::measure::aggregate::Measured;
use crate::measure::bands::{band_of, edge_us};
use crate::measure::outcome::ErrorKind;
use crate::measure::timeline::Bucket;
use crate::measure::window::PhaseKind;
use crate::report::summary::{Curve, CurvePoint, Heat, HeatColumn, Timeline};
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
        heat: heat(buckets),
    }
}

/// Only the bands that are needed, from the first to the last with a request in any bucket.
fn heat(buckets: &[Bucket]) -> Heat {
    let by_band = |bucket: &Bucket| {
        let mut bands: BTreeMap<usize, u64> = BTreeMap::new();
        for (us, count) in bucket.response.buckets() {
            *bands.entry(band_of(*us)).or_default() += count;
        }
        bands
    };
    let columns: Vec<BTreeMap<usize, u64>> = buckets.iter().map(by_band).collect();
    let bands = || columns.iter().flat_map(BTreeMap::keys);
    let Some((first, last)) = bands().min().zip(bands().max()) else {
        return Heat::default();
    };
    let column = |bands: &BTreeMap<usize, u64>| {
        let pairs = bands.iter().map(|(band, count)| (band - first, *count));
        HeatColumn(pairs.collect())
    };
    Heat {
        edges_us: (*first..=last + 1).map(edge_us).collect(),
        columns: columns.iter().map(column).collect(),
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
