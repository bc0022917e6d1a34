//! Each fault in a whole run: done, seen, taken back, written down.

use crate::double::{Double, TOKEN};
use crate::drill::{Drill, fault};

/// Runs a fault of this kind to its end; the calls that it came to.
fn plays(kind: &str) -> (Drill, Vec<String>) {
    let drill = Drill::of(kind, fault(kind));
    let said = drill.run().exits(0);
    assert!(!said.err().contains(TOKEN), "a secret was printed");
    drill.heals();
    assert!(drill.is_closed(), "{}", drill.told());
    let told = drill.told();
    assert!(told.contains("change-effective"), "{told}");
    assert!(!told.contains(TOKEN));
    let calls = drill.double.calls();
    (drill, calls)
}

fn count(calls: &[String], part: &str) -> usize {
    calls.iter().filter(|call| call.contains(part)).count()
}

#[test]
fn killed_pods_are_replaced() {
    let (drill, calls) = plays("pod-kill");
    assert_eq!(
        count(&calls, "DELETE /api/v1/namespaces/shop/pods/"),
        2,
        "{calls:?}"
    );
    let told = drill.told();
    for kind in ["pod-deleted", "pod-ready", "endpoints"] {
        assert!(told.contains(kind), "{kind} is missing:\n{told}");
    }
}

#[test]
fn evicted_pods_leave_with_grace() {
    let (drill, calls) = plays("pod-evict");
    assert_eq!(count(&calls, "/eviction"), 2, "{calls:?}");
    assert!(drill.told().contains("pod-terminating"));
}

#[test]
fn a_killed_container_starts_again_in_its_pod() {
    let (drill, calls) = plays("container-kill");
    assert_eq!(count(&calls, "/ephemeralcontainers"), 1, "{calls:?}");
    let pods = drill.double.all("pods");
    let restarts: u64 = pods
        .iter()
        .filter_map(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64())
        .sum();
    assert_eq!(restarts, 1);
}

#[test]
fn frozen_pods_are_thawed() {
    let (drill, calls) = plays("pod-hang");
    // A mark, a freeze, a thaw, and the mark away, of each.
    assert_eq!(count(&calls, "/ephemeralcontainers"), 4, "{calls:?}");
    assert_eq!(calls.len(), 8, "{calls:?}");
    assert!(drill.told().contains("pod-unready"));
}

#[test]
fn a_rollout_replaces_every_pod() {
    let before = Double::start(&["a"], 3).all("pods").len();
    let (drill, calls) = plays("rollout-restart");
    assert_eq!(
        count(
            &calls,
            "PATCH /apis/apps/v1/namespaces/shop/deployments/shop"
        ),
        2
    );
    let told = drill.told();
    assert!(told.matches("pod-deleted").count() >= before, "{told}");
}

#[test]
fn a_workload_is_scaled_down_and_back() {
    let (_, calls) = plays("scale-to");
    assert_eq!(calls.len(), 2, "{calls:?}");
}

#[test]
fn a_drained_node_takes_pods_again() {
    let (drill, calls) = plays("node-drain");
    assert_eq!(count(&calls, "PATCH /api/v1/nodes/node-b1"), 2, "{calls:?}");
    assert_eq!(count(&calls, "/eviction"), 1, "{calls:?}");
    let told = drill.told();
    assert!(told.contains("node-cordoned") && told.contains("node-uncordoned"));
}

#[test]
fn a_zone_is_closed_before_any_pod_leaves_it() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.each("nodes", |node| {
        if node["metadata"]["name"] != "node-c1" {
            node["metadata"]["labels"]["topology.kubernetes.io/zone"] = "b".into();
        }
    });
    drill.run().exits(0);
    drill.heals();
    let calls = drill.double.calls();
    let first = calls
        .iter()
        .position(|call| call.contains("/eviction"))
        .expect("evictions");
    assert_eq!(
        count(&calls[..first], "PATCH /api/v1/nodes/"),
        2,
        "{calls:?}"
    );
    assert_eq!(count(&calls, "/eviction"), 2, "{calls:?}");
}

#[test]
fn a_node_that_somebody_else_closed_stays_closed() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.put(
        "nodes",
        serde_json::json!({
            "metadata": { "name": "node-b2", "labels": {
                "loadtest/allow": "true", "topology.kubernetes.io/zone": "b" } },
            "spec": { "unschedulable": true },
            "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
        }),
    );
    drill.run().exits(0);
    let calls = drill.double.calls();
    assert_eq!(count(&calls, "node-b2"), 0, "{calls:?}");
    assert_eq!(drill.double.wounds(3), ["node-b2 is cordoned"]);
}

#[test]
fn pods_are_cut_off_by_a_policy_and_reachable_again() {
    let (_, calls) = plays("network-partition");
    assert_eq!(
        count(&calls, "POST /apis/networking.k8s.io"),
        1,
        "{calls:?}"
    );
    assert_eq!(
        count(&calls, "DELETE /apis/networking.k8s.io"),
        1,
        "{calls:?}"
    );
}
