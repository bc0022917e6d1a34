//! From a slow request in the report to its line in the shop's log.

use crate::app::Deployed;
use crate::support::Bench;

#[test]
fn a_slow_request_of_the_report_is_found_in_the_log_of_the_pod_that_answered_it() {
    let bench = Bench::new();
    // Every request is a slow one.
    let deployed = Deployed::start_with(&bench, &["--slow-ms", "0"]);
    let scenario = format!(
        r#"name = "traced"
target = "{}"
[http]
trace = true
[[load]]
journey = "look"
arrivals = [{{ rate = "10/s", for = "2s" }}]
[[journey]]
name = "look"
steps = [{{ name = "products", get = "/api/products" }}]
"#,
        deployed.shop_url
    );
    bench.file("it.toml", &scenario);
    bench.loadtest(["run", "it.toml"]).exits(0);
    let summary = bench.summary();
    let slowest = &summary["slowest"][0];
    assert_eq!(slowest["pod"], "pod-1", "{slowest}");
    let trace = slowest["trace"].as_str().expect("a trace");
    let log = deployed.shop.said();
    let line = log.lines().find(|line| line.contains(trace));
    let line: serde_json::Value = serde_json::from_str(line.expect("its line")).expect("JSON");
    assert_eq!(line["trace_id"], trace, "{line}");
    assert_eq!(line["path"], "/api/products", "{line}");
    assert!(line["request_id"].is_string(), "{line}");
    let page = std::fs::read_to_string(bench.run_folder().join("report.html")).expect("a report");
    assert!(page.contains(trace));
}
