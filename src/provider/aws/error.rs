//! Errors of the SDK in the provider's words.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::account::Account;
use crate::provider::ProviderError;

/// AWS was too busy, and did nothing.
const THROTTLED: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
];
const EXPIRED: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
const UNKNOWN_KEYS: [&str; 5] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "OptInRequired",
];

/// The error code of an answer.
pub(super) fn code_of<T, E: ProvideErrorMetadata, R>(answer: &Result<T, SdkError<E, R>>) -> &str {
    match answer {
        Err(SdkError::ServiceError(error)) => error.err().code().unwrap_or_default(),
        _ => "",
    }
}

/// Whether the right to do it is what is missing.
pub(super) fn is_denied(error: &ProviderError) -> bool {
    let (ProviderError::Refused { reason, .. } | ProviderError::Failed { reason, .. }) = error
    else {
        return false;
    };
    let code = reason.split(':').next().unwrap_or_default();
    DENIED.contains(&code)
}

impl Account {
    /// The answer, or the error as the provider tells it.
    pub(super) fn told<T, E>(
        &self,
        what: &str,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, ProviderError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        answer.map_err(|error| {
            let (refused, reason) = reason(error);
            if refused {
                self.refused(what, reason)
            } else {
                self.failed(what, reason)
            }
        })
    }

    /// It said no, or we do: nothing was changed.
    pub(super) fn refused(&self, what: &str, reason: impl Into<String>) -> ProviderError {
        ProviderError::Refused {
            place: self.place().to_string(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    /// Whether something was changed is not known.
    pub(super) fn failed(&self, what: &str, reason: impl Into<String>) -> ProviderError {
        ProviderError::Failed {
            place: self.place().to_string(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Whether it is certain that nothing was done, and `Code: message; what to do`.
fn reason<E>(error: SdkError<E, HttpResponse>) -> (bool, String)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let http = format!("HTTP {status}");
            let code = service.err().code().unwrap_or(&http);
            let message = service.err().message().unwrap_or("no reason is given");
            let message = without_encoded(message);
            let refused = (400..500).contains(&status);
            (refused, format!("{code}: {message}{}", next_step(code)))
        }
        SdkError::TimeoutError(_) => (false, "no answer in time".to_owned()),
        // Never a secret: the credentials' providers tell where they looked, not what they found.
        other => {
            let context = DisplayErrorContext(other).to_string();
            let words = context.split(" (").next().unwrap_or(&context);
            let cause = causes(other);
            let reason = if cause.is_empty() {
                words.to_owned()
            } else {
                cause
            };
            let hint = if context.contains("redential") {
                "; sign in, for example by `aws sso login`, or set AWS_PROFILE"
            } else {
                ""
            };
            (false, format!("{reason}{hint}"))
        }
    }
}

/// The innermost cause in words.
fn causes(error: &dyn Error) -> String {
    let mut words = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    words.join(": ")
}

/// EC2 appends a blob that only `aws sts decode-authorization-message` can read.
fn without_encoded(message: &str) -> &str {
    let end = message.find("Encoded authorization failure message");
    message[..end.unwrap_or(message.len())].trim_end_matches([' ', '.'])
}

fn next_step(code: &str) -> &'static str {
    let among = |codes: &[&str]| codes.contains(&code);
    if among(&THROTTLED) {
        "; AWS throttles this account: poll less, or try again later"
    } else if among(&EXPIRED) {
        "; the credentials have expired: sign in again, for example by `aws sso login`"
    } else if among(&UNKNOWN_KEYS) {
        "; AWS does not know these credentials: check AWS_PROFILE, or sign in again"
    } else if among(&DENIED) {
        "; the policies in ci/aws/ name what is needed"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_aws_can_read_is_left_out() {
        let message = "You are not authorized. Encoded authorization failure message: AbCd";
        assert_eq!(without_encoded(message), "You are not authorized");
    }

    #[test]
    fn a_missing_right_is_told_from_other_errors() {
        let refused = |reason: &str| ProviderError::Refused {
            place: "AWS eu-west-1".into(),
            what: "look".into(),
            reason: reason.into(),
        };
        assert!(is_denied(&refused("AccessDenied: not yours; see")));
        assert!(!is_denied(&refused("ValidationError: AccessDenied")));
    }
}
