//! A seed makes a run repeatable: the real binary sends the same data and picks the same targets
//! for the same seed, and others for another.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use support::Bench;
use support::target::{Reply, Request, Target};

/// Everything that is drawn, in two journeys by weight: their requests tell of it. The schedule ends
/// with a rest, so that a busy machine cuts nothing short.
const DRAWN: &str = r#"
[data.people]
csv = "people.csv"
order = "shuffle"
[data.cities]
csv = "cities.csv"
order = "random"
[[load]]
journeys = { buy = 3, look = 1 }
arrivals = [{ rate = "60/s", for = "1s" }, { rate = "0/s", for = "60s" }]
spread = "poisson"
[[journey]]
name = "buy"
think = "1ms..20ms"
[[journey.step]]
get = "/basket/${iteration}/${random(1, 1000000)}?city=${cities.name}"
[[journey.step]]
post = "/order/${iteration}"
headers = { X-Unique = "${uuid()}" }
json = { who = "${people.name}", gift = "${random_text(12)}", paid = "${random_of('card', 'cash', 'voucher')}" }
[[journey]]
name = "look"
[[journey.step]]
get = "/look/${iteration}?for=${random_text(8)}"
"#;

/// What one run sent, by path and in no order; and the values that are meant to be unique.
fn sent(seed: &str, workers: &str) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let target = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    let rows = |kind: &str| -> String {
        let rows = (0..40).map(|row| format!("{kind}{row}\n"));
        std::iter::once("name\n".to_owned()).chain(rows).collect()
    };
    bench.file("people.csv", &rows("person"));
    bench.file("cities.csv", &rows("city"));
    bench.file(
        "drawn.toml",
        &format!("target = \"{}\"\n{DRAWN}", target.url),
    );
    let args = ["run", "drawn.toml", "--seed", seed, "--workers", workers];
    bench.loadtest(args).exits(0);
    let seen = target.seen();
    let unique = seen.iter().map(|request| request.header("x-unique"));
    let unique = unique.filter(|id| !id.is_empty()).map(str::to_owned);
    let unique: BTreeSet<String> = unique.collect();
    let requests = seen
        .iter()
        .map(|Request { what, body, .. }| (what.clone(), body.clone()));
    let requests: BTreeMap<_, _> = requests.collect();
    assert_eq!(
        requests.len(),
        seen.len(),
        "every request tells its iteration"
    );
    (requests, unique)
}

#[test]
fn the_same_seed_sends_the_same_data_and_another_one_other_data() {
    let (first, first_unique) = sent("7", "1");
    assert!(first.len() > 60, "{}", first.len());
    // Also when other threads than before play the iterations.
    let (again, again_unique) = sent("7", "2");
    assert_eq!(first, again);
    // On purpose: a target that keeps its data must not take the second run for the first.
    assert_eq!(first_unique.len(), again_unique.len());
    assert!(first_unique.is_disjoint(&again_unique));
    let (other, _) = sent("8", "1");
    assert!(
        first
            .iter()
            .all(|request| other.get(request.0) != Some(request.1))
    );
}

/// Pods that hang for a moment, by the seed's choice: both are there again afterwards.
const HANGS: &str = r#"
target = { stack = "local" }
canary = false
load = { arrivals = { rate = "20/s", for = "10s" } }
journey = { name = "look", steps = { get = "/api/products?page=1", timeout = "1s" } }
guard = { healthy_before = "300ms" }
slo = { availability = "50%", held_for = "300ms" }
[[fault]]
name = "one hangs"
kind = "pod-hang"
at = "1s"
for = "300ms"
pods = { app = "shop", pick = 1 }
[[fault]]
name = "half of them hang"
kind = "pod-hang"
after = { fault = "one hangs", recovered_for = "300ms" }
for = "300ms"
pods = { app = "shop", pick = "50%" }
"#;

/// A stack that outlives the runs on it, but not this test.
struct Up<'b>(&'b Bench);

impl<'b> Up<'b> {
    fn on(bench: &'b Bench) -> Self {
        bench.loadtest(["stack", "up"]).exits(0);
        Self(bench)
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let down = self.0.loadtest(["stack", "down"]).spawn().wait();
        assert!(down.is_ok() || std::thread::panicking());
    }
}

/// The targets of each fault, as `chaos plan` tells them.
fn planned(bench: &Bench, seed: &str) -> Vec<String> {
    let plan = bench.loadtest(["chaos", "plan", "hangs.toml", "--seed", seed]);
    let text = plan.exits(0).out();
    let rows = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("targets"));
    rows.map(|targets| targets.trim().to_owned()).collect()
}

#[test]
fn the_same_seed_picks_the_same_targets_and_another_one_others() {
    let bench = Bench::new();
    bench.file("hangs.toml", HANGS);
    let _up = Up::on(&bench);
    let planned_for = |seed| planned(&bench, seed);
    let plan = planned_for("7");
    assert_eq!(plan.len(), 2, "{plan:?}");
    assert_eq!(plan, planned_for("7"));
    let plans: BTreeSet<_> = ["7", "8", "9", "10", "11", "12"].map(planned_for).into();
    assert!(plans.len() > 1, "{plans:?}");

    for _ in 0..2 {
        let _ = std::fs::remove_dir_all(bench.path().join("reports"));
        bench
            .loadtest(["run", "hangs.toml", "--seed", "7"])
            .exits(0);
        let summary = bench.summary();
        let faults = summary["faults"].as_array().expect("faults").iter();
        let hit: Vec<String> = faults.map(|fault| names(&fault["target"])).collect();
        assert_eq!(hit, plan);
    }
}

/// `shop-1, shop-3`
fn names(targets: &Value) -> String {
    let targets = targets.as_array().expect("targets").iter();
    let names: Vec<&str> = targets.filter_map(Value::as_str).collect();
    names.join(", ")
}
