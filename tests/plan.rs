//! What a plan shows is what a run may do: `chaos plan`, its hash, and `run --plan`.

mod support;

use support::Bench;

const SCENARIO: &str = r#"
name = "planned"
seed = 7
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{ rate = "20/s", for = "4s" }]
[[journey]]
name = "look"
steps = [{ name = "products", get = "/api/products?page=1" }]
[slo]
availability = "50%"
held_for = "500ms"
[guard]
healthy_before = "300ms"
[[fault]]
name = "lose a pod"
kind = "pod-kill"
at = "500ms"
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

fn hash_in(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("plan "));
    line.unwrap_or_else(|| panic!("no hash in:\n{said}"))
        .to_owned()
}

#[test]
fn a_run_with_a_plan_does_that_or_nothing() {
    let bench = Bench::new();
    bench.file("planned.toml", SCENARIO);
    let _up = Up::on(&bench);

    let plan = bench.loadtest(["chaos", "plan", "planned.toml"]).exits(0);
    let hash = hash_in(&plan.out());
    assert!(plan.out().contains("calls        1. PUT"), "{}", plan.out());
    let again = bench.loadtest(["chaos", "plan", "planned.toml"]).exits(0);
    assert_eq!(hash_in(&again.out()), hash);

    let checked = bench.loadtest(["chaos", "check", "planned.toml"]).exits(0);
    assert!(
        checked.out().contains("stack `default`"),
        "{}",
        checked.out()
    );

    bench
        .loadtest(["run", "planned.toml", "--plan", &hash, "--quiet"])
        .exits(0);
    // The pod that was planned to be killed has been replaced under another name.
    let drifted = bench
        .loadtest(["run", "planned.toml", "--plan", &hash, "--quiet"])
        .exits(2);
    let said = drifted.err();
    assert!(said.contains("nothing was touched"), "{said}");
    let journals = std::fs::read_dir(bench.path().join("reports")).map_or(0, |folders| {
        let journals = folders.filter_map(|entry| Some(entry.ok()?.path().join("journal.jsonl")));
        journals.filter(|journal| journal.exists()).count()
    });
    assert_eq!(journals, 1, "only the first run had anything to write down");
}

#[test]
fn a_plan_without_a_stack_has_no_hash_and_a_run_refuses_one() {
    let bench = Bench::new();
    bench.file("planned.toml", SCENARIO);
    let plan = bench.loadtest(["chaos", "plan", "planned.toml"]).exits(0);
    assert!(!plan.out().contains("\nplan "), "{}", plan.out());
    let checked = bench.loadtest(["chaos", "check", "planned.toml"]).exits(0);
    assert!(checked.out().contains("not looked at"), "{}", checked.out());
    bench
        .loadtest(["chaos", "check", "planned.toml", "--stack", "none"])
        .exits(2);
}
