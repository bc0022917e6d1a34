//! Stacks on the way from one server to many: read replicas, regions, confirmations in the request.

use std::time::Duration;

use serde_json::{Value, json};
use target_app::api::{Action, DatabaseRole, LinkMode, StackStatus};

use crate::harness::{Stack, User};

const SCALED: &str = r#"
description = "Two regions with a read replica"

[stack]
zones = ["a", "b"]
regions = { east = ["a"], west = ["b"] }
distance = "5ms"
replicas = 2
read_replicas = 1
cache = { ttl = "10s", entries = 100 }
service_time = "2ms"
concurrency = 8
database_time = { read = "2ms", write = "4ms" }
database_concurrency = 4
confirm = "inline"
confirm_time = "5ms"
task_runners = 0
products = 50
customers = 20
"#;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The zone that serves a user of this region, as soon as any does.
async fn served_in(status: &StackStatus, region: &str) -> String {
    let url = format!("{}/api/products/1", status.edge_url);
    let asked = async {
        loop {
            let asked = client().get(&url).header("x-region", region).send();
            let answer = asked.await.unwrap();
            if answer.status() == 200 {
                return answer.headers()["x-zone"].to_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let served = tokio::time::timeout(Duration::from_secs(30), asked).await;
    served.expect("somebody serves the user")
}

/// The sum of a metric over all shop pods.
async fn metric(status: &StackStatus, name: &str) -> f64 {
    let mut sum = 0.0;
    for pod in status.pods.iter().filter(|pod| pod.app == "shop") {
        let url = format!("http://{}/metrics", pod.address);
        let page = client()
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let samples = page.lines().filter(|line| line.starts_with(name));
        let value = |line: &str| line.split_whitespace().last()?.parse::<f64>().ok();
        sum += samples.filter_map(value).sum::<f64>();
    }
    sum
}

async fn order(status: &StackStatus, key: &str) {
    let customer = json!({ "email": "customer1@example.test", "password": "secret-1" });
    let url = |path: &str| format!("{}{path}", status.edge_url);
    let session = client().post(url("/api/sessions")).json(&customer).send();
    let session: Value = session.await.unwrap().json().await.unwrap();
    let ordered = client()
        .post(url("/api/orders"))
        .bearer_auth(session["token"].as_str().unwrap())
        .header("Idempotency-Key", key)
        .json(&json!({ "items": [{ "product": 1, "quantity": 1 }] }))
        .send();
    assert_eq!(ordered.await.unwrap().status(), 201);
    let read_back = client().get(url(&format!("/api/orders/by-key/{key}")));
    let found = read_back.send().await.unwrap();
    assert_eq!(found.status(), 200, "whoever wrote it finds it at once");
}

fn up(user: &User) -> Stack<'_> {
    let file = user.stacks().join("../scaled.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, SCALED).unwrap();
    user.up(&["--topology", file.to_str().unwrap()])
}

#[tokio::test]
async fn users_are_served_in_their_region_and_reads_by_the_replica() {
    let user = User::new();
    let stack = up(&user);
    let status = stack.status().await;
    let has_replica = |nodes: &StackStatus| {
        let mut nodes = nodes.database.nodes.iter();
        nodes.any(|node| node.role == DatabaseRole::Replica)
    };
    assert!(status.healthy && has_replica(&status), "{status:#?}");
    for (region, zone) in [("east", "a"), ("west", "b"), ("east", "a")] {
        assert_eq!(served_in(&status, region).await, zone);
    }
    let far = status
        .links
        .iter()
        .filter(|link| link.mode != LinkMode::Pass);
    let far: Vec<_> = far
        .map(|link| (link.from.as_str(), link.to.as_str()))
        .collect();
    assert!(
        !far.is_empty() && far.iter().all(|(from, to)| from != to),
        "{far:?}"
    );

    order(&status, "k-1").await;
    let url = format!("{}/api/admin/invariants", status.edge_url);
    let books: Value = client()
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&books["ok"], &books["emails"]),
        (&json!(true), &json!(1)),
        "{books}"
    );

    // The cache had most of it; what it had not came from the replica as soon as that was heard of.
    let mut id = 2;
    while metric(&status, "shop_replica_reads_total").await == 0.0 {
        id = 2 + (id - 1) % 48;
        let url = format!("{}/api/products/{id}", status.edge_url);
        assert_eq!(client().get(url).send().await.unwrap().status(), 200);
    }
    assert!(metric(&status, "shop_cache_requests_total").await > 0.0);
}

#[tokio::test]
async fn a_region_that_is_lost_is_served_by_the_other() {
    let user = User::new();
    let stack = up(&user);
    let zone = || "a".to_owned();
    stack
        .change("east", Action::OutageZone { zone: zone() })
        .await;
    let status = stack
        .until("everything is in the west", |status| {
            let mut nodes = status.database.nodes.iter();
            let primary = nodes.find(|node| node.role == DatabaseRole::Primary);
            let mut pods = status.pods.iter().filter(|pod| pod.zone == "b");
            primary.is_some_and(|node| node.zone == "b")
                && pods.any(|pod| pod.app == "shop" && pod.pid.is_some())
        })
        .await;
    assert_eq!(served_in(&status, "east").await, "b");
    order(&status, "k-west").await;
    stack.client().undo("east").await.unwrap();
    let status = stack.status().await;
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(served_in(&status, "east").await, "a");
}
