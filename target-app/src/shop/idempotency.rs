//! The key that makes a repeated request harmless: orders and tasks are made under one.

use http::{HeaderMap, HeaderName};

use super::error::ShopError;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 128;

/// A request's key.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<&str, ShopError> {
    let problem = |problem: &str| ShopError::field("Idempotency-Key", problem);
    headers
        .get(IDEMPOTENCY_KEY)
        .ok_or_else(|| {
            problem(
                "this header is required: a text of your choice, new for each thing that it makes",
            )
        })?
        .to_str()
        .ok()
        .filter(|key| {
            (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        })
        .ok_or_else(|| problem("must be 1 to 128 visible ASCII characters"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn keys_are_visible_and_short() {
        for (text, valid) in [
            ("k-1", true),
            ("", false),
            ("a b", false),
            (&*"x".repeat(129), false),
        ] {
            let headers =
                HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(idempotency_key(&headers).is_ok(), valid, "{text:?}");
        }
        assert!(idempotency_key(&HeaderMap::new()).is_err());
    }
}
