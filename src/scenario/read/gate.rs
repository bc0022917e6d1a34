//! `[[gate]]`: rules that decide the verdict. Each expectation becomes one gate.

use super::condition::{self, Condition};
use super::metric_condition;
use super::names::{find, find_step};
use crate::scenario::model::{
    Check, FaultId, Gate, GateSubject, Journey, MetricCheck, MetricSpec, PhaseSelector,
    RecoveryCheck, Scope, Step,
};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, Place, TableReader, did_you_mean};

/// What gates may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GateNames<'a> {
    pub(crate) journeys: &'a [Journey],
    pub(crate) steps: &'a [Step],
    /// Fault names in the file's order, including those that are faulty themselves.
    pub(crate) faults: &'a [String],
    pub(crate) metrics: &'a [MetricSpec],
}

/// Where the parts of a gate stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GatePlaces {
    pub(crate) expectation: Place,
    pub(crate) on: Place,
    pub(crate) during: Place,
}

/// A gate and where its parts stand.
pub(crate) type PlacedGate = (Gate, GatePlaces);

/// Reads all gates.
pub(crate) fn read_gates(log: &Log, node: Option<&Node>, names: GateNames<'_>) -> Vec<PlacedGate> {
    let mut gates = Vec::new();
    for node in node.map_or(&[][..], Node::elements) {
        let Some(table) = TableReader::new(log, node, "gate") else {
            continue;
        };
        read_gate(log, table, names, &mut gates);
    }
    tell_apart(&mut gates);
    gates
}

/// Gates on the same thing get `#2`, `#3` … so that ids stay unique and free of values.
fn tell_apart(gates: &mut [PlacedGate]) {
    for index in 1..gates.len() {
        let (before, rest) = gates.split_at_mut(index);
        let id = &rest[0].0.id;
        let same = |other: &&PlacedGate| {
            other.0.id == *id
                || other
                    .0
                    .id
                    .strip_prefix(id.as_str())
                    .is_some_and(|tail| tail.starts_with('#'))
        };
        let count = before.iter().filter(same).count();
        if count > 0 {
            rest[0].0.id = format!("{id}#{}", count + 1);
        }
    }
}

fn read_gate(
    log: &Log,
    mut table: TableReader<'_>,
    names: GateNames<'_>,
    gates: &mut Vec<PlacedGate>,
) {
    let fault = table.node("fault");
    let expect = table.node("expect");
    match (fault, expect) {
        (Some(_), Some(_)) => {
            let message =
                "`fault` looks at a recovery, `expect` at measured values: write two gates";
            let help = "measured values during a fault are said with during = \"fault:NAME\"";
            log.error_help(table.key_at("expect"), message, help);
        }
        (Some(fault), None) => read_recovery(log, table, fault, names, gates),
        (None, Some(expect)) => match table.node("metric") {
            Some(metric) => read_metric(log, table, (metric, expect), names, gates),
            None => read_measured(log, table, expect, names, gates),
        },
        (None, None) => {
            let help =
                "add expect = [\"p95 < 200ms\"], or fault = \"…\" with recovered_within = \"15s\"";
            log.missing(table.at(), "this gate expects nothing", help);
        }
    }
}

fn read_measured(
    log: &Log,
    mut table: TableReader<'_>,
    expect: &Node,
    names: GateNames<'_>,
    gates: &mut Vec<PlacedGate>,
) {
    let on_at = table.node("on").map_or(table.at(), |node| node.at);
    let during_at = table.node("during").map_or(table.at(), |node| node.at);
    let scope = match table.node("on") {
        Some(node) => read_scope(log, node, names),
        None => Some((Scope::Run, "run".to_owned())),
    };
    let during = match table.node("during") {
        Some(node) => read_phase(log, node, names.faults),
        None => Some((PhaseSelector::Whole, "whole".to_owned())),
    };
    table.finish_with(&[
        ("journey", "say on = \"journey:NAME\""),
        ("step", "say on = \"step:JOURNEY/STEP\""),
    ]);
    if expect.elements().is_empty() {
        log.error(expect.at, "this gate expects nothing");
    }
    for node in expect.elements() {
        let Some(found) = value::text(log, node) else {
            continue;
        };
        let condition = match parse_condition(found.text) {
            Ok(condition) => condition,
            Err(message) => {
                log.error(found.at, message);
                continue;
            }
        };
        let (Some((scope, scope_id)), Some((during, during_id))) = (&scope, &during) else {
            continue;
        };
        let gate = Gate {
            id: format!("{scope_id}/{during_id}/{}", condition.name),
            subject: GateSubject::Measured {
                scope: scope.clone(),
                during: during.clone(),
                check: Check {
                    metric: condition.metric,
                    op: condition.op,
                    limit: condition.limit,
                },
            },
            text: found.text.to_owned(),
            line: log.line(found.at),
        };
        let places = GatePlaces {
            expectation: found.at,
            on: on_at,
            during: during_at,
        };
        gates.push((gate, places));
    }
}

fn read_metric(
    log: &Log,
    mut table: TableReader<'_>,
    (metric, expect): (&Node, &Node),
    names: GateNames<'_>,
    gates: &mut Vec<PlacedGate>,
) {
    let during = match table.node("during") {
        Some(node) => read_phase(log, node, names.faults),
        None => Some((PhaseSelector::Whole, "whole".to_owned())),
    };
    let during_at = table.node("during").map_or(table.at(), |node| node.at);
    table.finish_with(&[("on", "`metric` says what the gate looks at: leave `on` out")]);
    let found = value::text(log, metric).and_then(|found| {
        let known = names.metrics.iter().map(|metric| metric.name.as_str());
        find(log, found, "metric", known)
    });
    let (Some(id), Some((during, during_id))) = (found, during) else {
        return;
    };
    let spec = &names.metrics[id];
    if expect.elements().is_empty() {
        log.error(expect.at, "this gate expects nothing");
    }
    for node in expect.elements() {
        let Some(found) = value::text(log, node) else {
            continue;
        };
        let condition = match metric_condition::parse(found.text, spec) {
            Ok(condition) => condition,
            Err(message) => {
                log.error(found.at, message);
                continue;
            }
        };
        let gate = Gate {
            id: format!("metric:{}/{during_id}/{}", spec.name, condition.name),
            subject: GateSubject::Metric(MetricCheck {
                metric: id,
                during: during.clone(),
                statistic: condition.statistic,
                op: condition.op,
                limit: condition.limit,
            }),
            text: format!("{} {}", spec.name, found.text),
            line: log.line(found.at),
        };
        let places = GatePlaces {
            expectation: found.at,
            on: metric.at,
            during: during_at,
        };
        gates.push((gate, places));
    }
}

fn parse_condition(text: &str) -> Result<Condition, String> {
    let condition = condition::parse(text)?;
    if condition.window.is_some() {
        return Err(
            "a gate looks at a whole phase: leave `for …` out (guards have windows)".into(),
        );
    }
    Ok(condition)
}

/// `run`, `journey:buy`, `step:buy/place order`, and the same as gate ids begin.
fn read_scope(log: &Log, node: &Node, names: GateNames<'_>) -> Option<(Scope, String)> {
    let Text { text, at } = value::text(log, node)?;
    let journeys = || names.journeys.iter().map(|journey| journey.name.as_str());
    let scope = match text.split_once(':') {
        // That there is no journey at all has been said.
        Some(("journey" | "step", _)) if names.journeys.is_empty() => return None,
        None if text == "run" => Scope::Run,
        Some(("journey", name)) => {
            let found = Text {
                text: name.trim(),
                at,
            };
            Scope::Journey(find(log, found, "journey", journeys())?)
        }
        Some(("step", path)) => {
            let Some((journey, step)) = path.split_once('/') else {
                let message = format!("`{text}` does not say which step: write step:JOURNEY/STEP");
                log.error(at, message);
                return None;
            };
            let path = (journey, step);
            Scope::Step(find_step(log, at, path, names.journeys, names.steps)?)
        }
        _ => {
            let message = format!("`{text}` is nothing a gate can look at");
            log.error_help(at, message, "write run, journey:NAME or step:JOURNEY/STEP");
            return None;
        }
    };
    Some((scope, text.to_owned()))
}

const PHASES: [(&str, PhaseSelector); 5] = [
    ("run", PhaseSelector::Whole),
    ("ramp", PhaseSelector::Ramp),
    ("steady", PhaseSelector::Steady),
    ("faults", PhaseSelector::Faults),
    ("recovery", PhaseSelector::Recovery),
];

fn read_phase(log: &Log, node: &Node, faults: &[String]) -> Option<(PhaseSelector, String)> {
    let Text { text, at } = value::text(log, node)?;
    if let Some((_, phase)) = PHASES.iter().find(|(word, _)| *word == text) {
        let id = if text == "run" { "whole" } else { text };
        return Some((phase.clone(), id.to_owned()));
    }
    if let Some(("fault", name)) = text.split_once(':') {
        let found = Text {
            text: name.trim(),
            at,
        };
        let fault = find(log, found, "fault", faults.iter().map(String::as_str))?;
        return Some((PhaseSelector::Fault(fault), text.to_owned()));
    }
    let words = PHASES.iter().map(|(word, _)| *word);
    let (message, help) = match did_you_mean(text, words) {
        Some(meant) => (
            format!("unknown phase `{text}`: did you mean `{meant}`?"),
            "",
        ),
        None => (
            format!("unknown phase `{text}`"),
            "known: run, ramp, steady, faults, fault:NAME, recovery",
        ),
    };
    log.error_help(at, message, help);
    None
}

fn read_recovery(
    log: &Log,
    mut table: TableReader<'_>,
    fault: &Node,
    names: GateNames<'_>,
    gates: &mut Vec<PlacedGate>,
) {
    let id = value::text(log, fault)
        .and_then(|found| find(log, found, "fault", names.faults.iter().map(String::as_str)));
    let checks = read_checks(&mut table);
    let at = table.at();
    let places: Vec<(RecoveryCheck, &str, Place)> = checks
        .into_iter()
        .map(|(check, key)| (check, key, table.key_at(key)))
        .collect();
    let any = [
        "recovered_within",
        "lost_writes",
        "unavailable",
        "failed_requests",
        "undone",
    ]
    .iter()
    .any(|key| table.node(key).is_some());
    if !any {
        let help = "add recovered_within = \"15s\", lost_writes = 0, unavailable = \"5s\", failed_requests = 100 or undone = true";
        log.missing(at, "this gate expects nothing of the fault", help);
    }
    table.finish_with(&[
        ("rto", "say recovered_within = \"15s\""),
        (
            "during",
            "measured values are another gate: during = \"fault:NAME\", expect = [\"errors < 5%\"]",
        ),
    ]);
    let Some(id) = id else { return };
    for (check, key, at) in places {
        gates.push((
            recovery_gate(id, &names.faults[id], check, key, log.line(at)),
            GatePlaces {
                expectation: at,
                on: at,
                during: at,
            },
        ));
    }
}

fn recovery_gate(fault: FaultId, name: &str, check: RecoveryCheck, key: &str, line: usize) -> Gate {
    use crate::scenario::syntax::units::show_duration;
    let text = match &check {
        RecoveryCheck::RecoveredWithin(limit) => {
            format!("recovered within {}", show_duration(*limit))
        }
        RecoveryCheck::LostWrites(limit) => format!("lost writes <= {limit}"),
        RecoveryCheck::Unavailable(limit) => format!("unavailable <= {}", show_duration(*limit)),
        RecoveryCheck::FailedRequests(limit) => format!("failed requests <= {limit}"),
        RecoveryCheck::Undone => "undone".to_owned(),
    };
    Gate {
        id: format!("fault:{name}/{key}"),
        subject: GateSubject::Recovery { fault, check },
        text,
        line,
    }
}

fn read_checks(table: &mut TableReader<'_>) -> Vec<(RecoveryCheck, &'static str)> {
    let mut checks = Vec::new();
    let mut add =
        |check: Option<RecoveryCheck>, key| checks.extend(check.map(|check| (check, key)));
    let key = "recovered_within";
    add(
        table
            .optional(key, value::length)
            .map(RecoveryCheck::RecoveredWithin),
        key,
    );
    let key = "lost_writes";
    add(
        table
            .optional(key, value::count)
            .map(RecoveryCheck::LostWrites),
        key,
    );
    let key = "unavailable";
    add(
        table
            .optional(key, value::duration)
            .map(RecoveryCheck::Unavailable),
        key,
    );
    let key = "failed_requests";
    add(
        table
            .optional(key, value::count)
            .map(RecoveryCheck::FailedRequests),
        key,
    );
    let undone = table.optional("undone", |log, node| match value::flag(log, node)? {
        true => Some(RecoveryCheck::Undone),
        false => {
            log.error(
                node.at,
                "a fault that need not be undone needs no rule: leave it out",
            );
            None
        }
    });
    add(undone, "undone");
    checks
}
