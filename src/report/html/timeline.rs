//! 3. Timeline: charts stacked on one time axis, fault windows shaded across all of them.

use super::cells::{Cell, Table};
use super::{escape, heat, lanes, observed};
use crate::measure::units;
use crate::report::Summary;
use crate::report::charts::{self, Chart, LegendMark};

pub(super) fn render(summary: &Summary) -> Option<String> {
    if summary.timeline.is_empty() {
        return None;
    }
    let mut markup = String::from(
        "<p class=\"hint\">Shaded: a fault’s window, from its acceptance until the SLO held again and it was undone. \
         <span class=\"js\" hidden>Point at a chart, or focus it and press ← →, to read its values.</span></p>\
         <div class=\"strips\" data-strips>",
    );
    let strips = [
        charts::lanes(summary),
        Some(charts::latency(summary)),
        charts::heatmap(summary),
        Some(charts::errors(summary)),
        Some(charts::rate(summary)),
        Some(charts::users(summary)),
        charts::budget(summary),
    ];
    for chart in strips
        .into_iter()
        .flatten()
        .chain(charts::observed(summary))
    {
        markup += &figure(&chart, "strip");
    }
    markup += "</div>";
    for why in summary.observed.iter().flat_map(|all| &all.not_read) {
        markup += &format!("<p class=\"hint\">Not read: {}</p>", escape(why));
    }
    let tables = [
        ("Phases as a table", phases(summary)),
        ("Lanes as a table", lanes::tables(summary)),
        ("The charts’ values as a table", values(summary)),
        ("The heatmap as a table", heat::table(summary)),
        (
            "What the target measured as a table",
            observed::table(summary),
        ),
    ];
    for (name, table) in tables {
        if !table.is_empty() {
            markup += &folded(name, &table);
        }
    }
    Some(markup)
}

/// What few need to see: behind its name until it is asked for.
pub(super) fn folded(name: &str, markup: &str) -> String {
    format!("<details><summary>{name}</summary>{markup}</details>")
}

/// A chart with its heading and legend.
pub(super) fn figure(chart: &Chart, class: &str) -> String {
    let mut legend = String::new();
    for item in &chart.legend {
        let hex = item.colour.hex();
        let dash = item.colour.dash().map_or(String::new(), |dash| {
            format!(" stroke-dasharray=\"{dash}\"")
        });
        let mark = match item.mark {
            LegendMark::Area => {
                format!("<rect y=\"6\" width=\"52\" height=\"20\" rx=\"3\" fill=\"{hex}\"/>")
            }
            LegendMark::Line => {
                format!("<path d=\"M0 16H52\" stroke=\"{hex}\" stroke-width=\"6\"{dash}/>")
            }
        };
        legend += &format!(
            "<li><svg aria-hidden=\"true\" width=\"22\" height=\"13\" viewBox=\"0 0 52 32\">{mark}</svg> {}</li>",
            escape(&item.label)
        );
    }
    format!(
        "<figure class=\"{class}\"><figcaption><h3>{}</h3><ul class=\"legend\">{legend}</ul></figcaption>\
         <div class=\"chart\">{}</div></figure>",
        escape(&chart.title),
        chart.svg
    )
}

fn phases(summary: &Summary) -> String {
    let headers = [
        ("Phase", false),
        ("Kind", false),
        ("From", true),
        ("To", true),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p99", true),
        ("Slowest", true),
    ];
    let mut table = Table::new("Phases in order of time", &headers);
    for phase in &summary.phases {
        let times = phase.response_time_us;
        table.row([
            Cell::head(&phase.name),
            Cell::text(phase.kind.name()),
            Cell::instant(Some(phase.from_us)),
            Cell::instant(Some(phase.to_us)),
            Cell::count(phase.count),
            Cell::error_share(phase.failed, phase.count),
            Cell::micros(times.map(|times| times.p50)),
            Cell::micros(times.map(|times| times.p99)),
            Cell::micros(times.map(|times| times.max)),
        ]);
    }
    table.finish()
}

/// Most rows of the charts' table: more say nothing to a person, and all are in `samples.csv`.
const ROWS: usize = 120;

fn values(summary: &Summary) -> String {
    let timeline = &summary.timeline;
    let every = timeline.len().div_ceil(ROWS).max(1);
    let headers = [
        ("Time", true),
        ("Requests/s", true),
        ("Failed", true),
        ("p50", true),
        ("p90", true),
        ("p99", true),
        ("Slowest", true),
        ("Offered/s", true),
        ("Started/s", true),
        ("In progress", true),
    ];
    let caption = match every {
        1 => "Values of every bucket".to_owned(),
        every => format!("Values of every {every}th bucket; all are in samples.csv"),
    };
    let mut table = Table::new(&caption, &headers);
    let at =
        |column: &[Option<u64>], bucket: usize| Cell::micros(column.get(bucket).copied().flatten());
    let per_second = |column: &[u64], bucket: usize| {
        column.get(bucket).map_or_else(Cell::absent, |count| {
            let rate = *count as f64 / timeline.bucket_seconds as f64;
            Cell::number(&units::rate(rate), rate)
        })
    };
    for bucket in (0..timeline.len()).step_by(every) {
        table.row([
            Cell::instant(Some(bucket as u64 * timeline.bucket_seconds * 1_000_000)),
            per_second(&timeline.requests, bucket),
            Cell::bad_count(timeline.failed(bucket)),
            at(&timeline.p50, bucket),
            at(&timeline.p90, bucket),
            at(&timeline.p99, bucket),
            at(&timeline.max, bucket),
            per_second(&timeline.scheduled, bucket),
            per_second(&timeline.started, bucket),
            (timeline.users.get(bucket)).map_or_else(Cell::absent, |users| Cell::count(*users)),
        ]);
    }
    table.finish()
}
