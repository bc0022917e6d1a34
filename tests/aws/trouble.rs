//! Throttling, expired credentials, answers that never come, a failure in the middle of a zone: each
//! ends undone, or says how a person undoes it.

use super::proxy::Deed;
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

const OUTAGE: &str = "kind = \"zone-outage\"\nzone = \"b\"\nfor = \"300ms\"";

/// As EC2 answers: an error with this code.
fn ec2_error(status: u16, code: &str) -> Deed {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>as recorded</Message></Error></Errors>\
         <RequestID>1</RequestID></Response>"
    );
    Deed::Reply(status, "text/xml", body)
}

/// Runs the outage of a zone with two subnets; what it said, and how it ended.
fn outage(world: &World, code: i32) -> (Bench, String) {
    let bench = Bench::new();
    bench.file("it.toml", &with(&well(), "", OUTAGE, 4));
    let said = world.loadtest(&bench, ["run", "it.toml"]).exits(code);
    let all = said.out() + &said.err();
    assert!(!all.contains("a-secret-for-tests"), "{all}");
    (bench, all)
}

fn two_subnets() -> World {
    let world = World::new().with_subnets();
    world.add_subnet("us-east-1b", "172.31.240.0/24");
    world
}

#[test]
fn a_failure_in_the_middle_of_a_zone_ends_undone() {
    let world = two_subnets();
    let before = world.state();
    world.proxy.rule(|asked| match asked.action.as_str() {
        // The second subnet's swap, once.
        "ReplaceNetworkAclAssociation" if asked.before == 1 => ec2_error(500, "InternalError"),
        _ => Deed::Pass,
    });
    let (bench, _) = outage(&world, 4);
    assert_eq!(world.state(), before);
    let fault = &bench.summary()["faults"][0];
    let why = fault["not_injected"].as_str().expect("a reason");
    assert!(why.contains("InternalError"), "{why}");
}

#[test]
fn a_throttled_read_is_asked_again_and_a_throttled_change_is_not_repeated_blindly() {
    let world = two_subnets();
    let before = world.state();
    world.proxy.rule(|asked| match asked.action.as_str() {
        "DescribeSubnets" if asked.before == 0 => ec2_error(503, "RequestLimitExceeded"),
        "CreateNetworkAcl" => ec2_error(503, "RequestLimitExceeded"),
        _ => Deed::Pass,
    });
    let (bench, _) = outage(&world, 4);
    assert_eq!(world.state(), before);
    let acts = world.proxy.acts();
    assert_eq!(acts, ["CreateNetworkAcl"], "asked for once");
    let why = bench.summary()["faults"][0]["not_injected"].to_string();
    assert!(why.contains("throttles"), "{why}");
}

#[test]
fn a_change_that_nobody_answers_is_undone() {
    let world = two_subnets();
    let before = world.state();
    world.proxy.rule(|asked| match asked.action.as_str() {
        "ReplaceNetworkAclAssociation" if asked.before == 0 => Deed::Swallow,
        _ => Deed::Pass,
    });
    let (bench, _) = outage(&world, 4);
    assert_eq!(world.state(), before);
    let why = bench.summary()["faults"][0]["not_injected"].to_string();
    assert!(why.contains("no answer in time"), "{why}");
}

#[test]
fn credentials_that_expire_before_the_undo_exit_6_with_the_commands_and_a_later_recovery_undoes() {
    let world = two_subnets();
    let before = world.state();
    // From the last swap on, AWS does not know us any more.
    world.proxy.rule({
        let swapped = std::sync::atomic::AtomicUsize::new(0);
        move |asked| {
            let swaps = swapped.load(std::sync::atomic::Ordering::Relaxed);
            if swaps >= 2 && asked.action != "GetCallerIdentity" {
                return ec2_error(400, "RequestExpired");
            }
            if asked.action == "ReplaceNetworkAclAssociation" {
                swapped.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            Deed::Pass
        }
    });
    let (bench, said) = outage(&world, 6);
    assert!(said.contains("ec2 describe-network-acls"), "{said}");
    assert!(said.contains("ec2 delete-network-acl"), "{said}");
    assert!(said.contains("aws sso login"), "{said}");
    assert_ne!(world.state(), before, "it is dirty");
    world.proxy.pass();
    world
        .loadtest(&bench, ["chaos", "recover", "--yes"])
        .exits(0);
    assert_eq!(world.state(), before);
}

#[test]
fn credentials_that_are_bad_from_the_start_are_told_before_any_load() {
    let world = World::new();
    world.proxy.rule(|_| {
        let body = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token \
                    is invalid</Message></Error></ErrorResponse>";
        Deed::Reply(403, "text/xml", body.to_owned())
    });
    let (bench, said) = outage(&world, 2);
    assert!(said.contains("check AWS_PROFILE"), "{said}");
    assert!(!bench.path().join("reports").exists());
}
