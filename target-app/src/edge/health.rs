//! Whether a target is healthy: counting, and the checks that are counted.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Empty;

use super::HealthCheck;
use super::backend::Backend;

/// Successes and failures in a row. Pure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Health {
    healthy: bool,
    successes: u32,
    failures: u32,
}

impl Health {
    pub(super) fn is_healthy(self) -> bool {
        self.healthy
    }

    /// Counts one check or connection; true when that turned the target healthy or unhealthy.
    pub(super) fn record(&mut self, success: bool, config: &HealthCheck) -> bool {
        let before = self.healthy;
        if success {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            self.healthy |= self.successes >= config.up_after.max(1);
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            self.healthy &= self.failures < config.down_after.max(1);
        }
        self.healthy != before
    }
}

/// Checks a target until it is removed.
pub(super) async fn watch(backend: Weak<Backend>, config: HealthCheck) {
    let timeout = Duration::from_millis(config.timeout_ms);
    let interval = Duration::from_millis(config.interval_ms.max(1));
    while let Some(backend) = backend.upgrade() {
        let outcome = match tokio::time::timeout(timeout, check(&backend, &config.path)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer to {} within {timeout:?}", config.path)),
        };
        if backend.is_removed() {
            return;
        }
        backend.record_health(outcome);
        drop(backend);
        tokio::time::sleep(interval).await;
    }
}

/// Asks once, over a connection of its own: whether new ones are possible is part of the question.
async fn check(backend: &Backend, path: &str) -> Result<(), String> {
    let mut sender = backend.upstream.dial().connect().await?;
    let request = Request::get(path)
        .header(HOST, backend.address.to_string())
        .header(USER_AGENT, "edge-health-check")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("health.path {path:?}: {error}"))?;
    match sender.send_request(request).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(refusal(answer.status(), path)),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

fn refusal(status: StatusCode, path: &str) -> String {
    format!("{path} answered {}", status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_two_failures_in_a_row_to_go_and_one_success_to_come_back() {
        let config = HealthCheck::default();
        let mut health = Health::default();
        assert!(!health.is_healthy(), "unknown is not healthy");
        assert!(health.record(true, &config));
        assert!(!health.record(false, &config));
        assert!(!health.record(true, &config), "not in a row");
        assert!(!health.record(false, &config));
        assert!(health.record(false, &config));
        assert!(!health.is_healthy());
        assert!(!health.record(false, &config), "told once");
        assert!(health.record(true, &config));
    }

    #[test]
    fn coming_back_can_take_more_than_one_success() {
        let config = HealthCheck {
            up_after: 3,
            ..HealthCheck::default()
        };
        let mut health = Health::default();
        let turned: Vec<_> = (0..4).map(|_| health.record(true, &config)).collect();
        assert_eq!(turned, [false, false, true, false]);
    }
}
