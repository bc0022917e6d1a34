//! Two versions measured in turn, for a terminal and for a comment on a pull request.

use super::{Ab, AbRun};
use crate::gate::paired::Side;
use crate::measure::units;
use crate::report::columns::Columns;
use crate::report::markdown::{gate_icon, icon, text};

/// The text, in Markdown.
#[must_use]
pub fn render(ab: &Ab) -> String {
    let icon = icon(ab.verdict);
    let mut out = format!(
        "## {icon} {} · {}: a beside b\n\n{}\n\n- a: {}\n- b: {}\n\n",
        ab.verdict.word(),
        text(&ab.scenario),
        text(&ab.reason),
        text(&ab.a),
        text(&ab.b)
    );
    if !ab.metrics.is_empty() {
        out += &metrics(ab);
    }
    out += &runs(&ab.runs);
    out
}

fn metrics(ab: &Ab) -> String {
    let mut columns = Columns::new([
        ("Metric", false),
        ("b ÷ a", true),
        ("90 % interval", true),
        ("Allowed", true),
        ("In words", false),
    ]);
    for one in &ab.metrics {
        let icon = gate_icon(one.verdict);
        columns.row([
            format!("{icon} {}", text(&one.metric)),
            format!("{:.2}×", one.ratio),
            format!("{:.2}–{:.2}", one.interval[0], one.interval[1]),
            format!("{:.2}×", one.allowed),
            text(&one.explanation),
        ]);
    }
    columns.finish()
}

fn runs(runs: &[AbRun]) -> String {
    let mut columns = Columns::new([
        ("Pair", true),
        ("Run", false),
        ("Verdict", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p99", true),
        ("Counts", false),
    ]);
    for one in runs {
        let share = one.failed as f64 / one.requests.max(1) as f64;
        columns.row([
            one.pair.to_string(),
            match one.side {
                Side::A => "a".to_owned(),
                Side::B => "b".to_owned(),
            },
            one.verdict.word().to_owned(),
            units::count(one.requests),
            units::percent(share),
            units::micros_if_known(one.p50_us),
            units::micros_if_known(one.p99_us),
            if one.counts { "yes" } else { "no" }.to_owned(),
        ]);
    }
    format!("### Runs, in their order\n\n{}", columns.finish())
}
