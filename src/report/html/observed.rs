//! What the target measured of itself, as a table: the charts' ends and middles.

use super::cells::{Cell, Table};
use crate::report::Summary;
use crate::report::summary::{ObservedPoint, ObservedSeries};

/// One row for each figure; nothing where nobody was asked.
pub(super) fn table(summary: &Summary) -> String {
    let series = summary.observed.iter().flat_map(|all| &all.series);
    let series: Vec<&ObservedSeries> = series.filter(|one| !one.points.is_empty()).collect();
    if series.is_empty() {
        return String::new();
    }
    let headers = [
        ("Figure", false),
        ("Unit", false),
        ("Told by", false),
        ("Values", true),
        ("Lowest", true),
        ("Mean", true),
        ("Highest", true),
        ("Highest at", true),
    ];
    let mut table = Table::new("What the target measured of itself", &headers);
    for one in series {
        let by_value = |a: &&ObservedPoint, b: &&ObservedPoint| a.value.total_cmp(&b.value);
        let lowest = one.points.iter().min_by(by_value);
        let highest = one.points.iter().max_by(by_value);
        let sum: f64 = one.points.iter().map(|point| point.value).sum();
        let value = |value: Option<f64>| match value {
            Some(value) => Cell::number(&rounded(value), value),
            None => Cell::absent(),
        };
        table.row([
            Cell::head(&one.name),
            Cell::text(&one.unit),
            Cell::text(&one.source),
            Cell::count(one.points.len() as u64),
            value(lowest.map(|point| point.value)),
            value(Some(sum / one.points.len() as f64)),
            value(highest.map(|point| point.value)),
            Cell::instant(highest.map(|point| point.at_us)),
        ]);
    }
    table.finish()
}

/// Three digits tell enough.
fn rounded(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
