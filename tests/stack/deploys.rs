//! Deploys with visitors on the page: nobody sees a good one, a bad one is taken back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use target_app::api::{
    Action, CanaryStep, Comparison, EventKind, Mischief, RollbackRule, StackStatus, Strategy,
    TrafficMetric,
};
use target_app::client::ClientError;
use tokio::task::JoinHandle;

use crate::harness::{Stack, User};

/// Asks for a page again and again, and counts answers by version.
struct Visitor {
    stop: Arc<AtomicBool>,
    visiting: JoinHandle<Visits>,
}

#[derive(Debug, Default)]
struct Visits {
    by_version: BTreeMap<String, u32>,
    failed: Vec<String>,
}

impl Visitor {
    fn start(edge: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped) = (format!("{edge}/api/products"), Arc::clone(&stop));
        let visiting = tokio::spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let mut visits = Visits::default();
            while !stopped.load(Ordering::Relaxed) {
                match http.get(&url).send().await {
                    Ok(answer) if answer.status().is_success() => {
                        let version = &answer.headers()["x-version"];
                        let version = version.to_str().unwrap().to_owned();
                        *visits.by_version.entry(version).or_default() += 1;
                    }
                    Ok(answer) => visits.failed.push(answer.status().to_string()),
                    Err(error) => visits.failed.push(error.to_string()),
                }
            }
            visits
        });
        Self { stop, visiting }
    }

    async fn stop(self) -> Visits {
        self.stop.store(true, Ordering::Relaxed);
        self.visiting.await.unwrap()
    }
}

fn deploy(version: &str, strategy: Strategy) -> Action {
    Action::Deploy {
        app: "shop".into(),
        version: version.into(),
        strategy,
        bad: Mischief::default(),
        rollback_when: None,
    }
}

fn rolling() -> Strategy {
    Strategy::Rolling {
        max_surge: 1,
        max_unavailable: 0,
    }
}

fn canary(first: u32, pause_ms: u64) -> Strategy {
    let step = |share, pause_ms| CanaryStep { share, pause_ms };
    Strategy::Canary {
        steps: vec![step(first, pause_ms), step(100, 0)],
    }
}

fn versions(status: &StackStatus) -> Vec<&str> {
    let shop = status.pods.iter().filter(|pod| pod.app == "shop");
    shop.map(|pod| pod.labels["version"].as_str()).collect()
}

async fn forward_and_back(stack: &Stack<'_>, id: &str, version: &str, strategy: Strategy) {
    let before = stack.status().await.last_event;
    stack.change(id, deploy(version, strategy)).await;
    stack.event(before, EventKind::ChangeEffective, id).await;
    let status = stack
        .until("only new pods", |status| versions(status) == [version; 3])
        .await;
    assert_eq!(status.workloads[0].version, version);
    stack.client().undo(id).await.unwrap();
    let status = stack
        .until("only old pods", |status| versions(status) == ["1"; 3])
        .await;
    assert!(status.healthy, "{:?}", status.problems);
}

#[tokio::test]
async fn no_visitor_sees_a_good_deploy_or_its_way_back() {
    let user = User::new();
    let stack = user.up(&[]);
    let visitor = Visitor::start(&stack.status().await.edge_url);
    forward_and_back(&stack, "rolling", "2", rolling()).await;
    let blue_green = Strategy::BlueGreen { keep_old_ms: 100 };
    forward_and_back(&stack, "blue-green", "3", blue_green).await;
    forward_and_back(&stack, "canary", "4", canary(10, 300)).await;
    let visits = visitor.stop().await;
    assert_eq!(visits.failed, Vec::<String>::new());
    let seen: Vec<_> = visits.by_version.keys().map(String::as_str).collect();
    assert_eq!(seen, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_canary_gets_its_share_and_goes_back_half_way() {
    let user = User::new();
    let stack = user.up(&[]);
    let before = stack.status().await;
    stack
        .change("canary", deploy("2", canary(25, 600_000)))
        .await;
    stack
        .event(before.last_event, EventKind::TrafficShifted, "canary")
        .await;
    stack
        .until("a canary in the edge's list", |status| {
            versions(status).contains(&"2")
        })
        .await;
    let visitor = Visitor::start(&before.edge_url);
    tokio::time::timeout(crate::harness::LIMIT, async {
        // A share is one of many visits.
        while reqwest::get(&before.edge_url)
            .await
            .is_ok_and(|answer| answer.headers()["x-version"] != "2")
        {}
    })
    .await
    .expect("somebody meets the canary");
    let refused = stack
        .client()
        .change(
            "another",
            &target_app::api::ChangeRequest {
                run: "test-run".into(),
                fault: "another".into(),
                action: deploy("3", rolling()),
            },
        )
        .await;
    assert!(
        matches!(refused, Err(ClientError::Refused { status: 409, .. })),
        "{refused:?}"
    );
    stack.client().undo("canary").await.unwrap();
    let visits = visitor.stop().await;
    assert_eq!(visits.failed, Vec::<String>::new());
    assert!(visits.by_version.contains_key("1"), "{visits:?}");
    assert_eq!(versions(&stack.status().await), ["1"; 3]);
}

#[tokio::test]
async fn a_bad_canary_is_rolled_back_by_its_own_traffic() {
    let user = User::new();
    let stack = user.up(&[]);
    let before = stack.status().await;
    let visitor = Visitor::start(&before.edge_url);
    let bad = Action::Deploy {
        app: "shop".into(),
        version: "2".into(),
        strategy: canary(50, 600_000),
        bad: Mischief {
            errors_ppm: Some(500_000),
            ..Mischief::default()
        },
        rollback_when: Some(RollbackRule {
            metric: TrafficMetric::Errors,
            comparison: Comparison::Above,
            limit: 100_000,
            window_ms: 500,
            text: "errors > 10% for 500ms".into(),
        }),
    };
    stack.change("bad", bad).await;
    let back = stack
        .event(before.last_event, EventKind::RolloutRolledBack, "bad")
        .await;
    assert!(
        back.detail.starts_with("errors > 10% for 500ms: "),
        "{}",
        back.detail
    );
    stack
        .event(back.seq, EventKind::ChangeEffective, "bad")
        .await;
    let status = stack.status().await;
    assert_eq!(versions(&status), ["1"; 3]);
    assert!(
        status
            .problems
            .iter()
            .any(|problem| problem.contains("which was rolled back")),
        "{:?}",
        status.problems
    );
    let visits = visitor.stop().await;
    assert!(!visits.failed.is_empty(), "{visits:?}");
    stack.client().undo("bad").await.unwrap();
    assert!(stack.status().await.healthy);
}

#[tokio::test]
async fn a_restart_replaces_every_pod_by_one_of_the_same_kind() {
    let user = User::new();
    let stack = user.up(&[]);
    let before = stack.status().await;
    let visitor = Visitor::start(&before.edge_url);
    let restart = Action::RestartPods { app: "shop".into() };
    stack.change("restart", restart).await;
    stack
        .event(before.last_event, EventKind::ChangeEffective, "restart")
        .await;
    stack.client().undo("restart").await.unwrap();
    let after = stack
        .until("the old pods' records to go", |status| {
            status.pods.len() == 4
        })
        .await;
    let names = |status: &StackStatus| -> Vec<String> {
        let shop = status.pods.iter().filter(|pod| pod.app == "shop");
        shop.map(|pod| pod.name.clone()).collect()
    };
    assert!(
        names(&after)
            .iter()
            .all(|name| !names(&before).contains(name))
    );
    assert_eq!(versions(&after), ["1"; 3]);
    assert_eq!(visitor.stop().await.failed, Vec::<String>::new());
}
