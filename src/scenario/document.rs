//! The document as a whole: its sections in order, then what the command line asks for, then the
//! checks that need all of it.

use super::check::{Run, check_faults, check_gates, check_loads};
use super::model::{
    Fault, GateSubject, Load, MetricCheck, PhaseSelector, Scenario, Source, Target,
};
use super::overrides::Overrides;
use super::read::{
    self, CanarySurroundings, FaultSurroundings, Faults, Files, GateNames, PlacedGate,
};
use super::schedule;
use super::syntax::{Log, Node, Place, Table, TableReader, units, value};
use super::template::Bindings;

/// Whether a name with this character can name a folder.
pub(super) fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')
}

fn read_name(log: &Log, node: &Node) -> Option<String> {
    let name = value::name(log, node)?;
    let plain = name.chars().all(is_name_character) && !name.starts_with('.') && name.len() <= 80;
    if !plain {
        let message = format!("`{name}` cannot name a folder");
        let help = "use at most 80 letters, digits, blanks, `-`, `_` and `.`";
        log.error_help(node.at, message, help);
        return None;
    }
    Some(name)
}

/// Reads section by section, in the order in which sections name each other. `None` only where a
/// mistake has been logged; the source is filled in by the caller.
pub(super) fn read_document(
    log: &Log,
    document: &Table,
    files: &Files<'_>,
    overrides: &Overrides,
) -> Option<Scenario> {
    let top = Place {
        source: 0,
        start: 0,
        end: 0,
    };
    let mut root = TableReader::of(log, document, top, "the scenario");
    let name = root.optional("name", read_name);
    let description = root.optional("description", value::text);
    let seed = root.optional("seed", value::count);
    let data = read::read_data(log, files, root.node("data"));
    let mut bindings = Bindings::new(&data, files.surroundings);
    let target = read_target(log, root.node("target"), files, overrides, &mut bindings);
    let http = read::read_http(log, root.node("http"), files, &mut bindings);
    let journeys = read::read_journeys(log, root.node("journey"), files, &http, &mut bindings);
    let loads = read::read_loads(log, root.node("load"), &journeys.journeys);
    let zones = match &target {
        Some(Target::Stack(stack)) => Some(stack.spec.zones.as_slice()),
        _ => None,
    };
    let kubernetes = read::read_kubernetes(log, root.node("kubernetes"));
    let aws = read::read_aws(log, root.node("aws"));
    let prometheus = read::read_prometheus(log, root.node("prometheus"));
    let metrics = read::read_metrics(log, root.node("metric"));
    let scrape = read::read_scrape(log, root.node("scrape"));
    let surroundings = FaultSurroundings {
        zones,
        aws: &aws,
        forced: overrides.force,
    };
    let faults = read::read_faults(log, root.node("fault"), surroundings);
    let runbook = read::read_runbook(log, root.node("runbook"), &faults.names);
    let around = CanarySurroundings {
        files,
        http: &http,
        journeys: &journeys,
        target: target.as_ref(),
        faults: !overrides.no_faults && !faults.faults.is_empty(),
        target_given: overrides.target.is_some(),
    };
    let canary = read::read_canary(log, root.node("canary"), around, &mut bindings);
    let guard = read::read_guard(log, root.node("guard"), &loads);
    let slo = read::read_slo(log, root.node("slo"));
    let names = GateNames {
        journeys: &journeys.journeys,
        steps: &journeys.steps,
        faults: &faults.names,
        metrics: &metrics,
    };
    let gates = read::read_gates(log, root.node("gate"), names);
    root.finish_with(&[
        ("base_url", "it belongs into [target]"),
        ("steps", "steps belong to a journey: [[journey.step]]"),
        ("threshold", "did you mean [[gate]]?"),
        ("thresholds", "did you mean [[gate]]?"),
    ]);
    check_loads(log, &journeys, &loads);
    let mut scenario = Scenario {
        name: name.unwrap_or_default(),
        description: description.map_or("", |found| found.text).to_owned(),
        seed: overrides
            .seed
            .or(seed)
            .unwrap_or_else(|| files.surroundings.fresh_seed()),
        source: Source {
            path: Default::default(),
            text: String::new(),
            hash: String::new(),
            overrides: Vec::new(),
        },
        target: target?,
        http,
        loads,
        journeys: journeys.journeys,
        steps: journeys.steps,
        slots: bindings.slots,
        kubernetes,
        faults: Vec::new(),
        aws,
        prometheus,
        metrics,
        scrape,
        runbook,
        canary,
        guard,
        slo,
        gates: Vec::new(),
        data,
    };
    finish(log, &mut scenario, faults, gates, overrides);
    Some(scenario)
}

fn read_target(
    log: &Log,
    node: Option<&Node>,
    files: &Files<'_>,
    overrides: &Overrides,
    bindings: &mut Bindings<'_>,
) -> Option<Target> {
    let Some(url) = &overrides.target else {
        return read::read_target(log, node, files, bindings);
    };
    match read::check_base_url(url) {
        Ok(url) => Some(Target::Url(url)),
        Err(message) => {
            log.general(format!("--target: {message}"), "");
            None
        }
    }
}

/// Applies what the command line asks for, then checks the whole.
fn finish(
    log: &Log,
    scenario: &mut Scenario,
    faults: Faults,
    mut gates: Vec<PlacedGate>,
    overrides: &Overrides,
) {
    if !scenario.metrics.is_empty() && !has_pages(scenario) {
        lacks_pages(log, scenario, &mut gates, overrides);
    }
    let mut placed = faults.faults;
    if overrides.no_faults {
        let before = (placed.len(), gates.len());
        placed.clear();
        for step in &mut scenario.runbook {
            step.fault = None;
        }
        gates.retain(|(gate, _)| !is_about_faults(&gate.subject));
        let dropped = before.1 - gates.len();
        if before.0 + dropped > 0 {
            let message = format!(
                "--no-faults leaves out {} faults and {dropped} gates on them",
                before.0
            );
            log.note(message);
        }
    }
    let (mut faults, places): (Vec<_>, Vec<_>) = placed.into_iter().unzip();
    apply_duration(log, &mut scenario.loads, &mut faults, overrides);
    apply_scale(log, &mut scenario.loads, overrides);
    let placed: Vec<_> = faults.into_iter().zip(places).collect();
    let end = schedule::load_length(&scenario.loads);
    check_faults(log, &placed, &scenario.target, end);
    let run = Run {
        loads: &scenario.loads,
        steps: &scenario.steps,
        faults: placed.len(),
    };
    check_gates(log, &gates, run);
    scenario.faults = placed.into_iter().map(|(fault, _)| fault).collect();
    scenario.gates = gates.into_iter().map(|(gate, _)| gate).collect();
}

/// Whether there is anything that metrics could be read off.
fn has_pages(scenario: &Scenario) -> bool {
    matches!(scenario.target, Target::Stack(_)) || !scenario.scrape.is_empty()
}

/// Another target than the scenario's own may have no pages; the scenario's own must.
fn lacks_pages(
    log: &Log,
    scenario: &mut Scenario,
    gates: &mut Vec<PlacedGate>,
    overrides: &Overrides,
) {
    if overrides.target.is_none() {
        let help = "add [scrape] with pages = [\"http://…/metrics\"]";
        log.general("there is no page that metrics could be read off", help);
        return;
    }
    let before = gates.len();
    gates.retain(|(gate, _)| !matches!(gate.subject, GateSubject::Metric(_)));
    let message = format!(
        "--target leaves out {} metrics and {} gates on them",
        scenario.metrics.len(),
        before - gates.len()
    );
    log.note(message);
    scenario.metrics.clear();
}

/// Whether a gate means nothing without faults.
fn is_about_faults(subject: &GateSubject) -> bool {
    match subject {
        GateSubject::Recovery { .. } => true,
        GateSubject::Metric(MetricCheck { during, .. }) | GateSubject::Measured { during, .. } => {
            matches!(
                during,
                PhaseSelector::Faults | PhaseSelector::Fault(_) | PhaseSelector::Recovery
            )
        }
    }
}

fn apply_duration(log: &Log, loads: &mut [Load], faults: &mut [Fault], overrides: &Overrides) {
    let Some(text) = &overrides.duration else {
        return;
    };
    let end = schedule::load_length(loads);
    match units::duration(text) {
        Ok(wanted) if wanted.is_zero() => {
            log.general(
                "--duration must be longer than zero",
                "such as --duration 30s",
            );
        }
        Ok(wanted) if !end.is_zero() => {
            let factor = wanted.as_secs_f64() / end.as_secs_f64();
            schedule::stretch(loads, faults, factor);
        }
        Ok(_) => {}
        Err(message) => log.general(format!("--duration: {message}"), ""),
    }
}

fn apply_scale(log: &Log, loads: &mut [Load], overrides: &Overrides) {
    match overrides.scale {
        Some(factor) if factor.is_finite() && (1e-6..=1e6).contains(&factor) => {
            schedule::multiply(loads, factor);
        }
        Some(factor) => {
            let message = format!("--scale {factor} is not a factor to multiply a load with");
            log.general(message, "such as --scale 0.5");
        }
        None => {}
    }
}
