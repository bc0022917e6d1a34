//! 2. Gates: what was asked, what was measured, how far apart they are.

use super::cells::{Cell, Table, gate_badge};
use super::escape;
use crate::gate::sufficiency::FOR_AN_INTERVAL;
use crate::gate::{GateResult, GateVerdict, Unit};
use crate::measure::quantile::{BLOCK_SECONDS, RESAMPLES};
use crate::measure::units;
use crate::report::Summary;
use crate::report::charts::Colour;

pub(super) fn render(summary: &Summary) -> String {
    if summary.gates.is_empty() {
        return "<p>The scenario sets no gate, so nothing was required. \
                Add a <code>[[gate]]</code> to it to give the run a verdict.</p>"
            .into();
    }
    let headers = [
        ("Verdict", false),
        ("Gate", false),
        ("Phase", false),
        ("Measured", true),
        ("Interval", true),
        ("Limit", true),
        ("Of limit", false),
        ("n", true),
        ("In words", false),
    ];
    let mut table = Table::new("Gates: measured values beside their limits", &headers);
    let mut gates: Vec<&GateResult> = summary.gates.iter().collect();
    // What needs a person comes first; within that the scenario's order.
    gates.sort_by_key(|gate| gate.verdict.urgency());
    for gate in gates {
        let shown = |value: f64| gate.unit.show(value);
        let subject = gate.id.split('/').next().unwrap_or(&gate.id);
        let name = format!(
            "<b>{}</b> <code>{}</code> <small title=\"{}\">{}</small>",
            escape(&subject.replacen(':', " ", 1)),
            escape(&gate.text),
            escape(&gate.id),
            gate.place()
        );
        table.row([
            Cell::markup(&gate_badge(gate.verdict)),
            Cell::name(&name),
            Cell::text(&gate.phase),
            gate.measured
                .map_or_else(Cell::absent, |value| Cell::number(&shown(value), value)),
            interval(gate),
            Cell::number(&format!("{} {}", gate.op, shown(gate.limit)), gate.limit),
            Cell::markup(&bullet(gate)),
            samples(gate, summary),
            Cell::text(&gate.explanation),
        ]);
    }
    format!(
        "{}<p class=\"hint\">Intervals are approximate: 95 %, by a moving-block bootstrap over one-second histograms \
         ({BLOCK_SECONDS} s blocks, {} resamples, the run’s seed); of ratios to a baseline 90 %. With fewer than \
         {FOR_AN_INTERVAL} requests beyond a quantile, or too few seconds, there is none: insufficient.</p>",
        table.finish(),
        units::count(RESAMPLES as u64)
    )
}

/// Between what two equal runs may differ; told apart from what needs none.
fn interval(gate: &GateResult) -> Cell {
    let shown = |value: f64| gate.unit.show(value);
    match gate.interval {
        Some([low, high]) => Cell::number(&format!("{} – {}", shown(low), shown(high)), low),
        None if gate.is_quantile() && gate.measured.is_some() => Cell::insufficient(),
        None => Cell::absent(),
    }
}

/// Requests, or runs where whole runs are the samples.
fn samples(gate: &GateResult, summary: &Summary) -> Cell {
    let metric = gate.id.strip_prefix("baseline/");
    let mut regressions = summary
        .baseline
        .iter()
        .flat_map(|baseline| &baseline.regressions);
    let compared = metric.and_then(|metric| regressions.find(|one| one.metric == metric));
    match (compared, gate.samples) {
        (Some(one), _) => Cell::number(
            &format!("{} of {} runs", one.candidate_runs, one.baseline_runs),
            one.baseline_runs as f64,
        ),
        (None, Some(samples)) => Cell::count(samples),
        (None, None) => Cell::absent(),
    }
}

/// The measured value as a bar beside its limit as a line, where a ratio of the two says something.
fn bullet(gate: &GateResult) -> String {
    let meaningful =
        matches!(gate.unit, Unit::Us | Unit::PerSecond | Unit::Count) && gate.limit > 0.0;
    let Some(measured) = gate.measured.filter(|_| meaningful) else {
        return String::new();
    };
    let share = measured / gate.limit;
    let bar = if gate.verdict == GateVerdict::Fail {
        Colour::Failed
    } else {
        Colour::Started
    };
    let (bar, grid, limit) = (bar.hex(), Colour::Grid.hex(), Colour::Limit.hex());
    // The limit stands at two thirds; what is beyond the edge is cut there.
    let width = (share * 80.0).clamp(1.0, 120.0);
    format!(
        "<svg role=\"img\" width=\"120\" height=\"16\" viewBox=\"0 0 120 16\"><title>{} of the limit</title>\
         <rect x=\"0\" y=\"5\" width=\"120\" height=\"6\" fill=\"{grid}\"/>\
         <rect x=\"0\" y=\"5\" width=\"{width:.1}\" height=\"6\" fill=\"{bar}\"/>\
         <path d=\"M80 1V15\" stroke=\"{limit}\" stroke-width=\"2\"/></svg>",
        units::percent(share)
    )
}
