//! The id by which a request is found in logs: the caller's own, or one made where it is first
//! heard of. It is passed on, and told in the answer.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Where it is told.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 64;

/// The caller's request id where it is a harmless one, else a new one.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    });
    given.cloned().unwrap_or_else(|| {
        let text = format!("{:032x}", fastrand::u128(..));
        HeaderValue::try_from(text).expect("hexadecimal digits are a header value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_request_ids_are_kept() {
        let headers =
            |id| HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_str(id).unwrap())]);
        assert_eq!(of(&headers("abc-1")), "abc-1");
        for odd in ["", "a b", &"x".repeat(65)] {
            assert_eq!(of(&headers(odd)).len(), 32, "{odd:?}");
        }
    }
}
