//! 4. Recovery: per fault, what the users saw and when it was over.

use super::cells::{Cell, Table, badge};
use super::{canary, escape};
use crate::measure::units;
use crate::report::Summary;
use crate::report::charts::Colour;
use crate::report::summary::Fault;

pub(super) fn render(summary: &Summary) -> Option<String> {
    if summary.faults.is_empty() {
        return None;
    }
    let mut markup = overview(summary);
    markup += "<div class=\"faults\">";
    for fault in &summary.faults {
        markup += &anatomy(fault);
    }
    Some(markup + "</div>")
}

fn overview(summary: &Summary) -> String {
    let headers = [
        ("Fault", false),
        ("Hit", false),
        ("RTO", true),
        ("No success for", true),
        ("Below SLO", true),
        ("Failed", true),
        ("Budget spent", true),
        ("Writes lost", true),
        ("Undone", false),
    ];
    let mut table = Table::new(
        "Faults: how long users felt them and what they cost",
        &headers,
    );
    for fault in &summary.faults {
        let lost = fault.ledger.or(summary.ledger);
        table.row([
            Cell::name(&format!(
                "<b>{}</b> <small>{} · {}</small>",
                escape(&fault.name),
                escape(&fault.kind),
                escape(&fault.provider)
            )),
            Cell::text(&fault.target.join(", ")),
            Cell::seconds(fault.rto_seconds),
            Cell::seconds(fault.dead_window_seconds),
            Cell::seconds(fault.below_slo_seconds),
            fault.failed_requests.map_or_else(Cell::absent, Cell::count),
            fault.budget.map_or_else(Cell::absent, |budget| {
                Cell::number(&units::percent(budget.spent), budget.spent)
            }),
            lost.map_or_else(Cell::absent, |ledger| Cell::bad_count(ledger.lost)),
            Cell::markup(&undone(fault)),
        ]);
    }
    table.finish()
}

fn undone(fault: &Fault) -> String {
    match &fault.undo {
        Some(undo) if undo.done => badge("✓", "pass", "undone"),
        Some(_) => badge("✗", "fail", "not undone"),
        None if fault.accepted_us.is_none() => badge("–", "maybe", "not injected"),
        None => badge("✗", "fail", "unknown"),
    }
}

/// T0 to T7 as a list with their distance from T0, told by a bar as well.
fn anatomy(fault: &Fault) -> String {
    let mut markup = format!("<article><h3>{}</h3>", escape(&fault.name));
    if let Some(why) = &fault.not_injected {
        markup += &format!("<p>Never injected: {}</p>", escape(why));
    }
    let marks = fault.marks();
    if let (Some(first), Some(last)) =
        (fault.accepted_us, marks.iter().map(|mark| mark.at_us).max())
    {
        let length = (last - first.min(last)).max(1) as f64;
        markup += "<ol class=\"marks\">";
        for mark in &marks {
            let after = mark.at_us as f64 - first as f64;
            let who = match (mark.id, fault.detected.as_slice()) {
                ("T2", detections) => detections
                    .iter()
                    .map(|detection| {
                        format!(
                            "{} +{}",
                            detection.by,
                            units::duration(detection.at_us as f64 - first as f64)
                        )
                    })
                    .collect::<Vec<_>>()
                    .join(" · "),
                _ => String::new(),
            };
            markup += &format!(
                "<li><b>{}</b> <span class=\"what\">{} <small>{}</small></span> {} <span class=\"after\">{}</span> <span class=\"at\">{}</span></li>",
                mark.id,
                mark.label,
                escape(&who),
                offset_bar(after.max(0.0) / length),
                if mark.id == "T0" {
                    "start".into()
                } else {
                    format!("+{}", units::duration(after))
                },
                units::instant(mark.at_us)
            );
        }
        markup += "</ol>";
    }
    markup += &consequences(fault);
    markup += &canary::impacts(fault);
    if !fault.events.is_empty() {
        markup += "<details><summary>The infrastructure’s own log</summary><ul class=\"events\">";
        for event in &fault.events {
            markup += &format!(
                "<li><time>{}</time> <b>{}</b> {} <small>{}</small></li>",
                units::instant(event.at_us),
                escape(&event.subject),
                escape(&event.kind),
                escape(&event.detail)
            );
        }
        markup += "</ul></details>";
    }
    markup + "</article>"
}

fn offset_bar(share: f64) -> String {
    let x = 3.0 + (share * 150.0).clamp(0.0, 150.0);
    let (grid, fault, failed) = (
        Colour::Grid.hex(),
        Colour::Fault.hex(),
        Colour::Failed.hex(),
    );
    format!(
        "<svg aria-hidden=\"true\" width=\"156\" height=\"14\" viewBox=\"0 0 156 14\">\
         <path d=\"M3 7H153\" stroke=\"{grid}\" stroke-width=\"2\"/>\
         <path d=\"M3 7H{x:.1}\" stroke=\"{fault}\" stroke-width=\"4\"/>\
         <circle cx=\"{x:.1}\" cy=\"7\" r=\"4\" fill=\"{failed}\"/></svg>"
    )
}

fn consequences(fault: &Fault) -> String {
    let mut lines = Vec::new();
    if let (Some(requests), Some(failed)) = (fault.requests, fault.failed_requests) {
        lines.push(format!(
            "{} of {} requests in its window failed.",
            units::count(failed),
            units::count(requests)
        ));
    }
    if let Some(budget) = fault.budget {
        lines.push(format!(
            "It spent {} of the run’s error budget, at {:.1} times the rate the SLO allows.",
            units::percent(budget.spent),
            budget.burn_rate
        ));
    }
    if let Some(ledger) = fault.ledger {
        let mut line = format!(
            "{} of {} acknowledged writes lost",
            units::count(ledger.lost),
            units::count(ledger.acknowledged)
        );
        for (count, what) in [
            (ledger.duplicate, "there twice"),
            (ledger.phantom, "refused and there all the same"),
            (ledger.stale, "there only later"),
            (ledger.unknown, "without an answer"),
            (ledger.unverified, "not read back"),
        ] {
            if count > 0 {
                line += &format!(", {} {what}", units::count(count));
            }
        }
        lines.push(line + ".");
    }
    if let Some(undo) = &fault.undo {
        let word = if undo.done { "Undone" } else { "Not undone" };
        lines.push(format!("{word}: {}.", undo.how.trim_end_matches('.')));
    }
    lines
        .iter()
        .map(|line| format!("<p>{}</p>", escape(line)))
        .collect()
}
