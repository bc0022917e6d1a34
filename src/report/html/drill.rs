//! What was believed beside what came of it, and what people did.

use super::cells::{Cell, Table, gate_badge};
use super::escape;
use crate::measure::units;
use crate::report::Summary;
use crate::report::summary::{Drill, Fault};

/// In the navigation as well.
pub(super) fn title(summary: &Summary) -> &'static str {
    match summary.drill {
        Some(_) => "Drill",
        None => "Hypotheses",
    }
}

pub(super) fn render(summary: &Summary) -> Option<String> {
    let mut markup = String::new();
    if summary.has_hypotheses() {
        markup += &beliefs(summary);
    }
    if let Some(drill) = &summary.drill {
        if drill.attended {
            markup += &people(&summary.faults);
            markup += &runbook(drill);
        }
        markup += &notes(drill);
    }
    (!markup.is_empty()).then_some(markup)
}

fn beliefs(summary: &Summary) -> String {
    let headers = [
        ("Fault", false),
        ("Hypothesis", false),
        ("Result", false),
        ("Gates", false),
    ];
    let mut table = Table::new("What was believed beside what came of it", &headers);
    for fault in &summary.faults {
        let outcome = summary.outcome(fault);
        let badge = outcome.verdict.map(gate_badge).unwrap_or_default();
        table.row([
            Cell::name(&format!("<b>{}</b>", escape(&fault.name))),
            fault
                .hypothesis
                .as_deref()
                .map_or_else(Cell::absent, Cell::text),
            Cell::text(&outcome.users),
            Cell::markup(&format!("{badge} {}", escape(&outcome.gates))),
        ]);
    }
    table.finish()
}

/// How long people took, beside the infrastructure's own detectors.
fn people(faults: &[Fault]) -> String {
    let headers = [
        ("Fault", false),
        ("Detected after", true),
        ("A person noticed after", true),
        ("A person mitigated after", true),
    ];
    let mut table = Table::new(
        "Detectors and people: from when users were affected",
        &headers,
    );
    for fault in faults {
        let cell = |said: Option<(String, f64)>| {
            said.map_or_else(Cell::absent, |(words, seconds)| {
                Cell::number(&words, seconds)
            })
        };
        let detected = fault.detected_words().zip(fault.time_to_detect_seconds);
        table.row([
            Cell::name(&escape(&fault.name)),
            cell(detected),
            cell(fault.noticed_words()),
            cell(fault.mended_words()),
        ]);
    }
    table.finish()
}

fn runbook(drill: &Drill) -> String {
    if drill.runbook.is_empty() {
        return String::new();
    }
    let headers = [
        ("Step", false),
        ("Owner", false),
        ("Fault", false),
        ("Done at", true),
    ];
    let mut table = Table::new("Runbook", &headers);
    for step in &drill.runbook {
        let text = |text: &Option<String>| text.as_deref().map_or_else(Cell::absent, Cell::text);
        table.row([
            Cell::text(&step.step),
            text(&step.owner),
            text(&step.fault),
            Cell::instant(step.done_us),
        ]);
    }
    table.finish()
}

fn notes(drill: &Drill) -> String {
    if drill.notes.is_empty() {
        return String::new();
    }
    let notes = drill.notes.iter().map(|note| {
        let (at, text) = (units::instant(note.at_us), escape(&note.text));
        format!("<li><time>{at}</time> {text}</li>")
    });
    let notes: String = notes.collect();
    format!("<h3>Notes</h3><ul class=\"events\">{notes}</ul>")
}
