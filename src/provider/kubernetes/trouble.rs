//! Why a call failed, in classes that decide what to do next. Holds no secret: what a plugin for
//! credentials printed never gets here.

use std::time::Duration;

use kube::core::Status;

use crate::provider::ProviderError;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no such resource.
    Absent(String),
    /// It is another one than was meant, or was changed meanwhile.
    Conflict(String),
    /// A disruption budget says no.
    Budget(String),
    /// The server has too much to do; ask again after this time.
    Busy(String, Option<Duration>),
    /// Credentials are not accepted.
    Unauthorized(String),
    /// The right is missing.
    Forbidden(String),
    /// It was understood, and will never be accepted.
    Rejected(String),
    /// The server failed.
    Server(String),
    /// Nobody answered.
    NoAnswer(String),
}

impl Trouble {
    /// What an error of the client means.
    pub(super) fn of(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(status),
            // Its words may hold what a plugin printed, and that may be a token.
            kube::Error::Auth(_) => Self::Unauthorized(
                "the credentials of the kubeconfig cannot be used: log in again, and try \
                 `kubectl get pods`"
                    .to_owned(),
            ),
            kube::Error::Service(source) => Self::NoAnswer(chain(source.as_ref())),
            kube::Error::HyperError(source) => Self::NoAnswer(chain(source)),
            kube::Error::ReadEvents(source) => Self::NoAnswer(source.to_string()),
            kube::Error::SerdeError(_) => {
                Self::Server("its answer cannot be understood".to_owned())
            }
            _ => Self::Rejected("the request cannot be made".to_owned()),
        }
    }

    /// What the server's own words mean.
    pub(super) fn of_status(status: &Status) -> Self {
        let details = status.details.as_ref();
        let message = if status.message.is_empty() {
            format!("HTTP {} {}", status.code, status.reason)
        } else {
            status.message.clone()
        };
        let after = (details.map(|details| details.retry_after_seconds))
            .filter(|seconds| *seconds > 0)
            .map(|seconds| Duration::from_secs(u64::from(seconds)));
        match status.code {
            404 => Self::Absent(message),
            409 => Self::Conflict(message),
            429 => match details.and_then(|d| {
                let mut causes = d.causes.iter();
                causes.find(|cause| cause.reason == "DisruptionBudget")
            }) {
                Some(cause) => Self::Budget(cause.message.clone()),
                None => Self::Busy(message, after),
            },
            503 | 504 => Self::Busy(message, after),
            401 => Self::Unauthorized(format!("{message}: log in again")),
            403 => Self::Forbidden(message),
            400..=499 => Self::Rejected(message),
            _ => Self::Server(message),
        }
    }

    /// How long to wait before the same call is made again; none: that is no use.
    pub(super) fn worth_repeating(&self, attempt: u32) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_secs(5);
        let grows = Duration::from_millis(250) * 2u32.pow(attempt.min(4));
        match self {
            Self::Busy(_, after) => Some(after.unwrap_or(grows).min(LONGEST)),
            Self::NoAnswer(_) => Some(grows),
            _ => None,
        }
    }

    /// For people.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Absent(words)
            | Self::Conflict(words)
            | Self::Budget(words)
            | Self::Busy(words, _)
            | Self::Unauthorized(words)
            | Self::Forbidden(words)
            | Self::Rejected(words)
            | Self::Server(words)
            | Self::NoAnswer(words) => words,
        }
    }

    /// In the provider's words: what was refused has changed nothing, for all else nobody knows.
    pub(super) fn told(&self, place: &str, what: &str) -> ProviderError {
        let (place, what, reason) = (place.to_owned(), what.to_owned(), self.words().to_owned());
        match self {
            Self::Absent(_)
            | Self::Budget(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::Rejected(_) => ProviderError::Refused {
                place,
                what,
                reason,
            },
            Self::Conflict(_) | Self::Busy(..) | Self::Server(_) | Self::NoAnswer(_) => {
                ProviderError::Failed {
                    place,
                    what,
                    reason,
                }
            }
        }
    }
}

/// An error with its causes: the outermost alone says only that something failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !words.contains(&more) {
            words += &format!(": {more}");
        }
        next = source.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(value: serde_json::Value) -> Trouble {
        Trouble::of_status(&serde_json::from_value(value).expect("a status"))
    }

    #[test]
    fn a_budgets_refusal_is_not_throttling() {
        let budget = status(serde_json::json!({
            "code": 429, "message": "Cannot evict pod",
            "details": { "causes": [
                { "reason": "DisruptionBudget", "message": "The disruption budget shop needs 2" }
            ] },
        }));
        assert_eq!(
            budget,
            Trouble::Budget("The disruption budget shop needs 2".into())
        );
        assert_eq!(budget.worth_repeating(0), None, "not by itself");
        let busy = status(serde_json::json!({
            "code": 429, "message": "slow down", "details": { "retryAfterSeconds": 2 },
        }));
        assert_eq!(busy.worth_repeating(0), Some(Duration::from_secs(2)));
    }

    #[test]
    fn what_was_refused_is_told_from_what_may_have_happened() {
        let of = |code: u16| status(serde_json::json!({ "code": code })).told("here", "do it");
        for code in [400, 401, 403, 404, 422] {
            assert!(matches!(of(code), ProviderError::Refused { .. }), "{code}");
        }
        for code in [409, 429, 500, 503, 504] {
            assert!(matches!(of(code), ProviderError::Failed { .. }), "{code}");
        }
    }
}
