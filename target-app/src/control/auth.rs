//! The bearer token: who may use the API.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// A new token: 244 random bits.
pub(super) fn new_token() -> String {
    let half = || uuid::Uuid::new_v4().simple().to_string();
    half() + &half()
}

/// Whether a request carries the token.
pub(super) fn is_allowed(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .is_some_and(|given| is_equal(given, token.as_bytes()))
}

/// Compares in a time that does not tell where the first difference is.
fn is_equal(given: &[u8], token: &[u8]) -> bool {
    let difference = given
        .iter()
        .zip(token)
        .fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0 && given.len() == token.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_allowed() {
        let token = new_token();
        assert_eq!(token.len(), 64);
        let with = |value: String| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert!(is_allowed(&with(format!("Bearer {token}")), &token));
        assert!(!is_allowed(
            &with(format!("Bearer {}", new_token())),
            &token
        ));
        assert!(!is_allowed(
            &with(format!("Bearer {}", &token[..63])),
            &token
        ));
        assert!(!is_allowed(&with(format!("Bearer {token}0")), &token));
        assert!(!is_allowed(&with("Bearer ".into()), &token));
        assert!(!is_allowed(&with(token.clone()), &token));
        assert!(!is_allowed(&HeaderMap::new(), &token));
    }
}
