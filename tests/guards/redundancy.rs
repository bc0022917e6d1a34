//! One fault after another: the second waits for what the first took away.

use crate::log::{Log, assert_reported, count, text, verdicts};
use crate::support::Bench;

/// Readers; a failover, and as long after its time a pod that dies.
fn failover_then_kill(after: &str, guard: &str) -> String {
    format!(
        r#"name = "two faults"
canary = false
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{{ rate = "20/s", for = "10s" }}]
[[journey]]
name = "look"
steps = [{{ name = "list", get = "/api/products?page=1" }}]
[slo]
availability = "90%"
held_for = "1s"
[guard]
{guard}
[[fault]]
name = "failover"
kind = "db-failover"
at = "2s"
[[fault]]
name = "kill"
kind = "pod-kill"
at = "{after}"
[[gate]]
fault = "failover"
undone = true
[[gate]]
fault = "kill"
recovered_within = "10s"
undone = true
"#
    )
}

#[test]
fn the_second_fault_waits_until_the_first_one_s_redundancy_is_restored() {
    let bench = Bench::new();
    let guard = "healthy_before = \"300ms\"";
    bench.file("two.toml", &failover_then_kill("2001ms", guard));
    bench.loadtest(["run", "two.toml"]).exits(0);

    let summary = bench.summary();
    let restored = count(&summary, "/faults/0/redundancy_restored_us");
    let accepted = count(&summary, "/faults/1/accepted_us");
    assert!(restored <= accepted, "T7 {restored}, T0 {accepted}");
    let log = Log::of(&bench);
    let (restored, accepted) = (log.at(0, "restored"), log.at(1, "accepted"));
    assert!(
        restored.is_some() && restored < accepted,
        "{restored:?} {accepted:?}"
    );
    let waits = log.waits(1);
    assert!(
        waits.contains(&"`failover` is in progress: redundancy is not restored"),
        "{waits:?}"
    );
    assert_eq!(verdicts(&summary, "kill"), ["pass", "pass"]);
}

#[test]
fn a_second_fault_that_would_have_to_wait_too_long_is_not_injected() {
    let bench = Bench::new();
    // No standby is rebuilt in a twentieth of a second.
    let guard = "healthy_before = \"50ms\"\nwait_at_most = \"50ms\"";
    bench.file("two.toml", &failover_then_kill("2001ms", guard));
    let said = bench.loadtest(["run", "two.toml"]).exits(4);

    let summary = bench.summary();
    assert_eq!(summary["verdict"], "invalid");
    for words in [
        said.out(),
        text(&summary, "/invalid_causes/0").to_owned(),
        text(&summary, "/faults/1/not_injected").to_owned(),
    ] {
        assert!(
            words.contains("`kill` could not start")
                && words.contains("`failover` is in progress: redundancy is not restored")
                && words.contains("leave the faults more time"),
            "{words}"
        );
    }
    assert_eq!(summary["faults"][1].get("accepted_us"), None);
    assert_eq!(Log::of(&bench).at(1, "planned"), None);
    assert_eq!(verdicts(&summary, "kill"), ["fail", "fail"]);
    // The first one was done, and is over before the run ends.
    assert_eq!(verdicts(&summary, "failover"), ["pass"]);
    count(&summary, "/faults/0/redundancy_restored_us");
    assert_reported(&bench);
}
