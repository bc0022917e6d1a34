//! A Prometheus server: what it saw of the run, and which alerts fire. By its HTTP API, version 1.

use std::time::Duration;

use serde::Deserialize;

use super::{Sample, Series, Window, trusting};
use crate::scenario::{PrometheusSpec, SeriesQuery, Tls};

/// A series has no more points than the report's timeline has buckets.
const MOST_POINTS: u64 = 600;
/// One query draws at most so many lines: one for each pod is fine, one for each request is not.
const MOST_LINES: usize = 12;
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks one server.
#[derive(Debug)]
pub struct Prometheus {
    spec: PrometheusSpec,
    client: reqwest::Client,
}

/// Why a server could not be asked, in words that name it. Holds no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Prometheus at {url}: {reason}")]
pub struct PrometheusError {
    url: String,
    reason: String,
}

/// An alert that fires now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firing {
    /// Its rule's name.
    pub name: String,
    /// Its summary, else its labels.
    pub words: String,
}

impl Prometheus {
    /// A client for this server, which `tls` may give more to trust.
    ///
    /// # Errors
    /// The variable that should hold the token does not, or holds something else.
    pub fn new(spec: &PrometheusSpec, tls: &Tls) -> Result<Self, PrometheusError> {
        let failed = |reason: String| PrometheusError {
            url: spec.url.clone(),
            reason,
        };
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(name) = &spec.token_env {
            let token = std::env::var(name)
                .map_err(|_| failed(format!("the environment variable {name} holds no token")))?;
            let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| failed(format!("what {name} holds cannot be sent as a token")))?;
            value.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        let builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .default_headers(headers);
        let client = trusting(tls, builder)
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            spec: spec.clone(),
            client,
        })
    }

    /// What it saw in this stretch: the answered series, and what was not.
    pub async fn series(&self, window: Window) -> (Vec<Series>, Vec<String>) {
        let (mut found, mut not_read) = (Vec::new(), Vec::new());
        for query in &self.spec.series {
            match self.range(query, window).await {
                Ok(lines) if lines.len() > MOST_LINES => not_read.push(format!(
                    "{}: the query answers with {} series, at most {MOST_LINES} are drawn: sum it up",
                    query.name,
                    lines.len()
                )),
                Ok(lines) if lines.is_empty() => {
                    not_read.push(format!("{}: Prometheus knows no such series", query.name));
                }
                Ok(lines) => found.extend(lines),
                Err(error) => not_read.push(format!("{}: {error}", query.name)),
            }
        }
        (found, not_read)
    }

    async fn range(
        &self,
        query: &SeriesQuery,
        window: Window,
    ) -> Result<Vec<Series>, PrometheusError> {
        let step = step(window);
        let seconds = |us: u64| format!("{:.3}", us as f64 / 1e6);
        let data: RangeData = self
            .ask(
                "query_range",
                &[
                    ("query", query.query.clone()),
                    ("start", seconds(window.from_us)),
                    ("end", seconds(window.to_us)),
                    ("step", step.as_secs().to_string()),
                ],
            )
            .await?;
        let several = data.result.len() > 1;
        let series = |line: Line| Series {
            name: match several {
                true => format!("{} · {}", query.name, labels(&line.metric)),
                false => query.name.clone(),
            },
            unit: query.unit.clone(),
            source: "Prometheus".to_owned(),
            resolution: step,
            samples: line.values.iter().filter_map(sample).collect(),
        };
        Ok(data.result.into_iter().map(series).collect())
    }

    /// The alerts that fire now and that the scenario names; all, if it names none.
    ///
    /// # Errors
    /// The server does not answer, or not as Prometheus does.
    pub async fn firing(&self) -> Result<Vec<Firing>, PrometheusError> {
        let data: AlertData = self.ask("alerts", &[]).await?;
        let named = &self.spec.alerts;
        let mut firing: Vec<Firing> = (data.alerts.into_iter())
            .filter(|alert| alert.state == "firing")
            .filter_map(|alert| {
                let name = alert.labels.get("alertname")?.clone();
                let wanted = named.is_empty() || named.contains(&name);
                let summary = alert.annotations.get("summary").cloned();
                let words = summary.unwrap_or_else(|| labels(&alert.labels));
                wanted.then_some(Firing { name, words })
            })
            .collect();
        firing.sort();
        // One alert fires once for each pod; it is one word about the fault.
        firing.dedup_by(|a, b| a.name == b.name);
        Ok(firing)
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        what: &str,
        parameters: &[(&str, String)],
    ) -> Result<T, PrometheusError> {
        let failed = |reason: String| PrometheusError {
            url: self.spec.url.clone(),
            reason,
        };
        let url = format!("{}/api/v1/{what}", self.spec.url);
        let url = match parameters {
            [] => reqwest::Url::parse(&url),
            some => reqwest::Url::parse_with_params(&url, some),
        };
        let url = url.map_err(|error| failed(error.to_string()))?;
        let asked = self.client.get(url).send().await;
        // The URL is named anyway, and its query would be repeated.
        let answer = asked.map_err(|error| failed(describe(&error.without_url())))?;
        let status = answer.status();
        let body = answer.bytes().await;
        let body = body.map_err(|error| failed(describe(&error.without_url())))?;
        let answer: Answer<T> = serde_json::from_slice(&body)
            .map_err(|_| failed(format!("it answered {status}, and not as Prometheus does")))?;
        match (answer.data, answer.error) {
            (Some(data), None) => Ok(data),
            (_, error) => {
                Err(failed(error.unwrap_or_else(|| {
                    format!("it answered {status} without data")
                })))
            }
        }
    }
}

/// The innermost reason: the outer ones say no more than that a request failed.
fn describe(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// Whole seconds, so that no more than [`MOST_POINTS`] come back.
fn step(window: Window) -> Duration {
    let seconds = window.length().as_secs_f64() / MOST_POINTS as f64;
    Duration::from_secs(seconds.ceil().max(1.0) as u64)
}

/// `{pod="shop-1", zone="a"}` without what every series has.
fn labels(all: &std::collections::BTreeMap<String, String>) -> String {
    const EVERYWHERE: [&str; 4] = ["__name__", "job", "alertname", "severity"];
    let told = all
        .iter()
        .filter(|(name, _)| !EVERYWHERE.contains(&name.as_str()));
    let told: Vec<String> = told
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    told.join(", ")
}

/// Prometheus writes numbers as text, so that `NaN` and `+Inf` have a place.
fn sample((at, value): &(f64, String)) -> Option<Sample> {
    let value: f64 = value.parse().ok()?;
    value.is_finite().then_some(Sample {
        at_us: (at * 1e6) as u64,
        value,
    })
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct RangeData {
    result: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    metric: std::collections::BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

#[derive(Deserialize)]
struct AlertData {
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
    state: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_asked_in_wider_steps() {
        let window = |seconds: u64| Window {
            from_us: 0,
            to_us: seconds * 1_000_000,
        };
        assert_eq!(step(window(90)).as_secs(), 1);
        assert_eq!(step(window(600)).as_secs(), 1);
        assert_eq!(step(window(7_200)).as_secs(), 12);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(sample(&(1.5, "NaN".to_owned())), None);
        assert_eq!(sample(&(1.5, "+Inf".to_owned())), None);
        let told = sample(&(1.5, "42".to_owned())).expect("a number");
        assert_eq!(told.at_us, 1_500_000);
    }

    #[test]
    fn a_token_that_is_not_there_is_told_by_its_variable() {
        let spec = PrometheusSpec {
            url: "http://127.0.0.1:9".to_owned(),
            token_env: Some("LOADTEST_NO_SUCH_VARIABLE".to_owned()),
            alerts: Vec::new(),
            series: Vec::new(),
        };
        let why = Prometheus::new(&spec, &Tls::default())
            .expect_err("it is not set")
            .to_string();
        assert!(why.contains("LOADTEST_NO_SUCH_VARIABLE"), "{why}");
    }
}
