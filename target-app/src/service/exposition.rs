//! Metrics as Prometheus reads them.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A `/metrics` page of all that is registered: as OpenMetrics for those who ask for it, which is
/// what Prometheus does, else in the older format that people's tools read.
pub fn page(registry: &Registry, headers: &HeaderMap) -> Response {
    let text = match openmetrics(registry) {
        Ok(text) => text,
        Err(error) => {
            let words = format!("metrics: {error}");
            return (StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
        }
    };
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("application/openmetrics-text")) {
        ([(CONTENT_TYPE, OPENMETRICS)], text).into_response()
    } else {
        ([(CONTENT_TYPE, CLASSIC)], classic(&text)).into_response()
    }
}

/// All that is registered, in the older format.
///
/// # Errors
/// A metric cannot be written.
pub fn text(registry: &Registry) -> Result<String, std::fmt::Error> {
    openmetrics(registry).map(|text| classic(&text))
}

fn openmetrics(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::with_capacity(16 * 1024);
    prometheus_client::encoding::text::encode(&mut text, registry)?;
    Ok(text)
}

/// OpenMetrics in the older format: there a counter is described by the whole name of its samples.
fn classic(openmetrics: &str) -> String {
    let described = |line: &str, kind: &str| {
        let name = line.strip_prefix(kind)?.split(' ').next()?;
        Some(name.to_owned())
    };
    let types = openmetrics
        .lines()
        .filter(|line| line.ends_with(" counter"));
    let counters: Vec<String> = types
        .filter_map(|line| described(line, "# TYPE "))
        .collect();
    let mut text = String::with_capacity(openmetrics.len() + 64);
    for line in openmetrics.lines() {
        let of = ["# HELP ", "# TYPE "]
            .iter()
            .find_map(|kind| described(line, kind));
        match of.filter(|name| counters.contains(name)) {
            Some(name) => text += &line.replacen(&name, &format!("{name}_total"), 1),
            None if line.starts_with("# UNIT") || line == "# EOF" => continue,
            None => text += line,
        }
        text.push('\n');
    }
    text
}

/// A histogram of durations in seconds, from half a millisecond to ten seconds.
pub(crate) fn seconds_histogram() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_described_by_the_name_of_its_samples() {
        let openmetrics = "# HELP orders Orders.\n# TYPE orders counter\norders_total 3\n\
                           # HELP orders_open Open.\n# TYPE orders_open gauge\norders_open 1\n# EOF\n";
        let wanted = "# HELP orders_total Orders.\n# TYPE orders_total counter\norders_total 3\n\
                      # HELP orders_open Open.\n# TYPE orders_open gauge\norders_open 1\n";
        assert_eq!(classic(openmetrics), wanted);
    }
}
