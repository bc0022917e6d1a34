//! What failed, and what that cost of what the SLO allows.

use super::{
    Chart, Colour, LegendMark, Plot, error_colour, finish, item, scale, shade_faults, time_axis,
};
use crate::measure::units;
use crate::report::Summary;

/// Failures per second, stacked by kind.
#[must_use]
pub fn errors(summary: &Summary) -> Chart {
    const HEIGHT: u32 = 290;
    let timeline = &summary.timeline;
    let width = timeline.bucket_seconds as f64;
    let most = (0..timeline.len())
        .map(|bucket| timeline.failed(bucket))
        .max()
        .unwrap_or(0);
    let (x, y) = (
        time_axis(summary),
        scale::linear(most as f64 / width, |at| format!("{at}")),
    );
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        for bucket in 0..timeline.len() {
            let mut below = 0.0;
            for (kind, counts) in &timeline.errors {
                let rate = counts.get(bucket).copied().unwrap_or(0) as f64 / width;
                if rate > 0.0 {
                    let from = bucket as f64 * width;
                    canvas.block(
                        (from, from + width),
                        (below, below + rate),
                        error_colour(*kind),
                        1.0,
                    );
                    below += rate;
                }
            }
        }
    });
    let title = "Errors per second, by kind";
    let description = match summary.requests.failed {
        0 => "No request failed.".to_owned(),
        failed => format!(
            "{} of {} requests failed; at worst {} in {} s.",
            units::count(failed),
            units::count(summary.requests.total),
            units::count(most),
            timeline.bucket_seconds
        ),
    };
    let legend = timeline
        .errors
        .iter()
        .map(|(kind, counts)| {
            let label = format!("{} ({})", kind.name(), units::count(counts.iter().sum()));
            item(label, error_colour(*kind), LegendMark::Area)
        })
        .collect();
    Chart {
        id: "chart-errors".into(),
        title: title.into(),
        svg: finish("chart-errors", title, &description, HEIGHT, &drawn),
        description,
        legend,
    }
}

/// What is left of the requests that the SLO allows to fail over the run; none without an SLO.
#[must_use]
pub fn budget(summary: &Summary) -> Option<Chart> {
    const HEIGHT: u32 = 230;
    let slo = summary
        .run
        .slo
        .filter(|slo| slo.availability < 1.0 && summary.requests.total > 0)?;
    let allowed = (1.0 - slo.availability) * summary.requests.total as f64;
    let width = summary.timeline.bucket_seconds as f64;
    let mut spent = 0.0;
    let left: Vec<(f64, f64)> = std::iter::once((0.0, 100.0))
        .chain((0..summary.timeline.len()).map(|bucket| {
            spent += summary.timeline.failed(bucket) as f64;
            (
                (bucket as f64 + 1.0) * width,
                (1.0 - spent / allowed) * 100.0,
            )
        }))
        .collect();
    let lowest = left.last().map_or(100.0, |(_, value)| *value);
    let x = time_axis(summary);
    let mut y = scale::linear(100.0, |at| format!("{at} %"));
    if lowest < 0.0 {
        // Overspent: enough room below zero to see by how much.
        y.from = (lowest / 50.0).floor() * 50.0;
        y.ticks = vec![
            (y.from, format!("−{} %", -y.from)),
            (0.0, "0 %".into()),
            (100.0, "100 %".into()),
        ];
    }
    let floor: Vec<_> = left
        .iter()
        .map(|(at, value)| (*at, value.min(0.0)))
        .collect();
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        let upper: Vec<_> = left
            .iter()
            .map(|(at, value)| (*at, value.max(0.0)))
            .collect();
        let zero: Vec<_> = left.iter().map(|(at, _)| (*at, 0.0)).collect();
        canvas.band(&zero, &upper, Colour::Budget, 0.12);
        canvas.band(&floor, &zero, Colour::Failed, 0.25);
        canvas.line(&left, Colour::Budget, 4);
        canvas.limit(0.0, "");
    });
    let title = "Error budget left";
    let description = format!(
        "An availability of {} allows {} of {} requests to fail; {} did, {:.0} % of that is left.",
        units::percent(slo.availability),
        units::count(allowed.floor() as u64),
        units::count(summary.requests.total),
        units::count(summary.requests.failed),
        lowest
    );
    Some(Chart {
        id: "chart-budget".into(),
        title: title.into(),
        svg: finish("chart-budget", title, &description, HEIGHT, &drawn),
        description,
        legend: vec![item(
            "left of the run's budget",
            Colour::Budget,
            LegendMark::Area,
        )],
    })
}
