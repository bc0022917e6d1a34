//! `capacity.html`: how much a target carries, in the frame of every other page.

use super::cells::{self, Cell, Table, badge, verdict_mark};
use super::page::Frame;
use super::timeline::figure;
use super::{Section, escape};
use crate::capacity::result::{Capacity, Step};
use crate::capacity::search::Outcome;
use crate::measure::units;
use crate::report::capacity::{kind, outcome};
use crate::report::charts;

/// The whole page.
#[must_use]
pub fn render(result: &Capacity) -> String {
    let section = |id, title, body| Section { id, title, body };
    let chart = charts::capacity(result).map(|chart| {
        let about = escape(&chart.description);
        format!("<p class=\"hint\">{about}</p>{}", figure(&chart, "single"))
    });
    let sections = [
        section("curve", "Latency against load", chart),
        section("steps", "Steps", Some(steps(&result.steps))),
    ];
    let lead = lead(result);
    let frame = Frame {
        title: format!("Capacity of {}", result.scenario),
        lead: &lead,
        tool: &result.tool,
        data: Frame::no_data(),
    };
    frame.around(&sections)
}

fn lead(result: &Capacity) -> String {
    let (class, icon) = verdict_mark(result.verdict);
    let headline = match result.rate {
        Some(rate) => units::rate(rate),
        None => result.verdict.word().to_owned(),
    };
    let during = result
        .during
        .as_ref()
        .map_or(String::new(), |fault| format!(", while “{fault}” is held"));
    let markup = format!(
        "<header class=\"verdict {class}\"><p class=\"scenario\">{} <span>capacity, iterations per second{}</span></p>\
         <h1>{icon} {}</h1><p class=\"why\">{}</p></header>",
        escape(&result.scenario),
        escape(&during),
        escape(&headline),
        escape(&result.reason),
    );
    let precision = units::percent(result.bounds.precision);
    let knee = result.knee.map(units::rate);
    let facts = [
        ("Target", Some(result.target.clone())),
        ("What has to hold", Some(result.limits.join(" · "))),
        ("Knee", knee),
        ("Fails at", result.fails_at.map(units::rate)),
        ("Precision", Some(precision)),
        ("Steps", Some(result.steps.len().to_string())),
    ];
    markup + &cells::facts(facts)
}

fn steps(steps: &[Step]) -> String {
    let headers = [
        ("Offered", true),
        ("For", false),
        ("Outcome", false),
        ("Requests", true),
        ("Errors", true),
        ("p50", true),
        ("p99", true),
        ("Report", false),
        ("Why", false),
    ];
    let mut table = Table::new("Rates, in the order in which they were tried", &headers);
    for step in steps {
        let (icon, class) = match step.outcome {
            Outcome::Held if step.is_unsure => ("?", "maybe"),
            Outcome::Held => ("✓", "pass"),
            Outcome::Failed => ("✗", "fail"),
            Outcome::Invalid => ("⊘", "maybe"),
        };
        table.row([
            Cell::number(&units::rate(step.rate), step.rate),
            Cell::text(kind(step)),
            Cell::markup(&badge(icon, class, outcome(step))),
            Cell::count(step.requests),
            Cell::error_share(step.failed, step.requests),
            Cell::micros(step.p50_us),
            Cell::micros(step.p99_us),
            Cell::report(&step.folder, &step.run),
            Cell::text(&step.why),
        ]);
    }
    format!(
        "<p class=\"hint\">Figures are of the measured part of each step: after its warm-up, and after the fault had \
         settled.</p>{}",
        table.finish()
    )
}
