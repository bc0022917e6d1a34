//! `[[journey]]`: user paths.

use std::collections::BTreeMap;

use super::files::Files;
use super::names::Unique;
use super::step::{StepDefaults, read_step};
use super::think::read_think;
use crate::scenario::model::{HttpDefaults, Journey, OnFailure, Step, Think};
use crate::scenario::syntax::{Log, Node, Place, TableReader, value};
use crate::scenario::template::{Bindings, Later};

const ON_FAILURE: [(&str, OnFailure); 2] =
    [("stop", OnFailure::Stop), ("continue", OnFailure::Continue)];

/// All journeys and their steps.
#[derive(Debug, Default)]
pub(crate) struct Journeys {
    pub(crate) journeys: Vec<Journey>,
    pub(crate) steps: Vec<Step>,
    /// Where each journey stands.
    pub(crate) places: Vec<Place>,
}

/// Reads all journeys.
pub(crate) fn read_journeys(
    log: &Log,
    node: Option<&Node>,
    files: &Files<'_>,
    http: &HttpDefaults,
    bindings: &mut Bindings<'_>,
) -> Journeys {
    let mut read = Journeys::default();
    let mut names = Unique::default();
    let Some(node) = node else {
        let help = "add [[journey]] with a name and steps";
        log.general("there is no journey: nothing would be requested", help);
        return read;
    };
    for node in node.elements() {
        let Some(mut table) = TableReader::new(log, node, "journey") else {
            continue;
        };
        let name = table.required("name", "\"buy\"", value::name);
        if let Some(name) = &name {
            let at = table.key_at("name");
            names.claim(log, name, "journey", at);
            if name.contains('/') {
                log.error(
                    at,
                    "a journey's name must not contain `/`: gates say step:journey/step",
                );
            }
            table.rename(format!("journey \"{name}\""));
        }
        let name = name.unwrap_or_default();
        read_journey(log, table, name, files, http, bindings, &mut read);
    }
    read
}

fn read_journey(
    log: &Log,
    mut table: TableReader<'_>,
    name: String,
    files: &Files<'_>,
    http: &HttpDefaults,
    bindings: &mut Bindings<'_>,
    read: &mut Journeys,
) {
    let id = read.journeys.len();
    let first = read.steps.len();
    let think = table.optional("think", read_think);
    let pacing = table.optional("pacing", value::length);
    let on_failure = table.optional("on_failure", |log, node| {
        value::choice(log, node, &ON_FAILURE)
    });
    let steps = table.one_of(&["step", "steps"]).map(|(_, node)| node);
    let at = table.key_at("name");
    let what = table.what().to_owned();
    table.finish_with(&[(
        "weight",
        "weights belong to the load: journeys = { buy = 1, browse = 3 }",
    )]);

    let nodes = steps.map_or(&[][..], Node::elements);
    if nodes.is_empty() {
        let help = "add [[journey.step]] with get = \"/path\"";
        log.missing(at, format!("{what} has no steps"), help);
    }
    let mut names = Unique::default();
    bindings.start_journey();
    for (index, node) in nodes.iter().enumerate() {
        bindings.later = captured_later(&nodes[index..]);
        let defaults = StepDefaults {
            files,
            http,
            journey: id,
        };
        if let Some(step) = read_step(log, node, defaults, bindings) {
            names.claim(log, &step.name, "step", node.at);
            read.steps.push(step);
        }
    }
    warn_of_unused(log, bindings);
    read.places.push(at);
    read.journeys.push(Journey {
        name,
        steps: first..read.steps.len(),
        think: think.unwrap_or(Think::None),
        pacing,
        on_failure: on_failure.unwrap_or(OnFailure::Stop),
    });
}

/// Names that these steps capture; the first of them is the step that is being read.
fn captured_later(nodes: &[Node]) -> BTreeMap<String, Later> {
    let mut later = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(step) = node.as_table() else {
            continue;
        };
        let name = step.get("name").and_then(Node::as_text);
        let who = match index {
            0 => Later::ThisStep,
            _ => Later::Step(name.unwrap_or("without a name").to_owned()),
        };
        let captures = step.get("capture").and_then(Node::as_table);
        for entry in captures.into_iter().flat_map(|table| &table.entries) {
            later
                .entry(entry.key.clone())
                .or_insert_with(|| who.clone());
        }
    }
    later
}

fn warn_of_unused(log: &Log, bindings: &Bindings<'_>) {
    for variable in &bindings.variables {
        if !variable.used.get() {
            let message = format!("`{}` is never used", variable.name);
            log.warn(
                variable.defined_at,
                message,
                "leave it out, or use it as ${…} in a later step",
            );
        }
    }
}
