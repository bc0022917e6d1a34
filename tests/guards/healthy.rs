//! `healthy_before`: no fault on top of a target that fails already.

use rustix::process::Signal;
use serde_json::Value;

use crate::log::{Log, assert_reported, count, text, verdicts};
use crate::support::{self, Bench, processes_of};

/// Shoppers who look for what the shop does not have: it answers them with errors all the time.
fn failing(wait_at_most: &str) -> String {
    format!(
        r#"name = "failing"
canary = false
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{{ rate = "20/s", for = "30s" }}]
[[journey]]
name = "look"
steps = [{{ name = "nothing", get = "/api/products/999999" }}]
[guard]
healthy_before = "1s"
wait_at_most = "{wait_at_most}"
[[fault]]
name = "lose a pod"
kind = "pod-kill"
at = "1s"
[[fault]]
name = "another one"
kind = "pod-kill"
at = "20s"
[[gate]]
fault = "lose a pod"
recovered_within = "10s"
undone = true
"#
    )
}

#[test]
fn a_target_that_is_ill_is_left_alone_and_the_run_is_invalid() {
    let bench = Bench::new();
    bench.file("failing.toml", &failing("2s"));
    let said = bench.loadtest(["run", "failing.toml"]).exits(4);
    assert!(said.out().contains("INVALID"), "{}", said.out());

    let summary = bench.summary();
    let cause = "`lose a pod` could not start";
    for (what, words) in [
        ("the terminal", said.out()),
        ("the reason", text(&summary, "/reason").to_owned()),
        ("the cause", text(&summary, "/invalid_causes/0").to_owned()),
        (
            "the fault",
            text(&summary, "/faults/0/not_injected").to_owned(),
        ),
    ] {
        assert!(
            words.contains(cause)
                && words.contains("the target does not meet the SLO")
                && words.contains("run it with --no-faults to see what fails"),
            "{what}: {words}"
        );
    }
    // Told once, however many know of it.
    let causes = summary["invalid_causes"].as_array().expect("causes");
    let telling = causes
        .iter()
        .filter(|known| known.as_str().is_some_and(|known| known.contains(cause)));
    assert_eq!(telling.count(), 1, "{causes:?}");

    let log = Log::of(&bench);
    for fault in 0..2 {
        let told = &summary["faults"][fault];
        assert_eq!(told.get("accepted_us"), None, "{told}");
        assert_eq!(log.at(fault, "planned"), None, "nothing was even aimed at");
    }
    assert_eq!(log.waits(0), ["the target does not meet the SLO"]);
    assert_eq!(
        text(&summary, "/faults/1/not_injected"),
        "the run ended before its turn"
    );
    assert_eq!(verdicts(&summary, "lose a pod"), ["fail", "fail"]);
    // A run that has nothing more to say does not go on.
    assert_eq!(summary["ending"], "aborted");
    assert!(count(&summary, "/requests/total") < 600, "it went on");
    assert_reported(&bench);
}

#[test]
fn ctrl_c_while_a_fault_waits_ends_the_wait() {
    let bench = Bench::new();
    bench.file("failing.toml", &failing("60s"));
    let mut run = bench.loadtest(["run", "failing.toml"]).spawn();
    bench.wait_for_event(&mut run, "\"event\":\"waiting\"");
    support::signal(run.id(), Signal::INT);
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    let summary = bench.summary();
    assert_eq!(summary["ending"], "interrupted");
    assert_eq!(
        text(&summary, "/faults/0/not_injected"),
        "the run ended while it waited: the target does not meet the SLO"
    );
    assert_eq!(summary["faults"][0].get("accepted_us"), None::<&Value>);
    assert_eq!(processes_of(&bench), Vec::<u32>::new());
}
