//! More and fewer pods by what they have to do, and evictions that a budget has a say in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use target_app::api::{Action, ChangeRequest, EventKind, StackStatus};
use target_app::client::ClientError;
use tokio::task::JoinSet;

use crate::harness::User;

fn serving(status: &StackStatus) -> u32 {
    status.workloads[0].ready
}

/// A topology of its own.
fn topology(stack: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let text = format!("description = \"of a test\"\n[stack]\n{stack}\n");
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test]
async fn an_eviction_that_a_budget_forbids_is_refused_and_another_one_waits_its_turn() {
    let user = User::new();
    let file = topology("replicas = 3\ndisruption_budget = { min_available = 3 }");
    let stack = user.up(&["--topology", file.path().to_str().unwrap()]);
    let evict = |pods: &[&str]| ChangeRequest {
        run: "test-run".into(),
        fault: "evict".into(),
        action: Action::EvictPods {
            pods: pods.iter().map(ToString::to_string).collect(),
            timeout_ms: 60_000,
        },
    };
    let refused = stack.client().change("evict", &evict(&["shop-1"])).await;
    let Err(ClientError::Refused {
        status: 429,
        message,
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert!(
        message.contains("shop-1") && message.contains("3 pods serve"),
        "{message}"
    );
    assert!(stack.status().await.healthy, "nothing was changed");

    // A drain starts others elsewhere first: at no time fewer than three serve.
    let before = stack.status().await.last_event;
    let drain = Action::DrainZone { zone: "b".into() };
    stack.change("drain", drain).await;
    let fewest = async {
        let mut fewest = u32::MAX;
        loop {
            let status = stack.status().await;
            fewest = fewest.min(serving(&status));
            if status.pods.iter().all(|pod| pod.zone != "b") {
                return fewest;
            }
        }
    };
    let fewest = tokio::time::timeout(crate::harness::LIMIT, fewest).await;
    assert_eq!(fewest.expect("zone b is empty in the end"), 3);
    stack
        .event(before, EventKind::ChangeEffective, "drain")
        .await;
    stack.client().undo("drain").await.unwrap();
}

#[tokio::test]
async fn evicted_pods_leave_as_their_budget_allows() {
    let user = User::new();
    let file = topology("replicas = 3\ndisruption_budget = { max_unavailable = 1 }");
    let stack = user.up(&["--topology", file.path().to_str().unwrap()]);
    let before = stack.status().await;
    assert_eq!(before.workloads[0].headroom, Some(1));
    let pods: Vec<String> = ["shop-1", "shop-2", "shop-3"].map(String::from).into();
    let evict = Action::EvictPods {
        pods: pods.clone(),
        timeout_ms: 60_000,
    };
    stack.change("evict", evict).await;
    stack
        .event(before.last_event, EventKind::ChangeEffective, "evict")
        .await;
    stack.client().undo("evict").await.unwrap();
    let after = stack.status().await;
    assert!(after.healthy, "{:?}", after.problems);
    assert!(
        after
            .pods
            .iter()
            .all(|pod| !pods.contains(&pod.name) || pod.pid.is_none())
    );
}

#[tokio::test]
async fn a_busy_shop_gets_more_pods_and_a_calm_one_fewer() {
    let user = User::new();
    let file = topology(
        "replicas = 2\nmischief = { delay_ms = 50 }\n\
         autoscale = { min = 2, max = 4, target_in_flight = 2, scale_down_after_ms = 1000 }",
    );
    let stack = user.up(&["--topology", file.path().to_str().unwrap()]);
    let before = stack.status().await;
    let calm = Arc::new(AtomicBool::new(false));
    let mut visitors = JoinSet::new();
    for _ in 0..16 {
        let (url, calm) = (
            format!("{}/api/products", before.edge_url),
            Arc::clone(&calm),
        );
        visitors.spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            while !calm.load(Ordering::Relaxed) {
                let _ = http.get(&url).send().await;
            }
        });
    }
    let up = stack
        .event(before.last_event, EventKind::Scaled, "shop")
        .await;
    assert!(up.detail.contains("requests in flight"), "{}", up.detail);
    stack
        .until("four pods", |status| serving(status) == 4)
        .await;
    calm.store(true, Ordering::Relaxed);
    while visitors.join_next().await.is_some() {}
    let status = stack
        .until("two pods", |status| serving(status) == 2 && status.healthy)
        .await;
    assert_eq!(status.workloads[0].desired, 2);
}
