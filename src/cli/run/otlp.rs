//! `--otlp`: the run's metrics every few seconds, and the run as a trace when it is over, to an
//! OpenTelemetry collector.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use target_app::service::exposition;

use crate::cli::UsageError;
use crate::measure::clock::RunClock;
use crate::report::Summary;
use crate::report::otlp::{self, Resource};

/// Between two exports.
const PERIOD: Duration = Duration::from_secs(5);
/// Nobody waits longer for a collector.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where headers come from, as the standard says: `authorization=Bearer abc,x-tenant=7`.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Sends to one collector.
#[derive(Debug, Clone)]
pub(super) struct Otlp {
    endpoint: String,
    client: reqwest::Client,
    registry: Arc<Registry>,
    resource: Resource,
    clock: RunClock,
}

impl Otlp {
    /// # Errors
    /// The headers of the environment cannot be sent.
    pub(super) fn new(
        endpoint: &str,
        registry: Arc<Registry>,
        resource: Resource,
        clock: RunClock,
    ) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .default_headers(headers()?)
            .build();
        Ok(Self {
            endpoint: endpoint.to_owned(),
            client: client.context("the client of --otlp cannot be made")?,
            registry,
            resource,
            clock,
        })
    }

    /// Sends metrics until it is aborted. A collector that does not take them is told of once.
    pub(super) async fn follow(self) {
        let mut silent = false;
        loop {
            tokio::time::sleep(PERIOD).await;
            if let Err(why) = self.send_metrics().await
                && !std::mem::replace(&mut silent, true)
            {
                eprintln!("warning: {why}; the run goes on without it");
            }
        }
    }

    /// Sends the last metrics, and the run as a trace.
    ///
    /// # Errors
    /// The collector does not take them, in words.
    pub(super) async fn conclude(&self, summary: &Summary) -> Result<(), String> {
        self.send_metrics().await?;
        self.send("traces", &otlp::spans(summary, &self.resource))
            .await
    }

    async fn send_metrics(&self) -> Result<(), String> {
        let page = exposition::text(&self.registry).map_err(|error| error.to_string())?;
        let (from, at) = (self.clock.unix_us(0), self.clock.unix_us(self.clock.now()));
        let body = otlp::metrics(&page, &self.resource, from, at);
        self.send("metrics", &body).await
    }

    async fn send(&self, signal: &str, body: &serde_json::Value) -> Result<(), String> {
        let url = format!("{}/v1/{signal}", self.endpoint);
        let sent = self.client.post(&url).json(body).send().await;
        let answer = sent.map_err(|error| format!("{url}: {}", error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("{url} answered {status}")),
        }
    }
}

/// Those of the environment, which may hold a secret: they are never shown.
fn headers() -> anyhow::Result<reqwest::header::HeaderMap> {
    let mut headers = reqwest::header::HeaderMap::new();
    let Ok(text) = std::env::var(HEADERS) else {
        return Ok(headers);
    };
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let parsed = pair.split_once('=').and_then(|(name, value)| {
            let name = name.trim().parse::<reqwest::header::HeaderName>().ok()?;
            let mut value = value.trim().parse::<reqwest::header::HeaderValue>().ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let Some((name, value)) = parsed else {
            let words = format!("{HEADERS} has to be `name=value`, several with commas between");
            return Err(UsageError(words).into());
        };
        headers.insert(name, value);
    }
    Ok(headers)
}
