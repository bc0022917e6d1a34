//! The task runner with a queue of SQS, against moto's server.

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use tokio_postgres::NoTls;

use crate::database::{Database, PASSWORD};
use crate::moto::Moto;
use crate::part::{Part, app, get};
use crate::support::{Bench, until};

const REGION: &str = "us-east-1";

/// A queue that puts aside what was received three times, and the shop's database.
struct World {
    bench: Bench,
    database: Database,
    moto: Moto,
    runtime: tokio::runtime::Runtime,
    sqs: aws_sdk_sqs::Client,
    url: String,
    dead_url: String,
}

impl World {
    fn new() -> Self {
        let (bench, database, moto) = (Bench::new(), Database::start(), Moto::start());
        let migrate = ["migrate", "--products", "5", "--customers", "5"];
        app(&bench, &database, &migrate).exits(0);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let credentials = aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(format!("http://{}", moto.address))
            .credentials_provider(credentials);
        let sqs = aws_sdk_sqs::Client::new(&runtime.block_on(config.load()));
        let (url, dead_url) = runtime.block_on(queues(&sqs));
        Self {
            bench,
            database,
            moto,
            runtime,
            sqs,
            url,
            dead_url,
        }
    }

    /// `loadtest app task-runner` with this queue.
    fn runner(&self, queue: &str) -> crate::support::Run {
        let arguments = [
            "task-runner",
            "--listen",
            "127.0.0.1:0",
            "--pod",
            "runner",
            "--zone",
            "a",
            "--queue",
            queue,
        ];
        app(&self.bench, &self.database, &arguments)
            .env("AWS_ENDPOINT_URL", &format!("http://{}", self.moto.address))
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIDTESTONLY")
            .env("AWS_SECRET_ACCESS_KEY", "a-secret-for-tests")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    }

    /// Does something in the database and answers a number.
    fn ask(&self, statement: &str) -> i64 {
        let (host, port) = self.database.address.rsplit_once(':').expect("an address");
        let mut config = tokio_postgres::Config::new();
        config.host(host).port(port.parse().expect("a port"));
        config.user("shop").password(PASSWORD).dbname("shop");
        self.runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.expect("a connection");
            tokio::spawn(connection);
            let row = client.query_one(statement, &[]).await.expect(statement);
            row.get(0)
        })
    }

    /// Orders as the shop writes them, with their jobs.
    fn place_orders(&self, count: i64) {
        let placed = self.ask(&format!(
            "WITH placed AS (
                 INSERT INTO orders (key, customer_id, total_cents)
                 SELECT gen_random_uuid()::text, 1, 100 FROM generate_series(1, {count}) RETURNING id
             ), items AS (
                 INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
                 SELECT id, 1, 1, 100 FROM placed
             ), jobs AS (
                 INSERT INTO jobs (kind, order_id) SELECT 'order-confirmation', id FROM placed
             ) SELECT count(*) FROM placed"
        ));
        assert_eq!(placed, count);
    }

    fn done(&self) -> i64 {
        self.ask("SELECT count(*) FROM jobs WHERE state = 'done' AND order_id IS NOT NULL")
    }

    /// How many messages a queue has, seen or not.
    fn messages(&self, url: &str) -> i64 {
        let names = [
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.sqs.get_queue_attributes().queue_url(url);
        let ask = ask.set_attribute_names(Some(names.to_vec())).send();
        let found = self.runtime.block_on(ask).expect("attributes").attributes;
        let counts = found.unwrap_or_default();
        counts
            .values()
            .map(|n| n.parse::<i64>().expect("a number"))
            .sum()
    }
}

async fn queues(sqs: &aws_sdk_sqs::Client) -> (String, String) {
    let dead = sqs.create_queue().queue_name("jobs-dead").send().await;
    let dead_url = dead.expect("a queue").queue_url.expect("its URL");
    let policy = format!(
        r#"{{"deadLetterTargetArn":"arn:aws:sqs:{REGION}:123456789012:jobs-dead","maxReceiveCount":3}}"#
    );
    let jobs = sqs.create_queue().queue_name("jobs");
    let jobs = jobs
        .attributes(Attribute::RedrivePolicy, policy)
        .send()
        .await;
    (jobs.expect("a queue").queue_url.expect("its URL"), dead_url)
}

#[test]
fn every_order_is_confirmed_once_though_runners_die_and_messages_come_twice() {
    let world = World::new();
    world.place_orders(60);
    let mut doomed = Part::start(world.runner(&world.url));
    doomed.url();
    until("it has confirmed some", || world.done() > 0);
    // SIGKILL: what it has in hand comes back when nobody has deleted it for a while.
    drop(doomed);
    let told = world.sqs.send_message().queue_url(&world.url);
    let again = world.ask("SELECT min(id) FROM jobs WHERE order_id IS NOT NULL");
    let told = told.message_body(again.to_string()).send();
    world.runtime.block_on(told).expect("a second message");

    let mut runners = [(); 2].map(|()| Part::start(world.runner(&world.url)));
    let url = runners[0].url();
    world.place_orders(40);
    until("all orders are confirmed", || world.done() == 100);
    until("no message is left", || world.messages(&world.url) == 0);
    assert_eq!(world.ask("SELECT count(*) FROM emails"), 100);
    assert_eq!(world.messages(&world.dead_url), 0);
    for line in [
        "task_runner_queue_jobs{pod=\"runner\",zone=\"a\",state=\"queued\"}",
        "task_runner_queue_oldest_due_seconds{pod=\"runner\",zone=\"a\"}",
        "task_runner_queue_messages{pod=\"runner\",zone=\"a\",state=\"visible\"}",
        "task_runner_queue_messages{pod=\"runner\",zone=\"a\",state=\"dead\"} 0",
    ] {
        until(line, || {
            get(&format!("{url}/metrics")).is_some_and(|page| page.contains(line))
        });
    }
    for runner in runners {
        assert_eq!(runner.terminate(), 0);
    }
}

#[test]
fn a_job_that_always_fails_is_put_aside_by_the_queue_and_in_the_table() {
    let world = World::new();
    let broken = "INSERT INTO jobs (kind) VALUES ('no-such-thing') RETURNING id";
    let job = world.ask(broken);
    let mut runner = Part::start(world.runner(&world.url));
    runner.url();
    until("the queue puts it aside", || {
        world.messages(&world.dead_url) == 1
    });
    assert_eq!(
        world.ask("SELECT count(*) FROM jobs WHERE state = 'dead'"),
        1
    );
    let attempts = format!("SELECT attempts::bigint FROM jobs WHERE id = {job}");
    assert_eq!(world.ask(&attempts), 3);
    world.place_orders(1);
    until("others go on", || world.done() == 1);
}

#[test]
fn a_queue_that_never_puts_aside_and_one_that_is_none_are_refused() {
    let world = World::new();
    // The queue of the dead has no redrive policy of its own.
    let said = world.runner(&world.dead_url).exits(2);
    assert!(
        said.err().contains("has no redrive policy"),
        "{}",
        said.err()
    );
    let said = world.runner("redis://localhost").exits(2);
    assert!(
        said.err().contains("the URL of an SQS queue"),
        "{}",
        said.err()
    );
}
