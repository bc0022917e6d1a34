//! What a pod costs where that is stated: slots, the database's work, the cache, confirmations.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use target_app::api::{Cache, Confirm, DatabaseTime, Millis};
use target_app::service::slots::Slots;
use target_app::service::turnstile::Turnstile;
use target_app::shop::{DatabaseWork, PodWork};

use crate::postgres::{connect, database};
use crate::stack::{Pod, answer};

fn ms(ms: u32) -> Millis {
    Millis::new(ms).unwrap()
}

/// The value of the first sample whose line begins like that.
pub(crate) async fn sample(pod: &Pod, line: &str) -> f64 {
    let (_, page) = pod.get("/metrics").await;
    let page = page.as_str().unwrap();
    let found = page.lines().find_map(|sample| sample.strip_prefix(line));
    let value = found.and_then(|rest| rest.split_whitespace().last());
    value
        .unwrap_or_else(|| panic!("{line} is missing in\n{page}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn requests_take_turns_in_the_slots_and_the_surplus_is_refused() {
    let params = database(1, 1).await;
    let pod = Pod::start_with(&params, |config| {
        config.work = Some(PodWork {
            time: ms(20),
            at_once: 1,
        });
    })
    .await;
    let began = Instant::now();
    let ask = || answer(pod.request(Method::GET, "/api/products/1"));
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert_eq!([a.0, b.0, c.0].map(|status| status.as_u16()), [200; 3]);
    assert!(
        began.elapsed() >= Duration::from_millis(60),
        "one after the other"
    );
    assert_eq!(pod.get("/healthz").await.0, 200, "probes take no slot");
    assert_eq!(
        sample(&pod, "shop_slots{pod=\"shop-1\",zone=\"a\",state=\"most\"}").await,
        1.0
    );

    let slow = Pod::start_with(&params, |config| {
        config.work = Some(PodWork {
            time: ms(600_000),
            at_once: 1,
        });
    })
    .await;
    let mut held: Vec<_> = (0..21)
        .map(|_| tokio::spawn(slow.request(Method::GET, "/api/products/1").send()))
        .collect();
    let waiting = "shop_slots{pod=\"shop-1\",zone=\"a\",state=\"waiting\"}";
    while sample(&slow, waiting).await < 20.0 {}
    let refused = slow
        .request(Method::GET, "/api/products/1")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    held.drain(..).for_each(|request| request.abort());
    slow.running.task.abort();
}

#[tokio::test]
async fn all_pods_share_the_slots_of_the_database() {
    let params = database(2, 1).await;
    let turnstile = Turnstile::open(Ipv4Addr::LOCALHOST.into(), Slots::new(1)).unwrap();
    let work = DatabaseWork {
        time: DatabaseTime {
            read: ms(15),
            write: ms(30),
        },
        turnstile: Some(turnstile.address()),
    };
    let one = Pod::start_with(&params, |config| config.database_work = Some(work)).await;
    let other = Pod::start_with(&params, |config| config.database_work = Some(work)).await;
    let began = Instant::now();
    let (a, b) = tokio::join!(one.get("/api/products/1"), other.get("/api/products"));
    assert_eq!((a.0.as_u16(), b.0.as_u16()), (200, 200));
    assert!(began.elapsed() >= Duration::from_millis(30));

    let token = one.sign_in(1).await;
    let began = Instant::now();
    let item = json!([{ "product": 1, "quantity": 1 }]);
    assert_eq!(one.order(&token, "k", &item).await.0, 201);
    assert!(began.elapsed() >= Duration::from_millis(30), "a write");
    let work = "shop_database_work_seconds_count{pod=\"shop-1\",zone=\"a\",server=\"primary\"}";
    assert_eq!(sample(&one, work).await, 3.0);

    drop(turnstile);
    let (status, told) = one.get("/api/products/1").await;
    assert_eq!(status, 503, "{told}");
    assert_eq!(told["outcome"], "unchanged");
}

#[tokio::test]
async fn one_server_does_both_in_the_same_slots() {
    let pod = Pod::start_with(&database(1, 1).await, |config| {
        config.work = Some(PodWork {
            time: ms(10),
            at_once: 1,
        });
        config.database_work = Some(DatabaseWork {
            time: DatabaseTime {
                read: ms(20),
                write: ms(20),
            },
            turnstile: None,
        });
    })
    .await;
    let began = Instant::now();
    let ask = || answer(pod.request(Method::GET, "/api/products/1"));
    let (a, b) = tokio::join!(ask(), ask());
    assert_eq!((a.0.as_u16(), b.0.as_u16()), (200, 200));
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn what_was_read_of_the_catalogue_is_served_until_its_time_is_over() {
    let params = database(30, 1).await;
    let pod = Pod::start_with(&params, |config| {
        config.cache = Some(Cache {
            ttl: ms(600_000),
            entries: 100,
            redis: None,
        });
    })
    .await;
    let path = "/api/products?q=mug&page=1";
    let before = pod.get(path).await.1;
    let meddler = connect(&params).await;
    let change = "UPDATE products SET price_cents = price_cents + 1";
    meddler.batch_execute(change).await.unwrap();
    assert_eq!(pod.get(path).await.1, before, "as it was read");
    assert_eq!(pod.get("/api/products/31").await.0, 404);
    assert_eq!(pod.get("/api/products/31").await.0, 404);
    let count = async |result: &str| {
        let line =
            format!("shop_cache_requests_total{{pod=\"shop-1\",zone=\"a\",result=\"{result}\"}}");
        sample(&pod, &line).await
    };
    assert_eq!((count("hit").await, count("miss").await), (2.0, 2.0));
    assert_eq!(
        sample(&pod, "shop_cache_entries{pod=\"shop-1\",zone=\"a\"}").await,
        2.0
    );

    // What it costs is looked up in the database itself.
    let token = pod.sign_in(1).await;
    let product = &before["items"][0];
    let items = json!([{ "product": product["id"], "quantity": 1 }]);
    let (_, order) = pod.order(&token, "k", &items).await;
    let price = product["price_cents"].as_i64().unwrap();
    assert_eq!(order["total_cents"], price + 1);
}

#[tokio::test]
async fn a_read_that_fails_is_not_kept() {
    let params = database(1, 1).await;
    let pod = Pod::start_with(&params, |config| {
        config.cache = Some(Cache {
            ttl: ms(600_000),
            entries: 10,
            redis: None,
        });
    })
    .await;
    let meddler = connect(&params).await;
    let rename = "ALTER TABLE products RENAME TO elsewhere";
    meddler.batch_execute(rename).await.unwrap();
    assert_eq!(pod.get("/api/products/1").await.0, 503);
    let rename = "ALTER TABLE elsewhere RENAME TO products";
    meddler.batch_execute(rename).await.unwrap();
    assert_eq!(pod.get("/api/products/1").await.0, 200);
}

#[tokio::test]
async fn a_confirmation_within_the_request_is_there_with_the_answer() {
    let params = database(1, 1).await;
    let pod = Pod::start_with(&params, |config| {
        config.confirm = Confirm::Inline;
        config.confirm_time = Some(ms(25));
    })
    .await;
    let token = pod.sign_in(1).await;
    let items = json!([{ "product": 1, "quantity": 1 }]);
    let began = Instant::now();
    assert_eq!(pod.order(&token, "k", &items).await.0, 201);
    assert!(began.elapsed() >= Duration::from_millis(25));
    assert_eq!(pod.order(&token, "k", &items).await.0, 200, "not again");
    let counts = pod.assert_invariants().await;
    assert_eq!(
        (&counts["emails"], &counts["jobs_done"], &counts["pending"]),
        (&json!(1), &json!(1), &json!(0)),
        "{counts}"
    );
}
