//! What is refused before anything is touched.

use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

/// The plan's words for this fault, which is refused; nothing was changed.
fn refused(world: &World, aws: &str, fault: &str) -> String {
    let bench = Bench::new();
    bench.file("it.toml", &with(&well(), aws, fault, 3));
    world.proxy.pass();
    let said = world
        .loadtest(&bench, ["chaos", "plan", "it.toml"])
        .exits(2);
    assert!(said.out().contains("REFUSED"), "{}", said.out());
    assert!(world.proxy.acts().is_empty(), "planning only reads");
    said.out()
}

#[test]
fn nothing_without_the_opt_in_is_touched() {
    let world = World::new().with_instances().with_cluster();
    // Instances opted in, subnets did not.
    let outage = "kind = \"zone-outage\"\nzone = \"a\"\nfor = \"5s\"";
    let said = refused(&world, "", outage);
    assert!(!said.contains("subnet-"), "{said}");
    // Another tag than the one that is there.
    let other = "allow = \"chaos/allow\"";
    let stop = "kind = \"instance-stop\"\ninstances = { zone = \"a\", pick = 1 }\nfor = \"5s\"";
    refused(&world, other, stop);
    let named = "allow = \"chaos/allow\"\ndatabase = \"shop\"";
    let said = refused(&world, named, "kind = \"db-failover\"");
    assert!(said.contains("lacks the tag chaos/allow"), "{said}");
}

#[test]
fn a_zone_is_not_emptied_when_no_other_could_carry_on() {
    let world = World::new().with_instances();
    let here = world.instances("us-east-1a");
    let request = world.ec2.stop_instances().set_instance_ids(Some(here));
    world.wait(request.send()).expect("stopped");
    let drain = "kind = \"zone-drain\"\nzone = \"b\"\nby = \"instances\"\nfor = \"5s\"";
    let said = refused(&world, "", drain);
    assert!(
        said.contains("no instance would run outside zone `us-east-1b`"),
        "{said}"
    );
}

#[test]
fn a_cluster_without_a_reader_elsewhere_is_not_failed_over() {
    let world = World::new().with_cluster();
    let request = world
        .rds
        .delete_db_instance()
        .db_instance_identifier("shop-2");
    world
        .wait(request.skip_final_snapshot(true).send())
        .expect("deleted");
    refused(&world, "", "kind = \"db-failover\"");
}

#[test]
fn a_scenario_that_aws_cannot_do_is_told_so_before_anything_is_asked() {
    let world = World::new();
    let bench = Bench::new();
    let hang = "kind = \"pod-hang\"\nfor = \"5s\"";
    bench.file("it.toml", &with(&well(), "", hang, 3));
    let said = world.loadtest(&bench, ["run", "it.toml"]).exits(2);
    assert!(said.err().contains("ecs-task-stop"), "{}", said.err());
    assert!(world.proxy.asked().is_empty());
}
