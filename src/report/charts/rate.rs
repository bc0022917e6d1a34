//! How much was asked for and how much was done.

use super::{
    Chart, Colour, LegendMark, Plot, finish, item, per_second, scale, shade_faults, time_axis,
};
use crate::measure::units;
use crate::report::Summary;

const HEIGHT: u32 = 330;

fn peak(lines: &[&[(f64, f64)]]) -> f64 {
    lines
        .iter()
        .copied()
        .flatten()
        .map(|(_, value)| *value)
        .fold(0.0, f64::max)
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 {
        units::count(value as u64)
    } else {
        format!("{value}")
    }
}

/// Requests a second, and iterations offered and started a second.
#[must_use]
pub fn rate(summary: &Summary) -> Chart {
    let timeline = &summary.timeline;
    let requests = per_second(summary, &timeline.requests);
    let offered = per_second(summary, &timeline.scheduled);
    let started = per_second(summary, &timeline.started);
    let (x, y) = (
        time_axis(summary),
        scale::linear(peak(&[&requests, &offered, &started]), plain),
    );
    let zero: Vec<_> = requests.iter().map(|(at, _)| (*at, 0.0)).collect();
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        canvas.band(&zero, &requests, Colour::Served, 0.14);
        canvas.line(&requests, Colour::Served, 4);
        canvas.line(&started, Colour::Started, 4);
        canvas.line(&offered, Colour::Offered, 4);
    });
    let title = "Rate";
    let description = format!(
        "Requests and iterations per second over {}.",
        units::micros(summary.run.duration_us)
    );
    let mut legend = vec![item("requests/s", Colour::Served, LegendMark::Area)];
    if !offered.is_empty() {
        legend.push(item(
            "iterations offered/s",
            Colour::Offered,
            LegendMark::Line,
        ));
        legend.push(item(
            "iterations started/s",
            Colour::Started,
            LegendMark::Line,
        ));
    }
    Chart {
        id: "chart-rate".into(),
        title: title.into(),
        svg: finish("chart-rate", title, &description, HEIGHT, &drawn),
        description,
        legend,
    }
}

/// Iterations in progress.
#[must_use]
pub fn users(summary: &Summary) -> Chart {
    const HEIGHT: u32 = 210;
    let width = summary.timeline.bucket_seconds as f64;
    let users: Vec<_> = summary
        .timeline
        .users
        .iter()
        .enumerate()
        .map(|(index, users)| ((index as f64 + 0.5) * width, *users as f64))
        .collect();
    let (x, y) = (time_axis(summary), scale::linear(peak(&[&users]), plain));
    let zero: Vec<_> = users.iter().map(|(at, _)| (*at, 0.0)).collect();
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        canvas.band(&zero, &users, Colour::Users, 0.16);
        canvas.line(&users, Colour::Users, 4);
    });
    let title = "Iterations in progress";
    let description =
        "The most iterations in progress at once: they pile up while the target stalls.".to_owned();
    Chart {
        id: "chart-users".into(),
        title: title.into(),
        svg: finish("chart-users", title, &description, HEIGHT, &drawn),
        description,
        legend: vec![item("iterations", Colour::Users, LegendMark::Area)],
    }
}
