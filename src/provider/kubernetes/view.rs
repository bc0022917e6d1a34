//! From watched resources to the snapshot that faults are aimed at. Pure.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::drain;
use super::facts;
use super::marks::Mark;
use super::owner;
use super::selector;
use super::shield::{self, Home, Labels};
use super::state::State;
use crate::provider::{
    BudgetView, HostView, OpenChange, PodView, Snapshot, WorkloadView, ZoneView,
};

const ZONE: &str = "topology.kubernetes.io/zone";

/// How one looks: what opts in, what names without a namespace belong to, and where we are.
#[derive(Debug, Clone)]
pub(super) struct Glasses {
    pub(super) allow: String,
    pub(super) namespace: String,
    pub(super) home: Home,
}

impl Glasses {
    /// A name that tells resources of several namespaces apart.
    fn name(&self, metadata: &ObjectMeta) -> String {
        let name = metadata.name.clone().unwrap_or_default();
        match metadata.namespace.as_deref() {
            Some(namespace) if namespace != self.namespace => format!("{namespace}/{name}"),
            _ => name,
        }
    }

    /// The cluster as faults see it.
    pub(super) fn snapshot(&self, state: &State, last_occurrence: u64) -> Snapshot {
        let hosts = self.hosts(state);
        Snapshot {
            zones: zones(&hosts),
            pods: self.pods(state),
            budgets: self.budgets(state),
            workloads: self.workloads(state),
            open: open(state),
            hosts,
            last_occurrence,
            ..Snapshot::default()
        }
    }

    fn ours(&self, pod: &Pod) -> bool {
        let metadata = &pod.metadata;
        shield::is_ours(
            &self.home,
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
            &facts::labels(metadata.labels.as_ref()),
        )
    }

    fn hosts(&self, state: &State) -> Vec<HostView> {
        let mut carrying: BTreeSet<&str> = (state.pods.values())
            .filter(|pod| self.ours(pod))
            .filter_map(facts::node_of)
            .collect();
        carrying.extend(self.home.node.as_deref());
        let view = |node: &Node| {
            let name = node.metadata.name.clone().unwrap_or_default();
            let labels = facts::labels(node.metadata.labels.as_ref());
            HostView {
                zone: labels.get(ZONE).cloned().unwrap_or_default(),
                schedulable: facts::schedulable(node),
                ready: facts::works(node),
                shielded: shield::of_node(carrying.contains(name.as_str()), &labels, &self.allow),
                labels,
                name,
            }
        };
        state.nodes.values().map(view).collect()
    }

    fn around(&self, state: &State, namespace: Option<&str>) -> Labels {
        let key = (String::new(), namespace.unwrap_or_default().to_owned());
        let found = state.namespaces.get(&key);
        facts::labels(found.and_then(|found| found.metadata.labels.as_ref()))
    }

    /// Why this pod must not be touched.
    pub(super) fn shield(&self, state: &State, pod: &Pod) -> Option<String> {
        let metadata = &pod.metadata;
        let around = self.around(state, metadata.namespace.as_deref());
        let labels = facts::labels(metadata.labels.as_ref());
        shield::of_pod(self.ours(pod), &labels, &around, &self.allow)
    }

    fn pods(&self, state: &State) -> Vec<PodView> {
        let serving: BTreeSet<(&str, &str)> = (state.slices.values())
            .flat_map(|slice| {
                let namespace = slice.metadata.namespace.as_deref().unwrap_or_default();
                facts::in_service(slice).map(move |name| (namespace, name))
            })
            .collect();
        let view = |pod: &Pod| {
            let metadata = &pod.metadata;
            let labels = facts::labels(metadata.labels.as_ref());
            let owner = owner::of_pod(metadata, &state.replica_sets);
            let host = facts::node_of(pod).map(str::to_owned);
            let key = (
                metadata.namespace.as_deref().unwrap_or_default(),
                metadata.name.as_deref().unwrap_or_default(),
            );
            PodView {
                name: self.name(metadata),
                uid: metadata.uid.clone().unwrap_or_default(),
                app: app(&labels, owner.as_deref(), key.1),
                zone: host
                    .as_deref()
                    .map_or_else(String::new, |host| zone_of(state, host)),
                ready: facts::is_ready(pod),
                serving: serving.contains(&key),
                labels,
                namespace: metadata.namespace.clone(),
                owner,
                host,
                containers: facts::containers(pod),
                restarts: facts::restarts(pod),
                eviction: drain::eviction(pod),
                shielded: self.shield(state, pod),
            }
        };
        let living = state.pods.values().filter(|pod| !drain::has_ended(pod));
        living.map(view).collect()
    }

    fn budgets(&self, state: &State) -> Vec<BudgetView> {
        let view = |budget: &PodDisruptionBudget| {
            let namespace = budget.metadata.namespace.clone();
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            let protected = state.pods.values().filter(|pod| {
                let labels = facts::labels(pod.metadata.labels.as_ref());
                pod.metadata.namespace == namespace
                    && selector.is_some_and(|selector| selector::matches(selector, &labels))
            });
            BudgetView {
                name: self.name(&budget.metadata),
                pods: protected.map(|pod| self.name(&pod.metadata)).collect(),
                namespace,
                headroom: headroom(budget),
            }
        };
        state.budgets.values().map(view).collect()
    }

    fn workloads(&self, state: &State) -> Vec<WorkloadView> {
        let deployments = state.deployments.values().map(deployment);
        let stateful = state.stateful_sets.values().map(stateful_set);
        let daemons = state.daemon_sets.values().map(daemon_set);
        (deployments.chain(stateful).chain(daemons))
            .map(|(mut view, labels)| {
                let around = self.around(state, view.namespace.as_deref());
                view.shielded = shield::of_pod(false, &labels, &around, &self.allow);
                view
            })
            .collect()
    }
}

/// How many pods a budget lets go now. What its controller has not seen yet allows nothing.
fn headroom(budget: &PodDisruptionBudget) -> u32 {
    let Some(status) = &budget.status else {
        return 0;
    };
    let seen = status.observed_generation >= budget.metadata.generation;
    if seen {
        u32::try_from(status.disruptions_allowed).unwrap_or(0)
    } else {
        0
    }
}

/// What a pod is a replica of, as people name it.
fn app(labels: &Labels, owner: Option<&str>, name: &str) -> String {
    let label = |key: &str| labels.get(key).cloned();
    label("app")
        .or_else(|| label("app.kubernetes.io/name"))
        .or_else(|| Some(owner?.split_once('/')?.1.to_owned()))
        .unwrap_or_else(|| name.to_owned())
}

fn zone_of(state: &State, host: &str) -> String {
    let node = state.nodes.get(&(String::new(), host.to_owned()));
    let labels = node.and_then(|node| node.metadata.labels.as_ref());
    labels
        .and_then(|all| all.get(ZONE))
        .cloned()
        .unwrap_or_default()
}

fn zones(hosts: &[HostView]) -> Vec<ZoneView> {
    let mut zones: BTreeMap<&str, bool> = BTreeMap::new();
    for host in hosts.iter().filter(|host| !host.zone.is_empty()) {
        *zones.entry(&host.zone).or_default() |= host.schedulable && host.ready;
    }
    let view = |(name, up): (&str, bool)| ZoneView {
        name: name.to_owned(),
        up,
        ..ZoneView::default()
    };
    zones.into_iter().map(view).collect()
}

fn open(state: &State) -> Vec<OpenChange> {
    let marked = (state.nodes.values().map(|node| &node.metadata))
        .chain(state.pods.values().map(|pod| &pod.metadata))
        .chain(state.deployments.values().map(|one| &one.metadata))
        .chain(state.stateful_sets.values().map(|one| &one.metadata))
        .chain(state.daemon_sets.values().map(|one| &one.metadata))
        .chain(state.policies.values().map(|one| &one.metadata));
    let mut open: BTreeMap<String, OpenChange> = BTreeMap::new();
    for mark in marked.filter_map(Mark::on) {
        let change = mark.change.0.clone();
        let words = mark.did.clone();
        open.entry(change)
            .and_modify(|known| {
                if !known.words.contains(&words) {
                    known.words += &format!("; {words}");
                }
            })
            .or_insert_with(|| mark.open());
    }
    open.into_values().collect()
}

fn count(number: Option<i32>) -> u32 {
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(0)
}

fn workload(kind: &str, metadata: &ObjectMeta, labels: Option<&Labels>) -> (WorkloadView, Labels) {
    let mut all = facts::labels(labels);
    all.extend(facts::labels(metadata.labels.as_ref()));
    let view = WorkloadView {
        name: format!("{kind}/{}", metadata.name.as_deref().unwrap_or_default()),
        namespace: metadata.namespace.clone(),
        generation: metadata.generation.unwrap_or(0),
        ..WorkloadView::default()
    };
    (view, all)
}

fn deployment(one: &Deployment) -> (WorkloadView, Labels) {
    let template = one
        .spec
        .as_ref()
        .and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    let (mut view, labels) = workload("deployment", &one.metadata, labels);
    view.desired = one
        .spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .map_or(1, |n| count(Some(n)));
    if let Some(status) = &one.status {
        view.ready = count(status.ready_replicas);
        view.settled = status.observed_generation.unwrap_or(0) >= view.generation
            && [
                status.updated_replicas,
                status.available_replicas,
                status.replicas,
            ]
            .iter()
            .all(|number| count(*number) == view.desired);
    }
    (view, labels)
}

fn stateful_set(one: &StatefulSet) -> (WorkloadView, Labels) {
    let template = one
        .spec
        .as_ref()
        .and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    let (mut view, labels) = workload("statefulset", &one.metadata, labels);
    view.desired = one
        .spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .map_or(1, |n| count(Some(n)));
    if let Some(status) = &one.status {
        view.ready = count(status.ready_replicas);
        view.settled = status.observed_generation.unwrap_or(0) >= view.generation
            && status.current_revision == status.update_revision
            && view.ready == view.desired;
    }
    (view, labels)
}

fn daemon_set(one: &DaemonSet) -> (WorkloadView, Labels) {
    let template = one
        .spec
        .as_ref()
        .and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    let (mut view, labels) = workload("daemonset", &one.metadata, labels);
    if let Some(status) = &one.status {
        view.desired = count(Some(status.desired_number_scheduled));
        view.ready = count(Some(status.number_ready));
        view.settled = status.observed_generation.unwrap_or(0) >= view.generation
            && count(status.updated_number_scheduled) == view.desired
            && view.ready == view.desired;
    }
    (view, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).expect("a resource")
    }

    #[test]
    fn what_a_budget_has_not_counted_yet_allows_nothing() {
        for (status, generation, expected) in [
            (
                json!({ "disruptionsAllowed": 2, "observedGeneration": 3 }),
                3,
                2,
            ),
            (
                json!({ "disruptionsAllowed": 2, "observedGeneration": 2 }),
                3,
                0,
            ),
            (
                json!({ "disruptionsAllowed": -1, "observedGeneration": 3 }),
                3,
                0,
            ),
        ] {
            let mut status = status;
            for count in ["currentHealthy", "desiredHealthy", "expectedPods"] {
                status[count] = json!(0);
            }
            let budget = json!({ "metadata": { "generation": generation }, "status": status });
            assert_eq!(headroom(&parsed(budget.clone())), expected, "{budget}");
        }
        assert_eq!(headroom(&parsed(json!({ "metadata": {} }))), 0);
    }

    #[test]
    fn a_zone_takes_part_while_one_of_its_nodes_does() {
        let host = |name: &str, zone: &str, schedulable, ready| HostView {
            name: name.into(),
            zone: zone.into(),
            schedulable,
            ready,
            ..HostView::default()
        };
        let hosts = [
            host("1", "a", false, true),
            host("2", "a", true, true),
            host("3", "b", true, false),
            host("4", "", true, true),
        ];
        let told: Vec<_> = zones(&hosts)
            .into_iter()
            .map(|zone| (zone.name, zone.up))
            .collect();
        assert_eq!(told, [("a".to_owned(), true), ("b".to_owned(), false)]);
    }

    #[test]
    fn a_pod_belongs_to_what_people_named() {
        let labels = |key: &str| Labels::from([(key.to_owned(), "web".to_owned())]);
        let owner = Some("deployment/shop");
        assert_eq!(app(&labels("app"), owner, "p"), "web");
        assert_eq!(app(&labels("app.kubernetes.io/name"), owner, "p"), "web");
        assert_eq!(app(&Labels::new(), owner, "p"), "shop");
        assert_eq!(app(&Labels::new(), None, "p"), "p");
    }
}
