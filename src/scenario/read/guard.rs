//! `[guard]` and `[slo]`: when a fault may start, when to give up, and what "healthy" means.

use std::time::Duration;

use super::condition;
use crate::scenario::model::{AbortRule, Guard, Load, Metric, Shape, Slo};
use crate::scenario::syntax::{Log, Node, TableReader, value};

/// Long enough to see a failing target, short enough for runs of a minute or two.
const HEALTHY_BEFORE: Duration = Duration::from_secs(3);
const WAIT_AT_MOST: Duration = Duration::from_secs(30);
/// One bad second in a hundred is what users of most systems do not complain about.
const AVAILABILITY: f64 = 0.99;
const HELD_FOR: Duration = Duration::from_secs(3);
const WINDOW: Duration = Duration::from_secs(10);

/// Reads `[guard]`, or its defaults.
pub(crate) fn read_guard(log: &Log, node: Option<&Node>, loads: &[Load]) -> Guard {
    let mut guard = Guard {
        healthy_before: HEALTHY_BEFORE,
        wait_at_most: WAIT_AT_MOST,
        abort_when: Vec::new(),
    };
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "guard")) else {
        return guard;
    };
    guard.healthy_before = table
        .optional("healthy_before", value::duration)
        .unwrap_or(guard.healthy_before);
    let given = table.optional("wait_at_most", value::duration);
    if given.is_some_and(|given| given < guard.healthy_before) {
        let message =
            "a fault would be given up before the target can have been healthy long enough";
        log.error_help(
            table.key_at("wait_at_most"),
            message,
            "make wait_at_most longer than healthy_before",
        );
    }
    guard.wait_at_most = given.unwrap_or(WAIT_AT_MOST.max(guard.healthy_before * 3));
    if let Some(node) = table.node("abort_when") {
        let elements = node.elements().iter();
        guard.abort_when = elements
            .filter_map(|node| read_abort(log, node, loads))
            .collect();
    }
    table.finish();
    guard
}

fn read_abort(log: &Log, node: &Node, loads: &[Load]) -> Option<AbortRule> {
    let found = value::text(log, node)?;
    let condition = match condition::parse(found.text) {
        Ok(condition) => condition,
        Err(message) => {
            log.error(found.at, message);
            return None;
        }
    };
    let arrives = |load: &Load| matches!(load.shape, Shape::Arrivals { .. });
    if condition.metric == Metric::OfferedRateMet && !loads.is_empty() && !loads.iter().any(arrives)
    {
        log.missing(
            found.at,
            "`offered_rate_met` needs arrivals: with a number of users this rule can never hold",
            "give a load arrivals = […], or use rate",
        );
    }
    Some(AbortRule {
        metric: condition.metric,
        op: condition.op,
        limit: condition.limit,
        window: condition.window.unwrap_or(WINDOW),
        text: found.text.to_owned(),
    })
}

/// Reads `[slo]`, or its defaults.
pub(crate) fn read_slo(log: &Log, node: Option<&Node>) -> Slo {
    let mut slo = Slo {
        availability: AVAILABILITY,
        p99: None,
        held_for: HELD_FOR,
    };
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "slo")) else {
        return slo;
    };
    if let Some(availability) = table.optional("availability", value::share) {
        slo.availability = availability;
        if availability >= 1.0 {
            let message = "an availability of 100% leaves no error budget: a single failed request would use it up";
            log.warn(table.key_at("availability"), message, "write 99.9% or less");
        }
    }
    slo.p99 = table.optional("p99", value::length);
    slo.held_for = table
        .optional("held_for", value::length)
        .unwrap_or(slo.held_for);
    table.finish_with(&[
        ("latency", "say p99 = \"500ms\""),
        ("errors", "say availability = \"99%\""),
    ]);
    slo
}
