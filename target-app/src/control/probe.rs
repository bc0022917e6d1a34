//! Probes of a pod: is it alive, is it ready? Asked at the pod's own address, as a kubelet does
//! that runs on the same node: no link is crossed.

use std::net::SocketAddr;
use std::time::Duration;

/// From the end of one readiness probe to the start of the next.
pub(super) const READY_PERIOD: Duration = Duration::from_millis(200);
/// The same for a pod that is still starting: each probe sooner is a start sooner.
pub(super) const START_PERIOD: Duration = Duration::from_millis(20);
/// From the end of one liveness probe to the start of the next.
pub(super) const LIVE_PERIOD: Duration = Duration::from_secs(1);
/// Readiness probes that must fail in a row.
pub(super) const READY_FAILURES: u32 = 2;
/// Liveness probes that must fail in a row: a loaded machine is slow, and a restart makes it slower.
pub(super) const LIVE_FAILURES: u32 = 5;

const READY_TIMEOUT: Duration = Duration::from_secs(1);
/// An answer that takes longer is a failure.
pub(super) const LIVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks pods how they are. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    http: reqwest::Client,
    /// `http://127.0.1.1:PORT`
    base: String,
}

impl Probe {
    pub(super) fn new(http: reqwest::Client, scheme: &str, address: SocketAddr) -> Self {
        Self {
            http,
            base: format!("{scheme}://{address}"),
        }
    }

    /// Whether it can serve.
    pub(super) async fn is_ready(&self) -> bool {
        self.ask("readyz", READY_TIMEOUT).await
    }

    /// Whether it answers at all.
    pub(super) async fn is_alive(&self) -> bool {
        self.ask("healthz", LIVE_TIMEOUT).await
    }

    async fn ask(&self, path: &str, timeout: Duration) -> bool {
        let url = format!("{}/{path}", self.base);
        let answer = self.http.get(url).timeout(timeout).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}
