//! Pods and edge: killed, hung, replaced.

use target_app::api::{Action, EventKind, PodState, StackStatus};

use crate::harness::User;

fn pid_of(status: &StackStatus, name: &str) -> Option<u32> {
    status.pods.iter().find(|pod| pod.name == name)?.pid
}

#[tokio::test]
async fn a_killed_pod_is_replaced_in_its_zone_and_back_in_rotation() {
    let user = User::new();
    let stack = user.up(&[]);
    let kill = Action::KillPods {
        pods: vec!["shop-2".into()],
        grace_ms: 0,
    };
    let before = stack.status().await.last_event;
    stack.change("kill", kill).await;
    stack.event(before, EventKind::PodExited, "shop-2").await;
    stack
        .event(before, EventKind::ChangeEffective, "kill")
        .await;
    stack
        .event(before, EventKind::EdgeTargetDown, "shop-2")
        .await;
    stack.event(before, EventKind::EdgeTargetUp, "shop-4").await;
    stack.client().undo("kill").await.unwrap();
    let status = stack
        .until("the old pod's record to go", |s| s.pods.len() == 4)
        .await;
    assert!(status.healthy, "{:?}", status.problems);
    let pod = status.pods.iter().find(|pod| pod.name == "shop-4").unwrap();
    assert_eq!((&*pod.zone, pod.state), ("b", PodState::Ready));
}

#[tokio::test]
async fn a_pod_with_grace_ends_in_good_order() {
    let user = User::new();
    let stack = user.up(&["--replicas", "2", "--zones", "a,b"]);
    let kill = Action::KillPods {
        pods: vec!["shop-1".into()],
        grace_ms: 30_000,
    };
    let before = stack.status().await.last_event;
    stack.change("kill", kill).await;
    let exit = stack.event(before, EventKind::PodExited, "shop-1").await;
    assert!(exit.detail.contains("exit status: 0"), "{}", exit.detail);
    stack.client().undo("kill").await.unwrap();
}

#[tokio::test]
async fn a_hung_pod_leaves_the_rotation_and_comes_back_the_same() {
    let user = User::new();
    let stack = user.up(&[]);
    let pid = pid_of(&stack.status().await, "shop-3");
    let hang = Action::HangPods {
        pods: vec!["shop-3".into()],
    };
    let before = stack.status().await.last_event;
    stack.change("hang", hang).await;
    stack
        .event(before, EventKind::EdgeTargetDown, "shop-3")
        .await;
    stack
        .until("the pod to be unready", |status| {
            let pod = status.pods.iter().find(|pod| pod.name == "shop-3");
            pod.is_some_and(|pod| pod.state == PodState::Unready)
        })
        .await;
    stack.client().undo("hang").await.unwrap();
    let status = stack.status().await;
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(pid_of(&status, "shop-3"), pid);
}

/// Nobody asked for it to hang: the liveness probe has it replaced.
#[tokio::test]
async fn a_pod_that_hangs_by_itself_is_replaced() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let before = stack.status().await;
    let pid = pid_of(&before, "shop-1").unwrap().to_string();
    let stopped = std::process::Command::new("kill")
        .args(["-STOP", &pid])
        .status()
        .unwrap();
    assert!(stopped.success());
    stack
        .event(before.last_event, EventKind::PodExited, "shop-1")
        .await;
    stack
        .event(before.last_event, EventKind::EdgeTargetUp, "shop-2")
        .await;
    stack.until("health", |status| status.healthy).await;
}

#[tokio::test]
async fn a_crashed_edge_comes_back_at_its_address() {
    let user = User::new();
    let stack = user.up(&[]);
    let before = stack.status().await;
    let edge = user.edge_of(&before.root);
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &edge.to_string()])
        .status();
    assert!(killed.unwrap().success());
    stack
        .event(before.last_event, EventKind::PodExited, "edge")
        .await;
    let after = stack.until("health", |status| status.healthy).await;
    assert_eq!(after.edge_url, before.edge_url);
    assert!(
        reqwest::get(&after.edge_url)
            .await
            .unwrap()
            .status()
            .is_success()
    );
}
