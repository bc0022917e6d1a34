//! The page that people see: one page for all addresses, with the catalogue rendered into it where
//! that was asked for. The script takes over what it finds.

use std::sync::LazyLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::assets::PAGE;
use super::catalogue::{self, PageParams};
use super::error::ShopError;
use super::front_page;
use super::query::Params;
use super::state::App;

/// Everything from this shop, nothing inline; drawings in the style sheet are data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What is to be seen until the script has asked for the rest.
const WAITING: &str = "<p class=\"hint\" role=\"status\">One moment…</p>\
    <noscript><p>This page needs JavaScript. <a href=\"/\">The catalogue</a> does not.</p></noscript>";

/// The page without a view: the script makes it.
static EMPTY: LazyLock<Bytes> = LazyLock::new(|| {
    let [before, between, after] = *PAGE;
    Bytes::from([before, WAITING, between, after].concat())
});

/// `GET /`: costs what a page of the catalogue costs, and some writing.
pub(crate) async fn front_page(
    State(shop): State<App>,
    Params(params): Params<PageParams>,
    headers: HeaderMap,
) -> Result<Response, ShopError> {
    match catalogue::page(&shop, &params).await {
        Ok(page) => {
            let page = Bytes::from(front_page::render(&page, params.words()));
            Ok(html(page, shop.config.catalogue_caching.header().1))
        }
        Err(error) => told_to_person(error, &headers),
    }
}

/// `GET /cart` and every other address that the script makes a view for.
pub(crate) async fn view(State(shop): State<App>) -> Response {
    html(EMPTY.clone(), shop.config.catalogue_caching.header().1)
}

/// What is at no address.
pub(crate) async fn nowhere(headers: HeaderMap) -> Result<Response, ShopError> {
    told_to_person(ShopError::NotFound("address"), &headers)
}

/// A person gets the page, whose script tells what is the matter and tries again; a program gets
/// the error itself. Both get its status and headers.
fn told_to_person(error: ShopError, headers: &HeaderMap) -> Result<Response, ShopError> {
    if !wants_page(headers) {
        return Err(error);
    }
    let (mut parts, _) = error.into_response().into_parts();
    parts.headers.remove(http::header::CONTENT_LENGTH);
    let mut page = html(EMPTY.clone(), HeaderValue::from_static("no-store"));
    *page.status_mut() = parts.status;
    for (name, value) in &parts.headers {
        page.headers_mut()
            .entry(name)
            .or_insert_with(|| value.clone());
    }
    page.extensions_mut().extend(parts.extensions);
    Ok(page)
}

/// Browsers ask for pages by name; programs that say `*/*` take what comes.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|text| text.contains("text/html"))
}

fn html(body: Bytes, kept: HeaderValue) -> Response {
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (CACHE_CONTROL, kept),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (StatusCode::OK, headers, body).into_response()
}
