//! The moments around one fault: what ended when, and the instants T0 to T7 on it.

use super::canvas::Canvas;
use super::{Chart, Colour, LegendMark, Plot, finish, item, scale};
use crate::measure::units;
use crate::report::summary::{CloseUp, Fault, Mark};

const HEIGHT: u32 = 420;
/// Rows above the bars, so that labels of instants close to each other stand apart.
const ROWS: usize = 4;
/// Labels nearer than this share of the width get different rows.
const NEAR: f64 = 0.04;

/// The fault's close-up; none where it was never injected.
#[must_use]
pub fn close_up(fault: &Fault, number: usize) -> Option<Chart> {
    let moments = fault.close_up.as_ref()?;
    let accepted = fault.accepted_us?;
    let bucket = moments.bucket_us as f64;
    let from = moments.from_us as f64 - accepted as f64;
    let to = from + moments.ok.len() as f64 * bucket;
    let most = moments.ok.iter().zip(&moments.failed);
    let most = most.map(|(ok, failed)| ok + failed).max().unwrap_or(0);
    // Counts: never in fractions.
    let mut y = scale::linear(most.max(4) as f64, |at| format!("{at}"));
    let (top, canaries) = (y.to, !moments.canary_ok.is_empty());
    y.to = top * 1.45;
    if canaries {
        y.from = -top * 0.28;
    }
    let x = scale::around(from, to);
    let drawn = Plot {
        height: HEIGHT,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        if let Some(recovered) = fault.recovered_us {
            let end = (recovered as f64 - accepted as f64).clamp(0.0, to);
            canvas.span(0.0, end, Colour::Fault, 0.16);
        }
        bars(canvas, moments, from);
        if canaries {
            canvas.lane_name(-top * 0.14, "canary writes");
            canary_strip(canvas, moments, from, (-top * 0.24, -top * 0.06));
        }
        instants(canvas, &fault.marks(), accepted, (from, to), (top, y.to));
    });
    let id = format!("chart-closeup-{number}");
    let title = format!("Requests per {}", scale::plain_duration(bucket));
    let description = description(fault, moments);
    let mut legend = vec![
        item("succeeded", Colour::Served, LegendMark::Area),
        item("failed", Colour::Failed, LegendMark::Area),
    ];
    if fault.rto_seconds.is_some_and(|rto| rto > 0.0) {
        legend.push(item("T0 to T5", Colour::Fault, LegendMark::Area));
    }
    Some(Chart {
        svg: finish(&id, &title, &description, HEIGHT, &drawn),
        id,
        title,
        description,
        legend,
    })
}

fn description(fault: &Fault, moments: &CloseUp) -> String {
    let recovered = match fault.rto_seconds {
        Some(0.0) => "the SLO was never missed".into(),
        Some(rto) => format!("the SLO held again {} after it", units::duration(rto * 1e6)),
        None => "the SLO did not hold again".into(),
    };
    format!(
        "What ended around \"{}\", in buckets of {}: {} requests failed, {recovered}.",
        fault.name,
        scale::plain_duration(moments.bucket_us as f64),
        units::count(moments.failed.iter().sum()),
    )
}

/// Successes from the ground, failures on top of them.
fn bars(canvas: &mut Canvas<'_>, moments: &CloseUp, from: f64) {
    let bucket = moments.bucket_us as f64;
    for (n, (ok, failed)) in moments.ok.iter().zip(&moments.failed).enumerate() {
        let left = from + n as f64 * bucket;
        let x = (left + bucket * 0.06, left + bucket * 0.94);
        let (ok, failed) = (*ok as f64, *failed as f64);
        if ok > 0.0 {
            canvas.block(x, (0.0, ok), Colour::Served, 0.55);
        }
        if failed > 0.0 {
            canvas.block(x, (ok, ok + failed), Colour::Failed, 1.0);
        }
    }
}

/// Whether canaries wrote: a block where all did, a full one where any failed.
fn canary_strip(canvas: &mut Canvas<'_>, moments: &CloseUp, from: f64, (low, high): (f64, f64)) {
    let bucket = moments.bucket_us as f64;
    let counts = moments.canary_ok.iter().zip(&moments.canary_failed);
    for (n, (ok, failed)) in counts.enumerate() {
        let left = from + n as f64 * bucket;
        let x = (left, left + bucket);
        if *failed > 0 {
            canvas.block(x, (low, high), Colour::Failed, 1.0);
        } else if *ok > 0 {
            canvas.block(x, (low, (low + high) / 2.0), Colour::Served, 0.55);
        }
    }
}

/// T0 to T7 as lines with their names above the bars; those outside are left out.
fn instants(
    canvas: &mut Canvas<'_>,
    marks: &[Mark],
    accepted: u64,
    (from, to): (f64, f64),
    (low, high): (f64, f64),
) {
    let at = |mark: &Mark| mark.at_us as f64 - accepted as f64;
    let mut shown: Vec<&Mark> = marks
        .iter()
        .filter(|mark| (from..=to).contains(&at(mark)))
        .collect();
    shown.sort_by_key(|mark| mark.at_us);
    let mut last: [f64; ROWS] = [f64::NEG_INFINITY; ROWS];
    for mark in shown {
        let x = at(mark);
        let free = (0..ROWS).find(|row| x - last[*row] > (to - from) * NEAR);
        let row = free.unwrap_or(ROWS - 1);
        last[row] = x;
        let y = high - (high - low) * (row as f64 + 0.5) / ROWS as f64;
        let colour = match mark.id {
            "T0" => Colour::Fault,
            "T5" => Colour::Recovered,
            _ => Colour::Ink,
        };
        canvas.instant(x, y, mark.id, colour);
    }
}
