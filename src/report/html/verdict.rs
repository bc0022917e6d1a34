//! 1. The verdict: did it pass, what broke, how long, was anything lost.

use super::cells::{self, verdict_mark};
use super::escape;
use crate::gate::{GateVerdict, Verdict};
use crate::measure::units;
use crate::report::Summary;

pub(super) fn render(summary: &Summary) -> String {
    let (class, icon) = verdict_mark(summary.verdict);
    let run = &summary.run;
    let mut markup = format!(
        "<header class=\"verdict {class}\"><p class=\"scenario\">{} <span>{}</span></p>\
         <h1>{icon} {}</h1><p class=\"why\">{}</p>",
        escape(&run.scenario),
        escape(&run.description),
        summary.verdict.word(),
        escape(&summary.reason),
    );
    if summary.invalid_causes.len() > 1 {
        markup += "<ul class=\"causes\">";
        for cause in &summary.invalid_causes {
            markup += &format!("<li>{}</li>", escape(&cause.to_string()));
        }
        markup += "</ul>";
    }
    markup += &failed_gates(summary);
    markup += "</header>";
    markup += &tiles(summary);
    markup += &glance(summary);
    markup += &facts(summary);
    markup
}

/// Most failed gates that the header names beside the first; all are in the table below it.
const FAILED_SHOWN: usize = 4;

/// What broke besides the first, which the sentence above names.
fn failed_gates(summary: &Summary) -> String {
    let of = |verdict| {
        summary
            .gates
            .iter()
            .filter(move |gate| gate.verdict == verdict)
    };
    let failed: Vec<_> = of(GateVerdict::Fail).collect();
    if summary.verdict != Verdict::Fail || failed.len() < 2 {
        return String::new();
    }
    let mut markup = String::from("<ul class=\"causes\">");
    for gate in failed.iter().skip(1).take(FAILED_SHOWN) {
        markup += &format!(
            "<li><b>{}</b> <code>{}</code> {}</li>",
            escape(
                gate.id
                    .rsplit_once('/')
                    .map_or(&gate.id, |(scope, _)| scope)
            ),
            escape(&gate.text),
            escape(&gate.measured_words())
        );
    }
    let more = failed.len().saturating_sub(FAILED_SHOWN + 1);
    if more > 0 {
        markup += &format!("<li><a href=\"#gates\">and {more} more</a></li>");
    }
    markup + "</ul>"
}

/// The four answers, then how much was done.
fn tiles(summary: &Summary) -> String {
    let mut markup = String::from("<div class=\"tiles\">");
    let mut tile = |label: &str, value: &str, note: &str, class: &str| {
        markup += &format!(
            "<p class=\"tile {class}\"><span class=\"label\">{label}</span> <b class=\"value\">{}</b> <span class=\"note\">{}</span></p>",
            escape(value),
            escape(note)
        );
    };
    let held = summary
        .gates
        .iter()
        .filter(|gate| gate.verdict == GateVerdict::Pass)
        .count();
    let failed = summary
        .gates
        .iter()
        .filter(|gate| gate.verdict == GateVerdict::Fail)
        .count();
    let gates_class = if failed > 0 { "bad" } else { "" };
    let undecided = summary.gates.len() - held - failed;
    let note = match (failed, undecided) {
        _ if summary.verdict == Verdict::Invalid => "but the run is invalid".to_owned(),
        (0, 0) => "every gate".to_owned(),
        (0, undecided) => format!("{undecided} undecided"),
        (failed, 0) => format!("{failed} failed"),
        (failed, undecided) => format!("{failed} failed, {undecided} undecided"),
    };
    tile(
        "Gates held",
        &format!("{held} of {}", summary.gates.len()),
        &note,
        gates_class,
    );
    if !summary.faults.is_empty() {
        let injected = summary
            .faults
            .iter()
            .filter(|fault| fault.accepted_us.is_some());
        let recovered = injected
            .clone()
            .filter(|fault| fault.recovered_us.is_some())
            .count();
        let class = if recovered < summary.faults.len() {
            "bad"
        } else {
            ""
        };
        let what = format!("{} injected", injected.count());
        tile(
            "Faults recovered",
            &format!("{recovered} of {}", summary.faults.len()),
            &what,
            class,
        );
        let longest = summary
            .faults
            .iter()
            .filter_map(|fault| fault.rto_seconds.map(|rto| (rto, fault.name.as_str())))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((rto, name)) = longest {
            tile("Longest recovery", &units::duration(rto * 1e6), name, "");
        }
    }
    if let Some(ledger) = summary.ledger {
        let class = if ledger.lost > 0 { "bad" } else { "" };
        let unknown = match ledger.unknown {
            0 => String::new(),
            unknown => format!(", {} without an answer", units::count(unknown)),
        };
        let of = format!(
            "of {} acknowledged{unknown}",
            units::count(ledger.acknowledged)
        );
        tile("Writes lost", &units::count(ledger.lost), &of, class);
    }
    let requests = &summary.requests;
    if let Some(availability) = requests.availability {
        let of = format!(
            "{} of {} failed",
            units::count(requests.failed),
            units::count(requests.total)
        );
        tile("Availability", &units::percent(availability), &of, "");
    }
    if let Some(all) = requests.response_time_us {
        let note = format!(
            "p50 {} · slowest {}",
            units::micros(all.p50),
            units::micros(all.max)
        );
        tile("Response p99", &units::micros(all.p99), &note, "");
    }
    if let (Some(offered), Some(achieved)) = (requests.offered_rate, requests.achieved_rate) {
        let note = format!("iterations; {} offered", units::rate(offered));
        tile("Achieved rate", &units::rate(achieved), &note, "");
    }
    markup + "</div>"
}

/// Most faults that are told at a glance; all are under Recovery.
const FAULTS_SHOWN: usize = 6;

/// What each fault did to users, in a line: what broke, for how long, what was lost.
fn glance(summary: &Summary) -> String {
    if summary.faults.is_empty() {
        return String::new();
    }
    let mut markup = String::from("<ul class=\"glance\">");
    for fault in summary.faults.iter().take(FAULTS_SHOWN) {
        let lost = fault.ledger.is_some_and(|ledger| ledger.lost > 0);
        let well = fault.recovered_us.is_some() && fault.is_clean() && !lost;
        let mut users = summary.outcome(fault).users;
        if !fault.is_clean() {
            users += ", not undone";
        }
        let (icon, class) = if well {
            ("✓", "pass")
        } else {
            ("✗", "fail")
        };
        markup += &format!(
            "<li><b class=\"{class}\" aria-hidden=\"true\">{icon}</b> <a href=\"#recovery\">{}</a> {}</li>",
            escape(&fault.name),
            escape(&users)
        );
    }
    let more = summary.faults.len().saturating_sub(FAULTS_SHOWN);
    if more > 0 {
        markup += &format!("<li><a href=\"#recovery\">and {more} more</a></li>");
    }
    markup + "</ul>"
}

fn facts(summary: &Summary) -> String {
    let run = &summary.run;
    let seed = run.seed.to_string();
    let duration = units::micros(run.duration_us);
    let facts = [
        ("Target", Some(run.target.as_str())),
        ("Topology", run.topology.as_deref()),
        ("Revision", run.revision.as_deref()),
        ("Started (UTC)", Some(run.started.as_str())),
        ("Ended (UTC)", Some(run.ended.as_str())),
        ("Duration", Some(duration.as_str())),
        ("Seed", Some(seed.as_str())),
        ("Scenario hash", Some(run.hash.as_str())),
        ("Tool", Some(run.tool.as_str())),
        ("Run", Some(run.id.as_str())),
    ];
    let facts = facts.map(|(name, value)| (name, value.map(str::to_owned)));
    cells::facts(facts)
}
