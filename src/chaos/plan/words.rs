//! A plan in words: order, times, exact targets, blast radius, calls, undo.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Exact, Planned, Resolved};
use crate::chaos::catalogue::{self, Healing};
use crate::provider::{self, Answer, Call};
use crate::scenario::{Fault, FaultStart, Scenario};

pub(super) fn describe(planned: &Planned<'_>) -> String {
    let scenario = planned.scenario;
    let mut text = format!(
        "{}: {} (seed {})\n",
        scenario.name,
        counted(scenario.faults.len()),
        scenario.seed
    );
    if !scenario.faults.is_empty() {
        let before = scenario.guard.healthy_before;
        let _ = writeln!(
            text,
            "Each waits until the target has been healthy for {} and earlier faults are over, at \
             most {}; then the run is given up.",
            seconds(before),
            seconds(scenario.guard.wait_at_most)
        );
    }
    for (number, one) in planned.faults.iter().enumerate() {
        let fault = one.fault;
        let _ = write!(
            text,
            "\n{}. {} ({}, {})\n",
            number + 1,
            fault.name,
            fault.kind.name(),
            provider::name(fault.provider)
        );
        row(&mut text, "when", &when(scenario, fault));
        match &one.resolved {
            Resolved::Exact(exact) => exact_rows(&mut text, exact),
            Resolved::Refused(why) => {
                row(&mut text, "does", &catalogue::intention(fault));
                row(&mut text, "REFUSED", why);
            }
            Resolved::Unknown(why) => {
                row(&mut text, "does", &catalogue::intention(fault));
                row(&mut text, "targets", &format!("not known: {why}"));
            }
        }
    }
    text
}

fn exact_rows(text: &mut String, exact: &Exact) {
    let plan = &exact.plan;
    row(text, "does", &plan.words);
    row(text, "targets", &plan.targets.join(", "));
    row(text, "blast radius", &plan.blast_radius);
    row(text, "undo", &plan.undo);
    row(text, "over when", &plan.restored_when);
    row(text, "takes", &exact.expected);
    match &exact.rehearsed {
        None => {
            for (number, call) in exact.calls.iter().enumerate() {
                call_rows(text, number, call, "");
            }
        }
        Some(rehearsed) => {
            for (number, rehearsed) in rehearsed.iter().enumerate() {
                let answer = match &rehearsed.answer {
                    Answer::Accepted => " [rehearsed: accepted]".to_owned(),
                    Answer::Refused(why) => format!(" [rehearsed: REFUSED, {why}]"),
                    Answer::Unknown => " [cannot be rehearsed]".to_owned(),
                };
                call_rows(text, number, &rehearsed.call, &answer);
            }
        }
    }
}

fn call_rows(text: &mut String, number: usize, call: &Call, answer: &str) {
    let name = if number == 0 { "calls" } else { "" };
    row(
        text,
        name,
        &format!("{}. {}{answer}", number + 1, call.what),
    );
    if let Some(undo) = &call.undo {
        row(text, "", &format!("   taken back by {undo}"));
    }
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "   {name:<13}{value}");
}

fn when(scenario: &Scenario, fault: &Fault) -> String {
    let start = match fault.start {
        FaultStart::At(at) => format!("{} after the load's start", seconds(at)),
        FaultStart::After {
            fault,
            recovered_for,
        } => format!(
            "when `{}` has recovered for {}",
            scenario.faults[fault].name,
            seconds(recovered_for)
        ),
    };
    match (catalogue::healing(&fault.kind), fault.hold) {
        (Healing::ByItself, _) => start,
        (Healing::ByUndo, Some(hold)) => format!("{start}, held for {}", seconds(hold)),
        (Healing::ByUndo, None) => format!("{start}, held until the load ends"),
    }
}

fn counted(faults: usize) -> String {
    match faults {
        0 => "no faults".to_owned(),
        1 => "1 fault".to_owned(),
        _ => format!("{faults} faults"),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
