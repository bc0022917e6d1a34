//! Scenario files run as written: data, templates, captures, the ledger, secrets.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use loadtest::load::WriteOutcome;
use loadtest::scenario::surroundings::Surroundings;
use loadtest::scenario::{Overrides, Scenario, parse};

use crate::bench::{Manner, Remembered, begin, run};
use crate::server::Server;

/// Two rows of customers, and one secret.
#[derive(Debug)]
struct Here;

impl Surroundings for Here {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(b"id,name\n1,ann\n2,bob\n".to_vec())
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "SECRET").then(|| "hunter2hunter2".to_owned())
    }

    fn fresh_seed(&self) -> u64 {
        7
    }
}

/// A scenario of one journey with these lines, 20 iterations a second for a second.
fn script(rest: &str) -> Scenario {
    let text = format!(
        r#"
name = "script"
seed = 7

[target]
base_url = "http://127.0.0.1"

[[load]]
journey = "shop"
arrivals = [{{ rate = "20/s", for = "1s" }}, {{ rate = "0/s", for = "10m" }}]
max_users = 4

{rest}
"#
    );
    let overrides = Overrides::default();
    match parse(&text, Path::new("script.toml"), &overrides, &Here) {
        Ok(reading) => reading.scenario,
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

const SHOPPING: &str = r#"
[data.customers]
csv = "customers.csv"

[[journey]]
name = "shop"

[[journey.step]]
name = "list"
get = "/json?q=${customers.name}"
expect = { status = 200, json = { "$.token" = "present", "$.total" = 3 } }
capture = { token = "$.token", item = { json = "$.items[*].id", pick = "random" } }

[[journey.step]]
name = "order"
post = "/created"
headers = { Authorization = "Bearer ${token}", Idempotency-Key = "${key = uuid()}" }
json = { item = "${item}", customer = "${customers.id}" }
expect = { status = 201 }
ledger = { key = "${key}", read_back = "/by-key/${key}" }
"#;

#[test]
fn captured_values_reach_later_steps_and_the_ledger() {
    let server = Server::start();
    let log = Arc::new(Remembered::default());
    let manner = Manner {
        log: log.clone(),
        ..Manner::default()
    };
    let left = begin(script(SHOPPING), &server.url(), manner)
        .unwrap()
        .wait();
    assert_eq!(
        left.outcome.totals.iterations_failed,
        0,
        "{:?}",
        left.samples()
    );

    let names: BTreeSet<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let expected = ["/created", "/json?q=ann", "/json?q=bob"];
    assert_eq!(names, expected.map(str::to_owned).into());

    let orders = server.seen_at("/created");
    assert_eq!(orders.len(), 20);
    let keys: BTreeSet<&str> = orders
        .iter()
        .map(|o| o.headers["idempotency-key"].as_str())
        .collect();
    assert_eq!(keys.len(), 20);
    assert!(
        orders
            .iter()
            .all(|order| order.headers["authorization"] == "Bearer t-1")
    );
    let items: BTreeSet<&str> = orders.iter().map(|order| order.body.as_str()).collect();
    // Three items, two customers, drawn at random: not always the same one.
    assert!(items.len() > 2, "{items:?}");

    let begun = log.begun.lock().unwrap();
    assert_eq!(begun.len(), 20);
    for (_, key, read_back) in begun.iter() {
        assert!(keys.contains(key.as_str()));
        assert_eq!(*read_back, format!("/by-key/{key}"));
    }
    let ended = log.ended.lock().unwrap();
    assert!(
        ended
            .iter()
            .all(|(_, outcome)| *outcome == WriteOutcome::Ok)
    );
    assert_eq!(ended.len(), 20);
}

#[test]
fn a_seed_repeats_what_is_sent_but_never_a_key() {
    let sent = |workers| {
        let server = Server::start();
        let manner = Manner {
            workers,
            ..Manner::default()
        };
        begin(script(SHOPPING), &server.url(), manner)
            .unwrap()
            .wait();
        let (keys, mut bodies): (BTreeSet<String>, Vec<String>) = server
            .seen_at("/created")
            .into_iter()
            .map(|order| (order.headers["idempotency-key"].clone(), order.body))
            .unzip();
        bodies.sort();
        (keys, bodies)
    };
    let (keys, bodies) = sent(1);
    let (other_keys, same_bodies) = sent(1);
    assert_eq!(bodies, same_bodies);
    assert_eq!(bodies, sent(2).1);
    assert_eq!(keys.len(), 20);
    assert!(keys.is_disjoint(&other_keys));
}

#[test]
fn unique_rows_go_only_to_journeys_that_use_them_and_run_out() {
    let server = Server::start();
    let left = run(
        script(
            r#"
[data.customers]
csv = "customers.csv"
order = "unique"

[[load]]
journey = "look"
arrivals = [{ rate = "20/s", for = "1s" }, { rate = "0/s", for = "10m" }]
max_users = 1

[[journey]]
name = "shop"
steps = [{ name = "one", get = "/ok?${customers.id}" }]

[[journey]]
name = "look"
steps = [{ name = "two", get = "/json" }]
"#,
        ),
        &server.url(),
    );
    assert_eq!(left.sum(0).ok, 2);
    assert_eq!(left.sum(1).ok, 20);
    assert_eq!(server.seen_at("/ok?1").len(), 1);
    assert_eq!(server.seen_at("/ok?2").len(), 1);
    assert_eq!(left.outcome.data_ran_out, ["customers"]);
}

#[test]
fn secrets_are_sent_and_never_told() {
    let server = Server::start();
    let left = run(
        script(
            r#"
[[journey]]
name = "shop"
on_failure = "continue"

[[journey.step]]
name = "in the path"
get = "/broken/${env('SECRET')}"
expect = { status = 201 }

[[journey.step]]
name = "in a header"
get = "/broken"
headers = { X-Door = "${env('SECRET')}" }
expect = { body_contains = "${env('SECRET')}" }
"#,
        ),
        &server.url(),
    );
    let seen = server.seen();
    assert!(
        seen.iter()
            .any(|seen| seen.path == "/broken/hunter2hunter2")
    );
    assert!(seen.iter().any(|seen| {
        seen.headers
            .get("x-door")
            .is_some_and(|d| d == "hunter2hunter2")
    }));
    let samples = left.samples();
    assert!(samples.len() >= 2);
    for sample in samples {
        assert!(!format!("{sample:?}").contains("hunter2"), "{sample:?}");
    }
}

#[test]
fn a_variable_without_a_value_fails_the_step_and_nothing_is_sent() {
    let server = Server::start();
    let left = run(
        script(
            r#"
[[journey]]
name = "shop"
on_failure = "continue"

[[journey.step]]
name = "captures nothing"
get = "/json"
capture = { missing = "$.missing" }

[[journey.step]]
name = "needs it"
get = "/ok?${missing}"
"#,
        ),
        &server.url(),
    );
    use loadtest::measure::outcome::ErrorKind;
    assert_eq!(left.sum(0).errors, [(ErrorKind::Capture, 20)]);
    assert_eq!(left.sum(1).errors, [(ErrorKind::Template, 20)]);
    assert!(server.seen().iter().all(|seen| seen.path == "/json"));
}
