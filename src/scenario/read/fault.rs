//! `[[fault]]`: what is done to the infrastructure, and when.

use std::time::Duration;

use super::aws;
use super::deploy::read_deploy;
use super::names::{Unique, find};
use super::selector::{
    Zones, any_shop_pod, read_hosts, read_links, read_pods, read_workload, read_zone,
};
use super::target::PROFILES;
use crate::scenario::model::{AwsSpec, Fault, FaultKind, FaultStart, Force, ProviderKind};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, Place, TableReader, Value};

const PROVIDERS: [(&str, ProviderKind); 3] = [
    ("local", ProviderKind::Local),
    ("kubernetes", ProviderKind::Kubernetes),
    ("aws", ProviderKind::Aws),
];
const KINDS: [&str; 18] = [
    "pod-kill",
    "pod-hang",
    "db-failover",
    "db-crash",
    "zone-drain",
    "zone-outage",
    "link-delay",
    "db-reboot",
    "instance-stop",
    "ecs-task-stop",
    "queue-delay",
    "pod-evict",
    "container-kill",
    "rollout-restart",
    "deploy",
    "scale-to",
    "node-drain",
    "network-partition",
];
const WORKLOAD: &str = "\"deployment/shop\"";
const RECOVERED_FOR: Duration = Duration::from_secs(5);
/// The control plane counts in whole milliseconds and refuses a delay of none.
const SHORTEST_DELAY: Duration = Duration::from_millis(1);
/// An eviction that a budget refuses is tried again for so long.
const EVICTION: Duration = Duration::from_secs(60);
/// More databases no stack divides its orders over.
const MOST_SHARDS: u64 = 4;
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Where the parts of a fault stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaultPlaces {
    pub(crate) name: Place,
    /// Its `at` or `after`.
    pub(crate) start: Place,
    pub(crate) provider: Place,
    pub(crate) kind: Place,
    pub(crate) pods: Option<Place>,
}

/// All faults that could be read, and the names of all that are there.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) names: Vec<String>,
    pub(crate) faults: Vec<(Fault, FaultPlaces)>,
}

/// What faults are read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaultSurroundings<'a> {
    /// Of the stack.
    pub(crate) zones: Zones<'a>,
    /// Which part of an account they may touch.
    pub(crate) aws: &'a AwsSpec,
    /// Whether the command line asks for what the file forces.
    pub(crate) forced: bool,
}

/// Reads all faults.
pub(crate) fn read_faults(
    log: &Log,
    node: Option<&Node>,
    surroundings: FaultSurroundings<'_>,
) -> Faults {
    let nodes = node.map_or(&[][..], Node::elements);
    let names: Vec<String> = nodes.iter().map(fault_name).collect();
    let mut unique = Unique::default();
    let mut faults = Vec::new();
    for (node, name) in nodes.iter().zip(&names) {
        let Some(mut table) = TableReader::new(log, node, "fault") else {
            continue;
        };
        table.optional("name", value::name);
        table.rename(format!("fault \"{name}\""));
        unique.claim(log, name, "fault", table.key_at("name"));
        faults.extend(read_fault(log, table, name, &names, surroundings));
    }
    Faults { names, faults }
}

/// The given name, else the kind.
fn fault_name(node: &Node) -> String {
    let text = |key| {
        let table = node.as_table()?;
        table.get(key)?.as_text().map(str::trim)
    };
    let name = text("name").or_else(|| text("kind"));
    name.unwrap_or("without a name").to_owned()
}

fn read_fault(
    log: &Log,
    mut table: TableReader<'_>,
    name: &str,
    names: &[String],
    surroundings: FaultSurroundings<'_>,
) -> Option<(Fault, FaultPlaces)> {
    let given = table.one_of(&["at", "after"]);
    let places = FaultPlaces {
        name: table.key_at("name"),
        start: table.key_at(given.map_or("", |(key, _)| key)),
        provider: table.key_at("provider"),
        kind: table.key_at("kind"),
        pods: table.node("pods").map(|node| node.at),
    };
    let kind = table.required("kind", "\"pod-kill\"", value::text);
    let kind = kind.and_then(|found| find(log, found, "kind of fault", KINDS).map(|_| found.text));
    let start = read_start(&table, given, names);
    let provider = table
        .optional("provider", |log, node| value::choice(log, node, &PROVIDERS))
        .unwrap_or(ProviderKind::Local);
    let hold_at = table.key_at("for");
    let hold = table.optional("for", value::length);
    // Zones of the stack bind only what acts on the stack.
    let zones = (surroundings.zones).filter(|_| provider == ProviderKind::Local);
    let hold_given = table.node("for").is_some();
    let force = table.optional("force", value::flag).unwrap_or(false);
    let hypothesis = table.optional("hypothesis", value::line);
    // With an unknown kind nobody can say which keys belong to it.
    let kind = match (kind?, provider) {
        ("zone-drain", ProviderKind::Aws) => {
            let zone = table.required("zone", "\"us-east-1b\"", value::name)?;
            aws::read_zone_drain(&mut table, zone, hold, surroundings.aws)
        }
        (kind, _) => read_kind(&mut table, kind, zones),
    };
    table.finish_with(&[
        ("duration", "say for = \"15s\""),
        ("target", "say pods = { … } or zone = \"…\""),
    ]);
    let kind = kind?;
    check_hold(log, &kind, hold_given, hold_at, places.kind);
    let fault = Fault {
        name: name.to_owned(),
        hypothesis,
        kind,
        start: start?,
        hold,
        provider,
        force: Force::of(provider, force, surroundings.forced),
    };
    Some((fault, places))
}

/// `at = "25s"`, or `after = { fault = "…", recovered_for = "5s" }`, in short `after = "…"`.
fn read_start(
    table: &TableReader<'_>,
    given: Option<(&str, &Node)>,
    names: &[String],
) -> Option<FaultStart> {
    let log = table.log();
    match given {
        Some(("at", node)) => value::duration(log, node).map(FaultStart::At),
        Some((_, node)) => read_after(log, node, names),
        None => {
            let message = format!("{} does not say when", table.what());
            log.missing(
                table.at(),
                message,
                "add at = \"25s\" or after = \"another fault\"",
            );
            None
        }
    }
}

fn read_after(log: &Log, node: &Node, names: &[String]) -> Option<FaultStart> {
    let known = || names.iter().map(String::as_str);
    let (fault, recovered_for) = match &node.value {
        Value::Text(text) => (Some(Text { text, at: node.at }), None),
        _ => {
            let mut table = TableReader::new(log, node, "after")?;
            let fault = table.required("fault", "\"another fault\"", value::text);
            let recovered_for = table.optional("recovered_for", value::duration);
            table.finish();
            (fault, recovered_for)
        }
    };
    Some(FaultStart::After {
        fault: find(log, fault?, "fault", known())?,
        recovered_for: recovered_for.unwrap_or(RECOVERED_FOR),
    })
}

fn read_kind(table: &mut TableReader<'_>, kind: &str, zones: Zones<'_>) -> Option<FaultKind> {
    let zone = |table: &mut TableReader<'_>| {
        table.required("zone", "\"b\"", |log, node| read_zone(log, node, zones))
    };
    let profile = |table: &mut TableReader<'_>| {
        table.optional("profile", |log, node| value::choice(log, node, &PROFILES))
    };
    let shard = |table: &mut TableReader<'_>| {
        let number = table.optional("shard", |log, node| value::positive(log, node, MOST_SHARDS));
        number.map_or(1, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let pods = |table: &mut TableReader<'_>| match table.node("pods") {
        Some(node) => read_pods(table.log(), node, zones),
        None => Some(any_shop_pod()),
    };
    Some(match kind {
        "pod-kill" => FaultKind::PodKill {
            grace: table.optional("grace", value::duration).unwrap_or_default(),
            pods: pods(table)?,
        },
        "pod-hang" => FaultKind::PodHang { pods: pods(table)? },
        "db-failover" => FaultKind::DbFailover {
            profile: profile(table),
            shard: shard(table),
        },
        "db-crash" => FaultKind::DbCrash {
            profile: profile(table),
            shard: shard(table),
        },
        "zone-drain" => FaultKind::ZoneDrain { zone: zone(table)? },
        "zone-outage" => FaultKind::ZoneOutage { zone: zone(table)? },
        "db-reboot" => FaultKind::DbReboot,
        "instance-stop" => FaultKind::InstanceStop {
            instances: table.required(
                "instances",
                "{ tags = { role = \"web\" }, pick = 1 }",
                aws::read_instances,
            )?,
        },
        "ecs-task-stop" => FaultKind::EcsTaskStop {
            tasks: table.required("tasks", "{ service = \"shop\", pick = 1 }", aws::read_tasks)?,
        },
        "queue-delay" => FaultKind::QueueDelay {
            delay: aws::read_queue_delay(table)?,
        },
        "pod-evict" => FaultKind::PodEvict {
            timeout: table.optional("timeout", value::length).unwrap_or(EVICTION),
            pods: pods(table)?,
        },
        "container-kill" => {
            let container = table.required("container", "\"web\"", value::name);
            FaultKind::ContainerKill {
                pods: pods(table)?,
                container: container?,
            }
        }
        "rollout-restart" => FaultKind::RolloutRestart {
            workload: table.required("workload", WORKLOAD, read_workload)?,
        },
        "deploy" => FaultKind::Deploy {
            deploy: read_deploy(table)?,
        },
        "scale-to" => {
            let replicas = table.required("replicas", "1", value::count);
            FaultKind::ScaleTo {
                workload: table.required("workload", WORKLOAD, read_workload)?,
                replicas: u32::try_from(replicas?).unwrap_or(u32::MAX),
            }
        }
        "node-drain" => FaultKind::NodeDrain {
            nodes: table.required("nodes", "{ zone = \"b\" }", |log, node| {
                read_hosts(log, node, zones)
            })?,
        },
        "network-partition" => FaultKind::NetworkPartition { pods: pods(table)? },
        _ => read_link_delay(table, zones)?,
    })
}

fn read_link_delay(table: &mut TableReader<'_>, zones: Zones<'_>) -> Option<FaultKind> {
    let links = table.required("links", "{ from = \"edge\" }", |log, node| {
        read_links(log, node, zones)
    });
    let delay = table.required("delay", "\"100ms\"", |log, node| {
        let delay = value::duration(log, node)?;
        if (SHORTEST_DELAY..=LONGEST_DELAY).contains(&delay) {
            return Some(delay);
        }
        log.error(node.at, "a delay is between 1ms and 60s");
        None
    });
    let jitter = table
        .optional("jitter", value::duration)
        .unwrap_or_default();
    if let Some(delay) = delay
        && jitter > delay
    {
        let message =
            "the jitter is larger than the delay: bytes cannot arrive before they are sent";
        table.log().error(table.key_at("jitter"), message);
    }
    Some(FaultKind::LinkDelay {
        links: links?,
        delay: delay?,
        jitter,
    })
}

/// Faults that last need a length; those that undo themselves have none.
fn check_hold(log: &Log, kind: &FaultKind, given: bool, hold_at: Place, kind_at: Place) {
    let name = kind.name();
    let undoes_itself = match kind {
        FaultKind::PodKill { .. } => Some("killed pods are replaced at once"),
        FaultKind::DbFailover { .. } | FaultKind::DbCrash { .. } => {
            Some("a failover is not taken back, its standby is rebuilt")
        }
        FaultKind::DbReboot => Some("a database that restarts comes back by itself"),
        FaultKind::EcsTaskStop { .. } => Some("stopped tasks are replaced at once"),
        FaultKind::PodEvict { .. } => Some("evicted pods are replaced at once"),
        FaultKind::ContainerKill { .. } => Some("a killed container is started again at once"),
        FaultKind::RolloutRestart { .. } => Some("it ends when every pod was replaced"),
        FaultKind::PodHang { .. }
        | FaultKind::ZoneShift { .. }
        | FaultKind::ZoneStop { .. }
        | FaultKind::InstanceStop { .. }
        | FaultKind::QueueDelay { .. }
        | FaultKind::Deploy { .. }
        | FaultKind::ScaleTo { .. }
        | FaultKind::NodeDrain { .. }
        | FaultKind::NetworkPartition { .. }
        | FaultKind::ZoneDrain { .. }
        | FaultKind::ZoneOutage { .. }
        | FaultKind::LinkDelay { .. } => None,
    };
    match (undoes_itself, given) {
        (Some(reason), true) => {
            log.error_help(
                hold_at,
                format!("`{name}` has no `for`: {reason}"),
                "leave `for` out",
            );
        }
        (None, false) => {
            let message = format!("`{name}` does not say how long it lasts");
            log.missing(kind_at, message, "add for = \"15s\"");
        }
        _ => {}
    }
}
