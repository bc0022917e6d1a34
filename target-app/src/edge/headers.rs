//! Headers on their way through the edge.

use http::header::{
    CONNECTION, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::service::request_id::X_REQUEST_ID;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const X_POD: HeaderName = HeaderName::from_static("x-pod");
const X_ZONE: HeaderName = HeaderName::from_static("x-zone");

/// Headers about one connection, not about the message (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Prepares a request from `client` for a target; it came by this scheme.
pub(super) fn forward_request(headers: &mut HeaderMap, client: &HeaderValue, scheme: &'static str) {
    remove_hop_by_hop(headers);
    let chain = match headers.get(X_FORWARDED_FOR) {
        None => client.clone(),
        Some(_) => extended_chain(headers, client),
    };
    headers.insert(X_FORWARDED_FOR, chain);
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert(X_FORWARDED_HOST, host);
    }
}

/// Prepares a target's answer for the client; says who answered when the target does not.
pub(super) fn return_response(headers: &mut HeaderMap, pod: &HeaderValue, zone: &HeaderValue) {
    remove_hop_by_hop(headers);
    headers.entry(X_POD).or_insert_with(|| pod.clone());
    headers.entry(X_ZONE).or_insert_with(|| zone.clone());
}

/// Forgets who answered, in an answer that is given to somebody else as well.
pub(super) fn forget_responder(headers: &mut HeaderMap) {
    for name in [X_POD, X_ZONE, X_REQUEST_ID] {
        headers.remove(name);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        for name in named_by_connection(headers) {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// A sender may declare further headers to be about the connection.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Dropping these would change the message itself.
        .filter(|name| *name != HOST && !is_framing(name))
        .collect()
}

fn is_framing(name: &HeaderName) -> bool {
    *name == http::header::CONTENT_LENGTH || *name == http::header::CONTENT_TYPE
}

fn extended_chain(headers: &HeaderMap, client: &HeaderValue) -> HeaderValue {
    let mut chain = Vec::with_capacity(64);
    for value in headers.get_all(X_FORWARDED_FOR) {
        chain.extend_from_slice(value.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(client.as_bytes());
    // Parts that were header values make one together.
    HeaderValue::from_bytes(&chain).unwrap_or_else(|_| client.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(list: &[(&str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn forwarded(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = map(list);
        forward_request(&mut headers, &HeaderValue::from_static("10.0.0.9"), "http");
        headers
    }

    #[test]
    fn a_target_learns_who_asked_for_what() {
        let headers = forwarded(&[("host", "shop.test")]);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.9");
        assert_eq!(headers["x-forwarded-host"], "shop.test");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["host"], "shop.test");
    }

    #[test]
    fn the_chain_grows_at_its_end_and_lies_about_proto_are_overwritten() {
        let headers = forwarded(&[
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
        ]);
        assert_eq!(headers["x-forwarded-for"], "1.1.1.1, 10.0.0.9");
        assert_eq!(headers.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(headers["x-forwarded-proto"], "http");
    }

    #[test]
    fn what_is_about_the_connection_stays_there() {
        let headers = forwarded(&[
            ("connection", "close, X-Mine, content-length"),
            ("x-mine", "1"),
            ("content-length", "3"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("accept", "*/*"),
        ]);
        for gone in ["connection", "x-mine", "upgrade", "te"] {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert_eq!(headers["accept"], "*/*");
        assert_eq!(headers["content-length"], "3");
    }

    #[test]
    fn a_pod_that_names_itself_is_believed() {
        let (pod, zone) = (
            HeaderValue::from_static("shop-1"),
            HeaderValue::from_static("a"),
        );
        let mut silent = HeaderMap::new();
        return_response(&mut silent, &pod, &zone);
        assert_eq!((&silent["x-pod"], &silent["x-zone"]), (&pod, &zone));
        let mut named = map(&[("x-pod", "shop-7")]);
        return_response(&mut named, &pod, &zone);
        assert_eq!(named["x-pod"], "shop-7");
    }

    proptest! {
        #[test]
        fn the_client_is_always_last_in_the_chain(given in "[ -~]{0,40}") {
            let headers = forwarded(&[("x-forwarded-for", given.trim())]);
            let chain = headers["x-forwarded-for"].to_str().unwrap();
            prop_assert_eq!(chain.rsplit(", ").next(), Some("10.0.0.9"));
        }
    }
}
