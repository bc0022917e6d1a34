//! The API's description, for machines and for people.

use std::fmt::Write;

use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;

use super::markup::escape;

const DOCUMENT: &str = include_str!("openapi.json");

/// Its style is in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    frame-ancestors 'none'";

/// `GET /openapi.json`
pub(crate) async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

/// `GET /docs`
pub(crate) async fn page() -> Response {
    let document = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let policy = HeaderValue::from_static(POLICY);
    ([(CONTENT_SECURITY_POLICY, policy)], Html(render(&document))).into_response()
}

fn render(document: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:55rem;margin:2rem auto;padding:0 1rem}}\
         code{{background:#f3f3f3;padding:.1rem .3rem}}section{{border-top:1px solid #ccc}}</style></head>\
         <body><h1>{title}</h1><p>{about}</p><p><a href=\"/openapi.json\">openapi.json</a></p>",
        title = text(&document["info"]["title"]),
        about = text(&document["info"]["description"]),
    );
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            // Writing to a String does not fail.
            let _ = write!(
                html,
                "<section><h2><code>{} {}</code></h2><p>{}</p><ul>",
                method.to_uppercase(),
                escape(path),
                text(&operation["summary"]),
            );
            for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                let about = text(&answer["description"]);
                let _ = write!(html, "<li><code>{}</code> {about}</li>", escape(status));
            }
            html.push_str("</ul></section>");
        }
    }
    html.push_str("</body></html>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    /// The router cannot be asked what it serves, but its source can.
    #[test]
    fn what_is_routed_is_described_and_the_other_way_round() {
        let source = include_str!("routes.rs");
        let mut routed: Vec<_> = source
            .split(".route(")
            .skip(1)
            .map(|rest| rest.split('"').nth(1).unwrap())
            .collect();
        routed.sort_unstable();
        let document = parsed();
        let mut described: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        described.sort_unstable();
        assert_eq!(described, routed);
    }

    #[test]
    fn references_lead_somewhere() {
        let document = parsed();
        for reference in DOCUMENT.split("\"$ref\": \"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn the_page_shows_every_path() {
        let html = render(&parsed());
        for path in parsed()["paths"].as_object().unwrap().keys() {
            assert!(html.contains(&escape(path)), "{path}");
        }
    }
}
