//! The same curve of several runs, one over the other, on the axis of nines.

use super::{Chart, Colour, LegendMark, Plot, finish, item, scale};
use crate::report::summary::CurvePoint;

/// What tells runs apart on this chart: hue and dash. More runs begin again.
const RUNS: [Colour; 6] = [
    Colour::Steady,
    Colour::Disturbed,
    Colour::Recovery,
    Colour::Users,
    Colour::Slowest,
    Colour::Timeout,
];

/// Response time by quantile of several runs: (its name, its points in order of quantile). None
/// when no run has a point.
#[must_use]
pub fn overlay(id: &str, title: &str, curves: &[(String, &[CurvePoint])]) -> Option<Chart> {
    const HEIGHT: u32 = 620;
    let all = || curves.iter().flat_map(|(_, points)| points.iter());
    let lowest = all().map(|point| point.us).min()?;
    let highest = all().map(|point| point.us).max()?;
    let furthest = all().map(|point| point.q).fold(0.0, f64::max);
    let (mut x, y) = (scale::nines(furthest), scale::latency(lowest, highest));
    x.to = x.to.min(scale::nines_at(furthest) + 0.15);
    x.ticks.retain(|(at, _)| *at <= x.to);
    let colour = |n: usize| RUNS[n % RUNS.len()];
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        for (n, (_, points)) in curves.iter().enumerate() {
            let line: Vec<(f64, f64)> = points
                .iter()
                .map(|point| (scale::nines_at(point.q), scale::log(point.us)))
                .collect();
            canvas.line(&line, colour(n), 6);
        }
    });
    let description =
        "Response time, from the intended start, by quantile. Each curve ends where fewer \
                       than ten requests lie beyond."
            .to_owned();
    let legend = curves.iter().enumerate();
    let legend = legend.map(|(n, (name, _))| item(name.as_str(), colour(n), LegendMark::Line));
    Some(Chart {
        id: id.to_owned(),
        title: title.to_owned(),
        svg: finish(id, title, &description, HEIGHT, &drawn),
        description,
        legend: legend.collect(),
    })
}
