//! `capacity`: which rates are tried, what they come to, and that all files tell the same. How much
//! the targets of these tests carry is a matter of the machine, and is not asserted.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use loadtest::report::markdown::plain;
use serde_json::Value;

use super::support::Bench;
use super::support::target::{Reply, Target};

/// A shop of one step under arrivals, with an SLO.
fn scenario(target: &str, more: &str) -> String {
    format!(
        r#"name = "shop"
target = {target}
load = {{ arrivals = {{ rate = "10/s", for = "10s" }} }}
slo = {{ availability = "99%", p99 = "400ms" }}
guard = {{ healthy_before = "300ms" }}
journey = {{ name = "ask", steps = {{ get = "/", timeout = "2s" }} }}
{more}
"#
    )
}

fn quoted(target: &Target) -> String {
    format!("\"{}\"", target.url)
}

/// Short steps, so that a test is one.
const SHORT: [&str; 3] = ["--step-duration=2s", "--warm-up=500ms", "--hold=2s"];

/// `capacity.json` of the only result under `reports/`.
fn result(bench: &Bench) -> Value {
    let text = std::fs::read_to_string(bench.run_folder().join("capacity.json"));
    serde_json::from_str(&text.expect("capacity.json")).expect("JSON")
}

fn steps(result: &Value) -> &Vec<Value> {
    result["steps"].as_array().expect("steps")
}

fn rate(value: &Value) -> f64 {
    value.as_f64().expect("a rate")
}

/// Rates of the steps with this outcome.
fn rates(result: &Value, outcome: &str) -> Vec<f64> {
    let steps = steps(result)
        .iter()
        .filter(|step| step["outcome"] == outcome);
    steps.map(|step| rate(&step["rate"])).collect()
}

#[test]
fn doubles_until_one_fails_and_holds_what_it_found() {
    // One at a time, 20 ms each: more than fifty a second can never be served.
    let counter = Mutex::new(());
    let target = Target::serve(move |_| {
        let _turn = counter.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::park_timeout(Duration::from_millis(20));
        Reply::Ok("ok".into())
    });
    let bench = Bench::new();
    bench.file("shop.toml", &scenario(&quoted(&target), ""));
    let words = ["capacity", "shop.toml", "--from=5/s", "--precision=50%"];
    let said = bench.loadtest(words.into_iter().chain(SHORT)).exits(0);
    let result = result(&bench);

    let (held, failed) = (rates(&result, "held"), rates(&result, "failed"));
    assert_eq!(rate(&steps(&result)[0]["rate"]), 5.0);
    assert_eq!(rate(&steps(&result)[1]["rate"]), 10.0);
    let last = steps(&result).last().expect("a step");
    assert_eq!(
        (&last["kind"], &last["outcome"]),
        (&"hold".into(), &"held".into())
    );
    let (found, fails) = (rate(&result["rate"]), rate(&result["fails_at"]));
    assert_eq!(found, rate(&last["rate"]));
    assert!(failed.iter().all(|rate| *rate >= fails), "{failed:?}");
    assert!(found < fails && held.contains(&found), "{held:?}");
    assert!(
        fails <= 160.0,
        "twice and more of what can be served: {failed:?}"
    );

    // Each step keeps a report of its own, with the verdict that decided.
    let folder = bench.run_folder();
    for step in steps(&result) {
        let run = folder.join(step["folder"].as_str().expect("a folder"));
        let text = std::fs::read_to_string(run.join("summary.json")).expect("a summary");
        let summary: Value = serde_json::from_str(&text).expect("JSON");
        let gates = summary["gates"].as_array().expect("gates");
        assert!(gates.iter().any(|gate| gate["id"] == "run/steady/slo-p99"));
        let command = summary["run"]["command"].as_str().expect("a command");
        assert!(
            command.starts_with("loadtest capacity shop.toml --from="),
            "{command}"
        );
        match step["outcome"].as_str() {
            // So few requests leave a p99 open; nothing may speak against it, though.
            Some("held") if step["is_unsure"] == true => {
                assert_eq!(summary["verdict"], "inconclusive");
            }
            Some("held") => assert_eq!(summary["verdict"], "pass"),
            _ => assert!(summary["verdict"] == "fail" || summary["verdict"] == "invalid"),
        }
        assert!(run.join("report.html").exists());
    }
    let page = std::fs::read_to_string(folder.join("capacity.html")).expect("a page");
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("capacity.html");
    std::fs::write(kept, &page).expect("the target folder is writable");
    for told in ["chart-capacity", "not held", "Fails at"] {
        assert!(page.contains(told), "{told}");
    }
    let markdown = std::fs::read_to_string(folder.join("capacity.md")).expect("markdown");
    assert!(
        said.out().starts_with(&plain(&markdown)),
        "the same on the terminal"
    );
    let reason = result["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("Holds "), "{reason}");
}

#[test]
fn when_even_the_lowest_rate_fails_nothing_else_is_tried() {
    let target = Target::serve(|_| Reply::Status(500));
    let bench = Bench::new();
    bench.file("shop.toml", &scenario(&quoted(&target), ""));
    bench
        .loadtest(["capacity", "shop.toml"].into_iter().chain(SHORT))
        .exits(3);
    let result = result(&bench);
    assert_eq!(rates(&result, "failed"), [10.0]);
    assert_eq!((steps(&result).len(), &result["rate"]), (1, &Value::Null));
    let why = steps(&result)[0]["why"].as_str().expect("a reason");
    assert!(why.starts_with("availability >= 99%"), "{why}");
}

#[test]
fn a_generator_at_its_limit_is_not_told_as_the_target_s() {
    let target = Target::serve(|_| Reply::Never);
    let bench = Bench::new();
    bench.file("shop.toml", &scenario(&quoted(&target), ""));
    let words = ["capacity", "shop.toml", "--from=200/s"];
    let run = bench.loadtest(words.into_iter().chain(SHORT));
    let said = run.with_descriptors(64).exits(4);
    assert!(
        said.out().contains("the generator, not the target: "),
        "{}",
        said.out()
    );
    let result = result(&bench);
    assert_eq!(
        (&result["verdict"], &result["rate"]),
        (&"invalid".into(), &Value::Null)
    );
    assert_eq!(rates(&result, "invalid"), [200.0]);
}

#[test]
fn with_a_zone_gone_the_fault_is_held_during_every_step_and_undone_after_it() {
    let bench = Bench::new();
    let fault = "[[fault]]\nname = \"zone b gone\"\nkind = \"zone-outage\"\nzone = \"b\"\nat = \"2s\"\nfor = \"3s\"\n";
    bench.file("shop.toml", &scenario("\"local\"", fault));
    let words = [
        "capacity",
        "shop.toml",
        "--from=5/s",
        "--to=5/s",
        "--during=zone b gone",
    ];
    let said = bench
        .loadtest(words.into_iter().chain(SHORT).chain(["--settle=3s"]))
        .exits(0);
    assert!(
        said.out().contains("while “zone b gone” is held"),
        "{}",
        said.out()
    );
    let result = result(&bench);
    assert_eq!(rates(&result, "held"), [5.0, 5.0]);
    for step in steps(&result) {
        let run = bench
            .run_folder()
            .join(step["folder"].as_str().expect("a folder"));
        let text = std::fs::read_to_string(run.join("summary.json")).expect("a summary");
        let summary: Value = serde_json::from_str(&text).expect("JSON");
        let fault = &summary["faults"][0];
        assert_eq!(
            (&fault["name"], &fault["undone"]),
            (&"zone b gone".into(), &true.into())
        );
        // What was measured began only after it had settled.
        assert!(step["requests"].as_u64() < summary["requests"]["total"].as_u64());
    }
}

#[test]
fn what_has_no_capacity_to_be_found_is_refused() {
    let bench = Bench::new();
    let fault = "[[fault]]\nname = \"lose a pod\"\nkind = \"pod-kill\"\nat = \"2s\"\npods = { app = \"shop\", pick = 1 }\n";
    bench.file("shop.toml", &scenario("\"local\"", fault));
    let users = "target = \"http://127.0.0.1:9\"\nload = { users = { count = 1, for = \"1s\" } }\n\
                 journey = { name = \"j\", steps = { get = \"/\" } }\n";
    bench.file("users.toml", users);
    for (words, told) in [
        (["capacity", "users.toml", "--to=9/s"], "a rate of arrivals"),
        (
            ["capacity", "shop.toml", "--to=9/s"],
            "--from 10/s is above --to 9/s",
        ),
        (
            ["capacity", "shop.toml", "--during=zone"],
            "it has `lose a pod`",
        ),
        (
            ["capacity", "shop.toml", "--during=lose a pod"],
            "is over by itself",
        ),
        (["capacity", "shop.toml", "--precision=0.5%"], "1% to 50%"),
        (["capacity", "shop.toml", "--from=10"], "no unit"),
    ] {
        let said = bench.loadtest(words).exits(2);
        assert!(said.err().contains(told), "{words:?}: {}", said.err());
    }
    assert!(
        !bench.path().join("reports").exists(),
        "nothing was started"
    );
}
