//! `[canary]`: writers beside the load.

mod request;

use std::time::Duration;

use super::files::Files;
use super::http::read_timeout;
use super::journey::Journeys;
use super::names::{Unique, find};
use super::step::{EXCHANGE, METHODS};
use crate::scenario::model::{Canary, CanaryWriter, HttpDefaults, Step, Target};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, Place, Table, TableReader, Value};
use crate::scenario::template::Bindings;
use request::{Requests, built_in, check_rows, own_request, repeated};

/// One write every 50 ms: an outage is known to that.
const RATE: f64 = 20.0;
/// Slices of time are 10 ms long: more writes would tell no more, and be a load of their own.
const HIGHEST_RATE: f64 = 100.0;
/// Whoever hangs longer has failed: the next writes go on meanwhile.
const TIMEOUT: Duration = Duration::from_secs(1);
/// As many requests hang at once as fit into it.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_ZONES: usize = 20;

/// What a canary needs to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CanarySurroundings<'a> {
    pub(crate) files: &'a Files<'a>,
    pub(crate) http: &'a HttpDefaults,
    pub(crate) journeys: &'a Journeys,
    pub(crate) target: Option<&'a Target>,
    /// Whether the run breaks anything: then the bundled shop has canaries by itself.
    pub(crate) faults: bool,
    /// Whether the command line names the target, so that the file may mean another one.
    pub(crate) target_given: bool,
}

impl CanarySurroundings<'_> {
    /// The zones of the bundled stack, if that is the target.
    fn stack_zones(&self) -> Option<&[String]> {
        match self.target {
            Some(Target::Stack(stack)) => Some(&stack.spec.zones),
            _ => None,
        }
    }
}

/// Reads `[canary]`, `canary = false`, or what is there without either.
pub(crate) fn read_canary(
    log: &Log,
    node: Option<&Node>,
    around: CanarySurroundings<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Canary> {
    let nothing = Table::default();
    let top = Place {
        source: 0,
        start: 0,
        end: 0,
    };
    let table = match node {
        None if around.faults && around.stack_zones().is_some() => {
            TableReader::of(log, &nothing, top, "canary")
        }
        None => return None,
        Some(node) => match node.value {
            Value::Bool(false) => return None,
            Value::Bool(true) => TableReader::of(log, &nothing, node.at, "canary"),
            _ => TableReader::new(log, node, "canary")?,
        },
    };
    let canary = read_section(log, table, around, bindings);
    bindings.zone = None;
    canary
}

/// How all writers write.
struct Manner {
    rate: f64,
    timeout: Duration,
    zones: Option<Vec<String>>,
}

fn read_section(
    log: &Log,
    mut table: TableReader<'_>,
    around: CanarySurroundings<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Canary> {
    let enabled = table.optional("enabled", value::flag).unwrap_or(true);
    let manner = Manner {
        rate: table.optional("rate", read_rate).unwrap_or(RATE),
        timeout: table.optional("timeout", read_patience).unwrap_or(TIMEOUT),
        zones: table
            .node("zones")
            .map(|node| read_zones(log, node, around)),
    };
    let mut requests = vec!["step"];
    requests.extend(METHODS);
    requests.push("url");
    let request = table.one_of(&requests);
    let own = EXCHANGE.iter().chain(&["method"]);
    let parts: Vec<&str> = own
        .copied()
        .filter(|key| table.node(key).is_some())
        .collect();
    let writers = match request {
        Some(("step", node)) => {
            for key in parts
                .into_iter()
                .chain(manner.zones.is_some().then_some("zones"))
            {
                let message = format!("`{key}` has no effect: `step` repeats a step as it is");
                let help = "write a request of the canary's own instead: post = \"/path\" …";
                log.error_help(table.key_at(key), message, help);
            }
            repeated(log, node, around).map(|step| vec![(None, step)])
        }
        None if parts.is_empty() => built_in(log, &table, &manner, around, enabled, bindings),
        _ => own_request(log, &mut table, &manner, around, bindings),
    };
    let at = table.at();
    table.finish_with(&[
        ("interval", "say rate = \"20/s\""),
        ("every", "say rate = \"20/s\""),
        ("zone", "say zones = [\"a\", \"b\"]"),
        ("capture", "a canary has no later step that could use it"),
        ("think", "a canary writes at its rate"),
    ]);
    let writers = writers.filter(|_| enabled)?;
    check_rows(log, at, &writers, around, bindings);
    Some(Canary {
        rate: manner.rate,
        writers: named(writers, manner.timeout),
    })
}

/// Under the names that reports and the ledger know them by.
fn named(requests: Requests, timeout: Duration) -> Vec<CanaryWriter> {
    let writers = requests.into_iter().map(|(zone, step)| CanaryWriter {
        step: Step {
            name: match &zone {
                Some(zone) => format!("canary {zone}"),
                None => "canary".to_owned(),
            },
            timeout,
            ..step
        },
        zone,
    });
    writers.collect()
}

fn read_rate(log: &Log, node: &Node) -> Option<f64> {
    let rate = value::rate(log, node)?;
    if rate <= 0.0 {
        log.error_help(
            node.at,
            "a canary that never writes tells nothing",
            "leave it out by enabled = false",
        );
        return None;
    }
    if rate > HIGHEST_RATE {
        let message = format!("must be at most {HIGHEST_RATE}/s: a canary is no load");
        log.error(node.at, message);
        return None;
    }
    Some(rate)
}

fn read_patience(log: &Log, node: &Node) -> Option<Duration> {
    let timeout = read_timeout(log, node)?;
    if timeout > LONGEST_TIMEOUT {
        log.error(
            node.at,
            "a canary may wait for at most 10s: what hangs has failed",
        );
        return None;
    }
    Some(timeout)
}

/// Names; of the bundled stack only those that it has. A wrong one is logged and kept, so that
/// `${zone}` is no mistake as well.
fn read_zones(log: &Log, node: &Node, around: CanarySurroundings<'_>) -> Vec<String> {
    let mut names = Unique::default();
    let mut zones = Vec::new();
    for element in node.elements() {
        let Some(name) = value::name(log, element) else {
            continue;
        };
        names.claim(log, &name, "zone", element.at);
        if let Some(known) = around.stack_zones() {
            let found = Text {
                text: &name,
                at: element.at,
            };
            find(log, found, "zone", known.iter().map(String::as_str));
        }
        zones.push(name);
    }
    if !(1..=MOST_ZONES).contains(&node.elements().len()) {
        log.error(node.at, "a canary has one to twenty zones");
    }
    zones
}
