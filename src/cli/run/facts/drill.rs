//! What the operator of a drill wrote down.

use super::super::conduct::Played;
use super::super::operator::Command;
use super::super::{Attendance, RunArgs};
use crate::measure::clock::Micros;
use crate::report::summary::{Drill, Fault, Note, RunbookStep};
use crate::scenario::{FaultId, Scenario};

/// What people did; none where it is no drill.
pub(in crate::cli::run) fn drill(
    args: &RunArgs,
    scenario: &Scenario,
    played: &Played,
) -> Option<Drill> {
    let attendance = args.drill?;
    let done = |step| first(played, &Command::StepDone { step });
    let runbook = scenario.runbook.iter().enumerate();
    let runbook = runbook.map(|(number, step)| RunbookStep {
        step: step.step.clone(),
        owner: step.owner.clone(),
        fault: step.fault.map(|fault| scenario.faults[fault].name.clone()),
        done_us: done(number),
    });
    let written = played.observed.operator.iter();
    let notes = written.filter_map(|(at, command)| match command {
        Command::Note { text } => Some(Note {
            at_us: *at,
            text: text.clone(),
        }),
        _ => None,
    });
    Some(Drill {
        attended: attendance == Attendance::Attended,
        runbook: runbook.collect(),
        notes: notes.collect(),
        aborted_us: first(played, &Command::Abort),
    })
}

/// What people said of a fault.
pub(super) fn marked(fault: &mut Fault, id: FaultId, played: &Played) {
    fault.noticed_us = first(played, &Command::Noticed { fault: id });
    fault.mitigated_by_hand_us = first(played, &Command::Mitigated { fault: id });
    let seconds = |at: Option<Micros>| {
        let (at, affected) = at.zip(fault.affected_us())?;
        Some((at as f64 - affected as f64) / 1e6)
    };
    let (noticed, mitigated) = (
        seconds(fault.noticed_us),
        seconds(fault.mitigated_by_hand_us),
    );
    fault.human_detect_seconds = noticed;
    fault.human_mitigate_seconds = mitigated;
}

fn first(played: &Played, wanted: &Command) -> Option<Micros> {
    let written = played.observed.operator.iter();
    let mut found = written.filter(|(_, command)| command == wanted);
    found.next().map(|(at, _)| *at)
}
