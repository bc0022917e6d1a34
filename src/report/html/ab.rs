//! `ab.html`: two versions measured in turn, in the frame of every other page.

use super::baseline::{forest, ratios};
use super::cells::{Cell, Table, verdict_mark};
use super::page::Frame;
use super::{Section, escape};
use crate::gate::paired::{Paired, Side};
use crate::gate::regression::Regression;
use crate::measure::units;
use crate::report::ab::{Ab, AbRun};

/// The whole page.
#[must_use]
pub fn render(ab: &Ab) -> String {
    let section = |id, title, body| Section { id, title, body };
    let sections = [
        section(
            "metrics",
            "Metrics",
            (!ab.metrics.is_empty()).then(|| metrics(&ab.metrics)),
        ),
        section("runs", "Runs", Some(runs(&ab.runs))),
    ];
    let lead = lead(ab);
    let frame = Frame {
        title: format!("{} · {}: a beside b", ab.verdict.word(), ab.scenario),
        lead: &lead,
        tool: &ab.tool,
        data: Frame::no_data(),
    };
    frame.around(&sections)
}

fn lead(ab: &Ab) -> String {
    let (class, icon) = verdict_mark(ab.verdict);
    format!(
        "<header class=\"verdict {class}\"><p class=\"scenario\">{} <span>a beside b, in turn</span></p>\
         <h1>{icon} {}</h1><p class=\"why\">{}</p></header>\
         <dl class=\"facts\"><div><dt>a</dt><dd>{}</dd></div><div><dt>b</dt><dd>{}</dd></div>\
         <div><dt>b may be worse by</dt><dd>{}</dd></div></dl>",
        escape(&ab.scenario),
        ab.verdict.word(),
        escape(&ab.reason),
        escape(&ab.a),
        escape(&ab.b),
        units::percent(ab.margin),
    )
}

fn metrics(metrics: &[Paired]) -> String {
    let drawn: Vec<Regression> = metrics.iter().map(as_drawn).collect();
    format!(
        "<p class=\"hint\">Paired t test on the logarithm of each pair’s ratio: what both runs of a pair met alike \
         cancels out. Above 1 b has more.</p>{}{}",
        forest(&drawn, "Ratios of b to a"),
        ratios(&drawn, "Ratios of b to a", "b ÷ a")
    )
}

/// As a line of the forest plot.
fn as_drawn(one: &Paired) -> Regression {
    Regression {
        metric: one.metric.clone(),
        ratio: one.ratio,
        interval: one.interval,
        allowed: one.allowed,
        baseline_runs: one.pairs,
        candidate_runs: one.pairs,
        verdict: one.verdict,
        explanation: one.explanation.clone(),
    }
}

fn runs(runs: &[AbRun]) -> String {
    let headers = [
        ("Pair", true),
        ("Version", false),
        ("Verdict", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p99", true),
        ("Counts", false),
        ("Report", false),
        ("Why", false),
    ];
    let mut table = Table::new("Runs, in their order", &headers);
    for one in runs {
        table.row([
            Cell::number(&one.pair.to_string(), one.pair as f64),
            Cell::text(match one.side {
                Side::A => "a",
                Side::B => "b",
            }),
            Cell::text(one.verdict.word()),
            Cell::count(one.requests),
            Cell::error_share(one.failed, one.requests),
            Cell::micros(one.p50_us),
            Cell::micros(one.p99_us),
            Cell::text(if one.counts { "yes" } else { "no" }),
            Cell::report(&one.folder, &one.run),
            Cell::text(&one.reason),
        ]);
    }
    table.finish()
}
