//! Failovers over the API while a shopper buys: no confirmed order may be lost.

use target_app::api::{Action, DatabaseRole, EventKind, FailoverMode, StackStatus};

use crate::harness::{Stack, User};
use crate::shopper::Shopper;

fn primary(status: &StackStatus) -> &str {
    let nodes = status.database.nodes.iter();
    let mut primaries = nodes.filter(|node| node.role == DatabaseRole::Primary);
    &primaries.next().expect("a primary").name
}

async fn fail_over(stack: &Stack<'_>, id: &str, mode: FailoverMode) {
    let before = stack.status().await;
    let action = Action::FailOverDatabase {
        mode,
        profile: None,
        shard: 1,
    };
    stack.change(id, action).await;
    stack
        .event(before.last_event, EventKind::ChangeEffective, id)
        .await;
    stack.client().undo(id).await.unwrap();
    let after = stack.status().await;
    assert!(after.healthy, "{:?}", after.problems);
    assert!(after.database.synchronous && after.database.redundant);
    assert_ne!(primary(&before), primary(&after));
    assert_eq!(after.database_endpoint, before.database_endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failovers_lose_no_confirmed_order() {
    let user = User::new();
    let stack = user.up(&[]);
    let shopper = Shopper::start(&stack.status().await.edge_url).await;
    for (id, mode) in [
        ("planned", FailoverMode::Planned),
        ("crash", FailoverMode::Crash),
        ("planned-again", FailoverMode::Planned),
    ] {
        let bought = shopper.confirmed();
        fail_over(&stack, id, mode).await;
        // Orders are taken again by the new primary.
        shopper.until_confirmed(bought + 5).await;
    }
    let (confirmed, lost) = shopper.settle().await;
    assert!(confirmed >= 15);
    assert_eq!(lost, Vec::<String>::new(), "of {confirmed}");
}

/// A client that gives up at once still gets a failover that is told from beginning to end.
#[tokio::test]
async fn undoing_at_once_waits_for_the_failover() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1", "--zones", "a,b"]);
    let before = stack.status().await;
    let action = Action::FailOverDatabase {
        mode: FailoverMode::Planned,
        profile: None,
        shard: 1,
    };
    stack.change("hasty", action).await;
    stack.client().undo("hasty").await.unwrap();
    let after = stack.status().await;
    assert!(after.healthy, "{:?}", after.problems);
    assert_ne!(primary(&before), primary(&after));
    let effective = stack
        .event(before.last_event, EventKind::ChangeEffective, "hasty")
        .await;
    let undone = stack
        .event(before.last_event, EventKind::ChangeUndone, "hasty")
        .await;
    assert!(effective.seq < undone.seq);
}

#[tokio::test]
async fn a_second_failover_waits_for_a_standby() {
    let user = User::new();
    let stack = user.up(&["--replicas", "1"]);
    fail_over(&stack, "first", FailoverMode::Planned).await;
    fail_over(&stack, "second", FailoverMode::Crash).await;
}
