//! Who replaces a pod.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

/// Namespace and name.
pub(super) type Key = (String, String);

/// The owner that controls it, as opposed to those it is merely kept for.
pub(super) fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    let owners = metadata.owner_references.as_ref()?;
    owners.iter().find(|owner| owner.controller == Some(true))
}

/// What replaces a pod: `deployment/shop`. A ReplicaSet of a Deployment is a detail of its rollout.
pub(super) fn of_pod(
    metadata: &ObjectMeta,
    replica_sets: &BTreeMap<Key, ReplicaSet>,
) -> Option<String> {
    let owner = controller(metadata)?;
    if owner.kind == "Node" {
        return None;
    }
    if owner.kind == "ReplicaSet" {
        let namespace = metadata.namespace.clone().unwrap_or_default();
        let above = (replica_sets.get(&(namespace, owner.name.clone())))
            .and_then(|set| controller(&set.metadata));
        if let Some(above) = above {
            return Some(in_words(above));
        }
    }
    Some(in_words(owner))
}

fn in_words(owner: &OwnerReference) -> String {
    format!("{}/{}", owner.kind.to_lowercase(), owner.name)
}
