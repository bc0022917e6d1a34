//! 6. Baseline: ratios with their intervals, one line each, beside 1 and beside what was allowed.

use super::cells::{Cell, Table, gate_badge};
use super::escape;
use crate::gate::GateVerdict;
use crate::gate::regression::Regression;
use crate::report::Summary;
use crate::report::charts::Colour;
use crate::report::summary::Baseline;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 190.0;
const ROW: f64 = 30.0;
const TOP: f64 = 26.0;

pub(super) fn render(summary: &Summary) -> Option<String> {
    let baseline = summary.baseline.as_ref()?;
    let mut body = about(baseline);
    if let Some(why) = &baseline.not_judged {
        body += &format!("<p><b>Nothing was judged:</b> {}.</p>", escape(why));
    }
    if !baseline.regressions.is_empty() {
        body += &forest(&baseline.regressions, "Ratios to the baseline");
        body += &ratios(&baseline.regressions, "Ratios to the baseline", "Ratio");
    }
    Some(body)
}

fn about(baseline: &Baseline) -> String {
    let epoch = baseline.epoch.as_ref().map_or_else(String::new, |epoch| {
        format!(", counted since {}", escape(epoch))
    });
    format!(
        "<p>{} of this candidate beside {} of the baseline <code>{}</code> \
         (fingerprint <code>{}</code>{epoch}). A whole run is one sample; above 1 is slower.</p>",
        runs(baseline.candidates.len()),
        runs(baseline.runs.len()),
        escape(&baseline.place),
        escape(&baseline.fingerprint),
    )
}

fn runs(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    }
}

/// Ratios on a logarithmic axis: twice as slow is as far from 1 as twice as fast.
pub(super) fn forest(regressions: &[Regression], title: &str) -> String {
    let all = || {
        regressions
            .iter()
            .flat_map(|one| [one.interval[0], one.interval[1], one.allowed])
    };
    let low = all().fold(0.9, f64::min) / 1.03;
    let high = all().fold(1.1, f64::max) * 1.03;
    let x = |ratio: f64| {
        let share = (ratio.clamp(low, high) / low).ln() / (high / low).ln();
        LEFT + share * (WIDTH - LEFT - 20.0)
    };
    let bottom = TOP + ROW * regressions.len() as f64;
    let mut drawn = String::new();
    let grid = Colour::Grid.hex();
    let ink = Colour::Ink.hex();
    let limit = Colour::Limit.hex();
    for tick in [0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0] {
        if (low..=high).contains(&tick) {
            let at = x(tick);
            drawn += &format!(
                "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"{grid}\"/>\
                 <text x=\"{at:.1}\" y=\"16\" text-anchor=\"middle\" font-size=\"12\" fill=\"{ink}\">{tick}×</text>"
            );
        }
    }
    let one = x(1.0);
    drawn +=
        &format!("<path d=\"M{one:.1} {TOP}V{bottom}\" stroke=\"{ink}\" stroke-width=\"1.5\"/>");
    for (row, regression) in regressions.iter().enumerate() {
        let y = TOP + ROW * (row as f64 + 0.5);
        let colour = match regression.verdict {
            GateVerdict::Fail => Colour::Failed,
            GateVerdict::Inconclusive => Colour::Disturbed,
            GateVerdict::Pass => Colour::Started,
        }
        .hex();
        let [from, to] = regression.interval.map(x);
        let (at, allowed) = (x(regression.ratio), x(regression.allowed));
        drawn += &format!(
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"13\" fill=\"{ink}\">{}</text>\
             <path d=\"M{from:.1} {y}H{to:.1}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             {}\
             <path d=\"M{allowed:.1} {:.1}v20\" stroke=\"{limit}\" stroke-width=\"2\" stroke-dasharray=\"4 2\"/>",
            LEFT - 12.0,
            y + 4.0,
            escape(&regression.metric),
            mark(regression.verdict, at, y, &colour),
            y - 10.0,
        );
    }
    let height = bottom + 8.0;
    format!(
        "<figure><svg role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" aria-labelledby=\"forest-t forest-d\">\
         <title id=\"forest-t\">{title}</title>\
         <desc id=\"forest-d\">One line for each metric: the ratio as a square (pass), circle (inconclusive) or diamond (fail), its 90 % interval as a bar, \
         what was allowed as a dashed line. The table below holds the same.</desc>{drawn}</svg></figure>"
    )
}

/// Square, circle, diamond: the verdict by shape as well.
fn mark(verdict: GateVerdict, x: f64, y: f64, colour: &str) -> String {
    match verdict {
        GateVerdict::Pass => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            x - 5.0,
            y - 5.0
        ),
        GateVerdict::Inconclusive => {
            format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"{colour}\"/>")
        }
        GateVerdict::Fail => {
            format!(
                "<path d=\"M{x:.1} {:.1}l7 7-7 7-7-7z\" fill=\"{colour}\"/>",
                y - 7.0
            )
        }
    }
}

/// The same as a table, under this caption and heading of the ratios.
pub(super) fn ratios(regressions: &[Regression], caption: &str, heading: &'static str) -> String {
    let headers = [
        ("Verdict", false),
        ("Metric", false),
        (heading, true),
        ("90 % interval", true),
        ("Allowed", true),
        ("In words", false),
    ];
    let mut table = Table::new(caption, &headers);
    for one in regressions {
        table.row([
            Cell::markup(&gate_badge(one.verdict)),
            Cell::name(&format!("<code>{}</code>", escape(&one.metric))),
            Cell::number(&format!("{:.2}×", one.ratio), one.ratio),
            Cell::number(
                &format!("{:.2} – {:.2}", one.interval[0], one.interval[1]),
                one.interval[0],
            ),
            Cell::number(&format!("{:.2}×", one.allowed), one.allowed),
            Cell::text(&one.explanation),
        ]);
    }
    table.finish()
}
