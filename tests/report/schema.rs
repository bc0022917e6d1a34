//! `summary.json` beside its published schema, and beside builds that are older or newer.

use std::path::Path;

use jsonschema::Validator;
use loadtest::gate::Verdict;
use loadtest::measure::validity::Cause;
use loadtest::report::{Summary, folder, schema};
use serde_json::{Value, json};

use super::support::target::{Reply, Target};
use super::support::{Bench, repository};

const PUBLISHED: &str = "docs/summary.schema.json";

fn published() -> Validator {
    let text = std::fs::read_to_string(repository(PUBLISHED)).expect(PUBLISHED);
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema of its own draft")
}

/// What is wrong with it, by place; empty: nothing.
pub(super) fn complaints(summary: &Value) -> Vec<String> {
    let schema = published();
    let errors = schema.iter_errors(summary);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn as_json(summary: &Summary) -> Value {
    serde_json::to_value(summary).expect("plain data")
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let published = std::fs::read_to_string(repository(PUBLISHED)).unwrap_or_default();
    assert!(
        published == schema::text(),
        "{PUBLISHED} is not what the types say any more; renew it: \
         cargo run --all-features -- report --schema > {PUBLISHED}"
    );
    let said = Bench::new().loadtest(["report", "--schema"]).exits(0);
    assert_eq!(said.out(), published);
}

#[test]
fn summaries_of_all_kinds_hold_to_it() {
    let mut invalid = super::passing();
    invalid.verdict = Verdict::Invalid;
    invalid.invalid_causes = Cause::ALL.map(|cause| cause.found("so it was")).into();
    let mut drilled = super::passing();
    drilled.drill = Some(loadtest::report::summary::Drill::default());
    for summary in [super::passing(), super::failing(), invalid, drilled] {
        assert_eq!(complaints(&as_json(&summary)), Vec::<String>::new());
    }
}

#[test]
fn the_summary_of_a_real_run_holds_to_it() {
    let target = Target::serve(|_| Reply::Ok("ok".into()));
    let bench = Bench::new();
    bench.file(
        "real.toml",
        &format!(
            r#"name = "real"
target = "{}"
load = {{ arrivals = {{ rate = "40/s", for = "2s" }} }}
journey = {{ name = "ask", steps = {{ name = "front page", get = "/" }} }}
gate = {{ on = "run", expect = ["p95 < 10s", "errors < 1%"] }}
"#,
            target.url
        ),
    );
    bench.loadtest(["run", "real.toml"]).exits(0);
    let summary = bench.summary();
    assert_eq!(summary["verdict"], "pass");
    assert_eq!(complaints(&summary), Vec::<String>::new());
}

#[test]
fn a_broken_summary_does_not() {
    let whole = as_json(&super::passing());
    let broken = |pointer: &str, value: Value| {
        let mut summary = whole.clone();
        *summary.pointer_mut(pointer).expect(pointer) = value;
        summary
    };
    let mut without = whole.clone();
    without.as_object_mut().expect("an object").remove("run");
    let wrong = [
        without,
        broken("/schema_version", json!(2)),
        broken("/verdict", json!("perfect")),
        broken("/exit_code", json!(-1)),
        broken("/requests/total", json!("many")),
        broken("/gates/0/interval", json!([1.0])),
        broken("/errors/0/kind", json!("bad luck")),
        broken("/timeline/errors", json!({"bad-luck": [1, 2]})),
        broken("/faults/0/accepted_us", json!(-5)),
    ];
    for (number, summary) in wrong.iter().enumerate() {
        assert!(!complaints(summary).is_empty(), "number {number} passes");
    }
}

/// The first schema told causes as texts; `reports/` of that time is still readable.
#[test]
fn a_run_folder_of_the_first_schema_is_rendered_again() {
    let bench = Bench::new();
    let first = include_str!("earlier/first.json");
    bench.file("reports/first/summary.json", first);
    let said = bench.loadtest(["report", "reports/first"]).exits(0);
    assert!(said.out().contains("INVALID"), "{}", said.out());

    let rendered = |name: &str| {
        let path = bench.path().join("reports/first").join(name);
        std::fs::read_to_string(path).expect(name)
    };
    let cause = "The generator used 98 % of its core for 4 s and was the bottleneck";
    for (file, section) in [
        ("report.html", "id=\"timeline\""),
        ("summary.md", "### Faults"),
        ("junit.xml", "<error message=\"invalid run: "),
    ] {
        let text = rendered(file);
        assert!(text.contains(cause) && text.contains(section), "{file}");
    }
    assert!(rendered("report.html").contains("2 of 4,223 iterations started late"));
    assert_eq!(rendered("summary.json"), first, "the source stays as it is");
    let summary = folder::read(&bench.path().join("reports/first")).expect("readable");
    assert_eq!(
        summary.invalid_causes[0].to_string(),
        summary.reason.trim_end_matches('.')
    );
}

#[test]
fn a_summary_of_a_newer_build_is_refused_with_what_to_do() {
    let bench = Bench::new();
    let mut newer = as_json(&super::passing());
    newer["schema_version"] = json!(2);
    newer["verdict"] = json!("a word of the future");
    let path = bench.file("newer/summary.json", &newer.to_string());
    let said = bench.loadtest(["report", "newer"]).exits(2);
    let expected = "has schema version 2, this build reads up to 1: use the build that wrote it, or a newer one";
    assert!(said.err().contains(expected), "{}", said.err());
    let beside: Vec<_> = std::fs::read_dir(path.parent().unwrap_or(Path::new("")))
        .expect("there")
        .collect();
    assert_eq!(beside.len(), 1, "nothing was written");
}
