//! The catalogue's cache in Redis: shared by pods, never in anybody's way.

use rustix::process::Signal;
use serde_json::Value;
use target_app::api::{Cache, Millis};
use target_app::service::database::DatabaseParams;

use crate::postgres::{connect, database};
use crate::redis::Redis;
use crate::stack::{Pod, eventually};
use crate::stated::sample;

const PRODUCT: &str = "/api/products/1";

/// A pod that is connected with the cache, and takes it for slow on no machine.
async fn pod(database: &DatabaseParams, redis: &Redis, prefix: &str) -> Pod {
    pod_that_waits(60_000, database, redis, prefix).await
}

async fn pod_that_waits(
    patience_ms: u64,
    database: &DatabaseParams,
    redis: &Redis,
    prefix: &str,
) -> Pod {
    redis.ask(&["PING"]);
    let pod = Pod::start_with(database, |config| {
        config.cache = Some(Cache {
            ttl: Millis::new(600_000).unwrap(),
            entries: 1,
            redis: Some(redis.url().as_str().into()),
        });
        config.cache_prefix = prefix.into();
        config.cache_timeout_ms = patience_ms;
    })
    .await;
    until_kept(&pod, "/api/products/2").await;
    pod
}

/// Reads until the cache has it.
async fn until_kept(pod: &Pod, path: &str) {
    eventually("the cache serves", async || {
        let before = hits(pod).await;
        pod.get(path).await;
        (hits(pod).await > before).then_some(())
    })
    .await;
}

async fn hits(pod: &Pod) -> f64 {
    let line = "shop_cache_requests_total{pod=\"shop-1\",zone=\"a\",result=\"hit\"}";
    let (_, page) = pod.get("/metrics").await;
    match page.as_str().unwrap().contains(line) {
        true => sample(pod, line).await,
        false => 0.0,
    }
}

async fn failures(pod: &Pod) -> f64 {
    let line = "shop_cache_failures_total{pod=\"shop-1\",zone=\"a\",operation=\"read\"}";
    sample(pod, line).await
}

async fn price(pod: &Pod) -> i64 {
    let (status, product) = pod.get(PRODUCT).await;
    assert_eq!(status, 200, "{product}");
    product["price_cents"].as_i64().unwrap()
}

async fn raise_prices(database: &DatabaseParams) {
    let meddler = connect(database).await;
    let change = "UPDATE products SET price_cents = price_cents + 1";
    meddler.batch_execute(change).await.unwrap();
}

#[tokio::test]
async fn what_one_pod_read_another_has_and_another_stack_has_not() {
    let (params, redis) = (database(30, 1).await, Redis::start());
    let one = pod(&params, &redis, "stack-1").await;
    let other = pod(&params, &redis, "stack-1").await;
    let stranger = pod(&params, &redis, "stack-2").await;
    until_kept(&one, PRODUCT).await;
    until_kept(&one, "/api/products?q=mug").await;
    let (before, page) = (price(&one).await, one.get("/api/products?q=mug").await.1);
    raise_prices(&params).await;
    assert_eq!(price(&other).await, before, "as the first pod read it");
    assert_eq!(other.get("/api/products?q=mug").await.1, page);
    assert_eq!(
        price(&stranger).await,
        before + 1,
        "as it is in the database"
    );
    let (_, metrics) = one.get("/metrics").await;
    assert!(!metrics.as_str().unwrap().contains("shop_cache_entries"));
}

#[tokio::test]
async fn an_entry_is_served_until_its_time_is_over() {
    let (params, redis) = (database(2, 1).await, Redis::start());
    let pod = pod(&params, &redis, "stack").await;
    until_kept(&pod, PRODUCT).await;
    let before = price(&pod).await;
    let left: i64 = redis.ask(&["PTTL", "stack:product:1"]).parse().unwrap();
    assert!((1..=600_000).contains(&left), "{left}");
    raise_prices(&params).await;
    assert_eq!(price(&pod).await, before);
    redis.ask(&["PEXPIRE", "stack:product:1", "1"]);
    eventually("it is read anew", async || {
        (price(&pod).await == before + 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_kept_too_and_nonsense_is_read_past() {
    let (params, redis) = (database(2, 1).await, Redis::start());
    let pod = pod(&params, &redis, "stack").await;
    until_kept(&pod, "/api/products/3").await;
    assert_eq!(pod.get("/api/products/3").await.0, 404);

    until_kept(&pod, PRODUCT).await;
    redis.ask(&["SET", "stack:product:1", "nonsense"]);
    let before = price(&pod).await;
    assert_eq!(failures(&pod).await, 1.0);
    until_kept(&pod, PRODUCT).await;
    assert_eq!(price(&pod).await, before);
}

#[tokio::test]
async fn a_cache_that_dies_fails_nobody_and_serves_again_when_it_is_back() {
    let (params, redis) = (database(2, 1).await, Redis::start());
    let pod = pod(&params, &redis, "stack").await;
    until_kept(&pod, PRODUCT).await;
    let port = redis.port;
    drop(redis);
    raise_prices(&params).await;
    let fresh = price(&pod).await;
    assert!(failures(&pod).await >= 1.0);
    assert_eq!(price(&pod).await, fresh);

    let _redis = Redis::start_at(port);
    until_kept(&pod, PRODUCT).await;
    assert_eq!(price(&pod).await, fresh);
}

#[tokio::test]
async fn a_cache_that_hangs_fails_nobody() {
    let (params, redis) = (database(2, 1).await, Redis::start());
    let pod = pod_that_waits(50, &params, &redis, "stack").await;
    until_kept(&pod, PRODUCT).await;
    redis.signal(Signal::STOP);
    let read: (_, Value) = pod.get(PRODUCT).await;
    assert_eq!(read.0, 200, "{}", read.1);
    assert!(failures(&pod).await >= 1.0);
    redis.signal(Signal::CONT);
    until_kept(&pod, PRODUCT).await;
}
