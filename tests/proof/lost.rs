//! Writes that were acknowledged and are gone, writes that are there twice.

use std::collections::BTreeSet;

use crate::books::{LedgerFile, Standing};
use crate::support::{Bench, repository};

#[test]
fn asynchronous_replication_loses_writes_and_the_ledger_names_exactly_those() {
    let bench = Bench::new();
    let stack = Standing::up(&bench, &["--replication", "asynchronous"]);
    let scenario = repository("scenarios/async-loses-orders.toml");
    let said = bench.loadtest(["run", &scenario, "-q"]).exits(3);
    assert!(said.out().contains("FAIL"), "{}", said.out());

    let keys = stack.keys();
    let there: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    let ledger = LedgerFile::of(&bench);
    let missing: BTreeSet<&str> = ledger.answered("ok").difference(&there).copied().collect();
    assert!(!missing.is_empty(), "nothing was lost: nothing is proven");
    assert_eq!(ledger.fated("lost"), missing);

    let summary = bench.summary();
    let lost = |of: &str| summary.pointer(of).and_then(serde_json::Value::as_u64);
    let orders = lost("/ledger/lost").expect("a count");
    let canaries = lost("/canary/ledger/lost").expect("a count");
    assert_eq!(orders + canaries, missing.len() as u64);
    let failed: Vec<&str> = summary["gates"]
        .as_array()
        .expect("gates")
        .iter()
        .filter(|gate| gate["verdict"] == "fail")
        .filter_map(|gate| gate["id"].as_str())
        .collect();
    let mut expected = vec!["fault:primary dies/lost_writes"];
    expected.extend((canaries > 0).then_some("run/whole/canary-ledger"));
    assert_eq!(failed, expected);
}

/// A shop with one pod: its count of orders is the run's.
fn buying(mischief: &str) -> String {
    format!(
        r#"name = "mischief"
[target]
stack = "local"
replicas = 1
mischief = {{ {mischief} }}
[[load]]
journey = "buy"
users = [{{ count = 2, for = "3s" }}]
[[journey]]
name = "buy"
[[journey.step]]
name = "log in"
post = "/api/sessions"
json = {{ email = "customer1@example.test", password = "secret-1" }}
capture = {{ token = "$.token" }}
[[journey.step]]
name = "place order"
post = "/api/orders"
headers = {{ Authorization = "Bearer ${{token}}", Idempotency-Key = "${{key = uuid()}}" }}
json = {{ items = [{{ product = 1, quantity = 1 }}] }}
expect = {{ status = 201 }}
ledger = {{ key = "${{key}}", read_back = "/api/orders/by-key/${{key}}", copies = "$.copies" }}
[[gate]]
on = "run"
expect = "errors < 1%"
"#
    )
}

#[test]
fn a_shop_that_drops_and_doubles_orders_is_found_out_to_the_order() {
    let bench = Bench::new();
    let scenario = bench.file(
        "mischief.toml",
        &buying("drop_order = 10, double_order = 7"),
    );
    bench
        .loadtest(["run", scenario.to_str().expect("UTF-8"), "-q"])
        .exits(3);
    let summary = bench.summary();
    let count = |of: &str| summary["ledger"][of].as_u64().expect("a count");
    assert_eq!(count("unknown") + count("unverified"), 0, "{summary}");
    let placed = count("acknowledged");
    assert!(placed >= 70, "{placed} orders are too few to tell");
    assert_eq!(count("lost"), placed / 10);
    // One that is due for both is dropped.
    assert_eq!(count("duplicate"), placed / 7 - placed / 70);
    let topology = summary["run"]["topology"].as_str().expect("a topology");
    assert!(topology.contains("on purpose"), "{topology}");
}
