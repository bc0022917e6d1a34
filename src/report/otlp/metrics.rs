//! Metrics, from the page on which the run tells them: both always say the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Resource, attribute, nanoseconds, scope};
use crate::observe::pages::{Line, lines};

/// Sums are those since the start of the run.
const CUMULATIVE: u8 = 2;

/// The body of `POST /v1/metrics`: everything on a page in Prometheus' text format. `from_us` and
/// `at_us` are Unix time.
#[must_use]
pub fn metrics(page: &str, resource: &Resource, from_us: u64, at_us: u64) -> Value {
    let times = Times {
        from: nanoseconds(from_us),
        at: nanoseconds(at_us),
    };
    let described = page.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name, kind.trim()))
    });
    let metrics = described.map(|(name, kind)| match kind {
        "counter" => json!({
            "name": name.strip_suffix("_total").unwrap_or(name),
            "sum": {
                "aggregationTemporality": CUMULATIVE,
                "isMonotonic": true,
                "dataPoints": numbers(page, name, &times),
            },
        }),
        "histogram" => json!({
            "name": name,
            "unit": unit(name),
            "histogram": {
                "aggregationTemporality": CUMULATIVE,
                "dataPoints": histograms(page, name, &times),
            },
        }),
        _ => json!({ "name": name, "gauge": { "dataPoints": numbers(page, name, &times) } }),
    });
    json!({ "resourceMetrics": [{
        "resource": resource.to_json(),
        "scopeMetrics": [{ "scope": scope(), "metrics": metrics.collect::<Vec<_>>() }],
    }]})
}

struct Times {
    from: String,
    at: String,
}

fn unit(name: &str) -> &'static str {
    if name.ends_with("_seconds") { "s" } else { "" }
}

fn attributes(line: &Line<'_>) -> Vec<Value> {
    let told = line.labels.iter().filter(|(label, _)| *label != "le");
    told.map(|(label, value)| attribute(label, value)).collect()
}

fn numbers(page: &str, name: &str, times: &Times) -> Vec<Value> {
    let of = lines(page).filter(|line| line.name == name);
    let point = |line: Line<'_>| {
        json!({
            "attributes": attributes(&line),
            "startTimeUnixNano": times.from,
            "timeUnixNano": times.at,
            "asDouble": line.value,
        })
    };
    of.map(point).collect()
}

/// What the lines of one histogram say.
#[derive(Default)]
struct Observed {
    attributes: Vec<Value>,
    /// Bound and how many are at or below it.
    buckets: Vec<(f64, u64)>,
    sum: f64,
}

fn histograms(page: &str, name: &str, times: &Times) -> Vec<Value> {
    let mut all: BTreeMap<String, Observed> = BTreeMap::new();
    for line in lines(page) {
        let Some(part) = line.name.strip_prefix(name) else {
            continue;
        };
        let attributes = attributes(&line);
        let observed = all.entry(json!(attributes).to_string()).or_default();
        match part {
            "_bucket" => {
                let bound = line.labels.iter().find(|(label, _)| *label == "le");
                let bound = bound.and_then(|(_, bound)| bound.parse().ok());
                let bound = bound.unwrap_or(f64::INFINITY);
                observed.buckets.push((bound, line.value as u64));
            }
            "_sum" => observed.sum = line.value,
            _ => continue,
        }
        observed.attributes = attributes;
    }
    all.into_values()
        .map(|observed| observed.to_json(times))
        .collect()
}

impl Observed {
    /// Here each bucket counts what is in it alone, and the last has no bound.
    fn to_json(&self, times: &Times) -> Value {
        let mut below = 0;
        let counts = self.buckets.iter().map(|(_, count)| {
            let inside = count.saturating_sub(below);
            below = *count;
            inside.to_string()
        });
        let counts: Vec<String> = counts.collect();
        let bounds = self.buckets.iter().map(|(bound, _)| *bound);
        let bounds: Vec<f64> = bounds.filter(|bound| bound.is_finite()).collect();
        json!({
            "attributes": self.attributes,
            "startTimeUnixNano": times.from,
            "timeUnixNano": times.at,
            "count": below.to_string(),
            "sum": self.sum,
            "bucketCounts": counts,
            "explicitBounds": bounds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_sums_gauges_and_histograms() {
        let page = "# HELP loadtest_requests_total Requests.\n# TYPE loadtest_requests_total counter\n\
            loadtest_requests_total{step=\"buy\",result=\"ok\"} 7\n\
            # TYPE loadtest_fault_active gauge\nloadtest_fault_active{fault=\"it\"} 1\n\
            # TYPE loadtest_response_time_seconds histogram\n\
            loadtest_response_time_seconds_sum{step=\"buy\"} 1.5\n\
            loadtest_response_time_seconds_count{step=\"buy\"} 7\n\
            loadtest_response_time_seconds_bucket{step=\"buy\",le=\"0.1\"} 4\n\
            loadtest_response_time_seconds_bucket{step=\"buy\",le=\"1.0\"} 6\n\
            loadtest_response_time_seconds_bucket{step=\"buy\",le=\"+Inf\"} 7\n";
        let resource = Resource {
            scenario: "checkout".into(),
            run: "checkout-1".into(),
        };
        let body = metrics(page, &resource, 1_000_000, 3_000_000);
        let all = body.pointer("/resourceMetrics/0/scopeMetrics/0/metrics");
        let all = all.and_then(Value::as_array).expect("metrics");
        assert_eq!(all[0]["name"], "loadtest_requests");
        let point = &all[0]["sum"]["dataPoints"][0];
        assert_eq!(point["asDouble"], 7.0);
        assert_eq!(point["startTimeUnixNano"], "1000000000");
        assert_eq!(point["attributes"][1]["value"]["stringValue"], "ok");
        assert_eq!(all[1]["gauge"]["dataPoints"][0]["asDouble"], 1.0);
        let histogram = &all[2]["histogram"]["dataPoints"];
        assert_eq!(histogram.as_array().map(Vec::len), Some(1));
        assert_eq!(histogram[0]["bucketCounts"], json!(["4", "2", "1"]));
        assert_eq!(histogram[0]["explicitBounds"], json!([0.1, 1.0]));
        assert_eq!(histogram[0]["count"], "7");
        assert_eq!(histogram[0]["sum"], 1.5);
    }
}
