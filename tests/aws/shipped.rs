//! Shipped scenarios, unmodified but for the provider.

use super::ecs::Ecs;
use super::world::World;
use crate::support::{Bench, repository};
use serde_json::Value;

/// Runs it on a local stack with its fault on AWS; a passing run's summary.
fn run(world: &World, scenario: &str) -> Value {
    let bench = Bench::new();
    let scenario = repository(scenario);
    let args = [
        "run",
        &scenario,
        "--set",
        "fault.0.provider=aws",
        "--duration",
        "20s",
        "--seed",
        "7",
    ];
    world.loadtest(&bench, args).exits(0);
    bench.summary()
}

fn kinds(summary: &Value) -> Vec<&str> {
    let events = summary["faults"][0]["events"].as_array().expect("events");
    events
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect()
}

#[test]
fn a_shipped_failover_fails_an_aurora_cluster_over() {
    let world = World::new().with_cluster();
    assert_eq!(world.writer(), "shop-1");
    let summary = run(&world, "scenarios/db-failover.toml");
    assert_eq!(world.writer(), "shop-2");
    assert_eq!(world.proxy.acts(), ["FailoverDBCluster"]);
    let fault = &summary["faults"][0];
    assert_eq!(fault["provider"], "aws");
    assert_eq!(fault["target"], serde_json::json!(["shop-1", "shop-2"]));
    assert!(fault["redundancy_restored_us"].is_u64(), "{fault}");
    let kinds = kinds(&summary);
    assert!(kinds.contains(&"database-promoted"), "{kinds:?}");
    assert!(kinds.contains(&"change-effective"), "{kinds:?}");
}

#[test]
fn a_shipped_zone_outage_swaps_network_acls_and_swaps_them_back() {
    let world = World::new().with_subnets().with_instances();
    let before = world.state();
    let summary = run(&world, "scenarios/zone-outage.toml");
    assert_eq!(world.state(), before);
    assert_eq!(
        world.proxy.acts(),
        [
            "CreateNetworkAcl",
            "ReplaceNetworkAclAssociation",
            "ReplaceNetworkAclAssociation",
            "DeleteNetworkAcl"
        ]
    );
    let fault = &summary["faults"][0];
    assert_eq!(fault["target"][0], world.subnet("us-east-1a").as_str());
    assert_eq!(fault["undone"], true, "{fault}");
}

#[test]
fn a_shipped_zone_drain_stops_exactly_the_zone_s_instances_and_starts_them() {
    let world = World::new().with_instances();
    let before = world.state();
    let summary = run(&world, "scenarios/zone-drain.toml");
    assert_eq!(world.state(), before);
    assert_eq!(
        world.proxy.acts(),
        [
            "CreateTags",
            "StopInstances",
            "StartInstances",
            "DeleteTags"
        ]
    );
    let target = summary["faults"][0]["target"].as_array().expect("targets");
    let mut target: Vec<_> = target.iter().filter_map(Value::as_str).collect();
    target.sort_unstable();
    assert_eq!(target, world.instances("us-east-1b"));
}

#[test]
fn a_shipped_pod_kill_stops_tasks_of_the_service_of_that_name_against_a_double_of_ecs() {
    let world = World::new();
    let ecs = Ecs::of(&world, 4);
    let summary = run(&world, "scenarios/pod-kill.toml");
    assert_eq!(world.proxy.acts(), ["StopTask", "StopTask"]);
    let stopped = ecs.stopped();
    assert_eq!(stopped.len(), 2, "half of four: {stopped:?}");
    let fault = &summary["faults"][0];
    assert!(fault["redundancy_restored_us"].is_u64(), "{fault}");
}
