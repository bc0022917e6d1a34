//! Single facts about resources.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;

/// Labels of anything.
pub(super) fn labels(labels: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
    labels.cloned().unwrap_or_default()
}

/// The node that a pod is bound to.
pub(super) fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

/// Whether a pod's probes succeed and it is not on its way out.
pub(super) fn is_ready(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && condition(pod, "Ready") == Some("True")
}

fn condition<'p>(pod: &'p Pod, kind: &str) -> Option<&'p str> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let found = conditions
        .iter()
        .find(|condition| condition.type_ == kind)?;
    Some(&found.status)
}

/// Why a pod finds no node, such as that its volume is in another zone.
pub(super) fn unschedulable(pod: &Pod) -> Option<&str> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let found = conditions.iter().find(|condition| {
        condition.type_ == "PodScheduled"
            && condition.status == "False"
            && condition.reason.as_deref() == Some("Unschedulable")
    })?;
    Some(found.message.as_deref().unwrap_or("no node takes it"))
}

/// How often containers of a pod were started again.
pub(super) fn restarts(pod: &Pod) -> u32 {
    let statuses = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten());
    statuses
        .map(|status| u32::try_from(status.restart_count).unwrap_or(0))
        .sum()
}

/// Names of a pod's ordinary containers.
pub(super) fn containers(pod: &Pod) -> Vec<String> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    containers.map(|container| container.name.clone()).collect()
}

/// Whether a node takes new pods.
pub(super) fn schedulable(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) != Some(true)
}

/// Whether a node says of itself that it works.
pub(super) fn works(node: &Node) -> bool {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Names of the pods behind a service's slice that get requests.
pub(super) fn in_service(slice: &EndpointSlice) -> impl Iterator<Item = &str> {
    let ready = slice.endpoints.iter().filter(|endpoint| {
        // `ready` is false while an endpoint terminates; not said counts as ready.
        endpoint.conditions.as_ref().and_then(|c| c.ready) != Some(false)
    });
    ready.filter_map(|endpoint| {
        let target = endpoint.target_ref.as_ref()?;
        (target.kind.as_deref() == Some("Pod")).then_some(target.name.as_deref()?)
    })
}

/// The service that a slice belongs to.
pub(super) fn service_of(slice: &EndpointSlice) -> String {
    let labels = slice.metadata.labels.as_ref();
    let service = labels.and_then(|all| all.get("kubernetes.io/service-name"));
    service
        .or(slice.metadata.name.as_ref())
        .cloned()
        .unwrap_or_default()
}
