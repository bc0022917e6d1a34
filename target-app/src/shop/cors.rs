//! Which other sites' pages may ask the shop from a browser: none, unless they are named.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderValue, Method, StatusCode, Uri};

const METHODS: &str = "GET, POST, PUT, DELETE";
/// What our own page sends. Sessions are bearer tokens: no cookie needs to be let in.
const HEADERS: &str = "authorization, content-type, idempotency-key, x-request-id, traceparent";
const EXPOSED: &str = "x-request-id, retry-after";
/// How long a browser may remember the answer, seconds.
const REMEMBERED: &str = "600";

/// The sites that may.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Arc<[HeaderValue]>);

impl Origins {
    /// # Errors
    /// The one that is no origin, and how one is written.
    pub(crate) fn new(allowed: &[String]) -> Result<Self, String> {
        let origin = |text: &String| {
            origin(text).ok_or_else(|| {
                format!("allow-origin: `{text}` is no origin: write scheme and host, such as https://shop.example")
            })
        };
        Ok(Self(allowed.iter().map(origin).collect::<Result<_, _>>()?))
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        self.0.contains(origin)
    }
}

/// `https://shop.example:8443`, and nothing behind it: browsers send no more.
fn origin(text: &str) -> Option<HeaderValue> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let plain = format!("{scheme}://{authority}") == text && !text.contains('@');
    (plain && matches!(scheme, "http" | "https"))
        .then(|| HeaderValue::from_str(text).ok())
        .flatten()
}

/// Middleware around everything: also a refusal has to be readable for the page that asked.
pub(crate) async fn share(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    if origins.0.is_empty() {
        return next.run(request).await;
    }
    let asking = request.headers().get(ORIGIN).cloned();
    let asking = asking.filter(|origin| origins.allow(origin));
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &asking {
        Some(_) if is_preflight => {
            let told = [
                (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
                (ACCESS_CONTROL_MAX_AGE, REMEMBERED),
            ];
            (StatusCode::NO_CONTENT, told).into_response()
        }
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // What one site may read must not be kept for another that may not.
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = asking {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let good = ["https://shop.example", "http://127.0.0.1:8080"].map(String::from);
        let origins = Origins::new(&good).unwrap();
        assert!(origins.allow(&HeaderValue::from_static("https://shop.example")));
        assert!(!origins.allow(&HeaderValue::from_static("https://shop.example.evil")));
        for wrong in [
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "ftp://x",
            "https://a@b",
        ] {
            assert!(Origins::new(&[wrong.into()]).is_err(), "{wrong}");
        }
    }
}
