//! Commands that only look.

use crate::double::{Moods, TOKEN};
use crate::drill::{Drill, EVERY_FAULT, fault};

#[test]
fn a_plan_names_every_call_and_changes_nothing() {
    for (kind, more) in EVERY_FAULT {
        let drill = Drill::of(kind, more);
        let said = drill
            .loadtest(["chaos", "plan", "drill.toml", "--seed", "7"])
            .exits(0);
        assert!(said.out().contains("the fault"), "{}", said.out());
        let again = drill
            .loadtest(["chaos", "plan", "drill.toml", "--seed", "7"])
            .exits(0);
        assert_eq!(said.out(), again.out(), "a plan is the same each time");
        assert_eq!(drill.double.calls(), [""; 0], "{kind}");
    }
}

#[test]
fn lists_are_read_page_by_page_under_our_own_name() {
    let drill = Drill::of("pod-kill", fault("pod-kill"));
    drill.loadtest(["chaos", "plan", "drill.toml"]).exits(0);
    assert_eq!(drill.double.largest_page(), 500);
    let agents = drill.double.agents();
    assert!(
        agents.iter().all(|agent| agent.starts_with("loadtest/")),
        "{agents:?}"
    );
}

#[test]
fn a_missing_right_is_named_before_anything_is_touched() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.moods(Moods {
        denied: ["create pods/eviction".to_owned()].into(),
        ..Moods::default()
    });
    let said = drill.loadtest(["chaos", "check", "drill.toml"]).exits(2);
    let text = said.out();
    assert!(
        text.contains("create pods/eviction in namespace shop"),
        "{text}"
    );
    assert_eq!(drill.double.calls(), [""; 0]);
}

#[test]
fn what_did_not_opt_in_is_refused() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    drill.double.each("nodes", |node| {
        if let Some(labels) = node["metadata"]["labels"].as_object_mut() {
            labels.remove("loadtest/allow");
        }
    });
    let said = drill.loadtest(["chaos", "plan", "drill.toml"]).exits(2);
    assert!(
        said.out().contains("lacks the label loadtest/allow=true"),
        "{}",
        said.out()
    );
    drill.run().exits(4);
    assert_eq!(drill.double.calls(), [""; 0]);
}

#[test]
fn the_pod_that_we_run_in_is_never_a_target() {
    let drill = Drill::of(
        "pod-kill",
        "pods = { app = \"shop\", pick = \"all\" }\nforce = true",
    );
    let pods = drill.double.all("pods");
    let own = pods[0]["metadata"]["name"].as_str().expect("a name");
    let said = drill
        .loadtest(["chaos", "plan", "drill.toml", "--force"])
        .env("LOADTEST_POD", own)
        .env("LOADTEST_NAMESPACE", "shop")
        .exits(0);
    let targets = said
        .out()
        .lines()
        .find(|line| line.contains("targets"))
        .map(str::to_owned);
    let targets = targets.expect("targets");
    assert!(!targets.contains(own), "{targets}");
}

#[test]
fn credentials_that_are_not_accepted_are_told_without_being_shown() {
    let drill = Drill::of("pod-kill", fault("pod-kill"));
    drill.double.moods(Moods {
        expire_after: Some(0),
        ..Moods::default()
    });
    let said = drill.run().exits(2);
    assert!(said.err().contains("log in again"), "{}", said.err());
    assert!(!said.err().contains(TOKEN));
}

#[test]
fn who_may_only_read_can_plan() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    let rights = [
        "patch nodes",
        "create pods/eviction",
        "delete pods",
        "patch pods",
    ];
    drill.double.moods(Moods {
        denied: rights.map(str::to_owned).into(),
        ..Moods::default()
    });
    drill.loadtest(["chaos", "plan", "drill.toml"]).exits(0);
}

#[test]
fn what_a_budget_leaves_room_for_is_part_of_the_plan() {
    let drill = Drill::of("pod-evict", fault("pod-evict"));
    drill.double.budget("shop-budget", 2);
    let said = drill.loadtest(["chaos", "plan", "drill.toml"]).exits(0);
    let words = "budget shop-budget lets 1 of 2 go at once";
    assert!(said.out().contains(words), "{}", said.out());
}

#[test]
fn a_rehearsal_asks_the_server_and_changes_nothing() {
    let drill = Drill::of("zone-drain", fault("zone-drain"));
    let said = drill
        .loadtest(["chaos", "plan", "drill.toml", "--dry-run"])
        .exits(0);
    assert!(said.out().contains("PATCH node node-b1"), "{}", said.out());
    // The same question is answered otherwise where a budget leaves no room.
    drill.double.budget("shop-budget", 3);
    let refused = drill
        .loadtest(["chaos", "plan", "drill.toml", "--dry-run"])
        .exits(2);
    assert!(
        refused.out().contains("shop-budget needs 3 healthy pods"),
        "{}",
        refused.out()
    );
    assert_eq!(drill.double.wounds(3), [""; 0]);
    assert_eq!(drill.double.calls(), [""; 0]);
}
