//! A run as an OpenTelemetry collector is told of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Bench;
use crate::support::plane::Plane;
use crate::support::target::{Reply, Request, Target};

/// Reads a body by the published definitions, in which unknown names are mistakes.
const READ: &str = "
import sys
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
kind = {'metrics': ExportMetricsServiceRequest, 'traces': ExportTraceServiceRequest}[sys.argv[1]]
json_format.Parse(sys.stdin.read(), kind())
";

fn hold_to_the_definitions(signal: &str, body: &str) {
    let mut child = Command::new("python3")
        .args(["-c", READ, signal])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 with opentelemetry-proto: run ci/setup --test");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(body.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}\n{body}");
}

fn sent(collector: &Target, signal: &str) -> Vec<Request> {
    let what = format!("POST /v1/{signal}");
    let all = collector.seen().into_iter();
    all.filter(|request| request.what == what).collect()
}

#[test]
fn metrics_and_a_trace_of_the_run_reach_a_collector() {
    let collector = Target::serve(|_| Reply::Ok("{}".into()));
    let shop = Target::in_order();
    let bench = Bench::new();
    let _plane = Plane::that_does_nothing(&bench, &shop);
    bench.file(
        "it.toml",
        r#"name = "told"
target = "local"
canary = false
[[load]]
journey = "look"
arrivals = [{ rate = "20/s", for = "4s" }]
spread = "even"
[[journey]]
name = "look"
steps = [{ name = "page", get = "/" }]
[guard]
healthy_before = "100ms"
[slo]
held_for = "200ms"
[[fault]]
name = "hang one"
kind = "pod-hang"
at = "1s"
for = "1s"
pods = { app = "shop", pick = 1 }
"#,
    );
    let run = [
        "run",
        "it.toml",
        "--stack",
        "default",
        "--otlp",
        &collector.url,
    ];
    bench
        .loadtest(run)
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer a-secret",
        )
        .exits(4);

    let metrics = sent(&collector, "metrics");
    let last = metrics.last().expect("metrics");
    assert_eq!(last.header("authorization"), "Bearer a-secret");
    hold_to_the_definitions("metrics", &last.body);
    let body: Value = serde_json::from_str(&last.body).expect("JSON");
    let all = body.pointer("/resourceMetrics/0/scopeMetrics/0/metrics");
    let all = all.and_then(Value::as_array).expect("metrics");
    let requests = all.iter().find(|one| one["name"] == "loadtest_requests");
    let points = requests.and_then(|one| one["sum"]["dataPoints"].as_array());
    let counts = points
        .expect("points")
        .iter()
        .filter_map(|point| point["asDouble"].as_f64());
    assert_eq!(counts.sum::<f64>(), 80.0, "{body}");

    let traces = sent(&collector, "traces");
    assert_eq!(traces.len(), 1);
    hold_to_the_definitions("traces", &traces[0].body);
    let body: Value = serde_json::from_str(&traces[0].body).expect("JSON");
    let spans = body.pointer("/resourceSpans/0/scopeSpans/0/spans");
    let names = spans.and_then(Value::as_array).expect("spans").iter();
    let names: Vec<_> = names
        .map(|span| span["name"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(names, ["run told", "fault hang one"]);
    let report = std::fs::read_to_string(bench.run_folder().join("summary.json")).expect("one");
    assert!(!report.contains("a-secret"));
}

#[test]
fn a_collector_that_is_not_there_changes_no_verdict() {
    let shop = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    let text = format!(
        "target = \"{}\"\nload = {{ users = {{ count = 1, for = \"1s\" }} }}\n\
         journey = {{ name = \"look\", think = \"50ms\", steps = {{ get = \"/\" }} }}\n",
        shop.url
    );
    bench.file("it.toml", &text);
    let said = bench
        .loadtest(["run", "it.toml", "--otlp", "http://127.0.0.1:9"])
        .exits(0);
    assert!(
        said.err().contains("127.0.0.1:9/v1/metrics"),
        "{}",
        said.err()
    );
    let said = bench
        .loadtest(["run", "it.toml", "--otlp", "collector:4318"])
        .exits(2);
    assert!(
        said.err().contains("write http://HOST:4318"),
        "{}",
        said.err()
    );
}
