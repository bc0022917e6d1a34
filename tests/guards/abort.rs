//! `abort_when` where there are no faults: a target that gets ill by itself.

use std::time::Duration;

use crate::log::{Log, assert_reported, count, text};
use crate::support::Bench;
use crate::target::{Answer, serve};

/// Twenty requests a second for this long, under these rules.
fn asking(url: &str, length: &str, rules: &str) -> String {
    format!(
        r#"name = "asking"
target = "{url}"
[[load]]
journey = "ask"
arrivals = [{{ rate = "20/s", for = "{length}" }}]
[[journey]]
name = "ask"
steps = [{{ name = "ask", get = "/" }}]
[http]
timeout = "20s"
[guard]
abort_when = [{rules}]
"#
    )
}

#[test]
fn errors_that_no_fault_explains_stop_the_load_and_are_reported() {
    let url = serve(|n| if n < 40 { Answer::Ok } else { Answer::Error });
    let bench = Bench::new();
    let rule = "errors > 60% for 1s";
    bench.file("asking.toml", &asking(&url, "30s", &format!("\"{rule}\"")));
    let said = bench.loadtest(["run", "asking.toml", "--strict"]).exits(3);
    assert!(
        said.err().contains("no fault explains it"),
        "{}",
        said.err()
    );
    let summary = bench.summary();
    assert_eq!(summary["ending"], "aborted");
    let reason = text(&summary, "/reason");
    assert!(
        reason.contains("Stopped by a guard") && reason.contains(rule),
        "{reason}"
    );
    assert!(count(&summary, "/requests/total") < 600, "it went on");
    assert!(Log::of(&bench).abort().is_some());
    assert_reported(&bench);
}

#[test]
fn silence_is_no_error_but_a_rate_tells_it() {
    // Errors, later than anybody waits here; a quantile of nothing.
    let url = serve(|n| if n < 40 { Answer::Ok } else { Answer::Never });
    let rules = r#""errors > 1% for 1s", "p99 > 10s for 1s", "rate < 1/s for 2s""#;
    let bench = Bench::new();
    bench.file("asking.toml", &asking(&url, "18s", rules));
    bench.loadtest(["run", "asking.toml"]).exits(3);
    let summary = bench.summary();
    let reason = text(&summary, "/reason");
    assert!(reason.contains("`rate < 1/s for 2s` holds"), "{reason}");
    assert_eq!(
        count(&summary, "/requests/failed") + 40,
        count(&summary, "/requests/total")
    );
}

#[test]
fn a_last_request_that_takes_its_time_is_no_lack_of_load() {
    let last = Duration::from_secs(3);
    let url = serve(move |n| {
        if n < 39 {
            Answer::Ok
        } else {
            Answer::Late(last)
        }
    });
    let bench = Bench::new();
    bench.file("asking.toml", &asking(&url, "2s", "\"rate < 5/s for 1s\""));
    bench.loadtest(["run", "asking.toml"]).exits(0);
    let summary = bench.summary();
    assert_eq!(summary["ending"], "completed");
    assert_eq!(count(&summary, "/requests/total"), 40);
}
