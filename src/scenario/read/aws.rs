//! `[aws]`: which part of an account faults may touch, and what is chosen in it.

use std::time::Duration;

use super::selector::{read_labels, read_pick};
use crate::scenario::model::{
    AwsSpec, FaultKind, InstanceSelector, PickCount, PodSelector, QueueDelay,
};
use crate::scenario::syntax::{Log, Node, TableReader, Value, value};

/// SQS takes no longer delay than this.
const LONGEST_DELIVERY: Duration = Duration::from_secs(15 * 60);
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 3600);
/// A tool that dies leaves a shift to end by itself; until then `for` has long passed.
const SHIFT_MARGIN: Duration = Duration::from_secs(3600);
/// ARC takes no longer shift than three days.
const LONGEST_SHIFT: Duration = Duration::from_secs(71 * 3600);

/// Reads `[aws]`, or its defaults.
pub(crate) fn read_aws(log: &Log, node: Option<&Node>) -> AwsSpec {
    let mut spec = AwsSpec::default();
    let Some(mut table) = node.and_then(|node| TableReader::new(log, node, "aws")) else {
        return spec;
    };
    spec.region = table.optional("region", value::name);
    spec.profile = table.optional("profile", value::name);
    spec.allow = table.optional("allow", value::name).unwrap_or(spec.allow);
    spec.database = table.optional("database", value::name);
    spec.load_balancer = table.optional("load_balancer", read_arn);
    spec.cluster = table.optional("cluster", value::name);
    spec.queue = table.optional("queue", value::name);
    if let Some(node) = table.node("alarms") {
        let alarms = node.elements().iter();
        spec.alarms = alarms.filter_map(|node| value::name(log, node)).collect();
    }
    let keys = "credentials come from AWS's own chain: environment, profile, role";
    table.finish_with(&[
        ("access_key_id", keys),
        ("secret_access_key", keys),
        ("session_token", keys),
        ("endpoint", "set AWS_ENDPOINT_URL"),
        ("alarm", "say alarms = [\"…\"]"),
    ]);
    spec
}

fn read_arn(log: &Log, node: &Node) -> Option<String> {
    let name = value::name(log, node)?;
    if name.starts_with("arn:") {
        return Some(name);
    }
    let help = "aws elbv2 describe-load-balancers --query 'LoadBalancers[].LoadBalancerArn'";
    log.error_help(node.at, "a load balancer is named by its ARN", help);
    None
}

/// `zone-drain` on AWS: traffic is shifted where a load balancer is named, unless the fault says
/// that instances are to be stopped.
pub(super) fn read_zone_drain(
    table: &mut TableReader<'_>,
    zone: String,
    hold: Option<Duration>,
    aws: &AwsSpec,
) -> Option<FaultKind> {
    const WAYS: [(&str, bool); 2] = [("shift", true), ("instances", false)];
    let at = table.key_at("by");
    let by = table.optional("by", |log, node| value::choice(log, node, &WAYS));
    let by_shift = by.unwrap_or(aws.load_balancer.is_some());
    if by_shift && aws.load_balancer.is_none() {
        let help = "add load_balancer = \"arn:…\" to [aws], or say by = \"instances\"";
        let message = "a zonal shift moves the traffic of a load balancer, and none is named";
        table.log().error_help(at, message, help);
        return None;
    }
    let expires = (hold.unwrap_or_default() + SHIFT_MARGIN).min(LONGEST_SHIFT);
    Some(if by_shift {
        FaultKind::ZoneShift { zone, expires }
    } else {
        FaultKind::ZoneStop { zone }
    })
}

/// Reads `{ name, zone, tags, pick }`, or in short an instance's id or name.
pub(super) fn read_instances(log: &Log, node: &Node) -> Option<InstanceSelector> {
    if let Value::Text(name) = &node.value {
        return Some(InstanceSelector {
            name: Some(name.clone()),
            ..InstanceSelector::default()
        });
    }
    let mut table = TableReader::new(log, node, "instances")?;
    let name = table.optional("name", value::name);
    let zone = table.optional("zone", value::name);
    let tags = table.optional("tags", read_labels).unwrap_or_default();
    let pick = table.node("pick");
    table.finish_with(&[("labels", "say tags = { role = \"web\" }")]);
    let pick = match pick {
        Some(node) => read_pick(log, node)?,
        None if name.is_some() => PickCount::All,
        None => PickCount::Count(1),
    };
    Some(InstanceSelector {
        name,
        zone,
        tags,
        pick,
    })
}

/// Reads `{ service, name, zone, tags, pick }`, or in short a service's name.
pub(super) fn read_tasks(log: &Log, node: &Node) -> Option<PodSelector> {
    if let Value::Text(service) = &node.value {
        return Some(PodSelector {
            app: Some(service.clone()),
            pick: PickCount::Count(1),
            ..PodSelector::default()
        });
    }
    let mut table = TableReader::new(log, node, "tasks")?;
    let app = table.optional("service", value::name);
    let name = table.optional("name", value::name);
    let zone = table.optional("zone", value::name);
    let labels = table.optional("tags", read_labels).unwrap_or_default();
    let pick = table.node("pick");
    table.finish_with(&[
        ("app", "say service = \"…\""),
        ("cluster", "say it in [aws]"),
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
        labels,
        pick,
        ..PodSelector::default()
    })
}

/// `delay = "30s"` or `visibility = "10m"`.
pub(super) fn read_queue_delay(table: &mut TableReader<'_>) -> Option<QueueDelay> {
    let log = table.log();
    let Some((key, node)) = table.one_of(&["delay", "visibility"]) else {
        let message = format!("{} does not say what it does to the queue", table.what());
        log.missing(
            table.at(),
            message,
            "add delay = \"30s\" or visibility = \"10m\"",
        );
        return None;
    };
    let length = value::length(log, node)?;
    let (longest, delay) = match key {
        "delay" => (LONGEST_DELIVERY, QueueDelay::Delivery(length)),
        _ => (LONGEST_VISIBILITY, QueueDelay::Visibility(length)),
    };
    if length.subsec_nanos() != 0 || length > longest {
        let message = format!("SQS takes whole seconds up to {} s", longest.as_secs());
        log.error(node.at, message);
        return None;
    }
    Some(delay)
}
