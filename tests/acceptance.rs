//! The main job as a user does it: the real binary, a real stack, real faults.

mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;
use support::{Bench, processes_of, repository, shared_memory_segments};

fn number(value: &Value, pointer: &str) -> f64 {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{pointer} in {value}"))
}

#[test]
fn checkout_survives_three_faults_and_leaves_nothing_behind() {
    let bench = Bench::new();
    let segments = shared_memory_segments();
    let scenario = repository("scenarios/checkout.toml");
    let said = bench
        .loadtest(["run", &scenario, "--duration", "60s", "--seed", "7"])
        .exits(0);
    assert!(said.out().contains("PASS"), "{}", said.out());

    let summary = bench.summary();
    assert_eq!(summary["verdict"], "pass");
    let faults = summary["faults"].as_array().expect("faults");
    let kinds: Vec<_> = faults
        .iter()
        .map(|fault| fault["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["pod-kill", "db-failover", "zone-drain"]);
    for fault in faults {
        assert!(number(fault, "/rto_seconds") < 15.0, "{fault}");
        assert_eq!(fault["undone"], true, "{fault}");
        assert_eq!(number(fault, "/ledger/lost"), 0.0, "{fault}");
        assert!(number(fault, "/canary/0/requests") > 0.0, "{fault}");
    }
    assert!(
        number(&summary, "/ledger/acknowledged") >= 200.0,
        "{}",
        summary["ledger"]
    );
    assert_eq!(number(&summary, "/ledger/lost"), 0.0);
    assert_eq!(number(&summary, "/ledger/duplicate"), 0.0);
    assert_eq!(number(&summary, "/ledger/unverified"), 0.0);
    assert_eq!(number(&summary, "/canary/ledger/lost"), 0.0);
    assert_eq!(number(&summary, "/canary/ledger/duplicate"), 0.0);

    let left: BTreeSet<String> = std::fs::read_dir(bench.run_folder())
        .expect("the run folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    for file in [
        "summary.json",
        "report.html",
        "samples.csv",
        "run.hlog",
        "events.jsonl",
        "ledger.csv",
        "junit.xml",
        "summary.md",
        "journal.jsonl",
    ] {
        assert!(left.contains(file), "{file} in {left:?}");
    }
    assert_eq!(processes_of(&bench), Vec::<u32>::new(), "processes left");
    let after = shared_memory_segments();
    let left: Vec<_> = after.difference(&segments).collect();
    assert!(left.is_empty(), "shared memory segments left: {left:?}");
}

#[test]
fn an_absurd_limit_fails_and_says_by_how_much() {
    let bench = Bench::new();
    let scenario = bench.file("absurd.toml", &smoke(r#"expect = ["p95 < 1us"]"#));
    let said = bench.loadtest(["run", scenario.to_str().unwrap()]).exits(3);
    assert!(said.out().contains("FAIL"), "{}", said.out());
    let summary = bench.summary();
    assert_eq!(summary["verdict"], "fail");
    let explanation = summary["gates"][0]["explanation"]
        .as_str()
        .expect("an explanation");
    assert!(explanation.contains("missed by"), "{explanation}");
    let html = std::fs::read_to_string(bench.run_folder().join("report.html")).expect("report");
    assert!(
        html.contains("p95 &lt; 1us") && html.contains("missed by"),
        "the report says it too"
    );
}

/// A shop scenario of a few seconds without faults, and one gate.
fn smoke(gate: &str) -> String {
    format!(
        r#"name = "smoke"
[target]
stack = "local"
[[load]]
journey = "browse"
users = [{{ count = 5, for = "4s" }}]
[[journey]]
name = "browse"
think = "20ms..60ms"
steps = [{{ name = "list", get = "/api/products?page=1" }}]
[[gate]]
on = "run"
{gate}
"#
    )
}

#[test]
fn it_runs_against_a_server_that_is_not_ours() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", server.local_addr().expect("an address"));
    // Serves until the test's process ends; nobody joins it.
    std::thread::spawn(move || {
        for connection in server.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer_until_closed(connection));
        }
    });
    let bench = Bench::new();
    let scenario = bench.file(
        "smoke.toml",
        &smoke(r#"expect = ["errors < 1%", "count > 50"]"#),
    );
    bench
        .loadtest(["run", scenario.to_str().unwrap(), "-t", &url])
        .exits(0);
    let summary = bench.summary();
    assert_eq!(summary["run"]["target"], url.as_str());
    assert_eq!(summary["faults"].as_array().map(Vec::len), Some(0));
    assert_eq!(processes_of(&bench), Vec::<u32>::new());
}

/// The least that is HTTP/1.1: a request's end, an answer, again.
fn answer_until_closed(mut connection: std::net::TcpStream) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = connection.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..read]);
        while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            seen.drain(..end + 4);
            if connection
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .is_err()
            {
                return;
            }
        }
    }
}

#[test]
fn a_target_that_is_not_there_is_named_and_nothing_is_left() {
    let bench = Bench::new();
    let scenario = bench.file("smoke.toml", &smoke(r#"expect = ["errors < 1%"]"#));
    let said = bench
        .loadtest([
            "run",
            scenario.to_str().unwrap(),
            "-t",
            "http://127.0.0.1:1",
        ])
        .exits(2);
    assert!(said.err().contains("http://127.0.0.1:1"), "{}", said.err());
    let reports = std::fs::read_dir(bench.path().join("reports"));
    assert_eq!(
        reports.map_or(0, Iterator::count),
        0,
        "no run folder for a run that never was"
    );
}

#[test]
fn ctrl_c_once_undoes_reports_and_exits_130() {
    let bench = Bench::new();
    let scenario = bench.file("hang.toml", &with_fault("pod-hang", r#"for = "60s""#));
    let mut run = bench.loadtest(["run", scenario.to_str().unwrap()]).spawn();
    bench.wait_for_event(&mut run, "\"event\":\"effective\"");
    support::signal(run.id(), Signal::INT);
    let status = run.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    let summary = bench.summary();
    assert_eq!(summary["ending"], "interrupted");
    assert_eq!(
        summary["faults"][0]["undo"]["done"], true,
        "{}",
        summary["faults"][0]
    );
    assert_eq!(processes_of(&bench), Vec::<u32>::new());
}

/// A minute of load and one fault after a second.
fn with_fault(kind: &str, more: &str) -> String {
    format!(
        r#"name = "fault"
[target]
stack = "local"
[[load]]
journey = "browse"
users = [{{ count = 4, for = "60s" }}]
[[journey]]
name = "browse"
think = "20ms..60ms"
steps = [{{ name = "list", get = "/api/products?page=1" }}]
[[fault]]
name = "it"
kind = "{kind}"
at = "1s"
{more}
pods = {{ app = "shop", pick = 1 }}
[guard]
healthy_before = "500ms"
"#
    )
}

#[test]
fn sigkill_at_any_moment_leaves_no_process_and_recovery_finds_nothing_broken() {
    let segments = shared_memory_segments();
    let mut random = fastrand::Rng::with_seed(20);
    for round in 0..20 {
        let bench = Bench::new();
        let kind = if random.bool() {
            "pod-hang"
        } else {
            "pod-kill"
        };
        let more = if kind == "pod-hang" {
            r#"for = "20s""#
        } else {
            ""
        };
        let scenario = bench.file("fault.toml", &with_fault(kind, more));
        let mut run = bench.loadtest(["run", scenario.to_str().unwrap()]).spawn();
        // A random point of the run's own story: after so many lines of its log, or at once.
        let lines = random.usize(0..25);
        bench.wait_for_lines(&mut run, lines);
        support::signal(run.id(), Signal::KILL);
        run.wait().expect("it ends");
        support::until(
            &format!("round {round}: no process left after {lines} lines"),
            || processes_of(&bench).is_empty(),
        );
        bench.loadtest(["chaos", "recover", "--yes"]).exits(0);
        assert_eq!(processes_of(&bench), Vec::<u32>::new(), "round {round}");
    }
    support::until("no shared memory segment left", || {
        shared_memory_segments().is_subset(&segments)
    });
}
