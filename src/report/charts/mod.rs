//! Charts as SVG, drawn by plotters at twice their size: its coordinates are integers.
//!
//! Colours are attributes, so that a chart survives a content policy that removes every style;
//! the page's style sheet replaces them by attribute for dark mode, which is why each colour means
//! one thing. plotters knows neither dashes nor titles: [`finish`] adds both.

mod canvas;
mod capacity;
mod closeup;
mod distribution;
mod errors;
mod heatmap;
mod ladder;
mod lanes;
mod latency;
mod observed;
mod overlay;
mod palette;
mod rate;
pub(super) mod scale;

pub use capacity::capacity;
pub use closeup::close_up;
pub use distribution::distribution;
pub use errors::{budget, errors};
pub use heatmap::heatmap;
pub use ladder::ladder;
pub use lanes::lanes;
pub use latency::latency;
pub use observed::observed;
pub use overlay::overlay;
pub use palette::{Colour, error_colour};
pub use rate::{rate, users};

use super::summary::Summary;
use canvas::{Canvas, Plot};
use scale::Axis;

/// Width of every chart, drawing units.
pub const WIDTH: u32 = 2_200;
/// Space left of the plot: lanes' names and axis labels.
pub const LEFT: u32 = 300;
/// Space right of the plot.
pub const RIGHT: u32 = 40;

/// A chart with what a screen reader needs.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Unique in the page.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What it shows, in a sentence.
    pub description: String,
    /// An `<svg>` element.
    pub svg: String,
    /// What the colours mean, in the order of drawing.
    pub legend: Vec<LegendItem>,
}

/// One colour of a chart.
#[derive(Debug, Clone)]
pub struct LegendItem {
    /// What it means.
    pub label: String,
    /// Which.
    pub colour: Colour,
    /// How it is drawn.
    pub mark: LegendMark,
}

/// How a legend's item is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegendMark {
    /// A line, dashed as the colour is.
    Line,
    /// A filled area.
    Area,
}

fn item(label: impl Into<String>, colour: Colour, mark: LegendMark) -> LegendItem {
    LegendItem {
        label: label.into(),
        colour,
        mark,
    }
}

/// The time axis that all charts of the timeline share, seconds.
fn time_axis(summary: &Summary) -> Axis {
    let buckets = summary.timeline.len() as f64 * summary.timeline.bucket_seconds as f64;
    scale::time(buckets.max(summary.run.duration_us as f64 / 1e6))
}

/// Fault windows behind everything else, and the instants at which faults were accepted and over.
fn shade_faults(canvas: &mut Canvas<'_>, summary: &Summary) {
    for lane in &summary.lanes.faults {
        if let Some(span) = lane.actual {
            let (from, to) = (span.from_us as f64 / 1e6, span.to_us as f64 / 1e6);
            canvas.span(from, to, Colour::Fault, 0.16);
        }
    }
    mark_faults(canvas, summary);
}

/// The instants at which faults were accepted and over.
fn mark_faults(canvas: &mut Canvas<'_>, summary: &Summary) {
    for lane in &summary.lanes.faults {
        if let Some(span) = lane.actual {
            canvas.vertical(span.from_us as f64 / 1e6, Colour::Fault);
        }
    }
    for fault in &summary.faults {
        if let Some(at) = fault.recovered_us {
            canvas.vertical(at as f64 / 1e6, Colour::Recovered);
        }
    }
}

/// (middle of the bucket in seconds, value) of a column; runs without values are split.
fn runs(
    summary: &Summary,
    column: &[Option<u64>],
    of: impl Fn(u64) -> f64,
) -> Vec<Vec<(f64, f64)>> {
    let width = summary.timeline.bucket_seconds as f64;
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (index, value) in column.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push(((index as f64 + 0.5) * width, of(*value))),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A column of counts as one line per second.
fn per_second(summary: &Summary, column: &[u64]) -> Vec<(f64, f64)> {
    let width = summary.timeline.bucket_seconds as f64;
    column
        .iter()
        .enumerate()
        .map(|(index, count)| ((index as f64 + 0.5) * width, *count as f64 / width))
        .collect()
}

/// Replaces plotters' opening tag by one that names and describes the chart, scales with the page
/// and needs no namespace, and gives dashed colours their dashes.
fn finish(id: &str, title: &str, description: &str, height: u32, drawn: &str) -> String {
    finish_over(id, title, description, height, "", drawn)
}

/// As [`finish`], with markup below what is drawn.
fn finish_over(
    id: &str,
    title: &str,
    description: &str,
    height: u32,
    below: &str,
    drawn: &str,
) -> String {
    let escape = super::html::escape;
    let inner = drawn
        .find("<svg")
        .and_then(|start| drawn[start..].find('>').map(|end| start + end + 1));
    let inner = inner.map_or(drawn, |start| &drawn[start..]);
    let mut svg = format!(
        "<svg role=\"img\" aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {WIDTH} {height}\" width=\"100%\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{below}{inner}",
        escape(title),
        escape(description),
    );
    for colour in Colour::ALL {
        if let Some(dash) = colour.dash() {
            let plain = format!("stroke=\"{}\"", colour.hex());
            svg = svg.replace(&plain, &format!("{plain} stroke-dasharray=\"{dash}\""));
        }
    }
    svg
}
