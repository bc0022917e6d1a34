//! The API's rules, whatever the change.

use target_app::api::{Action, ChangeRequest, EventKind, StackHandle};
use target_app::client::{Client, ClientError};

use crate::harness::User;

fn request(action: Action) -> ChangeRequest {
    ChangeRequest {
        run: "test-run".into(),
        fault: "test".into(),
        action,
    }
}

fn delay(links: &[&str]) -> Action {
    Action::DelayLinks {
        links: links.iter().map(ToString::to_string).collect(),
        delay_ms: 5,
        jitter_ms: 0,
    }
}

fn status_of<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> u16 {
    match answer.unwrap_err() {
        ClientError::Refused { status, .. } => status,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn refuses_a_wrong_token_and_impossible_changes() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let stranger = Client::new(&StackHandle {
        token: "f".repeat(64),
        ..stack.handle.clone()
    });
    assert_eq!(status_of(stranger.status().await), 401);
    assert_eq!(status_of(stranger.stop().await), 401);

    let client = stack.client();
    let pods = |pods: &[&str]| pods.iter().map(ToString::to_string).collect();
    let (kill, hang) = (
        |p| Action::KillPods {
            pods: p,
            grace_ms: 0,
        },
        |p| Action::HangPods { pods: p },
    );
    let zone = || "nowhere".to_owned();
    for (action, status) in [
        (kill(pods(&["shop-9"])), 404),
        (kill(pods(&[])), 422),
        (hang(pods(&["shop-1", "shop-9"])), 404),
        (Action::DrainZone { zone: zone() }, 404),
        (Action::OutageZone { zone: zone() }, 404),
        (delay(&["shop-1->nowhere"]), 404),
        (Action::RestartPods { app: "till".into() }, 404),
        (
            Action::DelayLinks {
                links: vec!["shop-1->database".into()],
                delay_ms: 0,
                jitter_ms: 0,
            },
            422,
        ),
    ] {
        assert_eq!(
            status_of(client.change("x", &request(action.clone())).await),
            status,
            "{action:?}"
        );
    }
    let bad_id = client
        .change("a%20b", &request(delay(&["edge->shop-1"])))
        .await;
    assert_eq!(status_of(bad_id), 422);
    assert!(stack.status().await.healthy);
}

#[tokio::test]
async fn a_change_is_a_resource() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let client = stack.client();
    let slow = request(delay(&["edge->shop-1", "db-2->db-1"]));
    let first = client.change("slow", &slow).await.unwrap();
    let again = client.change("slow", &slow).await.unwrap();
    assert_eq!(first, again);
    let other = request(delay(&["edge->shop-1"]));
    assert_eq!(status_of(client.change("slow", &other).await), 409);

    let status = stack.status().await;
    assert!(!status.healthy);
    assert_eq!(status.open_changes.len(), 1);
    assert_eq!(status.open_changes[0].request, slow);
    let disturbed = status
        .links
        .iter()
        .filter(|link| link.mode != target_app::api::LinkMode::Pass);
    assert_eq!(disturbed.count(), 2);

    client.undo("slow").await.unwrap();
    client.undo("slow").await.unwrap();
    assert_eq!(status_of(client.change("slow", &slow).await), 410);
    // The request to make it may come after the one to undo it.
    client.undo("late").await.unwrap();
    assert_eq!(status_of(client.change("late", &slow).await), 410);
    assert!(stack.status().await.healthy);
    stack.event(0, EventKind::ChangeUndone, "slow").await;
}

#[tokio::test]
async fn recover_undoes_everything_and_wakes_what_sleeps() {
    let user = User::new();
    let stack = user.up(&[]);
    let client = stack.client();
    stack.change("slow", delay(&["shop-1->database"])).await;
    stack
        .change(
            "hung",
            Action::HangPods {
                pods: vec!["shop-2".into()],
            },
        )
        .await;
    stack
        .change("drained", Action::DrainZone { zone: "c".into() })
        .await;
    // Stopped by somebody who told nobody.
    let status = stack.status().await;
    let pod = status.pods.iter().find(|pod| pod.name == "shop-1").unwrap();
    let pid = pod.pid.unwrap().to_string();
    let stopped = std::process::Command::new("kill")
        .args(["-STOP", &pid])
        .status()
        .unwrap();
    assert!(stopped.success());
    let status = client.recover().await.unwrap();
    assert!(status.healthy, "{:?}", status.problems);
    assert!(status.open_changes.is_empty());
}
