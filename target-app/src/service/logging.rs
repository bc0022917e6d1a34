//! Structured logs: one JSON object a line, to standard error.

use tracing_subscriber::EnvFilter;

/// Sends this process's logs to standard error as JSON. Called once, by the process's `main`.
///
/// `filter` is in `RUST_LOG`'s language, such as `info` or `target_app=debug`; the environment
/// variable `LOADTEST_LOG` goes before it. A second call changes nothing.
pub fn install(filter: &str) {
    let filter = std::env::var("LOADTEST_LOG")
        .ok()
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(filter));
    // An error means that a subscriber is already there: a test's, or the first call's.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}
