//! What the storefront's build left: scripts, styles and pictures, and the page that they belong to.
//!
//! The build's output is committed and compiled in, so that Cargo alone makes a whole shop. Names
//! carry a digest of the contents: an asset never changes, and whoever has it need not ask again.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::error::ShopError;

/// One file.
struct Asset {
    name: &'static str,
    /// Its `Content-Type`.
    kind: &'static str,
    /// Quoted, as it is sent.
    etag: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

static ASSETS: &[Asset] = include!("../../storefront/dist/assets.rs");

/// Where the page is cut: a view goes between the first two parts, its data between the last two.
const CUTS: [&str; 2] = ["<!--view-->", "<!--initial-->"];

/// The page around every view, in the three parts that a view and its data come between.
pub(super) static PAGE: LazyLock<[&str; 3]> = LazyLock::new(|| {
    let html = include_str!("../../storefront/dist/index.html");
    let (before, rest) = html
        .split_once(CUTS[0])
        .expect("the page has a place for a view");
    let (between, after) = rest
        .split_once(CUTS[1])
        .expect("the page has a place for data");
    [before, between, after]
});

/// `GET /assets/{name}`
pub(crate) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ShopError> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(ShopError::NotFound("asset"))?;
    let (bytes, encoding) = asset.encoded_for(&headers);
    let mut response = if already_has(asset, &headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(Bytes::from_static(bytes)).into_response()
    };
    let headers = response.headers_mut();
    let set = HeaderValue::from_static;
    headers.insert(CONTENT_TYPE, set(asset.kind));
    headers.insert(ETAG, set(asset.etag));
    headers.insert(VARY, set("accept-encoding"));
    headers.insert(CACHE_CONTROL, set("public, max-age=31536000, immutable"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, set(encoding));
    }
    Ok(response)
}

impl Asset {
    /// The smallest form that the client can read, and what that form is called.
    fn encoded_for(&self, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
        if accepts(headers, "br") {
            (self.brotli, Some("br"))
        } else if accepts(headers, "gzip") {
            (self.gzip, Some("gzip"))
        } else {
            (self.plain, None)
        }
    }
}

/// Whether an encoding is named and not refused by `;q=0`.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(encoding) && weight.parse::<f32>().unwrap_or(1.0) > 0.0
    })
}

/// Whether the client named this very asset. Weak and strong are the same to a reader.
fn already_has(asset: &Asset, headers: &HeaderMap) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == asset.etag || tag == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(text))])
    }

    #[test]
    fn the_smallest_form_that_can_be_read_is_sent() {
        let script = ASSETS.iter().find(|asset| asset.name.ends_with(".js"));
        let script = script.expect("a script");
        for (offered, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=0.8, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("identity", None),
            ("", None),
        ] {
            let (bytes, told) = script.encoded_for(&accepting(offered));
            assert_eq!(told, encoding, "{offered}");
            assert_eq!(bytes.len() < script.plain.len(), encoding.is_some());
        }
    }

    #[test]
    fn the_page_asks_only_for_what_there_is() {
        let page = PAGE.concat();
        let asked: Vec<_> = page
            .split("\"/assets/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(asked.len() >= 3, "a script, a style, an icon: {asked:?}");
        for name in asked {
            assert!(ASSETS.iter().any(|asset| asset.name == name), "{name}");
        }
        assert!(
            !page.contains("http://") && !page.contains("https://"),
            "nothing from elsewhere"
        );
    }
}
