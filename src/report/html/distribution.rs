//! 5. Distribution: latency by quantile.

use super::cells::{Cell, Table};
use super::timeline::figure;
use crate::report::Summary;
use crate::report::charts;
use crate::report::summary::EnvelopePoint;

pub(super) fn render(summary: &Summary) -> Option<String> {
    let chart = charts::distribution(summary)?;
    let wanted = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];
    let headers = [
        ("Phases", false),
        ("p50", true),
        ("p90", true),
        ("p95", true),
        ("p99", true),
        ("p99.9", true),
        ("p99.99", true),
    ];
    let mut table = Table::new("Response and service time by quantile", &headers);
    for curve in &summary.distribution {
        for (name, points) in [("response", &curve.response), ("service", &curve.service)] {
            let at = |q: f64| {
                let near = points.iter().find(|point| point.q >= q - 1e-6);
                Cell::micros(near.map(|point| point.us))
            };
            let head = std::iter::once(Cell::head(&format!("{}, {name}", curve.kind.name())));
            table.row(head.chain(wanted.map(at)));
        }
    }
    for row in baseline(summary, &wanted) {
        table.row(row);
    }
    Some(format!(
        "<p class=\"hint\">{}</p>{}<details><summary>The curves as a table</summary>{}</details>",
        super::escape(&chart.description),
        figure(&chart, "single"),
        table.finish()
    ))
}

/// The fastest and the slowest run of the baseline; nothing without one.
fn baseline(summary: &Summary, wanted: &[f64]) -> Vec<Vec<Cell>> {
    let Some(baseline) = summary.baseline.as_ref() else {
        return Vec::new();
    };
    if baseline.envelope.is_empty() {
        return Vec::new();
    }
    let row = |name: &str, of: fn(&EnvelopePoint) -> u64| {
        let at = |q: &f64| {
            let near = baseline.envelope.iter().find(|point| point.q >= q - 1e-6);
            Cell::micros(near.map(of))
        };
        let head = std::iter::once(Cell::head(&format!("steady, {name} run of the baseline")));
        head.chain(wanted.iter().map(at)).collect()
    };
    vec![
        row("fastest", |point| point.low_us),
        row("slowest", |point| point.high_us),
    ]
}
