//! What became of one request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a request failed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The name did not resolve.
    Dns,
    /// The connection was refused or unreachable: nothing was sent.
    Connect,
    /// No connection in time: nothing was sent.
    ConnectTimeout,
    /// The TLS handshake failed: nothing was sent.
    Tls,
    /// The connection broke after sending began.
    Reset,
    /// No complete answer in time.
    Timeout,
    /// The answer is not HTTP.
    Protocol,
    /// A status that the step does not allow.
    Status,
    /// The status is right, something else is not: JSON, text, header or duration.
    Expectation,
    /// What a later step needs was not in the answer.
    Capture,
    /// The request could not be built: a variable without a value, a number that is none.
    Template,
    /// A defect of this tool: a step panicked.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Dns,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Reset,
        Self::Timeout,
        Self::Protocol,
        Self::Status,
        Self::Expectation,
        Self::Capture,
        Self::Template,
        Self::Internal,
    ];

    /// As in files and reports: `connect-timeout`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect-timeout",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Status => "status",
            Self::Expectation => "expectation",
            Self::Capture => "capture",
            Self::Template => "template",
            Self::Internal => "internal",
        }
    }

    /// Whether the target surely never saw the request, so that a write surely was not applied.
    #[must_use]
    pub fn surely_not_sent(self) -> bool {
        matches!(
            self,
            Self::Dns | Self::Connect | Self::ConnectTimeout | Self::Tls | Self::Template
        )
    }
}
