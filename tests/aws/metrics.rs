//! CloudWatch's metrics in the report, against written answers: moto does not speak CloudWatch's
//! binary protocol.

use std::time::{SystemTime, UNIX_EPOCH};

use super::guards::text;
use super::proxy::Deed;
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

const FAULT: &str = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"500ms\"";

/// Seconds since 1970 of the start of this minute.
fn this_minute() -> f64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    (now.as_secs() / 60 * 60) as f64
}

/// `{ "MetricDataResults": [{ "Id": "m1", "Timestamps": [this minute], "Values": [42] }] }`
fn told() -> Deed {
    let number = |value: f64| [&[0xfb][..], &value.to_be_bytes()].concat();
    let mut bytes = vec![0xa1];
    bytes.extend(text("MetricDataResults"));
    bytes.extend([0x81, 0xa3]);
    bytes.extend(text("Id"));
    bytes.extend(text("m1"));
    bytes.extend(text("Timestamps"));
    bytes.extend([0x81, 0xc1]);
    bytes.extend(number(this_minute()));
    bytes.extend(text("Values"));
    bytes.push(0x81);
    bytes.extend(number(42.0));
    Deed::Cbor(bytes)
}

fn run(answer: fn() -> Deed) -> (World, Bench) {
    let world = World::new().with_queue();
    world.proxy.rule(move |asked| match asked.action.as_str() {
        "GetMetricData" => answer(),
        _ => Deed::Pass,
    });
    let bench = Bench::new();
    bench.file("it.toml", &with(&well(), "queue = \"jobs\"", FAULT, 4));
    world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .exits(0);
    (world, bench)
}

#[test]
fn the_queue_s_metrics_are_in_the_report_against_written_answers() {
    let (world, bench) = run(told);
    let asked = world.proxy.asked();
    let asked = asked.iter().filter(|call| call.action == "GetMetricData");
    assert_eq!(asked.count(), 1, "asked once, when the load is over");
    let observed = &bench.summary()["observed"];
    let series = &observed["series"][0];
    assert_eq!(series["name"], "ApproximateAgeOfOldestMessage of jobs");
    assert_eq!(series["source"], "CloudWatch");
    assert_eq!(series["points"][0]["value"], 42.0);
    let page = std::fs::read_to_string(bench.run_folder().join("report.html")).expect("a report");
    assert!(page.contains("ApproximateAgeOfOldestMessage of jobs"));
}

#[test]
fn metrics_that_may_not_be_read_are_told_and_change_no_verdict() {
    let denied = || {
        let body = r#"{"__type":"AccessDeniedException","message":"not authorized"}"#;
        Deed::Reply(400, "application/json", body.to_owned())
    };
    let (_, bench) = run(denied);
    let observed = &bench.summary()["observed"];
    let why = observed["not_read"][0].as_str().expect("a reason");
    assert!(why.contains("metrics"), "{why}");
    assert_eq!(bench.summary()["verdict"], "pass");
}
