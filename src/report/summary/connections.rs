//! The way to the target: connections, handshakes, compression.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Latency;

/// What the way to the target cost. All times are microseconds. Opening a connection counts towards
/// the response time of the request that needs it, not towards its service time.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Connections {
    /// Connections opened.
    pub opened: u64,
    /// Requests without effects that were sent again because an idle connection had expired.
    pub resent: u64,
    /// TLS handshakes with certificates and keys.
    #[serde(default)]
    pub handshakes_full: u64,
    /// TLS handshakes that continued an earlier session.
    #[serde(default)]
    pub handshakes_resumed: u64,
    /// Asking the system for the addresses of a name. Absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_us: Option<Latency>,
    /// Opening a TCP connection or Unix socket, with a proxy's tunnel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<Latency>,
    /// TLS handshakes. Absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_us: Option<Latency>,
    /// From the send to the first byte of the answer; to the last is the service time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<Latency>,
    /// Answers that came compressed. Absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
}

/// Answers that came compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Compression {
    /// How many.
    pub answers: u64,
    /// Bytes of their bodies as they came.
    pub bytes_received: u64,
    /// Bytes of their bodies without the compression.
    pub bytes_decoded: u64,
}
