//! What the target measured of itself, one small chart a figure.

use super::{Chart, Colour, LegendMark, Plot, finish, item, scale, shade_faults, time_axis};
use crate::report::Summary;
use crate::report::summary::ObservedSeries;

const HEIGHT: u32 = 190;
/// Points further apart than this many of their stretches are not joined: nothing was told between.
const GAP: u64 = 3;

/// One chart for each figure, on the timeline's axis.
#[must_use]
pub fn observed(summary: &Summary) -> Vec<Chart> {
    let series = summary.observed.iter().flat_map(|all| &all.series);
    series
        .enumerate()
        .map(|(index, series)| chart(summary, index, series))
        .collect()
}

fn chart(summary: &Summary, index: usize, series: &ObservedSeries) -> Chart {
    let largest = series.points.iter().map(|point| point.value);
    let x = time_axis(summary);
    let y = scale::linear(largest.fold(0.0, f64::max), |value| {
        // Multiples of a step have a long tail of digits now and then.
        let value = (value * 1e9).round() / 1e9;
        format!("{value} {}", short(&series.unit))
            .trim_end()
            .to_owned()
    });
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        for run in runs(series) {
            canvas.line(&run, Colour::Observed, 4);
        }
    });
    let description = format!(
        "{} as {} tells it, one value for each {} s.",
        series.name,
        series.source,
        series.resolution_us as f64 / 1e6
    );
    let id = format!("chart-observed-{index}");
    Chart {
        title: series.name.clone(),
        svg: finish(&id, &series.name, &description, HEIGHT, &drawn),
        id,
        description,
        legend: vec![item(label(series), Colour::Observed, LegendMark::Line)],
    }
}

fn label(series: &ObservedSeries) -> String {
    match series.unit.as_str() {
        "" => format!("told by {}", series.source),
        unit => format!("{unit}, told by {}", series.source),
    }
}

/// What fits beside an axis; the legend has all of it.
fn short(unit: &str) -> &str {
    if unit.chars().count() <= 3 { unit } else { "" }
}

/// Seconds and values, split where nothing was told for long.
fn runs(series: &ObservedSeries) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last = None;
    for point in &series.points {
        let joined = last.is_some_and(|last| point.at_us - last <= GAP * series.resolution_us);
        let at = (point.at_us as f64 / 1e6, point.value);
        match runs.last_mut().filter(|_| joined) {
            Some(run) => run.push(at),
            None => runs.push(vec![at]),
        }
        last = Some(point.at_us);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::ObservedPoint;

    #[test]
    fn a_line_ends_where_nothing_was_told() {
        let point = |second: u64| ObservedPoint {
            at_us: second * 1_000_000,
            value: 1.0,
        };
        let series = ObservedSeries {
            name: "connections".to_owned(),
            unit: String::new(),
            source: "a test".to_owned(),
            resolution_us: 1_000_000,
            points: [1, 2, 4, 9, 10].map(point).to_vec(),
        };
        let lengths: Vec<usize> = runs(&series).iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 2]);
    }
}
