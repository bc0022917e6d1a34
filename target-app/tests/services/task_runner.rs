//! The task runner: every job takes effect once, whatever happens to the runners.

use target_app::service::database::DatabaseParams;
use target_app::task_runner::{self, TaskRunnerConfig};
use tokio_postgres::Client;

use crate::postgres::{connect, database};
use crate::stack::{ANY, Running, eventually};

async fn runner(params: &DatabaseParams, number: u32) -> Running {
    let mut config =
        TaskRunnerConfig::new(format!("task-runner-{number}"), "a", ANY, params.clone());
    config.batch = 8;
    config.poll_ms = 5;
    config.retry_ms = 1;
    Running::start(|bound, shutdown| task_runner::run(config, bound, shutdown)).await
}

/// Orders as the shop writes them, with their jobs.
pub(crate) async fn place_orders(client: &Client, count: i32) {
    client
        .execute(
            "WITH placed AS (
                 INSERT INTO orders (key, customer_id, total_cents)
                 SELECT gen_random_uuid()::text, 1, 100 FROM generate_series(1, $1::int) RETURNING id
             ), items AS (
                 INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
                 SELECT id, 1, 1, 100 FROM placed
             )
             INSERT INTO jobs (kind, order_id) SELECT 'order-confirmation', id FROM placed",
            &[&count],
        )
        .await
        .unwrap();
}

async fn count(client: &Client, what: &str) -> i64 {
    client
        .query_one(&format!("SELECT count(*) FROM {what}"), &[])
        .await
        .unwrap()
        .get(0)
}

async fn until_confirmed(client: &Client, orders: i64) {
    eventually("all orders are confirmed", async || {
        let open = count(
            client,
            "jobs WHERE order_id IS NOT NULL AND state <> 'done'",
        )
        .await;
        (open == 0).then_some(())
    })
    .await;
    assert_eq!(count(client, "emails").await, orders);
}

#[tokio::test]
async fn two_runners_confirm_every_order_once() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    place_orders(&client, 200).await;
    let runners = [runner(&params, 1).await, runner(&params, 2).await];
    until_confirmed(&client, 200).await;
    let email = client
        .query_one("SELECT recipient, body FROM emails LIMIT 1", &[])
        .await
        .unwrap();
    assert_eq!(email.get::<_, &str>(0), "customer1@example.test");
    assert!(email.get::<_, &str>(1).contains("Plain oak mug"));
    for runner in runners {
        runner.stop().await;
    }
}

#[tokio::test]
async fn runners_that_die_in_the_middle_lose_and_repeat_nothing() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    place_orders(&client, 300).await;
    let mut done = 0;
    // Each is cut off as soon as it has got somewhere: its connection breaks in mid-transaction.
    for number in 0..8 {
        let doomed = runner(&params, number).await;
        done = eventually("it has confirmed some", async || {
            let now = count(&client, "emails").await;
            (now > done || now == 300).then_some(now)
        })
        .await;
        doomed.task.abort();
        assert!(doomed.task.await.is_err_and(|error| error.is_cancelled()) || done == 300);
    }
    let last = runner(&params, 9).await;
    until_confirmed(&client, 300).await;
    last.stop().await;
}

#[tokio::test]
async fn a_job_that_cannot_succeed_is_retried_and_then_put_aside() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    client
        .batch_execute("INSERT INTO jobs (kind, max_attempts) VALUES ('no-such-thing', 3)")
        .await
        .unwrap();
    place_orders(&client, 5).await;
    let runner = runner(&params, 1).await;
    until_confirmed(&client, 5).await;
    let (attempts, error) = eventually("it was put aside", async || {
        let row = client
            .query_opt(
                "SELECT attempts, last_error FROM jobs WHERE state = 'dead'",
                &[],
            )
            .await
            .unwrap()?;
        Some((row.get::<_, i32>(0), row.get::<_, String>(1)))
    })
    .await;
    assert_eq!(
        (attempts, &*error),
        (3, "no such kind of job: no-such-thing")
    );
    let metrics = reqwest::get(runner.url("/metrics"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in [
        "task_runner_jobs_total{pod=\"task-runner-1\",zone=\"a\",kind=\"no-such-thing\",outcome=\"dead\"} 1",
        "task_runner_queue_jobs{pod=\"task-runner-1\",zone=\"a\",state=\"dead\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn scheduled_jobs_wait_for_their_time_and_come_round() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    client
        .batch_execute("INSERT INTO cart_items VALUES (1, 1, 1, now() - interval '2 days')")
        .await
        .unwrap();
    let runner = runner(&params, 1).await;
    place_orders(&client, 1).await;
    until_confirmed(&client, 1).await;
    assert_eq!(
        count(&client, "cart_items").await,
        1,
        "its time has not come"
    );
    client
        .batch_execute("UPDATE jobs SET run_at = now() WHERE kind = 'forget-carts'")
        .await
        .unwrap();
    eventually("the next run is queued", async || {
        let next = "jobs WHERE kind = 'forget-carts' AND state = 'queued' AND run_at > now()";
        (count(&client, next).await == 1).then_some(())
    })
    .await;
    assert_eq!(count(&client, "cart_items").await, 0);
    runner.stop().await;
}

#[tokio::test]
async fn a_runner_goes_on_when_its_connection_is_killed() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    let runner = runner(&params, 1).await;
    place_orders(&client, 1).await;
    until_confirmed(&client, 1).await;
    client
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    place_orders(&client, 1).await;
    until_confirmed(&client, 2).await;
    runner.stop().await;
}
