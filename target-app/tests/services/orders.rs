//! Orders: what is promised about them, when many buy at once and when connections break.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::postgres::{connect, database};
use crate::stack::{Pod, answer, eventually};

#[tokio::test]
async fn a_purchase_from_sign_in_to_history() {
    let database = database(3, 2).await;
    let pod = Pod::start(&database).await;
    let token = pod.sign_in(1).await;
    let items = json!([{"product": "2", "quantity": "3"}, {"product": 1, "quantity": 1}]);
    let (status, order) = pod.order(&token, "key-1", &items).await;
    assert_eq!(status, 201, "{order}");
    let (_, one) = pod.get("/api/products/1").await;
    let (_, two) = pod.get("/api/products/2").await;
    let price = |product: &serde_json::Value| product["price_cents"].as_i64().unwrap();
    assert_eq!(order["total_cents"], price(&one) + 3 * price(&two));
    assert_eq!(two["stock"], 999_997);

    let (status, again) = pod.order(&token, "key-1", &items).await;
    assert_eq!(
        (status, &again),
        (StatusCode::OK, &order),
        "the same key is the same order"
    );
    let (status, read) = pod.get("/api/orders/by-key/key-1").await;
    assert_eq!((status, &read), (StatusCode::OK, &order));
    assert_eq!(read["copies"], 1);
    assert_eq!(pod.get("/api/orders/by-key/key-2").await.0, 404);

    let other = pod.sign_in(2).await;
    assert_eq!(
        pod.order(&other, "key-1", &items).await.0,
        409,
        "keys are not shared"
    );
    let (_, history) = answer(pod.request(Method::GET, "/api/orders").bearer_auth(&token)).await;
    assert_eq!(history["items"], json!([order]));
    let (_, none) = answer(pod.request(Method::GET, "/api/orders").bearer_auth(&other)).await;
    assert_eq!(none["items"], json!([]));
    let counts = pod.assert_invariants().await;
    assert_eq!(
        (&counts["orders"], &counts["pending"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn wrong_orders_change_nothing() {
    let pod = Pod::start(&database(1, 1).await).await;
    let token = pod.sign_in(1).await;
    let good = json!([{"product": 1, "quantity": 1}]);
    assert_eq!(pod.order("no token", "k", &good).await.0, 401);
    let (status, body) = pod
        .order(&token, "k", &json!([{"product": 1, "quantity": 0}]))
        .await;
    assert_eq!(status, 422);
    assert!(body["fields"]["items[0].quantity"].is_string(), "{body}");
    let (status, _) = pod
        .order(&token, "k", &json!([{"product": 9, "quantity": 1}]))
        .await;
    assert_eq!(status, 422);
    let without_key = pod.request(Method::POST, "/api/orders").bearer_auth(&token);
    let (status, body) = answer(without_key.json(&json!({ "items": good }))).await;
    assert_eq!(status, 422);
    assert!(body["fields"]["Idempotency-Key"].is_string(), "{body}");
    let not_json = pod.request(Method::POST, "/api/orders").bearer_auth(&token);
    let (status, _) = answer(not_json.header("Idempotency-Key", "k").body("{")).await;
    assert_eq!(status, 400);
    let counts = pod.assert_invariants().await;
    assert_eq!(counts["orders"], 0);
    assert_eq!(
        pod.order(&token, "k", &good).await.0,
        201,
        "a refused key is free"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_items_are_sold_once() {
    const STOCK: usize = 5;
    let params = database(2, 1).await;
    connect(&params)
        .await
        .batch_execute("UPDATE products SET stock = 5, stock_initial = 5")
        .await
        .unwrap();
    // Two pods, and orders that name the products in either order.
    let pods = [Pod::start(&params).await, Pod::start(&params).await];
    let token = pods[0].sign_in(1).await;
    let orders = (0..24).map(|number| {
        let (first, second) = if number % 2 == 0 { (1, 2) } else { (2, 1) };
        let items = json!([{"product": first, "quantity": 1}, {"product": second, "quantity": 1}]);
        let (pod, token) = (&pods[number % 2], &token);
        async move { pod.order(token, &format!("key-{number}"), &items).await.0 }
    });
    let statuses = join_all(orders).await;
    let sold = statuses.iter().filter(|status| **status == 201).count();
    let refused = statuses.iter().filter(|status| **status == 409).count();
    assert_eq!(
        (sold, refused),
        (STOCK, statuses.len() - STOCK),
        "{statuses:?}"
    );
    let counts = pods[0].assert_invariants().await;
    assert_eq!(counts["orders"], STOCK);
    assert_eq!(pods[0].get("/api/products/1").await.1["stock"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_at_the_same_time_is_one_order() {
    let params = database(1, 1).await;
    let pods = [Pod::start(&params).await, Pod::start(&params).await];
    let token = pods[0].sign_in(1).await;
    let items = json!([{"product": 1, "quantity": 1}]);
    let orders = (0..16).map(|number| pods[number % 2].order(&token, "the-key", &items));
    let answers = join_all(orders).await;
    let created = answers.iter().filter(|(status, _)| *status == 201).count();
    let repeated = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((created, repeated), (1, 15));
    assert!(
        answers
            .iter()
            .all(|(_, order)| order["id"] == answers[0].1["id"])
    );
    assert_eq!(pods[0].assert_invariants().await["orders"], 1);
}

#[tokio::test]
async fn orders_survive_when_every_connection_is_killed() {
    let params = database(1, 1).await;
    let pod = Pod::start(&params).await;
    let token = pod.sign_in(1).await;
    let items = json!([{"product": 1, "quantity": 1}]);
    let (status, before) = pod.order(&token, "before", &items).await;
    assert_eq!(status, 201);
    let killed: i64 = connect(&params)
        .await
        .query_one(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert!(killed >= 1);
    eventually("orders are taken again", async || {
        let (status, body) = pod.order(&token, "after", &items).await;
        assert!(status == 503 || status.is_success(), "{status} {body}");
        status.is_success().then_some(())
    })
    .await;
    assert_eq!(pod.get("/api/orders/by-key/before").await.1, before);
    assert_eq!(pod.assert_invariants().await["orders"], 2);
}

/// All at the same time.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut done = true;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => done = false,
                }
            }
        }
        if done {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending
        .into_iter()
        .map(|(_, output)| output.unwrap())
        .collect()
}
