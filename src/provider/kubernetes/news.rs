//! What a change of a resource is called when it is told.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::facts;
use crate::provider::Happenings;

/// A kind of resource whose changes are worth telling.
pub(super) trait News: Sized {
    /// Tells what came of it; none: it was, or is, not there.
    fn told(_before: Option<&Self>, _now: Option<&Self>, _happenings: &Happenings) {}
}

impl News for Namespace {}
impl News for Deployment {}
impl News for ReplicaSet {}
impl News for StatefulSet {}
impl News for DaemonSet {}
impl News for PodDisruptionBudget {}
impl News for NetworkPolicy {}

impl News for Pod {
    fn told(before: Option<&Self>, now: Option<&Self>, happenings: &Happenings) {
        let Some(pod) = now.or(before) else { return };
        let name = pod.metadata.name.clone().unwrap_or_default();
        let same = before
            .zip(now)
            .is_none_or(|(before, now)| before.metadata.uid == now.metadata.uid);
        if !same {
            // Deleted and made again between two looks.
            Self::told(before, None, happenings);
            return Self::told(None, now, happenings);
        }
        let node = facts::node_of(pod).unwrap_or("no node yet").to_owned();
        let tell = |kind: &str, detail: String| happenings.tell(kind, &name, detail);
        let Some(now) = now else {
            return tell("pod-deleted", format!("it was on {node}"));
        };
        let leaving = |pod: &Self| pod.metadata.deletion_timestamp.is_some();
        let was = |fact: fn(&Self) -> bool| before.is_some_and(fact);
        if before.is_none() {
            tell("pod-created", String::new());
        }
        if facts::node_of(now).is_some() && before.is_some_and(|pod| facts::node_of(pod).is_none())
        {
            tell("pod-scheduled", format!("on {node}"));
        }
        if leaving(now) && !was(leaving) {
            tell("pod-terminating", format!("on {node}"));
        }
        match (was(facts::is_ready), facts::is_ready(now)) {
            (false, true) => tell("pod-ready", format!("on {node}")),
            (true, false) => tell("pod-unready", format!("on {node}")),
            _ => {}
        }
        let restarts = before.map_or(0, facts::restarts);
        if before.is_some() && facts::restarts(now) > restarts {
            tell(
                "container-restarted",
                format!("{} times", facts::restarts(now)),
            );
        }
        if let Some(why) = facts::unschedulable(now)
            && before.is_none_or(|pod| facts::unschedulable(pod).is_none())
        {
            tell("pod-unschedulable", why.to_owned());
        }
    }
}

impl News for Node {
    fn told(before: Option<&Self>, now: Option<&Self>, happenings: &Happenings) {
        let Some((before, now)) = before.zip(now) else {
            return;
        };
        let name = now.metadata.name.clone().unwrap_or_default();
        match (facts::schedulable(before), facts::schedulable(now)) {
            (true, false) => happenings.tell("node-cordoned", &name, ""),
            (false, true) => happenings.tell("node-uncordoned", &name, ""),
            _ => {}
        }
        match (facts::works(before), facts::works(now)) {
            (true, false) => happenings.tell("node-not-ready", &name, ""),
            (false, true) => happenings.tell("node-ready", &name, ""),
            _ => {}
        }
    }
}

impl News for EndpointSlice {
    fn told(before: Option<&Self>, now: Option<&Self>, happenings: &Happenings) {
        let count =
            |slice: Option<&Self>| slice.map_or(0, |slice| facts::in_service(slice).count());
        let (was, is) = (count(before), count(now));
        if was != is
            && let Some(slice) = now.or(before)
        {
            let service = facts::service_of(slice);
            happenings.tell("endpoints", service, format!("{is} ready, {was} before"));
        }
    }
}
