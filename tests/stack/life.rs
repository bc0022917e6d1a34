//! Up, status, down; and every way to end that is not `down`.

use target_app::api::{PodState, StackStatus};

use crate::harness::User;
use crate::traces::Traces;

#[tokio::test]
async fn up_status_down() {
    let user = User::new();
    let stack = user.up(&[]);
    let json = user.succeeds(&["stack", "status", "--name", "default", "--json"]);
    let status: StackStatus = serde_json::from_str(&json).unwrap();
    assert!(status.healthy, "{:?}", status.problems);
    assert_eq!(status.zones.len(), 3);
    assert!(status.pods.iter().all(|pod| pod.state == PodState::Ready));
    let zones: Vec<_> = status
        .pods
        .iter()
        .filter(|p| p.app == "shop")
        .map(|p| &*p.zone)
        .collect();
    assert_eq!(zones, ["a", "b", "c"]);
    let front = reqwest::get(&status.edge_url).await.unwrap();
    assert!(front.status().is_success());
    let traces = Traces::of(&status);
    drop(stack);
    traces.vanish();
    assert!(user.handle("default").is_none());
}
