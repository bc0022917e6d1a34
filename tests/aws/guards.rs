//! CloudWatch alarms: they end a run that no fault explains, and notice those that one does.
//!
//! Against written answers: moto evaluates no alarm, and does not speak CloudWatch's binary protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::proxy::Deed;
use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

const AWS: &str = "queue = \"jobs\"\nalarms = [\"checkout-errors\"]";

/// A text, as CBOR writes short ones.
pub(super) fn text(words: &str) -> Vec<u8> {
    let length = u8::try_from(words.len()).expect("a short text");
    let mut bytes = match length {
        0..24 => vec![0x60 + length],
        _ => vec![0x78, length],
    };
    bytes.extend(words.as_bytes());
    bytes
}

/// `{ "MetricAlarms": [{ "AlarmName": …, "StateValue": …, "StateReason": … }] }`
fn described(rings: bool) -> Deed {
    let mut bytes = vec![0xa1];
    bytes.extend(text("MetricAlarms"));
    bytes.extend([0x81, 0xa3]);
    let state = if rings { "ALARM" } else { "OK" };
    for words in [
        "AlarmName",
        "checkout-errors",
        "StateValue",
        state,
        "StateReason",
        "said by the test",
    ] {
        bytes.extend(text(words));
    }
    Deed::Cbor(bytes)
}

/// An account whose alarm rings when the test says so.
fn world(rings: bool) -> (World, Arc<AtomicBool>) {
    let world = World::new().with_queue();
    let alarm = Arc::new(AtomicBool::new(rings));
    let seen = Arc::clone(&alarm);
    world.proxy.rule(move |asked| match asked.action.as_str() {
        "DescribeAlarms" => described(seen.load(Ordering::Relaxed)),
        _ => Deed::Pass,
    });
    (world, alarm)
}

#[test]
fn an_alarm_that_no_fault_explains_ends_the_run_against_written_answers() {
    let (world, _) = world(true);
    let bench = Bench::new();
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"200ms\"";
    let text = with(&well(), AWS, fault, 20).replace("at = \"300ms\"", "at = \"15s\"");
    bench.file("it.toml", &text);
    let said = world.loadtest(&bench, ["run", "it.toml"]).exits(3);
    let all = said.out() + &said.err();
    assert!(all.contains("alarm `checkout-errors` rings"), "{all}");
    assert!(world.proxy.acts().is_empty(), "no fault was begun");
}

#[test]
fn an_alarm_that_a_fault_explains_is_a_detector_against_written_answers() {
    let (world, alarm) = world(false);
    let bench = Bench::new();
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"4s\"";
    bench.file("it.toml", &with(&well(), AWS, fault, 8));
    let mut run = world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .spawn();
    bench.wait_for_event(&mut run, "\"event\":\"effective\"");
    alarm.store(true, Ordering::Relaxed);
    bench.wait_for_event(&mut run, "alarm-fired");
    alarm.store(false, Ordering::Relaxed);
    let status = run.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let detected = bench.summary()["faults"][0]["detected"].to_string();
    assert!(detected.contains("CloudWatch alarm"), "{detected}");
}
