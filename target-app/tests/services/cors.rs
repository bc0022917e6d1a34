//! Whom a browser lets read the shop's answers.

use reqwest::{Method, Response, header::HeaderMap};
use target_app::shop::RateLimit;

use crate::postgres::database;
use crate::stack::Pod;

const FRIEND: &str = "https://friend.example";

async fn asked(pod: &Pod, method: Method, origin: &str) -> Response {
    let request = pod.request(method, "/api/products");
    let request = request.header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.send().await.unwrap()
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin")?.to_str().ok()
}

#[tokio::test]
async fn unless_told_only_the_shops_own_pages_read_it() {
    let pod = Pod::start(&database(1, 1).await).await;
    for method in [Method::GET, Method::OPTIONS] {
        let answer = asked(&pod, method, FRIEND).await;
        let names = answer.headers().keys();
        let told = names.filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(told.count(), 0, "{:?}", answer.headers());
    }
}

#[tokio::test]
async fn a_named_site_may_read_even_refusals_and_nobody_else_may() {
    let pod = Pod::start_with(&database(1, 1).await, |config| {
        config.allowed_origins = vec![FRIEND.into()];
        config.rate_limit = RateLimit {
            per_second: 0.001,
            burst: 1.0,
        };
    })
    .await;
    let before = asked(&pod, Method::OPTIONS, FRIEND).await;
    assert_eq!(before.status(), 204);
    assert_eq!(allowed(before.headers()), Some(FRIEND));
    let methods = &before.headers()["access-control-allow-methods"];
    assert!(methods.to_str().unwrap().contains("POST"), "{methods:?}");
    let names = before.headers()["access-control-allow-headers"].to_str();
    for needed in ["authorization", "idempotency-key", "content-type"] {
        assert!(names.as_ref().unwrap().contains(needed), "{names:?}");
    }

    for status in [200, 429] {
        let answer = asked(&pod, Method::GET, FRIEND).await;
        assert_eq!(answer.status(), status);
        assert_eq!(allowed(answer.headers()), Some(FRIEND));
        assert_eq!(answer.headers()["vary"], "origin");
    }
    for stranger in [
        "https://friend.example.evil",
        "http://friend.example",
        "null",
    ] {
        let answer = asked(&pod, Method::GET, stranger).await;
        assert_eq!(allowed(answer.headers()), None, "{stranger}");
        assert_eq!(answer.headers()["vary"], "origin");
        let before = asked(&pod, Method::OPTIONS, stranger).await;
        assert_eq!(allowed(before.headers()), None, "{stranger}");
    }
}

#[tokio::test]
async fn what_is_no_origin_is_refused_at_the_start() {
    let database = database(1, 1).await;
    let mut config = target_app::shop::ShopConfig::new(
        "shop-1",
        "a",
        crate::stack::ANY,
        database,
        "a session key of the tests",
    );
    config.allowed_origins = vec!["*".into()];
    let (_trigger, shutdown) = target_app::process::Trigger::new();
    let refused = target_app::shop::run(config, |_| {}, shutdown).await;
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("`*` is no origin"), "{words}");
}
