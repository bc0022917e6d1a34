//! The shop's API: what it serves and what it refuses.

use reqwest::Method;
use serde_json::{Value, json};
use target_app::shop::{self, RateLimit, ShopConfig, schema};

use crate::postgres::database;
use crate::stack::{ANY, Pod, Running, answer, eventually};

#[tokio::test]
async fn the_catalogue_is_paged_and_searched() {
    let pod = Pod::start(&database(45, 1).await).await;
    let (status, page) = pod.get("/api/products?page=3&per_page=20").await;
    assert_eq!(status, 200);
    assert_eq!(page["items"].as_array().unwrap().len(), 5);
    assert_eq!((&page["pages"], &page["total"]), (&json!(3), &json!(45)));
    assert_eq!(page["items"][0]["id"], 41);

    let (_, found) = pod.get("/api/products?q=Mug").await;
    assert_eq!(found["total"], 3, "every twentieth of 45 is a mug: {found}");
    let (_, none) = pod.get("/api/products?q=nosuchthing").await;
    assert_eq!((&none["total"], &none["pages"]), (&json!(0), &json!(1)));
    let (status, odd) = pod.get("/api/products?q=%27%20%26%20%7C%5C").await;
    assert_eq!(
        (status.as_u16(), &odd["total"]),
        (200, &json!(45)),
        "no words are no search"
    );
    let (_, behind) = pod.get("/api/products?page=9").await;
    assert_eq!(
        (&behind["items"], &behind["total"]),
        (&json!([]), &json!(45))
    );

    assert_eq!(pod.get("/api/products/7").await.1["id"], 7);
    for missing in ["/api/products/46", "/api/products/x", "/nowhere"] {
        assert_eq!(pod.get(missing).await.0, 404, "{missing}");
    }
    assert_eq!(pod.post("/api/products", &json!({})).await.0, 405);
}

#[tokio::test]
async fn what_is_installed_is_left_as_it_is() {
    let params = database(3, 2).await;
    let again = || schema::install(&params, 50, 50);
    let (first, second) = tokio::join!(again(), again());
    first.unwrap();
    second.unwrap();
    let pod = Pod::start(&params).await;
    assert_eq!(pod.get("/api/products").await.1["total"], 3);
    pod.sign_in(2).await;
}

#[tokio::test]
async fn customers_register_and_sign_in() {
    let pod = Pod::start(&database(1, 1).await).await;
    let someone = json!({"email": "New@Example.test", "name": "New", "password": "long enough"});
    let (status, session) = pod.post("/api/customers", &someone).await;
    assert_eq!(status, 201, "{session}");
    assert_eq!(pod.post("/api/customers", &someone).await.0, 409);
    let (status, _) = pod.post("/api/sessions", &someone).await;
    assert_eq!(status, 200);

    for (email, password) in [("new@example.test", "wrong"), ("nobody@example.test", "x")] {
        let wrong = json!({ "email": email, "password": password });
        assert_eq!(pod.post("/api/sessions", &wrong).await.0, 401);
    }
    let (status, body) = pod.post("/api/customers", &json!({"email": "x"})).await;
    assert_eq!(status, 422);
    let named: Vec<_> = body["fields"].as_object().unwrap().keys().collect();
    assert_eq!(named, ["email", "name", "password"]);
}

#[tokio::test]
async fn a_cart_is_kept_and_becomes_an_order() {
    let pod = Pod::start(&database(5, 1).await).await;
    let token = pod.sign_in(1).await;
    let cart = async |method: Method, path: &str, body: Value| {
        answer(pod.request(method, path).bearer_auth(&token).json(&body)).await
    };
    cart(
        Method::PUT,
        "/api/cart",
        json!({"items": [{"product": 1, "quantity": 2}]}),
    )
    .await;
    let item = json!({"product": "2", "quantity": "1"});
    let (status, filled) = cart(Method::POST, "/api/cart/items", item).await;
    assert_eq!(
        (status.as_u16(), filled["items"].as_array().unwrap().len()),
        (200, 2)
    );
    let unknown = json!({"product": 99, "quantity": 1});
    assert_eq!(cart(Method::POST, "/api/cart/items", unknown).await.0, 422);

    let order = pod
        .request(Method::POST, "/api/orders")
        .bearer_auth(&token)
        .header("Idempotency-Key", "from-cart");
    let (status, order) = answer(order).await;
    assert_eq!(status, 201, "{order}");
    assert_eq!(order["total_cents"], filled["total_cents"]);
    let (_, emptied) = cart(Method::GET, "/api/cart", json!(null)).await;
    assert_eq!(emptied["items"], json!([]));
    cart(
        Method::POST,
        "/api/cart/items",
        json!({"product": 1, "quantity": 1}),
    )
    .await;
    assert_eq!(cart(Method::DELETE, "/api/cart", json!(null)).await.0, 204);
    pod.assert_invariants().await;
}

#[tokio::test]
async fn every_answer_says_who_gave_it() {
    let pod = Pod::start(&database(1, 1).await).await;
    let answer = pod
        .request(Method::GET, "/nowhere")
        .header("x-request-id", "from-the-test")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-pod"], "shop-1");
    assert_eq!(answer.headers()["x-zone"], "a");
    assert_eq!(answer.headers()["x-request-id"], "from-the-test");
    let answer = pod.request(Method::GET, "/").send().await.unwrap();
    assert!(!answer.headers()["x-request-id"].is_empty());
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("<a href=\"/product/1\">Plain oak mug</a>")
    );
}

#[tokio::test]
async fn too_many_requests_are_told_to_wait_and_others_are_not() {
    let pod = Pod::start_with(&database(1, 2).await, |config| {
        config.rate_limit = RateLimit {
            per_second: 0.001,
            burst: 2.0,
        };
    })
    .await;
    let ask = async |client: &str| {
        let request = pod.request(Method::GET, "/api/products/1");
        request
            .header("x-forwarded-for", client)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(ask("192.0.2.1").await.status(), 200);
    assert_eq!(ask("192.0.2.1").await.status(), 200);
    let refused = ask("192.0.2.1").await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=1_000).contains(&wait), "{wait}");
    let headers = refused.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(ask("192.0.2.2").await.status(), 200);
    assert_eq!(pod.get("/healthz").await.0, 200, "probes always get in");
}

#[tokio::test]
async fn metrics_and_documents_are_served() {
    let pod = Pod::start(&database(1, 1).await).await;
    pod.get("/api/products/1").await;
    let (_, metrics) = pod.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    for line in [
        "shop_http_request_duration_seconds_count{pod=\"shop-1\",zone=\"a\",method=\"GET\",route=\"/api/products/{id}\",status=\"200\"} 1",
        "shop_database_connections{pod=\"shop-1\",zone=\"a\",state=\"most\"} 8",
        "shop_database_writable{pod=\"shop-1\",zone=\"a\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert_eq!(pod.get("/openapi.json").await.1["openapi"], "3.1.0");
    assert!(
        pod.get("/docs")
            .await
            .1
            .as_str()
            .unwrap()
            .contains("/api/orders")
    );
}

#[tokio::test]
async fn a_pod_that_is_asked_to_stop_turns_unready_and_goes() {
    let pod = Pod::start_with(&database(1, 1).await, |config| config.drain_ms = 60_000).await;
    pod.running.trigger.pull();
    let readiness = eventually("it is unready", async || {
        let (status, body) = pod.get("/readyz").await;
        (status == 503).then_some(body)
    })
    .await;
    assert_eq!(readiness["reason"], "shutting down");
    assert_eq!(
        pod.get("/api/products/1").await.0,
        200,
        "it serves on meanwhile"
    );
    pod.running.task.abort();

    let quick = Pod::start(&database(1, 1).await).await;
    quick.running.stop().await;
}

#[tokio::test]
async fn without_a_database_a_pod_lives_but_is_not_ready() {
    let mut nowhere = database(1, 1).await;
    nowhere.address = "127.0.0.1:1".into();
    let config = ShopConfig::new("shop-2", "b", ANY, nowhere, "a session key of the tests");
    let lost = Running::start(|bound, shutdown| shop::run(config, bound, shutdown)).await;
    let ask = async |path: &str| reqwest::get(lost.url(path)).await.unwrap();
    assert_eq!(ask("/healthz").await.status(), 200);
    assert_eq!(ask("/readyz").await.status(), 503);
    let refused = ask("/api/products").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
}
