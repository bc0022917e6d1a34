//! `loadtest selftest` as a user runs it: it holds on this machine, and it fails for every kind of
//! row when the target does one thing more than it says.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::Bench;

/// Names, tolerances and verdicts: what does not depend on the machine.
fn steady_columns(table: &str) -> String {
    let columns = |line: &str| {
        let cells: Vec<char> = line.chars().collect();
        if cells.len() <= 54 || !line.starts_with("  ") {
            return line.to_owned();
        }
        let (name, rest) = (&cells[..30], &cells[54..]);
        name.iter().chain(rest).collect::<String>()
    };
    table.lines().map(|line| columns(line) + "\n").collect()
}

#[test]
fn everything_holds_on_this_machine() {
    let bench = Bench::new();
    let said = bench.loadtest(["selftest"]).exits(0);
    let table = said.out();
    // A second attempt is legal on a busy machine.
    let lines = table.lines().filter(|line| !line.contains("attempt "));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(steady_columns(&table), @r#"
                                    tolerance

DELAYS  500 requests: 98 % take 5 ms, 2 % take 50 ms
  requests                              exact  ok
  requests failed                       exact  ok
  service time p50                      +2 ms  ok
  service time p99                      +5 ms  ok
  service time max                     +20 ms  ok

STALL  600 arrivals, 4 users, nobody answered for 1 s
  requests                              exact  ok
  arrivals scheduled                    exact  ok
  arrivals started                      exact  ok
  arrivals dropped                      exact  ok
  response time p50                     +5 ms  ok
  response time p90              −6 ms +25 ms  ok
  response time p99              −6 ms +25 ms  ok
  response time max              −6 ms +25 ms  ok
  service time p99                      +5 ms  ok
  service time max               −2 ms +22 ms  ok

ERRORS  a fault makes the target refuse the next 40 requests, and a canary's writes meanwhile
  requests                              exact  ok
  requests failed                       exact  ok
  failed in the fault's window          exact  ok
  T0 fault accepted                     ±1 ms  ok
  T1 first failure                     ±20 ms  ok
  last failure                         ±20 ms  ok
  T4 first success                     ±20 ms  ok
  T5 SLO held again                    ±20 ms  ok
  RTO (T5 − T0)                        ±20 ms  ok
  no success for                       ±20 ms  ok
  canary writes                         exact  ok
  canary writes failed                  exact  ok
  canary writes acknowledged            exact  ok
  canary writes lost                    exact  ok
  no canary write for                  ±20 ms  ok

WRITES  225 writes, some lost, doubled, kept, shown late or not answered
  writes sent                           exact  ok
  refused or not answered               exact  ok
  acknowledged                          exact  ok
  lost                                  exact  ok
  there twice                           exact  ok
  there only later                      exact  ok
  refused and there                     exact  ok
  without an answer                     exact  ok
  not read back                         exact  ok

✓ OK all 39 rows hold: on this machine the tool reports what happened
"#);
    assert!(
        said.err().contains("playing stall"),
        "it says what it does: {}",
        said.err()
    );
}

/// What misses when the target is sabotaged so.
fn misses(part: &str, sabotages: &str) -> BTreeSet<String> {
    let bench = Bench::new();
    let args = [
        "selftest",
        "--only",
        part,
        "--sabotage",
        sabotages,
        "--json",
    ];
    let said = bench.loadtest(args).exits(1);
    let document: Value = serde_json::from_str(&said.out()).expect("JSON");
    assert_eq!(document["ok"], false);
    let rows = document["rows"].as_array().expect("rows");
    rows.iter()
        .filter(|row| row["ok"] == false)
        .map(|row| row["what"].as_str().expect("a name").to_owned())
        .collect()
}

fn rows<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn delays_that_are_not_told_are_found() {
    assert_eq!(
        misses("delays", "every-answer,slow-answer"),
        rows(["service time p50", "service time p99", "service time max"])
    );
    assert_eq!(
        misses("delays", "request,error"),
        rows(["requests", "requests failed"])
    );
}

#[test]
fn a_stall_that_is_not_told_is_found() {
    assert_eq!(
        misses("stall", "stall,every-answer"),
        rows([
            "response time p50",
            "response time p90",
            "response time p99",
            "response time max",
            "service time p99"
        ])
    );
}

#[test]
fn arrivals_that_are_not_told_are_found() {
    assert_eq!(misses("stall", "arrival"), rows(["arrivals scheduled"]));
    let missed = misses("stall", "request,deaf");
    let expected = rows([
        "requests",
        "arrivals started",
        "arrivals dropped",
        "service time max",
    ]);
    assert!(missed.is_superset(&expected), "{missed:?}");
}

#[test]
fn an_outage_that_is_not_told_is_found() {
    assert_eq!(
        misses("errors", "request"),
        rows(["requests", "canary writes", "canary writes acknowledged"])
    );
    assert_eq!(
        misses("errors", "error,canary,lost"),
        rows([
            "requests failed",
            "failed in the fault's window",
            "canary writes failed",
            "canary writes acknowledged",
            "canary writes lost"
        ])
    );
    assert_eq!(
        misses("errors", "accepted,first-error,last-error,recovery"),
        rows([
            "T0 fault accepted",
            "T1 first failure",
            "last failure",
            "T4 first success",
            "T5 SLO held again",
            "RTO (T5 − T0)",
            "no success for",
            "no canary write for"
        ])
    );
}

#[test]
fn writes_that_are_not_told_are_found() {
    assert_eq!(
        misses("writes", "lost,doubled,stale,unreadable"),
        rows(["lost", "there twice", "there only later", "not read back"])
    );
    assert_eq!(
        misses("writes", "phantom,unanswered,request"),
        rows([
            "writes sent",
            "refused or not answered",
            "acknowledged",
            "refused and there",
            "without an answer"
        ])
    );
}

#[test]
fn help_shows_examples_and_no_way_to_sabotage() {
    let bench = Bench::new();
    let help = bench.loadtest(["selftest", "--help"]).exits(0).out();
    assert!(help.contains("loadtest selftest --json"), "{help}");
    assert!(!help.contains("sabotage"), "{help}");
}
