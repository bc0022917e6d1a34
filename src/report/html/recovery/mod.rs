//! 4. Recovery: per fault, what the users saw and when it was over; and the target's own books.

mod books;
mod canary;
mod check;
mod classes;
mod consequences;
mod marks;
mod moments;
mod stages;

use super::cells::{Cell, Table, badge};
use super::{escape, timeline};
use crate::measure::units;
use crate::report::Summary;
use crate::report::charts;
use crate::report::summary::Fault;

pub(super) use canary::warnings as canary_warnings;

pub(super) fn render(summary: &Summary) -> Option<String> {
    if summary.faults.is_empty() {
        let books = books::render(summary);
        return (!books.is_empty()).then_some(books);
    }
    let mut markup = overview(summary);
    markup += "<div class=\"faults\">";
    for (number, fault) in summary.faults.iter().enumerate() {
        markup += &story(fault, number);
    }
    markup += "</div>";
    Some(markup + &books::render(summary))
}

fn overview(summary: &Summary) -> String {
    let headers = [
        ("Fault", false),
        ("Hit", false),
        ("RTO", true),
        ("Detected after", true),
        ("Nobody served", true),
        ("Brown-out", true),
        ("Failed", true),
        ("Budget spent", true),
        ("Writes lost", true),
        ("RPO", true),
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
            detected(fault),
            Cell::seconds(fault.dead_window_seconds),
            Cell::seconds(fault.brown_out_seconds.or(fault.below_slo_seconds)),
            fault.failed_requests.map_or_else(Cell::absent, Cell::count),
            fault.budget.map_or_else(Cell::absent, |budget| {
                Cell::number(&units::percent(budget.spent), budget.spent)
            }),
            lost.map_or_else(Cell::absent, |ledger| Cell::bad_count(ledger.lost)),
            Cell::seconds(fault.rpo_seconds),
            Cell::markup(&undone(fault)),
        ]);
    }
    table.finish()
}

fn detected(fault: &Fault) -> Cell {
    fault
        .detected_words()
        .zip(fault.time_to_detect_seconds)
        .map_or_else(Cell::absent, |(words, seconds)| {
            Cell::number(&words, seconds)
        })
}

fn undone(fault: &Fault) -> String {
    match &fault.undo {
        Some(undo) if undo.done && fault.rolled_back.is_some() => badge("✓", "pass", "rolled back"),
        Some(undo) if undo.done => badge("✓", "pass", "undone"),
        Some(_) => badge("✗", "fail", "not undone"),
        None if fault.accepted_us.is_none() => badge("–", "maybe", "not injected"),
        None => badge("✗", "fail", "unknown"),
    }
}

/// One fault, from its moments to what it cost.
fn story(fault: &Fault, number: usize) -> String {
    let mut markup = format!("<article><h3>{}</h3>", escape(&fault.name));
    if let Some(why) = &fault.not_injected {
        markup += &format!("<p>Never injected: {}</p>", escape(why));
    }
    markup += &stages::slowest(fault);
    if let Some(chart) = charts::close_up(fault, number) {
        markup += &timeline::figure(&chart, "closeup");
    }
    markup += "<div class=\"pair\"><div>";
    markup += &marks::list(fault);
    markup += &consequences::sentences(fault);
    markup += "</div><div>";
    markup += &stages::bars(fault);
    markup += "</div></div>";
    markup += &classes::table(fault);
    markup += &canary::impacts(fault);
    markup += &check::table(fault);
    markup += &moments::table(fault);
    markup += &log(fault);
    markup + "</article>"
}

/// What the figures can be checked against.
fn log(fault: &Fault) -> String {
    if fault.events.is_empty() {
        return String::new();
    }
    let mut markup = String::from(
        "<details><summary>The infrastructure’s own log</summary><ul class=\"events\">",
    );
    let accepted = fault.accepted_us.unwrap_or(0);
    for event in &fault.events {
        let after = event.at_us as f64 - accepted as f64;
        let sign = if after < 0.0 { "" } else { "+" };
        markup += &format!(
            "<li><time>{}</time> <span class=\"since\">{sign}{}</span> <b>{}</b> {} <small>{}</small></li>",
            units::instant(event.at_us),
            units::duration(after),
            escape(&event.subject),
            escape(&event.kind),
            escape(&event.detail)
        );
    }
    markup + "</ul></details>"
}
