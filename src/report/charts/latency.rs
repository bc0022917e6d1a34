//! Response time over time: the median, the tail and the slowest, beside what is allowed.

use super::{Chart, Colour, LegendMark, Plot, finish, item, runs, scale, shade_faults, time_axis};
use crate::measure::units;
use crate::report::Summary;

/// Bands between p50, p90, p99 and the slowest, on a logarithmic axis with the SLO's line.
#[must_use]
pub fn latency(summary: &Summary) -> Chart {
    const HEIGHT: u32 = 480;
    let timeline = &summary.timeline;
    let slo = summary.run.slo.and_then(|slo| slo.p99_us);
    let lowest = timeline
        .p50
        .iter()
        .flatten()
        .min()
        .copied()
        .unwrap_or(1_000);
    let highest = timeline
        .max
        .iter()
        .flatten()
        .copied()
        .chain(slo)
        .max()
        .unwrap_or(1_000_000);
    let (x, y) = (time_axis(summary), scale::latency(lowest, highest));
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        let line = |column| runs(summary, column, scale::log);
        let (p50, p90) = (line(&timeline.p50), line(&timeline.p90));
        let (p99, max) = (line(&timeline.p99), line(&timeline.max));
        for (((p50, p90), p99), max) in p50.iter().zip(&p90).zip(&p99).zip(&max) {
            canvas.band(p99, max, Colour::Slowest, 0.12);
            canvas.band(p90, p99, Colour::Tail, 0.16);
            canvas.band(p50, p90, Colour::Median, 0.30);
            canvas.line(max, Colour::Slowest, 3);
            canvas.line(p99, Colour::Tail, 4);
            canvas.line(p50, Colour::Median, 5);
        }
        if let Some(limit) = slo {
            canvas.limit(
                scale::log(limit),
                &format!("SLO p99 {}", units::micros(limit)),
            );
        }
    });
    let title = "Response time";
    let description = summary.requests.response_time_us.map_or_else(
        || "No request ended.".to_owned(),
        |all| {
            format!(
                "From the intended start to the last byte, all answers and failures: p50 {}, p99 {}, slowest {}.",
                units::micros(all.p50),
                units::micros(all.p99),
                units::micros(all.max)
            )
        },
    );
    let mut legend = vec![
        item("p50 (band to p90)", Colour::Median, LegendMark::Area),
        item("p99 (band from p90)", Colour::Tail, LegendMark::Area),
        item("slowest", Colour::Slowest, LegendMark::Line),
    ];
    legend.extend(slo.map(|_| item("SLO", Colour::Limit, LegendMark::Line)));
    Chart {
        id: "chart-latency".into(),
        title: title.into(),
        svg: finish("chart-latency", title, &description, HEIGHT, &drawn),
        description,
        legend,
    }
}
