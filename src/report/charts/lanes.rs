//! Who was broken, who served, which database server had which part: one lane each.

use super::canvas::Canvas;
use super::{Axis, Chart, Colour, LegendMark, Plot, finish, item, shade_faults, time_axis};
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::{Fault, FaultLane, RoleLane, ServingKind, ServingLane, Span};

const LANE: u32 = 52;

/// One lane per fault, zone, pod and database server; none when there is nothing to show.
#[must_use]
pub fn lanes(summary: &Summary) -> Option<Chart> {
    let lanes = &summary.lanes;
    let count = lanes.faults.len() + lanes.serving.len() + lanes.roles.len();
    if count == 0 {
        return None;
    }
    let height = LANE * u32::try_from(count).unwrap_or(u32::MAX / LANE) + 58;
    let x = time_axis(summary);
    let y = Axis {
        from: 0.0,
        to: count as f64,
        ticks: Vec::new(),
    };
    let drawn = Plot {
        height,
        x: &x,
        y: &y,
    }
    .draw(|canvas| {
        shade_faults(canvas, summary);
        let mut top = count as f64;
        let mut next = || {
            top -= 1.0;
            top
        };
        for lane in &lanes.faults {
            draw_fault(canvas, next(), lane, told_of(summary, lane));
        }
        for lane in &lanes.serving {
            draw_serving(canvas, next(), lane, summary.timeline.bucket_seconds as f64);
        }
        for lane in &lanes.roles {
            draw_roles(canvas, next(), lane);
        }
    });
    let title = "Faults, zones, pods, database";
    let description =
        "One lane each on the run's clock: faults as planned (outline) and as they were (filled), \
                       what zones and pods served and failed, and the part of each database server."
            .to_owned();
    Some(Chart {
        id: "chart-lanes".into(),
        title: title.into(),
        svg: finish("chart-lanes", title, &description, height, &drawn),
        description,
        legend: legend(summary),
    })
}

fn legend(summary: &Summary) -> Vec<super::LegendItem> {
    use LegendMark::{Area, Line};
    let lanes = &summary.lanes;
    let mut legend = Vec::new();
    if !lanes.faults.is_empty() {
        legend.push(item("fault's window", Colour::Fault, Area));
        legend.push(item("SLO held again", Colour::Recovered, Line));
        legend.push(item("T0 to T7", Colour::Ink, Line));
    }
    if !lanes.serving.is_empty() {
        legend.push(item("served", Colour::Served, Area));
        legend.push(item("failed", Colour::Failed, Area));
    }
    if !lanes.roles.is_empty() {
        legend.push(item("primary", Colour::Primary, Area));
        legend.push(item("standby", Colour::Standby, Area));
        legend.push(item("rebuilding", Colour::Rebuilding, Area));
        legend.push(item("down", Colour::Down, Line));
    }
    legend
}

fn seconds(span: Span) -> (f64, f64) {
    (span.from_us as f64 / 1e6, span.to_us as f64 / 1e6)
}

/// What a reader looks for first, beside the fault's bar.
fn recovery(fault: &Fault) -> Option<String> {
    fault.accepted_us?;
    Some(match fault.rto_seconds {
        Some(0.0) => "SLO never missed".into(),
        Some(rto) => format!("recovered in {}", units::duration(rto * 1e6)),
        None => "not recovered".into(),
    })
}

/// The fault of a lane.
fn told_of<'s>(summary: &'s Summary, lane: &FaultLane) -> Option<&'s Fault> {
    summary.faults.iter().find(|fault| fault.name == lane.name)
}

fn draw_fault(canvas: &mut Canvas<'_>, y: f64, lane: &FaultLane, fault: Option<&Fault>) {
    canvas.lane_name(y + 0.5, &lane.name);
    let recovery = fault.and_then(recovery);
    if let Some(actual) = lane.actual {
        canvas.block(seconds(actual), (y + 0.22, y + 0.78), Colour::Fault, 1.0);
    }
    if let (Some(actual), Some(recovery)) = (lane.actual, recovery) {
        let longest = actual
            .to_us
            .max(lane.planned.map_or(0, |planned| planned.to_us));
        canvas.beside(
            seconds(Span {
                to_us: longest,
                ..actual
            }),
            y + 0.5,
            &recovery,
        );
    }
    for mark in fault.map(Fault::marks).unwrap_or_default() {
        let at = mark.at_us as f64 / 1e6;
        let colour = if mark.id == "T5" {
            Colour::Recovered
        } else {
            Colour::Ink
        };
        canvas.line(&[(at, y + 0.16), (at, y + 0.84)], colour, 3);
    }
    if let Some(planned) = lane.planned {
        canvas.outline(seconds(planned), (y + 0.12, y + 0.88), Colour::Ink);
    }
}

/// A bar whose failing share is marked from its top, so that it can be told without colour.
fn draw_serving(canvas: &mut Canvas<'_>, y: f64, lane: &ServingLane, width: f64) {
    let name = match lane.kind {
        ServingKind::Zone => format!("zone {}", lane.name),
        // A pod's name says enough; its zone's lane is above.
        ServingKind::Pod => lane.name.split(" · ").next().unwrap_or_default().into(),
        ServingKind::Nobody => "nobody answered".into(),
        // Named so already.
        ServingKind::Canary => lane.name.clone(),
    };
    canvas.lane_name(y + 0.5, &name);
    let (low, high) = (y + 0.16, y + 0.84);
    let states: Vec<Option<f64>> = lane
        .ok
        .iter()
        .zip(&lane.failed)
        .map(|(ok, failed)| (ok + failed > 0).then(|| *failed as f64 / (ok + failed) as f64))
        .collect();
    for (from, to, failing) in stretches(&states) {
        let x = (from as f64 * width, to as f64 * width);
        match failing {
            None => canvas.line(&[(x.0, y + 0.5), (x.1, y + 0.5)], Colour::Down, 3),
            Some(failing) => {
                // The smallest share must still be seen.
                let share = if failing > 0.0 {
                    failing.max(0.15)
                } else {
                    0.0
                };
                let split = high - (high - low) * share;
                canvas.block(x, (low, split), Colour::Served, 0.5);
                if share > 0.0 {
                    canvas.block(x, (split, high), Colour::Failed, 1.0);
                }
            }
        }
    }
}

/// Neighbours with equal states as one stretch: (from, to, state).
fn stretches<T: Copy + PartialEq>(states: &[T]) -> Vec<(usize, usize, T)> {
    let mut stretches: Vec<(usize, usize, T)> = Vec::new();
    for (index, state) in states.iter().enumerate() {
        match stretches.last_mut() {
            Some((_, to, last)) if last == state => *to = index + 1,
            _ => stretches.push((index, index + 1, *state)),
        }
    }
    stretches
}

fn draw_roles(canvas: &mut Canvas<'_>, y: f64, lane: &RoleLane) {
    canvas.lane_name(y + 0.5, &lane.name);
    for segment in &lane.segments {
        let x = seconds(segment.span);
        // Heights differ too: a primary is the whole lane, a standby its lower part.
        match segment.state.as_str() {
            "primary" => canvas.block(x, (y + 0.12, y + 0.88), Colour::Primary, 1.0),
            "standby" | "replica" => canvas.block(x, (y + 0.12, y + 0.52), Colour::Standby, 1.0),
            "rebuilding" => canvas.block(x, (y + 0.12, y + 0.32), Colour::Rebuilding, 1.0),
            _ => canvas.line(&[(x.0, y + 0.5), (x.1, y + 0.5)], Colour::Down, 3),
        }
    }
}
