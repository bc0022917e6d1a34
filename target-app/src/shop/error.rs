//! What a request can fail with, and how that is told.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::service::database::DatabaseError;
use crate::service::slots::Full;

/// What is wrong with each field, by its path in the body, such as `items[0].quantity`.
pub(crate) type FieldErrors = BTreeMap<String, String>;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    Unauthorized(&'static str),
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("{0} does not take this method")]
    MethodNotAllowed(String),
    #[error("{message}")]
    Conflict { message: String, detail: Value },
    #[error("some fields are not valid")]
    Invalid(FieldErrors),
    #[error("too many requests: the next is admitted in {0:.3} s")]
    TooManyRequests(f64),
    /// The pod has more to do than it can: nothing was begun.
    #[error("the pod is busy: {0}")]
    Busy(#[from] Full),
    /// Nothing was changed: asking again is safe.
    #[error("{0}")]
    Unavailable(DatabaseError),
    /// Somebody else that is needed gives no answer; nothing was changed.
    #[error("{0}")]
    Elsewhere(String),
    /// The write may or may not have happened.
    #[error("{0}; whether it was written is not known: ask again with the same key, or look")]
    UnknownOutcome(DatabaseError),
    /// On purpose, before anything was looked at.
    #[error("this version of the shop fails on purpose")]
    Mischief,
}

impl From<DatabaseError> for ShopError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<tokio_postgres::Error> for ShopError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl ShopError {
    /// One wrong field.
    pub(crate) fn field(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::from([(path.into(), problem.into())]))
    }

    /// For a failure after a statement that commits was sent.
    pub(crate) fn after_write(error: DatabaseError) -> Self {
        if error.changed_nothing() {
            Self::Unavailable(error)
        } else {
            Self::UnknownOutcome(error)
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) | Self::Unavailable(_) | Self::Elsewhere(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::UnknownOutcome(DatabaseError::TimedOut(_)) => StatusCode::GATEWAY_TIMEOUT,
            Self::UnknownOutcome(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Mischief => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whole seconds after which to try again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            // Saturates: a limit of nearly nothing means a wait of nearly ever.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Self::TooManyRequests(seconds) => Some((seconds.ceil() as u64).clamp(1, 3600)),
            Self::Busy(_) | Self::Unavailable(_) | Self::Elsewhere(_) | Self::UnknownOutcome(_) => {
                Some(1)
            }
            _ => None,
        }
    }

    fn body(&self) -> Value {
        let mut body = json!({ "error": self.to_string() });
        match self {
            Self::Invalid(fields) => body["fields"] = json!(fields),
            Self::Conflict { detail, .. } if !detail.is_null() => body["detail"] = detail.clone(),
            Self::Busy(_) | Self::Unavailable(_) | Self::Elsewhere(_) | Self::Mischief => {
                body["outcome"] = json!("unchanged");
            }
            Self::UnknownOutcome(_) => body["outcome"] = json!("unknown"),
            _ => {}
        }
        body
    }
}

/// Left in a failed response's extensions, for the log line that carries the request's id.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(self, Self::Unauthorized(_)) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Cause(self.to_string()));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_out_while_committing_is_told_as_unknown() {
        let error = ShopError::after_write(DatabaseError::TimedOut(Duration::from_secs(1)));
        assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(error.body()["outcome"], "unknown");
        assert_eq!(error.retry_after(), Some(1));
    }

    #[test]
    fn without_a_connection_nothing_was_written() {
        let error = ShopError::after_write(DatabaseError::NoConnection("refused".into()));
        assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(error.body()["outcome"], "unchanged");
    }

    #[test]
    fn waits_are_whole_seconds_and_finite() {
        assert_eq!(ShopError::TooManyRequests(0.01).retry_after(), Some(1));
        assert_eq!(
            ShopError::TooManyRequests(f64::INFINITY).retry_after(),
            Some(3600)
        );
    }
}
