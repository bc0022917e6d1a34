//! Latency against the offered rate: what was held, what was not, and where waiting begins.

use super::canvas::Canvas;
use super::scale::Axis;
use super::{Chart, Colour, LegendMark, Plot, finish, item, scale};
use crate::capacity::result::{Capacity, Step};
use crate::capacity::search::{Kind, Outcome};
use crate::measure::units;

const HEIGHT: u32 = 720;

/// p50 and p99 of every step, with the capacity and the knee. None when no step measured anything.
#[must_use]
pub fn capacity(result: &Capacity) -> Option<Chart> {
    let mut steps: Vec<&Step> = (result.steps.iter())
        .filter(|step| step.p50_us.is_some() && step.p99_us.is_some())
        .collect();
    steps.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let times = || {
        steps
            .iter()
            .flat_map(|step| [step.p50_us, step.p99_us])
            .flatten()
    };
    let lowest = times().min()?;
    let highest = times().chain(result.p99_limit_us).max()?;
    let furthest = steps.last()?.rate;
    let x = scale::linear(furthest * 1.04, |rate| format!("{rate}/s"));
    let y = scale::latency(lowest, highest);
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        if let Some(rate) = result.rate {
            canvas.span(0.0, rate, Colour::Recovered, 0.08);
            canvas.instant(
                rate,
                y.to - 0.07 * (y.to - y.from),
                "capacity",
                Colour::Recovered,
            );
        }
        if let Some(rate) = result.knee {
            canvas.instant(rate, y.to - 0.16 * (y.to - y.from), "knee", Colour::Ink);
        }
        if let Some(limit) = result.p99_limit_us {
            let name = format!("SLO p99 {}", units::micros(limit));
            canvas.limit(scale::log(limit), &name);
        }
        let line = |of: fn(&Step) -> Option<u64>| -> Vec<(f64, f64)> {
            // A rate that was tried twice would make the line go back and forth.
            let mut points: Vec<(f64, f64)> = Vec::new();
            for step in &steps {
                let Some(us) = of(step) else { continue };
                match points.last_mut() {
                    Some(last) if last.0 >= step.rate => last.1 = last.1.max(scale::log(us)),
                    _ => points.push((step.rate, scale::log(us))),
                }
            }
            points
        };
        canvas.line(&line(|step| step.p50_us), Colour::Median, 5);
        canvas.line(&line(|step| step.p99_us), Colour::Tail, 5);
        for step in &steps {
            for (us, colour) in [(step.p50_us, Colour::Median), (step.p99_us, Colour::Tail)] {
                if let Some(us) = us {
                    mark(canvas, (&x, &y), (step.rate, scale::log(us)), step, colour);
                }
            }
        }
    });
    let (id, title) = ("chart-capacity", "Response time against the offered rate");
    let description = description(result, steps.len());
    let mut legend = vec![
        item("p50", Colour::Median, LegendMark::Line),
        item("p99", Colour::Tail, LegendMark::Line),
        item("not held (a cross)", Colour::Failed, LegendMark::Line),
        item(
            "confirmed by a longer hold (a frame)",
            Colour::Recovered,
            LegendMark::Line,
        ),
    ];
    legend.extend((result.p99_limit_us).map(|_| item("SLO", Colour::Limit, LegendMark::Line)));
    Some(Chart {
        id: id.into(),
        title: title.into(),
        svg: finish(id, title, &description, HEIGHT, &drawn),
        description,
        legend,
    })
}

fn description(result: &Capacity, steps: usize) -> String {
    let knee = result.knee.map_or(String::new(), |rate| {
        format!(
            " From {} on waiting grows faster than the load.",
            units::rate(rate)
        )
    });
    format!("{steps} rates were tried. {}{knee}", result.reason)
}

/// A square where it was held, with a frame where it was held for long; a cross where it was not.
fn mark(
    canvas: &mut Canvas<'_>,
    (x, y): (&Axis, &Axis),
    at: (f64, f64),
    step: &Step,
    colour: Colour,
) {
    let (wide, high) = (0.005 * (x.to - x.from), 0.012 * (y.to - y.from));
    let around = |part: f64| {
        let (wide, high) = (wide * part, high * part);
        ((at.0 - wide, at.0 + wide), (at.1 - high, at.1 + high))
    };
    if step.outcome == Outcome::Held {
        let (across, up) = around(1.0);
        canvas.block(across, up, colour, 1.0);
        if step.kind == Kind::Hold {
            let (across, up) = around(2.0);
            canvas.outline(across, up, Colour::Recovered);
        }
        return;
    }
    let ((left, right), (low, high)) = around(1.6);
    canvas.line(&[(left, low), (right, high)], Colour::Failed, 5);
    canvas.line(&[(left, high), (right, low)], Colour::Failed, 5);
}
