//! `junit.xml` beside what Jenkins accepts, by a tool that knows nothing of ours: xmllint.

use std::io::Write as _;
use std::process::{Command, Stdio};

use loadtest::gate::{GateVerdict, Verdict};
use loadtest::measure::validity::Cause;
use loadtest::report::{Summary, junit};

use super::support::repository;

/// What is wrong with it; empty: nothing.
fn complaints(xml: &str) -> String {
    let schema = repository("tests/report/junit.xsd");
    let mut lint = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", &schema, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("no xmllint on this machine, which checks junit.xml; install it: ci/setup --test");
    let mut input = lint.stdin.take().expect("piped");
    input.write_all(xml.as_bytes()).expect("it reads all");
    drop(input);
    let said = lint.wait_with_output().expect("it ends");
    if said.status.success() {
        return String::new();
    }
    String::from_utf8_lossy(&said.stderr).into_owned()
}

/// One summary for each way in which a run can end.
fn all_kinds() -> Vec<Summary> {
    let mut invalid = super::failing();
    invalid.verdict = Verdict::Invalid;
    invalid.invalid_causes = vec![Cause::GeneratorCpu.found("98 % of its core & no more")];
    let mut undecided = super::passing();
    undecided.gates[1].verdict = GateVerdict::Inconclusive;
    let mut dirty = super::passing();
    let undo = dirty.faults[0].undo.as_mut().expect("injected");
    undo.done = false;
    let mut without_gates = super::passing();
    without_gates.gates.clear();
    let mut invalid_without_gates = invalid.clone();
    invalid_without_gates.gates.clear();
    let mut wild = super::failing();
    wild.run.scenario = "<shop> & \"co\" \u{1b}[31m".into();
    wild.gates[0].id = "journey:a\"b<c>&d/steady/p95".into();
    wild.gates[0].explanation = "]]> \u{0} \n <!-- é ✗".into();
    vec![
        super::passing(),
        super::failing(),
        invalid,
        undecided,
        dirty,
        without_gates,
        invalid_without_gates,
        wild,
    ]
}

#[test]
fn every_kind_of_run_is_valid_for_jenkins() {
    for (number, summary) in all_kinds().iter().enumerate() {
        let xml = junit::render(summary);
        assert_eq!(complaints(&xml), "", "number {number}:\n{xml}");
    }
}

#[test]
fn what_jenkins_would_refuse_is_refused() {
    let valid = junit::render(&super::failing());
    for (right, wrong) in [
        (" name=\"journey:buy/steady/p95\"", ""),
        (" tests=\"7\"", " tests=\"seven\""),
        ("00:00\" hostname", "00:00.5Z\" hostname"),
        ("<failure ", "<fault "),
    ] {
        assert!(valid.contains(right), "{right} in {valid}");
        let broken = valid.replacen(right, wrong, 1);
        assert_ne!(complaints(&broken), "", "{wrong} instead of {right}");
    }
}
