//! Which pods and which links a fault acts on.

use std::collections::BTreeMap;

use super::kubernetes::read_namespace;
use super::names::find;
use crate::scenario::model::{
    HostSelector, LinkSelector, PickCount, PodSelector, WorkloadSelector,
};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, TableReader, Value, units};

/// The zones of the stack; `None` when the target is no stack of ours.
pub(crate) type Zones<'a> = Option<&'a [String]>;

/// A zone by its name.
pub(crate) fn read_zone(log: &Log, node: &Node, zones: Zones<'_>) -> Option<String> {
    let found = value::text(log, node)?;
    if let Some(zones) = zones {
        find(log, found, "zone", zones.iter().map(String::as_str))?;
    }
    Some(found.text.to_owned())
}

/// Without a selector: one pod of the shop.
pub(crate) fn any_shop_pod() -> PodSelector {
    PodSelector {
        name: None,
        app: Some("shop".into()),
        pick: PickCount::Count(1),
        ..PodSelector::default()
    }
}

/// Reads `{ app, name, zone, namespace, owner, node, labels, pick }`, or in short a pod's name.
pub(crate) fn read_pods(log: &Log, node: &Node, zones: Zones<'_>) -> Option<PodSelector> {
    if let Value::Text(name) = &node.value {
        return Some(PodSelector {
            name: Some(name.clone()),
            app: None,
            pick: PickCount::All,
            ..any_shop_pod()
        });
    }
    let mut table = TableReader::new(log, node, "pods")?;
    let name = table.optional("name", value::name);
    let app = table.optional("app", value::name);
    let zone = table.optional("zone", |log, node| read_zone(log, node, zones));
    let namespace = table.optional("namespace", read_namespace);
    let owner = table.optional("owner", value::name);
    let host = table.optional("node", value::name);
    let labels = table.optional("labels", read_labels).unwrap_or_default();
    let pick = table.node("pick");
    table.finish_with(&[
        ("count", "say pick = 2"),
        ("percent", "say pick = \"50%\""),
        ("label", "say labels = { tier = \"web\" }"),
    ]);
    let pick = match pick {
        Some(node) => read_pick(log, node)?,
        None if name.is_some() => PickCount::All,
        None => PickCount::Count(1),
    };
    Some(PodSelector {
        name,
        app,
        zone,
        namespace,
        owner,
        host,
        labels,
        pick,
    })
}

/// Reads `{ name, zone, labels, pick }`, or in short a node's name.
pub(crate) fn read_hosts(log: &Log, node: &Node, zones: Zones<'_>) -> Option<HostSelector> {
    if let Value::Text(name) = &node.value {
        return Some(HostSelector {
            name: Some(name.clone()),
            ..HostSelector::default()
        });
    }
    let mut table = TableReader::new(log, node, "nodes")?;
    let name = table.optional("name", value::name);
    let zone = table.optional("zone", |log, node| read_zone(log, node, zones));
    let labels = table.optional("labels", read_labels).unwrap_or_default();
    let pick = table.node("pick");
    table.finish_with(&[("count", "say pick = 2"), ("percent", "say pick = \"50%\"")]);
    let pick = match pick {
        Some(node) => read_pick(log, node)?,
        None if name.is_some() => PickCount::All,
        None => PickCount::Count(1),
    };
    Some(HostSelector {
        name,
        zone,
        labels,
        pick,
    })
}

const WORKLOADS: [&str; 3] = ["deployment", "statefulset", "daemonset"];

/// Reads `{ name, namespace }`, or in short the name: `deployment/shop`.
pub(crate) fn read_workload(log: &Log, node: &Node) -> Option<WorkloadSelector> {
    if let Value::Text(_) = &node.value {
        return Some(WorkloadSelector {
            name: read_workload_name(log, node)?,
            namespace: None,
        });
    }
    let mut table = TableReader::new(log, node, "workload")?;
    let name = table.required("name", "\"deployment/shop\"", read_workload_name);
    let namespace = table.optional("namespace", read_namespace);
    table.finish();
    Some(WorkloadSelector {
        name: name?,
        namespace,
    })
}

fn read_workload_name(log: &Log, node: &Node) -> Option<String> {
    let name = value::name(log, node)?;
    match name.split_once('/') {
        Some((kind, rest)) if !rest.is_empty() && !rest.contains('/') => {
            let found = Text {
                text: kind,
                at: node.at,
            };
            find(log, found, "kind of workload", WORKLOADS)?;
            Some(name)
        }
        _ => {
            let message = format!("`{name}` does not say what kind of workload it is");
            log.error_help(node.at, message, "write \"deployment/shop\"");
            None
        }
    }
}

pub(super) fn read_labels(log: &Log, node: &Node) -> Option<BTreeMap<String, String>> {
    let Some(table) = node.as_table() else {
        return value::wrong(log, node, "a table of labels");
    };
    let mut labels = BTreeMap::new();
    for entry in &table.entries {
        let found = value::text(log, &entry.node)?;
        labels.insert(entry.key.clone(), found.text.to_owned());
    }
    Some(labels)
}

/// `1`, `"50%"` or `"all"`.
pub(super) fn read_pick(log: &Log, node: &Node) -> Option<PickCount> {
    match &node.value {
        Value::Integer(_) => {
            let count = value::positive(log, node, 1_000)?;
            u32::try_from(count).ok().map(PickCount::Count)
        }
        Value::Text(text) if text == "all" => Some(PickCount::All),
        Value::Text(text) => {
            let percent = units::percent(text)
                .ok()
                .map(|share| (share * 100.0).round());
            match percent {
                Some(percent) if (1.0..=100.0).contains(&percent) => {
                    Some(PickCount::Percent(percent as u32))
                }
                _ => {
                    let message = "pick how many: 1, \"50%\" (1% to 100%) or \"all\"";
                    log.error(node.at, message);
                    None
                }
            }
        }
        _ => value::wrong(log, node, "a number, a percentage or \"all\""),
    }
}

/// Reads `{ name, from, to }`, or in short a name with `*` as wildcard.
pub(crate) fn read_links(log: &Log, node: &Node, zones: Zones<'_>) -> Option<LinkSelector> {
    if let Value::Text(name) = &node.value {
        return Some(LinkSelector {
            name: Some(name.clone()),
            from: None,
            to: None,
        });
    }
    let mut table = TableReader::new(log, node, "links")?;
    let name = table.optional("name", value::name);
    let from = table.optional("from", |log, node| read_end(log, node, zones));
    let to = table.optional("to", |log, node| read_end(log, node, zones));
    let given = ["name", "from", "to"]
        .map(|key| table.node(key).is_some())
        .contains(&true);
    let at = table.at();
    table.finish();
    if !given {
        let help = "write { from = \"edge\" }, { to = \"b\" } or { name = \"edge->shop-*\" }";
        log.missing(at, "this selects no links", help);
        return None;
    }
    Some(LinkSelector { name, from, to })
}

/// The end of a link: a zone, or the edge in front of all zones.
fn read_end(log: &Log, node: &Node, zones: Zones<'_>) -> Option<String> {
    let Text { text, at } = value::text(log, node)?;
    if let Some(zones) = zones {
        let known = zones.iter().map(String::as_str).chain(["edge"]);
        find(log, Text { text, at }, "zone", known)?;
    }
    Some(text.to_owned())
}
