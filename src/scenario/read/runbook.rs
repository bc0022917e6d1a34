//! `[[runbook]]`: what people do in a drill, in order.

use super::names::find;
use crate::scenario::model::RunbookStep;
use crate::scenario::syntax::{Log, Node, TableReader, value};

/// Reads all steps; `faults` are the names of all faults that are there.
pub(crate) fn read_runbook(log: &Log, node: Option<&Node>, faults: &[String]) -> Vec<RunbookStep> {
    let nodes = node.map_or(&[][..], Node::elements);
    nodes
        .iter()
        .filter_map(|node| read_step(log, node, faults))
        .collect()
}

fn read_step(log: &Log, node: &Node, faults: &[String]) -> Option<RunbookStep> {
    let mut table = TableReader::new(log, node, "runbook step")?;
    let step = table.required("step", "\"announce the drill\"", value::line);
    let fault = table.optional("fault", |log, node| {
        let found = value::text(log, node)?;
        find(log, found, "fault", faults.iter().map(String::as_str))
    });
    let owner = table.optional("owner", value::line);
    table.finish_with(&[("name", "say step = \"…\""), ("who", "say owner = \"…\"")]);
    Some(RunbookStep {
        step: step?,
        fault,
        owner,
    })
}
