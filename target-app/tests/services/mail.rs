//! E-mail by SMTP: every confirmed order's customer gets one, whatever happens to the runners.

use serde_json::Value;
use target_app::mail::{self, MailBooks, MailConfig, OrderMails};
use target_app::service::database::DatabaseParams;
use target_app::task_runner::TaskRunnerConfig;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::postgres::{connect, database};
use crate::stack::{ANY, Pod, Running, eventually};
use crate::task_runner::place_orders;

/// A mail sink.
struct Sink(Running);

impl Sink {
    async fn start() -> Self {
        let config = MailConfig {
            smtp: ANY,
            listen: ANY,
        };
        Self(Running::start(|bound, shutdown| mail::run(config, bound, shutdown)).await)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.bound.admin.unwrap())
    }

    async fn books(&self) -> MailBooks {
        let answer = reqwest::get(format!("{}/books", self.url())).await.unwrap();
        answer.json().await.unwrap()
    }

    async fn orders(&self) -> Vec<OrderMails> {
        let answer = reqwest::get(format!("{}/orders", self.url())).await;
        answer.unwrap().json().await.unwrap()
    }

    /// Says these lines, each after the answer to the one before it; the last answer.
    async fn talk(&self, lines: &[&str]) -> String {
        let mut stream = TcpStream::connect(self.0.bound.address).await.unwrap();
        let (read, mut write) = stream.split();
        let mut answers = BufReader::new(read).lines();
        let mut answer = answers.next_line().await.unwrap().unwrap();
        for line in lines {
            write
                .write_all(format!("{line}\r\n").as_bytes())
                .await
                .unwrap();
            answer = answers.next_line().await.unwrap().unwrap();
            // `250-` goes on, `250 ` is the last.
            while answer.as_bytes().get(3) == Some(&b'-') {
                answer = answers.next_line().await.unwrap().unwrap();
            }
        }
        answer
    }

    /// Sends a message with these headers.
    async fn send(&self, headers: &str) {
        let message = format!("{headers}\r\n\r\nDear customer\r\n.");
        let lines = [
            "EHLO x",
            "MAIL FROM:<a@b>",
            "RCPT TO:<c@d>",
            "DATA",
            &message,
        ];
        assert!(self.talk(&lines).await.starts_with("250"));
    }
}

async fn runner(params: &DatabaseParams, sink: &Sink, number: u32) -> Running {
    let name = format!("task-runner-{number}");
    let config = TaskRunnerConfig {
        batch: 8,
        poll_ms: 5,
        retry_ms: 1,
        smtp: Some(sink.0.bound.address.to_string()),
        ..TaskRunnerConfig::new(name, "a", ANY, params.clone())
    };
    Running::start(|bound, shutdown| target_app::task_runner::run(config, bound, shutdown)).await
}

async fn until_done(client: &tokio_postgres::Client, jobs: i64) {
    eventually("all jobs are done", async || {
        let done = "SELECT count(*) FROM jobs WHERE state = 'done' AND order_id IS NOT NULL";
        let row = client.query_one(done, &[]).await.unwrap();
        (row.get::<_, i64>(0) == jobs).then_some(())
    })
    .await;
}

/// The rule of the shop's books that compares them with the sink's.
async fn rule(params: &DatabaseParams, sink: &Sink) -> Value {
    let url = sink.url();
    let pod = Pod::start_with(params, |config| config.mail_books = Some(url)).await;
    let (status, found) = pod.get("/api/admin/invariants").await;
    assert_eq!(status, 200, "{found}");
    let rules = found["rules"].as_array().unwrap();
    let rule = rules
        .iter()
        .find(|rule| rule["name"] == "one-mail-per-order");
    rule.unwrap().clone()
}

#[tokio::test]
async fn a_runner_that_dies_after_the_mail_was_taken_is_not_felt_by_the_customer() {
    let params = database(1, 1).await;
    let (client, mut locker) = (connect(&params).await, connect(&params).await);
    let sink = Sink::start().await;
    place_orders(&client, 8).await;
    // What ends a job looks at the schedules: so this runner has sent and cannot commit.
    let lock = locker.transaction().await.unwrap();
    let hold = "LOCK TABLE schedules IN ACCESS EXCLUSIVE MODE";
    lock.batch_execute(hold).await.unwrap();
    let doomed = runner(&params, &sink, 1).await;
    eventually("all mails are taken", async || {
        (sink.books().await.accepted >= 8).then_some(())
    })
    .await;
    doomed.task.abort();
    assert!(doomed.task.await.unwrap_err().is_cancelled());
    lock.rollback().await.unwrap();

    let next = runner(&params, &sink, 2).await;
    until_done(&client, 8).await;
    next.stop().await;
    let books = sink.books().await;
    assert!(books.suppressed >= 8, "each was sent again: {books:?}");
    assert_eq!((books.delivered, books.orders), (8, 8), "{books:?}");
    assert_eq!(books.orders_mailed_twice, 0, "{books:?}");
    let rule = rule(&params, &sink).await;
    assert_eq!(
        (&rule["checked"], &rule["violations"]),
        (&8.into(), &0.into())
    );
}

#[tokio::test]
async fn runners_that_die_anywhere_leave_one_mail_for_every_order() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    let sink = Sink::start().await;
    place_orders(&client, 100).await;
    let mut taken = 0;
    for number in 0..5 {
        let doomed = runner(&params, &sink, number).await;
        taken = eventually("it has sent some", async || {
            let now = sink.books().await.accepted;
            (now > taken).then_some(now)
        })
        .await;
        doomed.task.abort();
        assert!(doomed.task.await.is_err_and(|error| error.is_cancelled()));
    }
    let last = runner(&params, &sink, 9).await;
    until_done(&client, 100).await;
    last.stop().await;
    let orders = sink.orders().await;
    assert_eq!(orders.len(), 100);
    assert!(orders.iter().all(|order| order.mails == 1), "{orders:?}");
}

#[tokio::test]
async fn a_mail_that_is_missing_or_too_many_breaks_the_rule() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    let sink = Sink::start().await;
    place_orders(&client, 3).await;
    let runner = runner(&params, &sink, 1).await;
    until_done(&client, 3).await;
    runner.stop().await;
    assert_eq!(rule(&params, &sink).await["violations"], 0);

    sink.send("Message-ID: <another@x>\r\nX-Order: 1").await;
    assert_eq!(
        rule(&params, &sink).await["violations"],
        1,
        "two for one order"
    );
    sink.send("Message-ID: <nobody@x>\r\nX-Order: 99").await;
    assert_eq!(rule(&params, &sink).await["violations"], 2, "one for none");
    let unsent =
        "INSERT INTO emails (order_id, recipient, subject, body) VALUES (4, 'a', 'b', 'c')";
    place_orders(&client, 1).await;
    let done = "UPDATE jobs SET state = 'done' WHERE order_id = 4";
    client
        .batch_execute(&format!("{unsent};{done}"))
        .await
        .unwrap();
    assert_eq!(
        rule(&params, &sink).await["violations"],
        3,
        "none for one order"
    );
}

#[tokio::test]
async fn without_a_mail_server_the_job_waits_and_is_done_when_there_is_one() {
    let params = database(1, 1).await;
    let client = connect(&params).await;
    let sink = Sink::start().await;
    let address = sink.0.bound.address;
    let runner = runner(&params, &sink, 1).await;
    sink.0.stop().await;
    place_orders(&client, 1).await;
    let error = eventually("it failed once", async || {
        let failed = "SELECT last_error FROM jobs WHERE attempts > 0 AND last_error IS NOT NULL";
        let row = client.query_opt(failed, &[]).await.unwrap()?;
        Some(row.get::<_, String>(0))
    })
    .await;
    assert!(error.starts_with("the mail server: "), "{error}");
    client
        .batch_execute("UPDATE jobs SET max_attempts = 1000000, state = 'queued'")
        .await
        .unwrap();
    let config = MailConfig {
        smtp: address,
        listen: ANY,
    };
    let again = Running::start(|bound, shutdown| mail::run(config, bound, shutdown)).await;
    until_done(&client, 1).await;
    assert_eq!(Sink(again).books().await.delivered, 1);
    runner.stop().await;
}

#[tokio::test]
async fn the_books_are_metrics_too_and_every_sender_is_understood() {
    let sink = Sink::start().await;
    assert!(sink.talk(&["DATA"]).await.starts_with("503"));
    assert!(sink.talk(&["QUIT"]).await.starts_with("221"));
    for _ in 0..2 {
        sink.send("Message-ID: <1@x>\r\nX-Order: 1").await;
    }
    sink.send("Message-ID: <2@x>\r\nX-Order: 1").await;
    let page = reqwest::get(format!("{}/metrics", sink.url())).await;
    let page = page.unwrap().text().await.unwrap();
    for line in [
        "mail_sink_accepted_messages_total 3",
        "mail_sink_delivered_messages_total 2",
        "mail_sink_suppressed_messages_total 1",
        "mail_sink_orders 1",
        "mail_sink_orders_mailed_twice 1",
    ] {
        assert!(page.contains(line), "{line} is missing in\n{page}");
    }
}
