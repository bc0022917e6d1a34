//! The topology `two-zone`: the CDN, the mail sink, and what they are worth while things fail.

use target_app::api::{Action, FailoverMode, StackStatus};
use target_app::mail::MailBooks;

use crate::harness::{Stack, User, settled_books};
use crate::shopper::Shopper;

const TWO_ZONES: [&str; 6] = [
    "--topology",
    "two-zone",
    "--products",
    "50",
    "--customers",
    "20",
];

async fn books(status: &StackStatus) -> MailBooks {
    let mail = status.mail.as_ref().expect("a mail sink");
    let answer = reqwest::get(format!("{}/books", mail.url)).await.unwrap();
    answer.json().await.unwrap()
}

async fn kill_a_runner(stack: &Stack<'_>, id: &str) {
    let status = stack.status().await;
    let mut runners = status.pods.iter().filter(|pod| pod.app == "task-runner");
    let runner = runners.find(|pod| pod.pid.is_some()).expect("a runner");
    let pods = vec![runner.name.clone()];
    let kill = Action::KillPods { pods, grace_ms: 0 };
    stack.change(id, kill).await;
    stack.client().undo(id).await.unwrap();
}

#[tokio::test]
async fn every_order_is_mailed_once_while_runners_die_and_the_database_fails_over() {
    let user = User::new();
    let stack = user.up(&TWO_ZONES);
    let status = stack.status().await;
    let shopper = Shopper::start(&status.edge_url).await;
    shopper.until_confirmed(20).await;
    kill_a_runner(&stack, "kill-1").await;
    shopper.until_confirmed(40).await;
    let mode = FailoverMode::Crash;
    let crash = Action::FailOverDatabase {
        mode,
        profile: None,
        shard: 1,
    };
    stack.change("crash", crash).await;
    stack.client().undo("crash").await.unwrap();
    shopper.until_confirmed(60).await;
    kill_a_runner(&stack, "kill-2").await;
    shopper.until_confirmed(80).await;
    let (confirmed, lost) = shopper.settle().await;
    assert_eq!(lost, Vec::<String>::new());

    let found = settled_books(&status).await;
    assert_eq!(found["ok"], true, "{found}");
    let rules = found["rules"].as_array().unwrap();
    let rule = rules
        .iter()
        .find(|rule| rule["name"] == "one-mail-per-order");
    let checked = rule.expect("the rule")["checked"].as_u64().unwrap();
    let books = books(&status).await;
    assert!(checked >= u64::try_from(confirmed).unwrap(), "{found}");
    assert_eq!(
        (books.orders, books.delivered),
        (checked, checked),
        "{books:?}"
    );
    assert_eq!(books.orders_mailed_twice, 0, "{books:?}");
    assert_eq!(books.accepted, books.delivered + books.suppressed);
}

#[tokio::test]
async fn the_catalogue_is_read_without_an_error_while_the_database_fails_over() {
    let user = User::new();
    let stack = user.up(&TWO_ZONES);
    let status = stack.status().await;
    let read = async || {
        let answer = reqwest::get(format!("{}/", status.edge_url)).await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.headers());
        answer.headers()["x-cache"].to_str().unwrap().to_owned()
    };
    assert_eq!(read().await, "miss");
    let before = status.database.endpoint_target.clone();
    let mode = FailoverMode::Crash;
    let crash = Action::FailOverDatabase {
        mode,
        profile: None,
        shard: 1,
    };
    stack.change("crash", crash).await;
    while stack.status().await.database.endpoint_target == before {
        read().await;
    }
    stack.client().undo("crash").await.unwrap();
    read().await;
}

#[tokio::test]
async fn the_cdn_forgets_when_told_and_a_stack_without_one_says_so() {
    let user = User::new();
    let stack = user.up(&TWO_ZONES);
    let status = stack.status().await;
    for path in ["/", "/api/products", "/api/products/1"] {
        reqwest::get(format!("{}{path}", status.edge_url))
            .await
            .unwrap();
    }
    let said = user.succeeds(&["stack", "purge", "/api/products"]);
    assert_eq!(said, "2 answers under /api/products forgotten\n");
    assert_eq!(stack.client().purge("/").await.unwrap().answers, 1);

    let plain = user.up(&["--name", "plain", "--replicas", "1", "--task-runners", "0"]);
    assert!(plain.status().await.mail.is_none());
    let refused = plain.client().purge("/").await.unwrap_err().to_string();
    assert!(refused.contains("no cache"), "{refused}");
}

#[tokio::test]
async fn a_sink_that_died_is_a_problem_that_nobody_hides() {
    let user = User::new();
    let stack = user.up(&TWO_ZONES);
    let status = stack.status().await;
    let page = status.metrics.iter().find(|page| page.app == "mail-sink");
    assert!(page.is_some(), "{:?}", status.metrics);
    let links: Vec<_> = status.links.iter().map(|link| &*link.name).collect();
    assert!(links.contains(&"task-runner-1->mail"), "{links:?}");
    let pid = user.process_of(&status.root, "mail-sink");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    let ill = stack.until("the sink to be missed", |s| !s.healthy).await;
    assert!(
        ill.problems[0].contains("mail sink ended"),
        "{:?}",
        ill.problems
    );
}
