//! CloudWatch alarms: they end a run that no fault explains, and notice those that one does.

use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue, Statistic};

use super::scenario::{well, with};
use super::world::World;
use crate::support::Bench;

fn alarm(world: &World, state: StateValue) {
    world.wait(async {
        world
            .cloudwatch
            .put_metric_alarm()
            .alarm_name("checkout-errors")
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .evaluation_periods(1)
            .metric_name("Errors")
            .namespace("Shop")
            .period(60)
            .statistic(Statistic::Sum)
            .threshold(1.0)
            .send()
            .await
            .expect("an alarm");
        set(world, state).await;
    });
}

/// moto evaluates no alarm: the test says when it rings.
async fn set(world: &World, state: StateValue) {
    let request = world
        .cloudwatch
        .set_alarm_state()
        .alarm_name("checkout-errors");
    let request = request.state_value(state).state_reason("said by the test");
    request.send().await.expect("a state");
}

#[test]
fn an_alarm_that_no_fault_explains_ends_the_run() {
    let world = World::new().with_queue();
    alarm(&world, StateValue::Alarm);
    let bench = Bench::new();
    let aws = "queue = \"jobs\"\nalarms = [\"checkout-errors\"]";
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"200ms\"";
    let text = with(&well(), aws, fault, 20).replace("at = \"300ms\"", "at = \"15s\"");
    bench.file("it.toml", &text);
    let said = world.loadtest(&bench, ["run", "it.toml"]).exits(3);
    let all = said.out() + &said.err();
    assert!(all.contains("alarm `checkout-errors` rings"), "{all}");
    assert!(world.proxy.acts().is_empty(), "no fault was begun");
}

#[test]
fn an_alarm_that_a_fault_explains_is_a_detector() {
    let world = World::new().with_queue();
    alarm(&world, StateValue::Ok);
    let bench = Bench::new();
    let aws = "queue = \"jobs\"\nalarms = [\"checkout-errors\"]";
    let fault = "kind = \"queue-delay\"\ndelay = \"90s\"\nfor = \"4s\"";
    bench.file("it.toml", &with(&well(), aws, fault, 8));
    let mut run = world
        .loadtest(&bench, ["run", "it.toml", "--quiet"])
        .spawn();
    bench.wait_for_event(&mut run, "\"event\":\"effective\"");
    world.wait(set(&world, StateValue::Alarm));
    bench.wait_for_event(&mut run, "alarm-fired");
    world.wait(set(&world, StateValue::Ok));
    let status = run.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let detected = bench.summary()["faults"][0]["detected"].to_string();
    assert!(detected.contains("CloudWatch alarm"), "{detected}");
}
