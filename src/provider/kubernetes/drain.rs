//! Whether a pod leaves when its node is emptied: kubectl's filters, in kubectl's order.

use k8s_openapi::api::core::v1::Pod;

use super::owner::controller;
use crate::provider::Eviction;

const MIRROR: &str = "kubernetes.io/config.mirror";

/// What an eviction of this pod means.
pub(super) fn eviction(pod: &Pod) -> Eviction {
    let metadata = &pod.metadata;
    let left = |why: &str| Eviction::Left(why.to_owned());
    if metadata.deletion_timestamp.is_some() {
        return left("it is leaving already");
    }
    let controller = controller(metadata);
    if controller.is_some_and(|owner| owner.kind == "DaemonSet") {
        return left("its DaemonSet would start it again on the same node");
    }
    if (metadata.annotations.as_ref()).is_some_and(|all| all.contains_key(MIRROR)) {
        return left("it is part of its node (a static pod)");
    }
    if has_ended(pod) {
        return left("it has ended");
    }
    let volumes = pod
        .spec
        .iter()
        .flat_map(|spec| spec.volumes.iter().flatten());
    if volumes.into_iter().any(|volume| volume.empty_dir.is_some()) {
        return Eviction::Loses("what it keeps in an emptyDir volume goes with it".to_owned());
    }
    if controller.is_none() {
        return Eviction::Loses("nothing would replace it".to_owned());
    }
    Eviction::Replaced
}

/// Whether it ran to its end.
pub(super) fn has_ended(pod: &Pod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What is decided about a pod with all these properties.
    fn decided(properties: &[&str]) -> Eviction {
        let mut pod = json!({ "metadata": { "name": "p" }, "spec": { "containers": [] } });
        let mut owner = Value::Null;
        for property in properties {
            match *property {
                "terminating" => {
                    pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                }
                "daemon" => owner = json!("DaemonSet"),
                "replica" => owner = json!("ReplicaSet"),
                "mirror" => pod["metadata"]["annotations"] = json!({ MIRROR: "x" }),
                "ended" => pod["status"] = json!({ "phase": "Succeeded" }),
                "emptydir" => pod["spec"]["volumes"] = json!([{ "name": "v", "emptyDir": {} }]),
                other => panic!("{other}"),
            }
        }
        if owner.is_string() {
            pod["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "apps/v1", "kind": owner, "name": "o", "uid": "u", "controller": true,
            }]);
        }
        eviction(&serde_json::from_value(pod).expect("a pod"))
    }

    #[test]
    fn the_first_filter_that_fits_decides() {
        let rows: [(&[&str], &str); 8] = [
            (&["replica"], "replaced"),
            (&["terminating", "daemon", "emptydir"], "leaving already"),
            (&["daemon", "mirror", "emptydir"], "DaemonSet"),
            (&["mirror", "emptydir"], "static pod"),
            (&["ended", "emptydir"], "has ended"),
            (&["replica", "emptydir"], "emptyDir"),
            (&["emptydir"], "emptyDir"),
            (&[], "nothing would replace it"),
        ];
        for (properties, expected) in rows {
            let words = match decided(properties) {
                Eviction::Replaced => "replaced".to_owned(),
                Eviction::Left(why) | Eviction::Loses(why) => why,
            };
            assert!(words.contains(expected), "{properties:?}: {words}");
        }
    }

    #[test]
    fn only_what_would_be_lost_needs_force() {
        assert!(matches!(decided(&["emptydir"]), Eviction::Loses(_)));
        assert!(matches!(
            decided(&["daemon", "emptydir"]),
            Eviction::Left(_)
        ));
    }
}
