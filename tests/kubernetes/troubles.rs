//! An API server that is busy, silent, or does not know us any more: each ends undone.

use crate::double::Moods;
use crate::drill::{Drill, fault};

#[test]
fn a_budget_is_respected_and_its_refusals_are_told() {
    let drill = Drill::lasting(12, "pod-evict", fault("pod-evict"));
    drill.double.budget("shop-budget", 2);
    drill.run().exits(0);
    drill.heals();
    let told = drill.told();
    assert!(told.contains("eviction-refused"), "{told}");
    assert!(told.contains("shop-budget needs 2 healthy pods"), "{told}");
}

#[test]
fn a_budget_that_never_gives_way_makes_the_run_invalid() {
    let more = "pods = { app = \"shop\" }\ntimeout = \"1s\"";
    let drill = Drill::of("pod-evict", more);
    drill.double.budget("shop-budget", 3);
    drill.run().exits(4);
    assert!(drill.told().contains("eviction-gave-up"));
    assert_eq!(drill.double.wounds(3), [""; 0]);
    assert!(drill.is_closed());
}

#[test]
fn two_budgets_on_one_pod_are_told_and_not_tried_for_ever() {
    let drill = Drill::of("pod-evict", fault("pod-evict"));
    drill.double.budget("one", 1);
    drill.double.budget("two", 1);
    drill.run().exits(4);
    assert!(drill.told().contains("more than one PodDisruptionBudget"));
    assert_eq!(drill.double.wounds(3), [""; 0]);
}

#[test]
fn throttled_calls_are_made_again_and_told() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.moods(Moods {
        throttle: 2,
        ..Moods::default()
    });
    drill.run().exits(0);
    drill.heals();
    assert!(drill.told().contains("call-repeated"));
}

#[test]
fn a_call_without_an_answer_is_made_again() {
    let drill = Drill::lasting(12, "scale-to", fault("scale-to"));
    drill.double.moods(Moods {
        mute: 1,
        ..Moods::default()
    });
    drill.run().exits(0);
    drill.heals();
    assert!(drill.is_closed());
}

#[test]
fn a_failure_in_the_middle_of_a_zone_is_undone() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.each("nodes", |node| {
        if node["metadata"]["name"] != "node-a1" {
            node["metadata"]["labels"]["topology.kubernetes.io/zone"] = "b".into();
        }
    });
    // The first node is closed; the second cannot be.
    drill.double.moods(Moods {
        fail: Some("PATCH /api/v1/nodes/node-c1".into()),
        ..Moods::default()
    });
    drill.run().exits(4);
    drill.heals();
    assert!(drill.is_closed());
}

#[test]
fn what_cannot_be_undone_is_told_with_commands_and_mended_later() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    // The cordon and the eviction are made; then nobody knows us any more.
    drill.double.moods(Moods {
        expire_after: Some(2),
        ..Moods::default()
    });
    let said = drill.run().exits(6);
    let err = said.err();
    assert!(err.contains("uncordon node-b1"), "{err}");
    assert!(err.contains("label node/node-b1 loadtest/change-"), "{err}");
    assert!(!drill.is_closed());

    drill.double.moods(Moods::default());
    drill.loadtest(["chaos", "recover", "--yes"]).exits(0);
    drill.heals();
    assert!(drill.is_closed());
}

#[test]
fn a_pod_that_cannot_be_frozen_is_told_and_left_well() {
    let drill = Drill::of("pod-hang", fault("pod-hang"));
    drill.double.each("pods", |pod| {
        pod["metadata"]["labels"]["deaf"] = "yes".into();
    });
    drill.run().exits(4);
    assert!(drill.told().contains("shareProcessNamespace"));
    drill.heals();
}

#[test]
fn watches_that_are_too_old_start_anew() {
    let drill = Drill::of("pod-kill", fault("pod-kill"));
    let mut run = drill.run().spawn();
    drill.bench.wait_for_event(&mut run, "change-effective");
    drill.double.compact();
    assert!(run.wait().expect("a child").success());
    drill.heals();
    assert!(drill.is_closed());
}
