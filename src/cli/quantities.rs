//! Quantities on the command line, written as in scenarios.

use std::time::Duration;

use target_app::api::Instant;

use crate::scenario;

/// Reads `200ms`, `30s`, `1m30s`; not zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match scenario::duration(text)? {
        Duration::ZERO => Err("it must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads `40/s`, `300/min` into a rate per second; not zero.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match scenario::rate(text)? {
        rate if rate > 0.0 => Ok(rate),
        _ => Err("it must be more than zero".to_owned()),
    }
}

/// Reads `http://host:4318`, without the slash at its end.
pub(super) fn http_url(text: &str) -> Result<String, String> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("write http://HOST:4318 or https://…".to_owned()),
    }
}

/// Unix time.
pub(super) fn now_unix_seconds() -> i64 {
    i64::try_from(Instant::now().unix_us / 1_000_000).unwrap_or(0)
}
