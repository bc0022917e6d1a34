//! `autoscale` and `disruption_budget` of the bundled stack: how many pods there are, and how many may
//! be missing.

use target_app::api::{Autoscale, DisruptionBudget};

use crate::scenario::syntax::{Log, Node, TableReader, value};

const MOST_PODS: u64 = 50;
const MOST_IN_FLIGHT: u64 = 10_000;
/// Of a core; a pod is one thread.
const MOST_CPU: f64 = 1.0;

/// `{ min = 3, max = 9, target_in_flight = 4, target_cpu = "60%", scale_down_after = "15s" }`
pub(super) fn read_autoscale(log: &Log, node: &Node) -> Option<Autoscale> {
    let mut table = TableReader::new(log, node, "autoscale")?;
    let pods = |log: &Log, node: &Node| number(log, node, MOST_PODS);
    let min = table.required("min", "3", pods);
    let max = table.required("max", "9", pods);
    let target_in_flight = table.optional("target_in_flight", |log, node| {
        number(log, node, MOST_IN_FLIGHT)
    });
    let target_cpu_percent = table.optional("target_cpu", read_percent);
    let after = table.optional("scale_down_after", value::duration);
    let at = table.at();
    table.finish();
    if target_in_flight.is_none() && target_cpu_percent.is_none() {
        let message = "autoscale does not say by what";
        log.missing(
            at,
            message,
            "add target_in_flight = 4 or target_cpu = \"60%\"",
        );
        return None;
    }
    let mut autoscale = Autoscale::between(min?, max?);
    autoscale.target_in_flight = target_in_flight;
    autoscale.target_cpu_percent = target_cpu_percent;
    if let Some(after) = after {
        autoscale.scale_down_after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    }
    Some(autoscale)
}

/// `{ min_available = 2 }` or `{ max_unavailable = 1 }`
pub(super) fn read_budget(log: &Log, node: &Node) -> Option<DisruptionBudget> {
    let mut table = TableReader::new(log, node, "disruption_budget")?;
    let given = table.one_of(&["min_available", "max_unavailable"]);
    let budget = given.and_then(|(key, node)| {
        let count = u32::try_from(value::count(log, node)?).unwrap_or(u32::MAX);
        Some(match key {
            "min_available" => DisruptionBudget::MinAvailable(count),
            _ => DisruptionBudget::MaxUnavailable(count),
        })
    });
    if given.is_none() {
        let message = "disruption_budget does not say how many";
        log.missing(
            table.at(),
            message,
            "add min_available = 2 or max_unavailable = 1",
        );
    }
    table.finish();
    budget
}

fn number(log: &Log, node: &Node, highest: u64) -> Option<u32> {
    u32::try_from(value::positive(log, node, highest)?).ok()
}

/// A share of a core, in whole percent.
fn read_percent(log: &Log, node: &Node) -> Option<u32> {
    let share = value::share(log, node)?;
    let percent = (1..=100).find(|percent| (f64::from(*percent) / 100.0 - share).abs() < 0.005);
    if percent.is_none() || share > MOST_CPU {
        log.error(node.at, "a pod uses 1% to 100% of a core");
        return None;
    }
    percent
}
