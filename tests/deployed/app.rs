//! `loadtest app`: tables, shop, task runner, each a process of its own.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::database::{Database, PASSWORD};
use crate::part::{Part, app, get, post};
use crate::server::Prometheus;
use crate::support::target::{Reply, Target};
use crate::support::{Bench, until};

const KEY: &str = "a-key-that-signs-sessions";

/// A shop with a task runner, as containers would run them.
pub(crate) struct Deployed {
    pub(crate) shop: Part,
    pub(crate) shop_url: String,
    task_runner: Part,
    task_runner_url: String,
    /// Goes last.
    _database: Database,
}

impl Deployed {
    pub(crate) fn start(bench: &Bench) -> Self {
        Self::start_with(bench, &[])
    }

    /// With more options for the shop.
    pub(crate) fn start_with(bench: &Bench, options: &[&str]) -> Self {
        let database = Database::start();
        let migrate = ["migrate", "--products", "100", "--customers", "20"];
        for _ in 0..2 {
            app(bench, &database, &migrate).exits(0);
        }
        let here = ["--listen", "127.0.0.1:0", "--pod", "pod-1", "--zone", "a"];
        let shop = app(
            bench,
            &database,
            &[&["shop", "--drain-ms", "50"], options, &here[..]].concat(),
        );
        let mut shop = Part::start(shop.env("SESSION_KEY", KEY));
        let task_runner = app(bench, &database, &[&["task-runner"], &here[..]].concat());
        let mut task_runner = Part::start(task_runner);
        let deployed = Self {
            shop_url: shop.url(),
            task_runner_url: task_runner.url(),
            shop,
            task_runner,
            _database: database,
        };
        let ready = format!("{}/readyz", deployed.shop_url);
        until("a shop that is ready", || get(&ready).is_some());
        deployed
    }

    /// The token of a customer's session.
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> String {
        let body = serde_json::json!({ "email": email, "password": password });
        let url = format!("{}/api/sessions", self.shop_url);
        let session = post(&url, &body).expect("a session");
        session["token"].as_str().expect("a token").to_owned()
    }
}

/// What promtool has against a page of metrics.
fn promtool(page: &str) -> String {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool: run ci/setup --test");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(page.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn a_prometheus_server_sees_what_the_load_did_and_the_report_shows_it() {
    let bench = Bench::new();
    let deployed = Deployed::start(&bench);
    let prometheus = Prometheus::scraping(&[&deployed.shop_url, &deployed.task_runner_url]);
    let scenario = format!(
        r#"name = "deployed"
[target]
base_url = "{}"
[prometheus]
url = "{}"
series = [
  {{ name = "requests", query = 'sum(rate(shop_http_request_duration_seconds_count[5s]))', unit = "1/s" }},
  {{ name = "up", query = 'up' }},
  {{ name = "nobody", query = 'no_such_metric' }},
  {{ name = "broken", query = 'sum(' }},
]
[[load]]
journey = "look"
arrivals = {{ rate = "20/s", for = "10s" }}
[[journey]]
name = "look"
steps = [{{ name = "page", get = "/api/products" }}]
[[gate]]
expect = "errors == 0%"
"#,
        deployed.shop_url, prometheus.url
    );
    bench.file("it.toml", &scenario);
    bench.loadtest(["run", "it.toml", "--quiet"]).exits(0);
    let observed = &bench.summary()["observed"];
    let series = observed["series"].as_array().expect("series");
    let named = |name: &str| {
        let mut found = series.iter();
        found.find(|one| one["name"].as_str().is_some_and(|it| it.starts_with(name)))
    };
    let requests = named("requests").expect("requests")["points"].as_array();
    let highest = requests.expect("points").iter();
    let highest = highest
        .filter_map(|point| point["value"].as_f64())
        .fold(0.0, f64::max);
    assert!(highest > 5.0, "{highest} requests/s: {observed}");
    assert!(
        named("up · instance").is_some(),
        "one line a pod: {observed}"
    );
    let not_read = observed["not_read"].to_string();
    assert!(
        not_read.contains("nobody: Prometheus knows no such series"),
        "{not_read}"
    );
    assert!(not_read.contains("broken: Prometheus at"), "{not_read}");
    for url in [&deployed.shop_url, &deployed.task_runner_url] {
        let page = get(&format!("{url}/metrics")).expect("metrics");
        assert_eq!(promtool(&page), "", "{url}");
    }
}

#[test]
fn parts_end_with_sigterm_and_never_tell_a_secret() {
    let bench = Bench::new();
    let deployed = Deployed::start(&bench);
    get(&format!("{}/api/products", deployed.shop_url)).expect("products");
    let said = deployed.shop.said() + &deployed.task_runner.said();
    for secret in [PASSWORD, KEY] {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(deployed.shop.terminate(), 0);
    assert_eq!(deployed.task_runner.terminate(), 0);
}

#[test]
fn a_shop_without_a_key_says_how_to_give_it_one() {
    let bench = Bench::new();
    let shop = [
        "app",
        "shop",
        "--listen",
        "127.0.0.1:0",
        "--database",
        "127.0.0.1:1",
    ];
    let said = bench.loadtest(shop).exits(2);
    assert!(said.err().contains("SESSION_KEY_FILE"), "{}", said.err());
    let said = bench
        .loadtest(shop)
        .env("SESSION_KEY_FILE", "/nowhere/key")
        .exits(2);
    assert!(said.err().contains("/nowhere/key"), "{}", said.err());
    let said = bench.loadtest(shop).env("SESSION_KEY", "short").exits(2);
    assert!(said.err().contains("at least 16"), "{}", said.err());
    assert!(!said.err().contains("short"), "{}", said.err());
}

#[test]
fn the_run_s_own_metrics_can_be_scraped_while_it_lasts() {
    let target = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    let scenario = format!(
        "name = \"told\"\ntarget = {{ base_url = \"{}\" }}\n\
         load = {{ arrivals = {{ rate = \"20/s\", for = \"60s\" }} }}\n\
         journey = {{ name = \"ask\", steps = {{ name = \"page\", get = \"/\" }} }}\n",
        target.url
    );
    bench.file("it.toml", &scenario);
    let run = bench.loadtest(["run", "it.toml", "--prometheus", "127.0.0.1:0"]);
    let mut run = Part::start(run);
    let page = run.says("metrics at ");
    let mut told = String::new();
    until("requests in its metrics", || {
        told = get(&page).unwrap_or_default();
        told.contains("loadtest_requests_total{journey=\"ask\",step=\"page\",result=\"ok\"}")
    });
    assert_eq!(promtool(&told), "");
    for name in [
        "loadtest_run_info{scenario=\"told\",run=\"told-",
        "loadtest_response_time_seconds_bucket{",
        "loadtest_iterations_offered_total ",
        "loadtest_iterations_in_progress ",
    ] {
        assert!(told.contains(name), "{name} in {told}");
    }
    // Ctrl-C: it ends early, and reports.
    assert_eq!(run.interrupt(), 130);
    assert_eq!(bench.summary()["ending"], "interrupted");
}
