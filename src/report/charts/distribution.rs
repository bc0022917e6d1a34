//! Latency by quantile on the axis of nines: the tail is where runs differ.

use super::{Chart, Colour, LegendItem, LegendMark, Plot, finish, item, scale};
use crate::measure::units;
use crate::measure::window::PhaseKind;
use crate::report::Summary;
use crate::report::summary::{CurvePoint, EnvelopePoint};

fn colour(kind: PhaseKind) -> Colour {
    match kind {
        PhaseKind::Steady | PhaseKind::Ramp => Colour::Steady,
        PhaseKind::Fault => Colour::Disturbed,
        PhaseKind::Recovery => Colour::Recovery,
    }
}

/// Response time (bold) beside service time (faint) for steady, fault and recovery phases, with the
/// baseline's runs behind; none when there are too few requests for any curve.
#[must_use]
pub fn distribution(summary: &Summary) -> Option<Chart> {
    const HEIGHT: u32 = 620;
    let curves = &summary.distribution;
    let envelope = (summary.baseline.as_ref()).map_or(&[][..], |baseline| &baseline.envelope);
    let all = || {
        curves
            .iter()
            .flat_map(|curve| curve.response.iter().chain(&curve.service))
    };
    let times = || {
        let usual = envelope
            .iter()
            .flat_map(|point| [point.low_us, point.high_us]);
        all().map(|point| point.us).chain(usual)
    };
    all().next()?;
    let (lowest, highest) = (times().min()?, times().max()?);
    let furthest = all().map(|point| point.q).fold(0.0, f64::max);
    let (mut x, y) = (scale::nines(furthest), scale::latency(lowest, highest));
    x.to = x.to.min(scale::nines_at(furthest) + 0.15);
    x.ticks.retain(|(at, _)| *at <= x.to);
    let line = |points: &[CurvePoint]| -> Vec<(f64, f64)> {
        points
            .iter()
            .map(|point| (scale::nines_at(point.q), scale::log(point.us)))
            .collect()
    };
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        let edge = |of: fn(&EnvelopePoint) -> u64| -> Vec<(f64, f64)> {
            let point = |point: &EnvelopePoint| (scale::nines_at(point.q), scale::log(of(point)));
            let shown = envelope.iter().filter(|point| point.q <= furthest);
            shown.map(point).collect()
        };
        let (low, high) = (edge(|point| point.low_us), edge(|point| point.high_us));
        canvas.band(&low, &high, Colour::Baseline, 0.25);
        canvas.faint_line(&low, Colour::Baseline, 2);
        canvas.faint_line(&high, Colour::Baseline, 2);
        for curve in curves {
            canvas.faint_line(&line(&curve.service), colour(curve.kind), 3);
        }
        for curve in curves {
            canvas.line(&line(&curve.response), colour(curve.kind), 6);
        }
    });
    let title = "Latency by quantile";
    let description = "Bold: response time, from the intended start. Faint: service time, from the send; \
                       the gap between the two is time spent waiting for a stalled target. Each curve ends \
                       where fewer than ten requests lie beyond."
        .to_owned();
    let mut legend: Vec<LegendItem> = curves
        .iter()
        .map(|curve| {
            let label = format!(
                "{} ({} requests)",
                curve.kind.name(),
                units::count(curve.count)
            );
            item(label, colour(curve.kind), LegendMark::Line)
        })
        .collect();
    if let Some(baseline) = summary.baseline.as_ref().filter(|_| !envelope.is_empty()) {
        let label = format!("steady in {} runs of the baseline", baseline.runs.len());
        legend.push(item(label, Colour::Baseline, LegendMark::Area));
    }
    Some(Chart {
        id: "chart-distribution".into(),
        title: title.into(),
        svg: finish("chart-distribution", title, &description, HEIGHT, &drawn),
        description,
        legend,
    })
}
