//! What canaries send: the bundled shop's own request, a step of a journey, or what `[canary]` says.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::{CanarySurroundings, Manner};
use crate::scenario::model::{DataOrder, Step};
use crate::scenario::read::names::find_step;
use crate::scenario::read::step::{StepDefaults, read_exchange};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, Place, TableReader, parse};
use crate::scenario::template::{Bindings, Zone};

/// What is written to the bundled shop.
const BUILT_IN: &str = include_str!("built_in.toml");

/// A request for each zone, or one without.
pub(super) type Requests = Vec<(Option<String>, Step)>;

/// What the bundled shop has for canaries. Another target has nothing of the kind.
pub(super) fn built_in(
    log: &Log,
    table: &TableReader<'_>,
    manner: &Manner,
    around: CanarySurroundings<'_>,
    enabled: bool,
    bindings: &mut Bindings<'_>,
) -> Option<Requests> {
    let Some(zones) = around.stack_zones() else {
        let what = "canary does not say what it writes";
        if around.target_given {
            log.note(format!(
                "{what}: there is none, for --target is not the bundled shop"
            ));
        } else if enabled && around.target.is_some() {
            let help = "add post = \"/path\" …, step = \"JOURNEY/STEP\", or enabled = false";
            log.missing(table.at(), what, help);
        }
        return None;
    };
    let source = log.add_source("the built-in canary", BUILT_IN);
    let text = parse(log, source, BUILT_IN);
    let at = Place {
        source,
        start: 0,
        end: 0,
    };
    let mut request = TableReader::of(log, &text, at, "the built-in canary");
    let zones = manner.zones.as_deref().unwrap_or(zones);
    requests(log, &mut request, Some(zones), around, bindings)
}

/// A request that the section describes as a step does.
pub(super) fn own_request(
    log: &Log,
    table: &mut TableReader<'_>,
    manner: &Manner,
    around: CanarySurroundings<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Requests> {
    let requests = requests(log, table, manner.zones.as_deref(), around, bindings)?;
    let (_, step) = requests.first()?;
    if !step.is_write() {
        let message = format!("a canary writes, but {} changes nothing", step.method);
        log.error_help(table.at(), message, "use put, post, patch or delete");
    } else if step.ledger.is_none() {
        let message = "this canary has no ledger: nobody will know whether its writes last";
        let help = "add ledger = { key = \"${key}\", read_back = \"/path/${key}\" }";
        log.warn(table.at(), message, help);
    }
    let unused = bindings.zone.as_ref().is_some_and(|zone| !zone.used.get());
    if manner.zones.is_some() && unused {
        let message = "`${zone}` is never used: the canaries of all zones do the same";
        log.warn(
            table.key_at("zones"),
            message,
            "say it in a header or in the path",
        );
    }
    Some(requests)
}

/// The same request for every zone, or once.
fn requests(
    log: &Log,
    table: &mut TableReader<'_>,
    zones: Option<&[String]>,
    around: CanarySurroundings<'_>,
    bindings: &mut Bindings<'_>,
) -> Option<Requests> {
    let zones = match zones {
        Some(zones) => zones.iter().cloned().map(Some).collect(),
        None => vec![None],
    };
    let mut requests = Vec::with_capacity(zones.len());
    for (journey, zone) in zones.into_iter().enumerate() {
        bindings.start_journey();
        bindings.zone = Some(Zone {
            name: zone.clone(),
            used: Cell::new(false),
        });
        let defaults = StepDefaults {
            files: around.files,
            http: around.http,
            journey,
        };
        requests.push((zone, read_exchange(log, table, defaults, bindings)?));
    }
    Some(requests)
}

/// The step of a journey, where it can stand on its own.
pub(super) fn repeated(log: &Log, node: &Node, around: CanarySurroundings<'_>) -> Option<Step> {
    let Text { text, at } = value::text(log, node)?;
    let Some(path) = text.split_once('/') else {
        let message = format!("`{text}` does not say which step: write step = \"JOURNEY/STEP\"");
        log.error(at, message);
        return None;
    };
    let journeys = around.journeys;
    if journeys.journeys.is_empty() {
        // That has been said.
        return None;
    }
    let step = find_step(log, at, path, &journeys.journeys, &journeys.steps)?;
    let step = &journeys.steps[step];
    if step.ledger.is_none() {
        let message = format!(
            "step \"{}\" has no ledger: its writes cannot be found again",
            step.name
        );
        let help = "add ledger = { key = \"${key}\", read_back = \"/path/${key}\" } to it";
        log.error_help(at, message, help);
        return None;
    }
    let mut known = BTreeSet::new();
    if let Some(name) = step
        .templates()
        .find_map(|template| template.needs(&mut known))
    {
        let message = format!(
            "step \"{}\" needs `{name}`, which an earlier step captures: a canary has no earlier step",
            step.name
        );
        let help = "write a request of the canary's own instead: post = \"/path\" …";
        log.error_help(at, message, help);
        return None;
    }
    Some(Step {
        journey: 0,
        captures: Vec::new(),
        think: None,
        ..step.clone()
    })
}

/// Rows that may be used once belong to the load.
pub(super) fn check_rows(
    log: &Log,
    at: Place,
    requests: &Requests,
    around: CanarySurroundings<'_>,
    bindings: &Bindings<'_>,
) {
    let mut sets = BTreeSet::new();
    let defaults = around.http.headers.iter().map(|(_, value)| value);
    let own = requests.iter().flat_map(|(_, step)| step.templates());
    for template in own.chain(defaults) {
        template.data_sets(&mut sets);
    }
    let sets = sets.into_iter().filter_map(|set| bindings.data.get(set));
    for set in sets.filter(|set| set.order == DataOrder::Unique) {
        let message = format!(
            "a canary would use up the rows of `{}`, each of which may be used once",
            set.name
        );
        let help = "give it what it needs by uuid(), or by a data set of another order";
        log.error_help(at, message, help);
    }
}
