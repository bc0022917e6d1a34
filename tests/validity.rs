//! What makes a run INVALID, provoked with the real binary: each cause by its id, exit code 4, and
//! words that say what to do. What would need a maltreated machine (a clock that jumps, ports that
//! run out, a busy processor) is provoked where it is decided: see docs/validity.md.

mod support;

use serde_json::Value;
use support::Bench;
use support::plane::Plane;
use support::target::{Reply, Target};

/// A scenario of one step that asks `/`, under this load.
fn scenario(target: &Target, load: &str, more: &str) -> String {
    format!(
        r#"target = "{}"
load = {{ {load} }}
journey = {{ name = "ask", steps = {{ get = "/", timeout = "1s" }} }}
{more}
"#,
        target.url
    )
}

fn ok() -> Target {
    Target::serve(|_| Reply::Ok("ok".into()))
}

/// Ids and words of the causes in `summary.json`.
fn causes(summary: &Value) -> Vec<(&str, &str)> {
    let causes = summary["invalid_causes"].as_array().expect("causes").iter();
    causes
        .map(|found| {
            let text = |field: &str| found[field].as_str().expect("a text");
            (text("cause"), text("words"))
        })
        .collect()
}

/// Asserts that the run was invalid for this cause, and that every report says what to do.
fn assert_invalid(bench: &Bench, cause: &str, to_do: &str) -> Value {
    let summary = bench.summary();
    assert_eq!(summary["verdict"], "invalid");
    assert_eq!(summary["exit_code"], 4);
    let words = {
        let causes = causes(&summary);
        let found = causes.iter().find(|(id, _)| *id == cause);
        let (_, words) = found.unwrap_or_else(|| panic!("{cause} in {causes:?}"));
        (*words).to_owned()
    };
    assert!(words.contains(to_do), "{words}");
    for file in ["summary.md", "report.html"] {
        let text = std::fs::read_to_string(bench.run_folder().join(file)).expect(file);
        assert!(text.contains(&format!("{cause}: ")), "{file} of {cause}");
    }
    let junit = std::fs::read_to_string(bench.run_folder().join("junit.xml")).expect("junit.xml");
    assert!(junit.contains("failures=\"0\" errors=\"1\""), "{junit}");
    summary
}

#[test]
fn too_few_file_descriptors() {
    let target = ok();
    let bench = Bench::new();
    let load = r#"users = { count = 100, for = "3s" }"#;
    bench.file("few.toml", &scenario(&target, load, ""));
    let run = bench.loadtest(["run", "few.toml"]);
    let said = run.with_descriptors(64).exits(4);
    assert!(said.out().contains("descriptors: "), "{}", said.out());
    let summary = assert_invalid(&bench, "descriptors", "raise the limit (`ulimit -n`)");
    assert_eq!(summary["generator"]["verdict"], "saturated");
    assert_eq!(summary["generator"]["descriptor_limit"], 64);
}

#[test]
fn arrivals_that_nobody_was_free_to_start() {
    let target = Target::serve(|_| Reply::Never);
    let bench = Bench::new();
    let load = r#"arrivals = { rate = "100/s", for = "1s" }, max_users = 2"#;
    bench.file("dropped.toml", &scenario(&target, load, ""));
    bench.loadtest(["run", "dropped.toml"]).exits(4);
    let summary = assert_invalid(&bench, "dropped-arrivals", "raise `max_users`");
    let dropped = summary["generator"]["dropped"].as_u64().expect("a count");
    assert!(dropped >= 90, "{dropped}");
}

#[test]
fn data_that_may_be_used_once_and_ran_out() {
    let target = ok();
    let bench = Bench::new();
    bench.file("three.csv", "name\nada\ngrace\nmary\n");
    let text = scenario(&target, r#"users = { count = 1, for = "60s" }"#, "")
        .replace("get = \"/\"", "get = \"/?who=${names.name}\"");
    let data = "[data.names]\ncsv = \"three.csv\"\norder = \"unique\"\n";
    bench.file("unique.toml", &(text + data));
    bench.loadtest(["run", "unique.toml"]).exits(4);
    assert_invalid(&bench, "data-ran-out", "give it more rows");
    let asked: Vec<String> = target.seen().into_iter().map(|seen| seen.what).collect();
    assert_eq!(
        asked,
        ["ada", "grace", "mary"].map(|who| format!("GET /?who={who}"))
    );
}

#[test]
fn a_generator_that_has_no_time_left() {
    // Three descents into a deep answer: to look at it takes far longer than to get it, and the
    // users ask at once again.
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let target = Target::serve(move |_| Reply::Ok(deep.clone()));
    let bench = Bench::new();
    let text = scenario(&target, r#"users = { count = 8, for = "6s" }"#, "").replace(
        "timeout = \"1s\"",
        r#"expect = { json = { "$..*..*..*..x" = "absent" } }"#,
    );
    bench.file("busy.toml", &text);
    bench.loadtest(["run", "busy.toml"]).exits(4);
    let summary = assert_invalid(&bench, "generator-cpu", "add `--workers`");
    assert_eq!(summary["generator"]["verdict"], "saturated");
}

#[test]
fn a_fault_that_is_refused_and_one_that_changes_nothing() {
    let books = r#"{"pending": 0, "rules": []}"#;
    let target = Target::serve(move |_| Reply::Ok(books.into()));
    let bench = Bench::new();
    let _plane = Plane::that_does_nothing(&bench, &target);
    bench.file(
        "nothing.toml",
        r#"target = { stack = "local" }
canary = false
load = { arrivals = { rate = "20/s", for = "4s" } }
journey = { name = "ask", steps = { get = "/" } }
guard = { healthy_before = "300ms" }
slo = { held_for = "300ms" }
[[fault]]
name = "hangs"
kind = "pod-hang"
at = "1s"
for = "60s"
pods = "shop-1"
[[fault]]
name = "nobody"
kind = "pod-kill"
at = "1500ms"
pods = "shop-9"
"#,
    );
    bench.loadtest(["run", "nothing.toml"]).exits(4);
    let summary = assert_invalid(&bench, "fault-without-effect", "see events.jsonl");
    assert_invalid(&bench, "fault-not-injected", "no pod matches");
    let causes = causes(&summary);
    assert_eq!(causes.len(), 2, "{causes:?}");
    assert!(summary["faults"][0]["accepted_us"].is_u64());
    assert!(summary["faults"][1]["accepted_us"].is_null());
}

#[test]
fn too_few_requests_for_a_gate_are_not_invalid_but_inconclusive() {
    let target = ok();
    let gate = r#"gate = { expect = "p99 < 10s" }"#;
    let load = r#"arrivals = { rate = "20/s", for = "1s" }"#;
    for (strict, code) in [(None, 0), (Some("--strict"), 5)] {
        let bench = Bench::new();
        bench.file("few.toml", &scenario(&target, load, gate));
        let args = ["run", "few.toml"].into_iter().chain(strict);
        let said = bench.loadtest(args).exits(code);
        assert!(said.out().contains("INCONCLUSIVE"), "{}", said.out());
        let summary = bench.summary();
        assert_eq!(summary["verdict"], "inconclusive");
        assert_eq!(causes(&summary), []);
        let why = summary["gates"][0]["explanation"].as_str().expect("why");
        assert!(why.starts_with("insufficient: "), "{why}");
        assert!(
            why.ends_with("run longer, load more, or gate a lower quantile"),
            "{why}"
        );
    }
}
