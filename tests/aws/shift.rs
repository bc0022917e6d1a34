//! Zonal shift, which moto does not have: against a double of its three calls.

use std::sync::Mutex;

use serde_json::Value;

use super::proxy::Asked;
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/1234567890abcdef";

/// ARC as its API describes it, for one shift: the one that is in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Arc(std::sync::Arc<Mutex<Option<Value>>>);

/// Status, content type, body.
type Answer = (u16, &'static str, String);

impl Arc {
    /// Serves what moto lacks.
    pub(super) fn of(world: &World) -> Self {
        let arc = Self::default();
        let asked = arc.clone();
        world.proxy.stand_in(move |call| asked.answer(call));
        arc
    }

    pub(super) fn in_force(&self) -> bool {
        self.0.lock().expect("free").is_some()
    }

    fn answer(&self, asked: &Asked) -> Option<Answer> {
        let json = |status, body: Value| Some((status, "application/json", body.to_string()));
        if asked.action == "DescribeTargetGroups" {
            let body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups/>\
                        </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>";
            return Some((200, "text/xml", body.to_owned()));
        }
        let mut shift = self.0.lock().expect("one at a time");
        match asked.action.split_once(' ')? {
            ("POST", path) if path.starts_with("/zonalshifts") => {
                let mut new: Value = serde_json::from_str(&asked.body).expect("JSON");
                new["zonalShiftId"] = "3f2a7b1c-0000".into();
                new["status"] = "ACTIVE".into();
                new["startTime"] = 1_790_000_000.into();
                new["expiryTime"] = 1_790_003_600.into();
                *shift = Some(new.clone());
                json(201, new)
            }
            ("GET", path) if path.starts_with("/zonalshifts") => {
                let items: Vec<_> = shift.iter().cloned().collect();
                json(200, serde_json::json!({ "items": items }))
            }
            ("DELETE", path) if path.starts_with("/zonalshifts/") => match shift.take() {
                Some(mut ended) => {
                    ended["status"] = "CANCELED".into();
                    json(200, ended)
                }
                None => {
                    let gone = serde_json::json!({ "message": "there is no such shift" });
                    json(404, gone)
                }
            },
            _ => None,
        }
    }
}

/// `[aws]` with the balancer.
pub(super) fn balanced() -> String {
    format!("load_balancer = \"{BALANCER}\"")
}

#[test]
fn a_zonal_shift_names_zone_ids_expires_and_is_cancelled_against_a_double_of_arc() {
    let world = World::new();
    let arc = Arc::of(&world);
    let bench = Bench::new();
    let fault = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"500ms\"";
    bench.file("it.toml", &with(&well(), &balanced(), fault, 4));
    world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .exits(0);
    assert!(!arc.in_force(), "it was cancelled");

    let asked = world.proxy.asked();
    let start = asked
        .iter()
        .find(|asked| asked.action.starts_with("POST /zonalshifts"));
    let body: Value = serde_json::from_str(&start.expect("a start").body).expect("JSON");
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
    let arc = Arc::of(&world);
    let bench = Bench::new();
    let fault = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"20s\"";
    bench.file("it.toml", &with(&well(), &balanced(), fault, 30));
    let mut run = world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .spawn();
    bench.wait_for_event(&mut run, "\"event\":\"effective\"");
    crate::support::signal(run.id(), rustix::process::Signal::KILL);
    run.wait().expect("it ends");
    assert!(arc.in_force(), "it is in force");
    std::fs::remove_dir_all(bench.path().join("reports")).expect("the run folder");
    let args = ["chaos", "recover", "--yes", "--scenario", "it.toml"];
    world.loadtest(&bench, args).exits(0);
    assert!(!arc.in_force(), "it was cancelled");
}
