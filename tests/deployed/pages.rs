//! What a target tells of itself on its metrics page: read while the load runs, drawn, judged.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::Bench;
use crate::support::target::{Reply, Target};

/// A target that counts what it is asked, and was asked 1,000 times before anybody looked.
fn counting() -> Target {
    let asked_before = AtomicU64::new(1_000);
    Target::serve(move |asked| match asked.what.as_str() {
        "GET /metrics" => {
            let total = asked_before.load(Ordering::Relaxed);
            let hits = total / 2;
            Reply::Ok(format!(
                "# TYPE asked_total counter\nasked_total{{answer=\"hit\"}} {hits}\n\
                 asked_total{{answer=\"miss\"}} {}\n# TYPE jobs gauge\njobs 7\n\
                 # TYPE took_seconds histogram\ntook_seconds_bucket{{le=\"0.1\"}} {total}\n\
                 took_seconds_bucket{{le=\"+Inf\"}} {total}\ntook_seconds_sum {}\n\
                 took_seconds_count {total}\n",
                total - hits,
                total as f64 * 0.01,
            ))
        }
        _ => {
            asked_before.fetch_add(1, Ordering::Relaxed);
            Reply::Ok("ok".into())
        }
    })
}

fn scenario(target: &Target, gates: &str) -> String {
    format!(
        r#"name = "pages"
target = "{0}"
[scrape]
pages = ["{0}/metrics"]
[[metric]]
name = "asked"
counter = "asked_total"
[[metric]]
name = "hits"
share = {{ part = 'asked_total{{answer="hit"}}', whole = "asked_total" }}
[[metric]]
name = "jobs"
gauge = "jobs"
[[metric]]
name = "took"
histogram = "took_seconds"
[[metric]]
name = "nothing"
gauge = "nobody_tells_this"
[[load]]
journey = "look"
arrivals = [{{ rate = "20/s", for = "3s" }}]
spread = "even"
[[journey]]
name = "look"
steps = [{{ name = "page", get = "/" }}]
{gates}
"#,
        target.url
    )
}

fn gate(metric: &str, expect: &str) -> String {
    format!("[[gate]]\nmetric = \"{metric}\"\nexpect = \"{expect}\"\n")
}

#[test]
fn what_was_counted_during_the_run_is_judged_and_drawn() {
    let target = counting();
    let bench = Bench::new();
    let gates = [
        gate("asked", "total == 60"),
        gate("hits", "mean == 50%"),
        gate("jobs", "last == 7"),
        gate("took", "p95 < 100ms"),
    ];
    bench.file("it.toml", &scenario(&target, &gates.concat()));
    bench.loadtest(["run", "it.toml"]).exits(0);
    let summary = bench.summary();
    let series = summary["observed"]["series"].as_array().expect("series");
    let names: Vec<_> = series.iter().map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["asked", "hits", "jobs", "took, p95"].map(Some));
    let said = summary["observed"]["not_read"][0].as_str();
    assert_eq!(said, Some("nothing: no page told it"));
    assert_eq!(summary["gates"][0]["measured"], 60.0);
}

#[test]
fn a_limit_that_is_missed_or_that_nobody_tells_fails_the_run() {
    let target = counting();
    let bench = Bench::new();
    let gates = gate("jobs", "max < 7") + &gate("nothing", "max < 7");
    bench.file("it.toml", &scenario(&target, &gates));
    bench.loadtest(["run", "it.toml"]).exits(3);
    let summary = bench.summary();
    let words = |gate: usize| summary["gates"][gate]["explanation"].as_str().unwrap_or("");
    assert!(words(0).starts_with("missed"), "{}", words(0));
    assert!(words(1).contains("no page told it"), "{}", words(1));
}
