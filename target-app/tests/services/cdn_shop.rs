//! The shop behind the edge's cache: what it says about being kept, and what that is worth.

use target_app::edge::CdnConfig;
use target_app::edge::admin_api::{Target, TargetState};
use target_app::shop::CatalogueCaching;

use crate::edge::Edge;
use crate::origin::said;
use crate::postgres::database;
use crate::relay::{Mode, Relay};
use crate::stack::Pod;

async fn in_front_of(pod: &Pod) -> Edge {
    let target = Target {
        name: "shop-1".into(),
        zone: "a".into(),
        address: pod.running.bound.address,
        weight: 1,
        state: TargetState::Active,
    };
    Edge::start(vec![target], |config| {
        config.cdn = Some(CdnConfig::default());
    })
    .await
}

#[tokio::test]
async fn the_catalogue_and_its_assets_are_anybodys_and_the_rest_is_not() {
    let pod = Pod::start(&database(30, 1).await).await;
    let edge = in_front_of(&pod).await;
    let token = pod.sign_in(1).await;
    let html = edge.get("/").await.text().await.unwrap();
    let script = html.split("\"/assets/").nth(1).unwrap();
    let script = format!("/assets/{}", script.split('"').next().unwrap());
    let catalogue = "public, max-age=0, s-maxage=5, stale-while-revalidate=10, stale-if-error=300";
    for (path, says) in [
        ("/", catalogue),
        ("/?q=mug", catalogue),
        ("/product/1", catalogue),
        ("/api/products?page=2", catalogue),
        ("/api/products/1", catalogue),
        (&script, "public, max-age=31536000, immutable"),
    ] {
        let first = edge.get(path).await;
        assert_eq!(
            (first.status().as_u16(), &*said(&first, "cache-control")),
            (200, says)
        );
        let again = edge.get(path).await;
        assert_ne!(said(&again, "x-cache"), "miss", "{path}");
        assert_eq!(first.bytes().await.unwrap(), again.bytes().await.unwrap());
    }
    let cart = edge
        .client
        .get(edge.running.url("/api/cart"))
        .bearer_auth(token);
    let cart = cart.send().await.unwrap();
    assert_eq!(
        (cart.status().as_u16(), &*said(&cart, "x-cache")),
        (200, "bypass")
    );
    for (path, status) in [("/api/products/999", 404), ("/?page=0", 422)] {
        for _ in 0..2 {
            let lost = edge.get(path).await;
            assert_eq!(
                (lost.status().as_u16(), &*said(&lost, "x-cache")),
                (status, "miss")
            );
        }
    }
}

#[tokio::test]
async fn the_catalogue_stays_readable_while_the_database_is_gone() {
    let mut params = database(30, 1).await;
    let relay = Relay::start(params.address.clone()).await;
    params.address = relay.address.to_string();
    let pod = Pod::start_with(&params, |config| {
        // Never fresh, so that every request would need the database.
        config.catalogue_caching = CatalogueCaching {
            fresh_seconds: 0,
            while_revalidating_seconds: 0,
            if_error_seconds: 3_600,
        };
        config.query_timeout_ms = 200;
    })
    .await;
    let edge = in_front_of(&pod).await;
    let read = edge.get("/").await.text().await.unwrap();
    relay.set(Mode::Silent);
    let without = pod.get("/").await.0;
    assert_eq!(without, 503, "the shop itself cannot answer");
    let kept = edge.get("/").await;
    assert_eq!(
        (kept.status().as_u16(), &*said(&kept, "x-cache")),
        (200, "stale")
    );
    assert_eq!(kept.text().await.unwrap(), read);
    assert_eq!(
        edge.get("/?q=oak").await.status(),
        503,
        "nobody had asked for that"
    );
    relay.set(Mode::Pass);
}
