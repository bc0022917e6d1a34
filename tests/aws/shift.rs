//! Zonal shift, which moto does not have: against a double of its three calls.

use std::sync::{Arc, Mutex};

use super::proxy::{Asked, Deed};
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/1234567890abcdef";

/// The shift that is in force, as ARC tells it.
type Shift = Arc<Mutex<Option<serde_json::Value>>>;

fn json(status: u16, body: serde_json::Value) -> Deed {
    Deed::Reply(status, "application/json", body.to_string())
}

/// ARC as its API describes it, for one shift.
fn arc(shift: &Shift, asked: &Asked) -> Deed {
    let mut shift = shift.lock().expect("one at a time");
    match asked.action.split_once(' ') {
        Some(("POST", path)) if path.starts_with("/zonalshifts") => {
            let mut new: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
            new["zonalShiftId"] = "3f2a7b1c-0000".into();
            new["status"] = "ACTIVE".into();
            new["startTime"] = 1_790_000_000.into();
            new["expiryTime"] = 1_790_003_600.into();
            *shift = Some(new.clone());
            json(201, new)
        }
        Some(("GET", path)) if path.starts_with("/zonalshifts") => {
            let items: Vec<_> = shift.iter().cloned().collect();
            json(200, serde_json::json!({ "items": items }))
        }
        Some(("DELETE", path)) if path.starts_with("/zonalshifts/") => {
            let mut ended = shift.take().expect("a shift to cancel");
            ended["status"] = "CANCELED".into();
            json(200, ended)
        }
        _ if asked.action == "DescribeTargetGroups" => {
            let body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups/>\
                        </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>";
            Deed::Reply(200, "text/xml", body.to_owned())
        }
        _ => Deed::Pass,
    }
}

#[test]
fn a_zonal_shift_names_zone_ids_expires_and_is_cancelled_against_a_double_of_arc() {
    let world = World::new();
    let shift = Shift::default();
    let seen = Arc::clone(&shift);
    world.proxy.rule(move |asked| arc(&seen, asked));
    let bench = Bench::new();
    let aws = format!("load_balancer = \"{BALANCER}\"");
    let fault = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"500ms\"";
    bench.file("it.toml", &with(&well(), &aws, fault, 4));
    world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .exits(0);
    assert!(shift.lock().expect("free").is_none(), "it was cancelled");

    let asked = world.proxy.asked();
    let start = asked
        .iter()
        .find(|asked| asked.action.starts_with("POST /zonalshifts"));
    let body: serde_json::Value =
        serde_json::from_str(&start.expect("a start").body).expect("JSON");
    assert_eq!(body["resourceIdentifier"], BALANCER);
    let away = body["awayFrom"].as_str().expect("a zone");
    assert!(away.starts_with("use1-az"), "an id, no name: {away}");
    assert_eq!(body["expiresIn"], "61m");
    let comment = body["comment"].as_str().expect("a comment");
    assert!(comment.starts_with("loadtest change="), "{comment}");
}

#[test]
fn a_shift_that_a_killed_run_left_is_found_by_its_comment_against_a_double_of_arc() {
    let world = World::new();
    let shift = Shift::default();
    let seen = Arc::clone(&shift);
    world.proxy.rule(move |asked| arc(&seen, asked));
    let bench = Bench::new();
    let aws = format!("load_balancer = \"{BALANCER}\"");
    let fault = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"20s\"";
    bench.file("it.toml", &with(&well(), &aws, fault, 30));
    let mut run = world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .spawn();
    bench.wait_for_event(&mut run, "\"event\":\"effective\"");
    crate::support::signal(run.id(), rustix::process::Signal::KILL);
    run.wait().expect("it ends");
    assert!(shift.lock().expect("free").is_some(), "it is in force");
    std::fs::remove_dir_all(bench.path().join("reports")).expect("the run folder");
    let args = ["chaos", "recover", "--yes", "--scenario", "it.toml"];
    world.loadtest(&bench, args).exits(0);
    assert!(shift.lock().expect("free").is_none(), "it was cancelled");
}
