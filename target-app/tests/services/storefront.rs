//! The storefront as it is served: its page, its assets, what it allows a browser.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use reqwest::{Method, Response};

use crate::postgres::database;
use crate::stack::Pod;

async fn page(pod: &Pod, path: &str) -> Response {
    let request = pod.request(Method::GET, path);
    request.header(ACCEPT, "text/html").send().await.unwrap()
}

fn said<'a>(answer: &'a Response, header: &http::HeaderName) -> &'a str {
    answer.headers()[header].to_str().unwrap()
}

#[tokio::test]
async fn the_front_page_has_the_catalogue_in_it() {
    let pod = Pod::start(&database(45, 1).await).await;
    let answer = page(&pod, "/?q=mug").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(said(&answer, &CONTENT_TYPE), "text/html; charset=utf-8");
    let policy = said(&answer, &CONTENT_SECURITY_POLICY);
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(said(&answer, &X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(said(&answer, &REFERRER_POLICY), "same-origin");
    let html = answer.text().await.unwrap();
    assert!(html.contains("3 products for “mug”"), "{html}");
    // Scripts are files or data, styles are files.
    let inline = html.matches("<script").count()
        - html
            .matches("<script type=\"module\" crossorigin src")
            .count();
    assert_eq!(
        inline,
        html.matches("<script type=\"application/json\"").count()
    );
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="));
}

#[tokio::test]
async fn every_view_is_the_page_and_everything_else_is_not_found() {
    let pod = Pod::start(&database(1, 1).await).await;
    for path in [
        "/product/1",
        "/cart",
        "/checkout",
        "/orders",
        "/orders/k",
        "/sign-in",
        "/register",
    ] {
        let answer = page(&pod, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(
            answer.text().await.unwrap().contains("<div id=\"root\">"),
            "{path}"
        );
    }
    let lost = page(&pod, "/nowhere").await;
    assert_eq!(lost.status(), 404);
    assert_eq!(said(&lost, &CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(
        lost.text().await.unwrap().contains("<div id=\"root\">"),
        "a person gets a page"
    );
    assert_eq!(pod.get("/nowhere").await.1["error"], "no such address");
    assert_eq!(page(&pod, "/?page=0").await.status(), 422);
}

#[tokio::test]
async fn assets_are_small_and_never_asked_for_twice() {
    let pod = Pod::start(&database(1, 1).await).await;
    let html = page(&pod, "/cart").await.text().await.unwrap();
    let mut assets = html
        .split("\"/assets/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let script = assets.find(|name| name.ends_with(".js")).expect("a script");
    let path = format!("/assets/{script}");
    // As it comes, whatever this client could decode.
    let client = reqwest::Client::builder().no_gzip().no_brotli();
    let client = client.build().unwrap();
    let ask = async |header: http::HeaderName, value: &str| {
        let request = client.get(pod.running.url(&path));
        request.header(header, value).send().await.unwrap()
    };

    let plain = ask(ACCEPT_ENCODING, "identity").await;
    assert_eq!(plain.status(), 200);
    assert_eq!(
        said(&plain, &CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        said(&plain, &CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
    let tag = said(&plain, &ETAG).to_owned();
    let size = plain.bytes().await.unwrap().len();
    for encoding in ["gzip", "br"] {
        let answer = ask(ACCEPT_ENCODING, encoding).await;
        assert_eq!(said(&answer, &CONTENT_ENCODING), encoding);
        assert!(answer.bytes().await.unwrap().len() < size / 2, "{encoding}");
    }
    let again = ask(IF_NONE_MATCH, &tag).await;
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
    assert_eq!(pod.get("/assets/index-gone.js").await.0, 404);
}
