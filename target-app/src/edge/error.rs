//! Answers of the edge itself, when no target's answer is to be had.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::body::EdgeBody;

const X_EDGE_ERROR: HeaderName = HeaderName::from_static("x-edge-error");

/// Why the edge answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nobody is in rotation.
    NoTarget,
    /// No target could be connected to: nothing was sent.
    ConnectFailed,
    /// The request was sent and the connection broke.
    UpstreamClosed,
    /// The request was sent and not answered in time.
    UpstreamTimeout,
    /// An injected error.
    Injected(StatusCode),
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Self::NoTarget => "no-target",
            Self::ConnectFailed => "connect-failed",
            Self::UpstreamClosed => "upstream-closed",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::Injected(_) => "injected",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NoTarget => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectFailed | Self::UpstreamClosed => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Injected(status) => status,
        }
    }
}

/// Left in an answer's extensions, for the log line that carries the request's id.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) cause: &'static str,
    pub(super) target: Option<String>,
    pub(super) detail: String,
}

/// The answer, naming the cause and, where one was asked, the target.
pub(super) fn response(cause: Cause, target: Option<&str>, detail: &str) -> Response<EdgeBody> {
    let body = json!({ "error": detail, "cause": cause.name(), "target": target });
    let mut response = Response::new(EdgeBody::Own(Some(Bytes::from(body.to_string()))));
    *response.status_mut() = cause.status();
    response.extensions_mut().insert(Told {
        cause: cause.name(),
        target: target.map(str::to_owned),
        detail: detail.to_owned(),
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_EDGE_ERROR, HeaderValue::from_static(cause.name()));
    if cause == Cause::NoTarget {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
