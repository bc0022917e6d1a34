//! A run as OpenTelemetry tells it: the bodies of OTLP/HTTP requests in their JSON encoding. Pure.
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
//!
//! | file | holds |
//! |---|---|
//! | [`metrics`] | the run's own metrics |
//! | [`spans`] | the run and its faults as one trace |

mod metrics;
mod spans;

pub use metrics::metrics;
pub use spans::spans;

use serde_json::{Value, json};

/// Whose metrics and spans these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The scenario's name.
    pub scenario: String,
    /// The run folder's name.
    pub run: String,
}

impl Resource {
    fn to_json(&self) -> Value {
        json!({ "attributes": [
            attribute("service.name", "loadtest"),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
            attribute("service.instance.id", &self.run),
            attribute("loadtest.scenario", &self.scenario),
        ]})
    }
}

fn scope() -> Value {
    json!({ "name": "loadtest", "version": env!("CARGO_PKG_VERSION") })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit integers are texts in this encoding.
fn nanoseconds(us: u64) -> String {
    us.saturating_mul(1_000).to_string()
}
