//! A run is killed in the middle of each kind of fault, on a stack that outlives it; `chaos recover`
//! puts the stack right.

mod support;

use serde_json::Value;
use support::Bench;

/// A few shoppers and this fault, at once.
fn scenario(fault: &str) -> String {
    format!(
        r#"
name = "killed"
[target]
stack = "local"
[[load]]
journey = "look"
arrivals = [{{ rate = "20/s", for = "60s" }}]
[[journey]]
name = "look"
steps = [{{ name = "products", get = "/api/products?page=1" }}]
[slo]
availability = "50%"
[guard]
healthy_before = "300ms"
[[fault]]
name = "the fault"
at = "500ms"
{fault}
"#
    )
}

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

/// What the stack says of itself.
fn stack(bench: &Bench) -> Value {
    let said = bench
        .loadtest(["stack", "status", "--name", "default", "--json"])
        .exits(0);
    serde_json::from_str(&said.out()).expect("JSON")
}

/// Lines of the journal of the newest run.
fn journal_lines(bench: &Bench) -> usize {
    let newest = || {
        let reports = std::fs::read_dir(bench.path().join("reports")).ok()?;
        let folders = reports.filter_map(|entry| Some(entry.ok()?.path()));
        let journal = folders.max()?.join("journal.jsonl");
        Some(std::fs::read_to_string(journal).ok()?.lines().count())
    };
    newest().unwrap_or(0)
}

#[test]
fn a_run_that_is_killed_in_the_middle_of_a_fault_is_recovered() {
    let bench = Bench::new();
    let _up = Up::on(&bench);
    // Lines 2 and 3 of a journal are a fault's intent and done, 4 and 5 those of its undo.
    for (fault, lines) in [
        ("kind = \"pod-kill\"", 2),
        ("kind = \"pod-hang\"\nfor = \"60s\"", 3),
        ("kind = \"zone-drain\"\nzone = \"b\"\nfor = \"60s\"", 2),
        ("kind = \"zone-outage\"\nzone = \"c\"\nfor = \"60s\"", 3),
        ("kind = \"zone-outage\"\nzone = \"a\"\nfor = \"1s\"", 4),
        (
            "kind = \"link-delay\"\nlinks = { from = \"edge\" }\ndelay = \"20ms\"\nfor = \"60s\"",
            3,
        ),
        ("kind = \"db-failover\"", 2),
        ("kind = \"db-crash\"", 3),
        (
            "kind = \"rollout-restart\"\nworkload = \"deployment/shop\"",
            2,
        ),
        (
            "kind = \"deploy\"\nversion = \"2\"\nstrategy = \"rolling\"\nfor = \"60s\"",
            2,
        ),
        (
            "kind = \"deploy\"\nversion = \"2\"\nstrategy = \"canary\"\n\
             steps = [\"10% for 30s\", \"100%\"]\nfor = \"60s\"",
            3,
        ),
        (
            "kind = \"deploy\"\nversion = \"2\"\nstrategy = \"blue-green\"\nfor = \"1s\"",
            4,
        ),
    ] {
        let _ = std::fs::remove_dir_all(bench.path().join("reports"));
        bench.file("killed.toml", &scenario(fault));
        let mut run = bench.loadtest(["run", "killed.toml"]).spawn();
        support::until(&format!("{lines} lines of journal for {fault}"), || {
            assert_eq!(run.try_wait().expect("a child"), None, "{fault}");
            journal_lines(&bench) >= lines
        });
        run.kill().expect("SIGKILL");
        run.wait().expect("it is dead");

        let plan = bench.loadtest(["chaos", "recover", "--dry-run"]).exits(0);
        assert!(plan.out().contains("the fault"), "{fault}: {}", plan.out());
        let said = bench.loadtest(["chaos", "recover", "--yes"]).exits(0);
        assert!(said.out().contains("done: the fault"), "{}", said.out());
        let status = stack(&bench);
        assert_eq!(status["open_changes"], Value::Array(vec![]), "{fault}");
        assert_eq!(status["healthy"], true, "{fault}: {}", status["problems"]);
        let again = bench.loadtest(["chaos", "recover"]).exits(0);
        assert!(
            again.out().contains("nothing to recover"),
            "{}",
            again.out()
        );
    }
}

#[test]
fn a_run_that_goes_on_is_left_alone_and_its_lost_journal_is_made_up_for() {
    let bench = Bench::new();
    let _up = Up::on(&bench);
    let drain = "kind = \"zone-drain\"\nzone = \"b\"\nfor = \"60s\"";
    bench.file("killed.toml", &scenario(drain));
    let mut run = bench.loadtest(["run", "killed.toml"]).spawn();
    support::until("the fault is done", || journal_lines(&bench) >= 3);
    let said = bench.loadtest(["chaos", "recover", "--yes"]).exits(0);
    assert!(said.out().contains("still goes on"), "{}", said.out());
    assert_ne!(stack(&bench)["open_changes"], Value::Array(vec![]));

    run.kill().expect("SIGKILL");
    run.wait().expect("it is dead");
    std::fs::remove_dir_all(bench.path().join("reports")).expect("the run folder");
    let said = bench
        .loadtest(["chaos", "recover", "--stack", "default"])
        .exits(0);
    assert!(said.out().contains("zone b drained"), "{}", said.out());
    let status = stack(&bench);
    assert_eq!(status["healthy"], true, "{}", status["problems"]);
    bench.loadtest(["chaos", "recover"]).exits(0);
}

#[test]
fn when_the_stack_is_gone_the_journal_is_closed() {
    let bench = Bench::new();
    let up = Up::on(&bench);
    bench.file(
        "killed.toml",
        &scenario("kind = \"pod-hang\"\nfor = \"60s\""),
    );
    let mut run = bench.loadtest(["run", "killed.toml"]).spawn();
    support::until("the fault is done", || journal_lines(&bench) >= 3);
    run.kill().expect("SIGKILL");
    run.wait().expect("it is dead");
    drop(up);
    let said = bench.loadtest(["chaos", "recover"]).exits(0);
    assert!(
        said.out().contains("stack `default` is gone"),
        "{}",
        said.out()
    );
    let again = bench.loadtest(["chaos", "recover"]).exits(0);
    assert!(
        again.out().contains("nothing to recover"),
        "{}",
        again.out()
    );
}

#[test]
fn a_plan_names_exact_targets_and_changes_nothing() {
    let bench = Bench::new();
    bench.file("plan.toml", &scenario("kind = \"pod-kill\""));
    let blind = bench.loadtest(["chaos", "plan", "plan.toml"]).exits(0);
    assert!(
        blind.out().contains("not known: no stack"),
        "{}",
        blind.out()
    );
    bench
        .loadtest(["chaos", "plan", "plan.toml", "--stack", "default"])
        .exits(2);

    let _up = Up::on(&bench);
    let before = stack(&bench);
    let plan = || {
        let seeded = ["chaos", "plan", "plan.toml", "--seed", "7"];
        bench.loadtest(seeded).exits(0).out()
    };
    let text = plan();
    assert!(text.contains("targets      shop-"), "{text}");
    assert_eq!(text, plan(), "the same seed, the same targets");
    assert_eq!(stack(&bench)["pods"], before["pods"]);

    bench.file(
        "plan.toml",
        &scenario("kind = \"pod-kill\"\npods = { app = \"shop\", pick = \"all\" }"),
    );
    let refused = bench.loadtest(["chaos", "plan", "plan.toml"]).exits(2);
    assert!(refused.out().contains("REFUSED"), "{}", refused.out());
}
