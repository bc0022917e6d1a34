//! What controllers, scheduler and kubelets do: replace pods, place them, start and end them, keep
//! endpoints, budgets and statuses up to date. Each round makes what is possible now.

use serde_json::{Value, json};

use super::store::Store;

/// Namespace of everything that is in one.
pub(crate) const NAMESPACE: &str = "shop";
/// Programs end so soon after SIGTERM, milliseconds.
const ENDS_WITHIN_MS: u64 = 150;

/// A cluster of nodes `node-a1`, `node-b1`, … with the Deployment `shop` on them.
pub(crate) fn cluster(zones: &[&str], replicas: u32) -> Store {
    let mut store = Store::default();
    let allow = json!({ "loadtest/allow": "true" });
    store.put(
        "namespaces",
        json!({ "metadata": { "name": NAMESPACE, "labels": allow } }),
    );
    for zone in zones {
        store.put(
            "nodes",
            json!({
                "metadata": { "name": format!("node-{zone}1"), "labels": {
                    "loadtest/allow": "true", "topology.kubernetes.io/zone": zone,
                } },
                "spec": {},
                "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
            }),
        );
    }
    let labels = json!({ "app": "shop" });
    let container = json!({ "name": "web", "image": "shop:1" });
    store.put(
        "deployments",
        json!({
            "metadata": { "name": "shop", "namespace": NAMESPACE, "labels": labels },
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": {
                    "shareProcessNamespace": true, "containers": [container],
                } },
            },
        }),
    );
    store.put(
        "endpointslices",
        json!({
            "metadata": { "name": "shop-1", "namespace": NAMESPACE,
                "labels": { "kubernetes.io/service-name": "shop" } },
            "addressType": "IPv4", "endpoints": [], "ports": [],
        }),
    );
    while settle(&mut store, 0) {}
    store
}

/// One round, at this time; whether anything changed.
pub(crate) fn settle(store: &mut Store, now_ms: u64) -> bool {
    let before = store.version;
    end_pods(store, now_ms);
    // A pod starts no earlier than one round after it was placed.
    run(store);
    roll_out(store);
    replicate(store);
    schedule(store);
    endpoints(store);
    statuses(store);
    store.version != before
}

pub(crate) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

fn is_leaving(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == "Ready" && one["status"] == "True");
    ready && !is_leaving(pod)
}

/// Starts a pod's end, or ends it at once.
pub(crate) fn delete_pod(store: &mut Store, pod: &Value, grace: u64, now_ms: u64) -> Value {
    if grace == 0 {
        store.remove("pods", NAMESPACE, name(pod));
        return pod.clone();
    }
    if is_leaving(pod) {
        return pod.clone();
    }
    let mut leaving = pod.clone();
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    leaving["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    leaving["metadata"]["annotations"]["double/ends-at"] =
        json!((now_ms + ENDS_WITHIN_MS).to_string());
    store.put("pods", leaving)
}

fn end_pods(store: &mut Store, now_ms: u64) {
    for pod in store.all("pods").iter().filter(|pod| is_leaving(pod)) {
        let ends: u64 = text(pod, "/metadata/annotations/double~1ends-at")
            .parse()
            .unwrap_or(0);
        if ends <= now_ms {
            store.remove("pods", NAMESPACE, name(pod));
        }
    }
}

/// The ReplicaSet of a Deployment's template, and the end of older ones once it is ready.
fn roll_out(store: &mut Store) {
    for deployment in store.all("deployments") {
        let restarted = text(
            &deployment,
            "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt",
        );
        let hash: u32 = restarted.bytes().fold(1, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
        let current = format!("{}-{hash:x}", name(&deployment));
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let (new, old): (Vec<Value>, Vec<Value>) = (store.all("replicasets").into_iter())
            .filter(|set| owner(set) == name(&deployment))
            .partition(|set| name(set) == current);
        let mut set = new.into_iter().next().unwrap_or_else(|| {
            json!({
                "metadata": {
                    "name": current, "namespace": NAMESPACE,
                    "ownerReferences": [owned_by("Deployment", &deployment)],
                },
                "spec": { "selector": deployment["spec"]["selector"],
                    "template": deployment["spec"]["template"] },
            })
        });
        set["spec"]["replicas"] = json!(wanted);
        store.put("replicasets", set);
        let ready = pods_of(store, &current)
            .iter()
            .filter(|pod| is_ready(pod))
            .count() as u64;
        for mut set in old {
            set["spec"]["replicas"] = json!(wanted.saturating_sub(ready));
            store.put("replicasets", set);
        }
    }
}

fn owned_by(kind: &str, owner: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "name": name(owner),
        "uid": owner["metadata"]["uid"], "controller": true,
    })
}

fn owner(object: &Value) -> &str {
    text(object, "/metadata/ownerReferences/0/name")
}

fn pods_of(store: &Store, set: &str) -> Vec<Value> {
    let mut pods = store.all("pods");
    pods.retain(|pod| owner(pod) == set && !is_leaving(pod));
    pods
}

fn replicate(store: &mut Store) {
    for set in store.all("replicasets") {
        let wanted = set["spec"]["replicas"].as_u64().unwrap_or(0) as usize;
        let pods = pods_of(store, name(&set));
        for _ in pods.len()..wanted {
            let number = store.version;
            store.put(
                "pods",
                json!({
                    "metadata": {
                        "name": format!("{}-{number}", name(&set)), "namespace": NAMESPACE,
                        "labels": set["spec"]["template"]["metadata"]["labels"],
                        "ownerReferences": [owned_by("ReplicaSet", &set)],
                    },
                    "spec": set["spec"]["template"]["spec"],
                    "status": { "phase": "Pending" },
                }),
            );
        }
        // The youngest go first.
        for pod in pods.iter().rev().take(pods.len().saturating_sub(wanted)) {
            store.remove("pods", NAMESPACE, name(pod));
        }
    }
}

fn schedule(store: &mut Store) {
    for mut pod in store.all("pods") {
        if pod["spec"]["nodeName"].is_string() {
            continue;
        }
        let there = |node: &Value| {
            let pods = store.all("pods");
            pods.iter()
                .filter(|pod| pod["spec"]["nodeName"] == node["metadata"]["name"])
                .count()
        };
        let nodes = store.all("nodes");
        let open = nodes
            .iter()
            .filter(|node| node["spec"]["unschedulable"] != json!(true));
        if let Some(node) = open.min_by_key(|node| there(node)) {
            pod["spec"]["nodeName"] = json!(name(node));
            pod["status"] = json!({ "phase": "Pending" });
        } else {
            pod["status"] = json!({ "phase": "Pending", "conditions": [{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0 nodes are available",
            }] });
        }
        store.put("pods", pod);
    }
}

/// Kubelets: containers run, helpers do what they are for.
fn run(store: &mut Store) {
    for mut pod in store.all("pods") {
        if !pod["spec"]["nodeName"].is_string() || is_leaving(&pod) {
            continue;
        }
        let helpers = pod["spec"]["ephemeralContainers"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut restarts = pod["status"]["containerStatuses"][0]["restartCount"]
            .as_u64()
            .unwrap_or(0);
        let mut done = pod["status"]["ephemeralContainerStatuses"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut frozen = pod["metadata"]["annotations"]["double/frozen"] == json!("true");
        for helper in &helpers {
            if done.iter().any(|status| status["name"] == helper["name"]) {
                continue;
            }
            let script = text(helper, "/command/2");
            let deaf = pod["metadata"]["labels"]["deaf"].is_string();
            let ended = |code: i32| json!({ "terminated": { "exitCode": code } });
            let state = if deaf && !script.starts_with("kill -CONT") {
                ended(3)
            } else if script.contains("kill -STOP") {
                frozen = true;
                json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } })
            } else if script.starts_with("kill -CONT") {
                frozen = false;
                ended(0)
            } else {
                restarts += 1;
                ended(137)
            };
            done.push(json!({
                "name": helper["name"], "state": state, "ready": false, "restartCount": 0,
                "image": helper["image"], "imageID": "",
            }));
        }
        if frozen {
            pod["metadata"]["annotations"]["double/frozen"] = json!("true");
        } else if let Some(all) = pod["metadata"]["annotations"].as_object_mut() {
            all.remove("double/frozen");
        }
        let ready = if frozen { "False" } else { "True" };
        pod["status"] = json!({
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [{
                "name": "web", "ready": !frozen, "restartCount": restarts, "image": "shop:1",
                "imageID": "", "containerID": format!("containerd://{}-{restarts}", name(&pod)),
            }],
            "ephemeralContainerStatuses": done,
        });
        store.put("pods", pod);
    }
}

fn endpoints(store: &mut Store) {
    let mut pods = store.all("pods");
    pods.retain(|pod| pod["metadata"]["labels"]["app"] == "shop");
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| {
            json!({
                "addresses": ["10.0.0.1"],
                "conditions": { "ready": is_ready(pod) },
                "targetRef": { "kind": "Pod", "name": name(pod), "namespace": NAMESPACE },
            })
        })
        .collect();
    if let Some(slice) = store.get("endpointslices", NAMESPACE, "shop-1") {
        let mut slice = slice.clone();
        slice["endpoints"] = json!(endpoints);
        store.put("endpointslices", slice);
    }
}

fn statuses(store: &mut Store) {
    for mut deployment in store.all("deployments") {
        let mut pods = store.all("pods");
        pods.retain(|pod| {
            pod["metadata"]["labels"]["app"]
                == deployment["spec"]["template"]["metadata"]["labels"]["app"]
                && !is_leaving(pod)
        });
        let current = store
            .all("replicasets")
            .into_iter()
            .rfind(|set| set["spec"]["template"] == deployment["spec"]["template"]);
        let updated = current.map_or(0, |set| pods_of(store, name(&set)).len());
        let ready = pods.iter().filter(|pod| is_ready(pod)).count();
        deployment["status"] = json!({
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": pods.len(), "readyReplicas": ready, "availableReplicas": ready,
            "updatedReplicas": updated,
        });
        store.put("deployments", deployment);
    }
    for mut budget in store.all("poddisruptionbudgets") {
        let allowed = allowed(store, &budget);
        budget["status"] = json!({
            "observedGeneration": budget["metadata"]["generation"],
            "disruptionsAllowed": allowed, "currentHealthy": 0, "desiredHealthy": 0,
            "expectedPods": 0,
        });
        store.put("poddisruptionbudgets", budget);
    }
}

/// How many pods this budget lets go now: a rule, not a number that a test sets.
pub(crate) fn allowed(store: &Store, budget: &Value) -> u64 {
    let app = &budget["spec"]["selector"]["matchLabels"]["app"];
    let pods = store.all("pods");
    let healthy = pods
        .iter()
        .filter(|pod| pod["metadata"]["labels"]["app"] == *app && is_ready(pod))
        .count() as u64;
    healthy.saturating_sub(budget["spec"]["minAvailable"].as_u64().unwrap_or(0))
}
