//! Gates that no run could decide.

use crate::scenario::model::{
    GateSubject, JourneyId, Load, Metric, PhaseSelector, RecoveryCheck, Scope, Shape, Step,
};
use crate::scenario::read::PlacedGate;
use crate::scenario::syntax::Log;

/// What gates are checked against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) loads: &'a [Load],
    pub(crate) steps: &'a [Step],
    pub(crate) faults: usize,
}

/// Checks all gates.
pub(crate) fn check_gates(log: &Log, gates: &[PlacedGate], run: Run<'_>) {
    for (index, (gate, places)) in gates.iter().enumerate() {
        let twice = gates[..index]
            .iter()
            .any(|(other, _)| other.text == gate.text && other.subject == gate.subject);
        if twice {
            log.warn(places.expectation, "this gate is there twice", "");
        }
        match &gate.subject {
            GateSubject::Recovery { check, .. } => {
                let ledger = run.steps.iter().any(|step| step.ledger.is_some());
                if matches!(check, RecoveryCheck::LostWrites(_)) && !ledger {
                    let message = "no step has a ledger: nobody would know of a lost write";
                    let help = "add ledger = { key = \"${key}\", read_back = \"/path/${key}\" } to the step that writes";
                    log.missing(places.expectation, message, help);
                }
            }
            GateSubject::Metric(check) => {
                if let Err((message, help)) = phase_exists(&check.during, run) {
                    log.missing(places.during, message, help);
                }
            }
            GateSubject::Measured {
                scope,
                during,
                check,
            } => {
                if let Err((message, help)) = phase_exists(during, run) {
                    log.missing(places.during, message, help);
                }
                let journey = scope_journey(scope, run.steps);
                let loads: Vec<&Load> = run
                    .loads
                    .iter()
                    .filter(|load| goes(load, journey))
                    .collect();
                if loads.is_empty() && !run.loads.is_empty() {
                    log.missing(
                        places.on,
                        "no load has this journey: there would be nothing to measure",
                        "",
                    );
                } else if check.metric == Metric::OfferedRateMet {
                    check_offered(log, places.expectation, scope, &loads);
                }
            }
        }
    }
}

fn scope_journey(scope: &Scope, steps: &[Step]) -> Option<JourneyId> {
    match scope {
        Scope::Run => None,
        Scope::Journey(journey) => Some(*journey),
        Scope::Step(step) => steps.get(*step).map(|step| step.journey),
    }
}

fn goes(load: &Load, journey: Option<JourneyId>) -> bool {
    journey.is_none_or(|journey| load.journeys.iter().any(|(other, _)| *other == journey))
}

fn check_offered(log: &Log, at: crate::scenario::syntax::Place, scope: &Scope, loads: &[&Load]) {
    if matches!(scope, Scope::Step(_)) {
        let message = "`offered_rate_met` counts iterations, which have no single step";
        log.error_help(at, message, "use on = \"run\" or on = \"journey:NAME\"");
    } else if !loads
        .iter()
        .any(|load| matches!(load.shape, Shape::Arrivals { .. }))
    {
        let message = "`offered_rate_met` needs arrivals: a number of users offers no rate";
        log.missing(
            at,
            message,
            "give a load arrivals = […], or leave this gate out",
        );
    }
}

/// Whether the phase occurs at all; else why not and what to do.
fn phase_exists(phase: &PhaseSelector, run: Run<'_>) -> Result<(), (&'static str, &'static str)> {
    match phase {
        PhaseSelector::Ramp if !run.loads.iter().any(ramps_up) => Err((
            "no load ramps up: there is no such phase",
            "begin a load with { from = \"5/s\", to = \"40/s\", over = \"10s\" }",
        )),
        PhaseSelector::Steady if !run.loads.iter().any(holds) => Err((
            "no load ever holds: there is no steady phase",
            "add a segment such as { rate = \"40/s\", for = \"80s\" }",
        )),
        PhaseSelector::Faults | PhaseSelector::Recovery if run.faults == 0 => Err((
            "there is no fault: there is no such phase",
            "add a [[fault]]",
        )),
        _ => Ok(()),
    }
}

fn ramps_up(load: &Load) -> bool {
    match &load.shape {
        Shape::Arrivals { segments, .. } => segments.first().is_some_and(|s| s.from < s.to),
        Shape::Users { segments, .. } => segments.first().is_some_and(|s| s.from < s.to),
    }
}

fn holds(load: &Load) -> bool {
    match &load.shape {
        Shape::Arrivals { segments, .. } => segments
            .iter()
            .any(|s| s.from >= s.to && s.to >= s.from && s.from > 0.0),
        Shape::Users { segments, .. } => segments.iter().any(|s| s.from == s.to && s.from > 0),
    }
}
