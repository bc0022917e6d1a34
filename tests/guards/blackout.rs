//! `abort_when` under a fault that is meant to hurt: within its allowance and beyond.

use serde_json::Value;

use crate::log::{Log, assert_reported, count, text, verdicts};
use crate::support::Bench;

/// Readers of a shop whose pods all hang for this long, which the gate expects to hurt for so long.
fn blackout(hold: &str, allowed: &str) -> String {
    format!(
        r#"name = "blackout"
canary = false
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{{ rate = "20/s", for = "14s" }}]
[[journey]]
name = "look"
steps = [{{ name = "list", get = "/api/products?page=1" }}]
[http]
timeout = "500ms"
[slo]
held_for = "1s"
[guard]
healthy_before = "500ms"
abort_when = "errors > 60% for 2s"
[[fault]]
name = "all hang"
kind = "pod-hang"
pods = {{ app = "shop", pick = "all" }}
at = "2s"
for = "{hold}"
force = true
[[gate]]
fault = "all hang"
recovered_within = "{allowed}"
undone = true
"#
    )
}

/// What the stack says of itself.
fn stack(bench: &Bench) -> Value {
    let said = bench.loadtest(["stack", "status", "--name", "default", "--json"]);
    serde_json::from_str(&said.exits(0).out()).expect("JSON")
}

/// Names and states of its pods.
fn pods(stack: &Value) -> Vec<(String, String)> {
    let pods = stack["pods"].as_array().expect("pods").iter();
    let mut pods: Vec<_> = pods
        .map(|pod| (pod["name"].to_string(), pod["state"].to_string()))
        .collect();
    pods.sort();
    pods
}

/// A stack that outlives the run on it, but not this test.
struct Up<'b>(&'b Bench);

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let down = self.0.loadtest(["stack", "down"]).spawn().wait();
        assert!(down.is_ok() || std::thread::panicking());
    }
}

#[test]
fn an_overrun_stops_the_load_undoes_and_reports() {
    let bench = Bench::new();
    bench.loadtest(["stack", "up"]).exits(0);
    let _up = Up(&bench);
    let before = stack(&bench);
    bench.file("overrun.toml", &blackout("60s", "3s"));
    let said = bench.loadtest(["run", "overrun.toml"]).exits(3);
    assert!(
        said.err().contains("stopping the load and undoing"),
        "{}",
        said.err()
    );

    let after = stack(&bench);
    assert_eq!(after["healthy"], true, "{}", after["problems"]);
    assert_eq!(after["open_changes"], Value::Array(Vec::new()));
    assert_eq!(pods(&after), pods(&before), "they go on where they stood");

    let summary = bench.summary();
    assert_eq!(summary["ending"], "aborted");
    let reason = text(&summary, "/reason");
    assert!(
        reason.contains("`errors > 60% for 2s` holds")
            && reason.contains("`all hang` was expected to hurt, but not for this long"),
        "{reason}"
    );
    assert!(count(&summary, "/requests/total") < 20 * 14, "it went on");
    assert_eq!(summary["faults"][0]["undone"], true);
    assert_eq!(verdicts(&summary, "all hang"), ["fail", "pass"]);
    let log = Log::of(&bench);
    let (abort, undoing) = (log.abort(), log.at(0, "undoing"));
    assert!(abort.is_some() && abort < undoing, "{abort:?} {undoing:?}");
    assert_reported(&bench);
}

#[test]
fn a_blackout_within_its_allowance_is_what_was_asked_for() {
    let bench = Bench::new();
    // Longer than the rule's window, and over when the allowance ends.
    bench.file("expected.toml", &blackout("4s", "8s"));
    bench.loadtest(["run", "expected.toml"]).exits(0);
    let summary = bench.summary();
    assert_eq!(summary["ending"], "completed");
    assert_eq!(Log::of(&bench).abort(), None);
    assert_eq!(verdicts(&summary, "all hang"), ["pass", "pass"]);
    assert!(
        count(&summary, "/requests/failed") > 40,
        "two seconds of errors"
    );
    assert_eq!(count(&summary, "/requests/scheduled"), 280);
}
