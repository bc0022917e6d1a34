//! Zones drained and lost, with a shopper buying, and the way back to the specification.

use std::collections::BTreeSet;

use target_app::api::{Action, EventKind, LinkMode, PodState, StackStatus, ZoneState};

use crate::harness::{Stack, User};
use crate::shopper::Shopper;

/// Zones of running pods, shop pods first.
fn spread(status: &StackStatus) -> Vec<String> {
    let runs = |state| !matches!(state, PodState::Gone | PodState::Draining);
    let mut zones: Vec<_> = status
        .pods
        .iter()
        .filter(|pod| runs(pod.state))
        .map(|pod| format!("{} in {}", pod.app, pod.zone))
        .collect();
    zones.sort();
    zones
}

fn as_specified(status: &StackStatus) {
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(
        spread(status),
        ["shop in a", "shop in b", "shop in c", "task-runner in a"]
    );
    let zones: BTreeSet<_> = status
        .database
        .nodes
        .iter()
        .map(|node| &node.zone)
        .collect();
    assert_eq!(zones.len(), 2);
    assert!(status.links.iter().all(|link| link.mode == LinkMode::Pass));
}

fn is_empty(status: &StackStatus, zone: &str) -> bool {
    let nodes = status.database.nodes.iter();
    status
        .pods
        .iter()
        .filter(|pod| pod.zone == zone)
        .all(|pod| pod.state == PodState::Gone)
        && nodes
            .filter(|node| node.zone == zone)
            .all(|node| node.pid.is_none())
}

async fn lose(stack: &Stack<'_>, zone: &str, action: Action, state: ZoneState) {
    let before = stack.status().await.last_event;
    stack.change("zone", action).await;
    stack
        .event(before, EventKind::ChangeEffective, "zone")
        .await;
    let status = stack.status().await;
    assert!(is_empty(&status, zone), "{status:#?}");
    assert_eq!(status.zones[0].state, state);
    // All that was there is elsewhere.
    stack
        .until("the rest to carry on", |status| {
            let ready = status
                .pods
                .iter()
                .filter(|pod| pod.state == PodState::Ready);
            ready.count() == 4 && status.database.redundant && status.database.synchronous
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_zone_loses_no_order() {
    let user = User::new();
    let stack = user.up(&[]);
    let shopper = Shopper::start(&stack.status().await.edge_url).await;
    shopper.until_confirmed(3).await;
    // The primary's zone.
    let drain = Action::DrainZone { zone: "a".into() };
    lose(&stack, "a", drain, ZoneState::Drained).await;
    stack.client().undo("zone").await.unwrap();
    as_specified(
        &stack
            .until("tidiness", |status| status.pods.len() == 4)
            .await,
    );
    shopper.until_confirmed(shopper.confirmed() + 5).await;
    let (confirmed, lost) = shopper.settle().await;
    assert_eq!(lost, Vec::<String>::new(), "of {confirmed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_zone_is_carried_by_the_others() {
    let user = User::new();
    let stack = user.up(&[]);
    let shopper = Shopper::start(&stack.status().await.edge_url).await;
    shopper.until_confirmed(3).await;
    let outage = Action::OutageZone { zone: "a".into() };
    let before = stack.status().await.last_event;
    lose(&stack, "a", outage, ZoneState::Out).await;
    // The edge had to find out by itself, from silence.
    let down = stack
        .event(before, EventKind::EdgeTargetDown, "shop-1")
        .await;
    assert!(!down.detail.contains("refused"), "{}", down.detail);
    stack.client().undo("zone").await.unwrap();
    as_specified(
        &stack
            .until("tidiness", |status| status.pods.len() == 4)
            .await,
    );
    shopper.until_confirmed(shopper.confirmed() + 5).await;
    let (confirmed, lost) = shopper.settle().await;
    assert_eq!(lost, Vec::<String>::new(), "of {confirmed}");
}

#[tokio::test]
async fn the_last_zone_is_not_taken() {
    let user = User::new();
    let stack = user.up(&["--replicas", "2", "--zones", "a,b"]);
    stack
        .change("zone", Action::DrainZone { zone: "b".into() })
        .await;
    let request = target_app::api::ChangeRequest {
        run: "test-run".into(),
        fault: "test".into(),
        action: Action::OutageZone { zone: "a".into() },
    };
    let refused = stack.client().change("last", &request).await.unwrap_err();
    assert!(refused.to_string().contains("last one"), "{refused}");
    stack.client().undo("zone").await.unwrap();
    assert!(stack.status().await.healthy);
}
