//! Canaries as a user meets them: the real binary, a real failover, and a server that is not ours.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use support::Bench;

fn count(value: &Value, pointer: &str) -> u64 {
    let found = value.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("{pointer} in {value}"))
}

fn seconds(value: &Value, pointer: &str) -> f64 {
    let found = value.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("{pointer} in {value}"))
}

/// Rows of `ledger.csv`, by step.
fn ledger_rows(bench: &Bench) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    let file = bench.run_folder().join("ledger.csv");
    for row in csv::Reader::from_path(file).expect("ledger.csv").records() {
        *rows.entry(row.expect("a row")[1].to_owned()).or_default() += 1;
    }
    rows
}

/// Readers, who never write, and this fault.
fn reading(fault: &str) -> String {
    format!(
        r#"name = "reading"
[target]
stack = "local"
zones = ["a", "b"]
replicas = 2
[[load]]
journey = "look"
arrivals = [{{ rate = "10/s", for = "12s" }}]
[[journey]]
name = "look"
steps = [{{ name = "list", get = "/api/products?page=1" }}]
[[fault]]
at = "3s"
{fault}
[http]
timeout = "1s"
[slo]
held_for = "1s"
[guard]
healthy_before = "500ms"
"#
    )
}

#[test]
fn a_failover_shows_in_the_canaries_and_they_show_in_nobody_elses_figures() {
    let bench = Bench::new();
    // The primary's zone: its standby has to take over, which nobody had planned.
    let lost = "kind = \"zone-outage\"\nzone = \"a\"\nfor = \"4s\"";
    bench.file("reading.toml", &reading(lost));
    let said = bench.loadtest(["run", "reading.toml"]).exits(0);
    assert!(
        said.out().contains("canary: no write for"),
        "{}",
        said.out()
    );

    let summary = bench.summary();
    let canary = &summary["canary"];
    assert_eq!(canary["warnings"], Value::Array(Vec::new()));
    let mut written = 0;
    for (number, zone) in ["a", "b"].into_iter().enumerate() {
        let writer = &canary["writers"][number];
        assert_eq!(writer["name"], format!("canary {zone}"));
        assert_eq!(writer["zone"], zone);
        // 20 a second for 12 s: each was sent, whatever became of it.
        assert_eq!(count(writer, "/requests"), 240, "{writer}");
        written += count(writer, "/requests");
    }

    let impacts = &summary["faults"][0]["canary"];
    let each = impacts.as_array().expect("impacts").iter();
    let names: Vec<_> = each.map(|impact| &impact["writer"]).collect();
    assert_eq!(names, ["all", "canary a", "canary b"]);
    assert!(
        seconds(impacts, "/0/dead_window_seconds") > 0.0,
        "{impacts}"
    );
    let accepted = count(&summary, "/faults/0/accepted_us");
    assert!(count(impacts, "/0/first_error_us") > accepted, "{impacts}");
    assert!(count(impacts, "/0/recovered_us") > accepted, "{impacts}");
    assert!(count(impacts, "/1/failed") > 0, "{impacts}");

    // The journeys' figures know nothing of them.
    assert_eq!(summary["steps"].as_array().map(Vec::len), Some(1));
    assert_eq!(count(&summary, "/requests/total"), 120);
    assert_eq!(count(&summary, "/requests/scheduled"), 120);
    assert_eq!(summary.get("ledger"), None, "no journey writes");
    assert_eq!(count(canary, "/ledger/lost"), 0);
    assert_eq!(count(canary, "/ledger/duplicate"), 0);
    assert!(count(canary, "/ledger/acknowledged") > 0);
    let rows = ledger_rows(&bench);
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["canary a", "canary b"]);
    assert_eq!(rows.values().sum::<usize>() as u64, written);

    let lanes = summary["lanes"]["serving"].as_array().expect("lanes");
    let lanes = lanes.iter().filter(|lane| lane["kind"] == "canary");
    assert_eq!(lanes.count(), 2);
    let html = std::fs::read_to_string(bench.run_folder().join("report.html")).expect("report");
    assert!(html.contains("for how long nobody could write"));
}

#[test]
fn who_wants_none_has_none() {
    let bench = Bench::new();
    bench.file("reading.toml", &reading("kind = \"db-failover\""));
    let none = ["run", "reading.toml", "-d", "4s", "--set", "canary=false"];
    bench.loadtest(none).exits(0);
    let summary = bench.summary();
    assert_eq!(summary.get("canary"), None);
    assert_eq!(summary["faults"][0].get("canary"), None);
    assert!(!bench.run_folder().join("ledger.csv").exists());
}

#[test]
fn a_server_that_is_not_ours_is_written_to_as_the_scenario_says() {
    let server = Notes::serve();
    let bench = Bench::new();
    bench.file(
        "notes.toml",
        &format!(
            r#"target = "{}"
load = {{ users = {{ count = 1, for = "3s" }} }}
journey = {{ name = "look", think = "50ms", steps = {{ name = "front page", get = "/" }} }}
gate = {{ expect = "errors < 1%" }}
[canary]
rate = "10/s"
zones = ["eu-1a", "eu-1b"]
put = "/${{zone}}/${{key = uuid()}}"
expect = {{ status = 200 }}
ledger = {{ key = "${{zone}}/${{key}}", read_back = "/${{zone}}/${{key}}" }}
"#,
            server.url
        ),
    );
    let said = bench.loadtest(["run", "notes.toml"]).exits(3);
    let summary = bench.summary();
    for (number, zone) in ["eu-1a", "eu-1b"].into_iter().enumerate() {
        let writer = &summary["canary"]["writers"][number];
        assert_eq!(
            (count(writer, "/requests"), count(writer, "/failed")),
            (30, 0)
        );
        let prefix = format!("/{zone}/");
        let noted = server.noted();
        let here = noted.iter().filter(|path| path.starts_with(&prefix));
        assert_eq!(here.count(), 30 - FORGOTTEN, "{zone}");
    }
    // It forgets a note of each zone, which is as bad as an order that is gone.
    assert_eq!(count(&summary, "/canary/ledger/acknowledged"), 60);
    assert_eq!(count(&summary, "/canary/ledger/lost"), 2 * FORGOTTEN as u64);
    let gates = summary["gates"].as_array().expect("gates").iter();
    let failed = gates.filter(|gate| gate["verdict"] == "fail");
    let failed: Vec<_> = failed.map(|gate| &gate["id"]).collect();
    assert_eq!(failed, ["run/whole/canary-ledger"], "{}", said.out());
}

/// Notes that each zone's server acknowledges and does not keep.
const FORGOTTEN: usize = 1;

/// Keeps the paths that are PUT, but for the first of each zone.
struct Notes {
    url: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    zones: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Notes {
    fn serve() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", server.local_addr().expect("an address"));
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let shared = Arc::clone(&kept);
        // Serves until the test's process ends; nobody joins it.
        std::thread::spawn(move || {
            for connection in server.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer_until_closed(connection, &shared));
            }
        });
        Self { url, kept }
    }

    fn noted(&self) -> BTreeSet<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.paths.clone()
    }
}

/// Requests without bodies, one after another.
fn answer_until_closed(mut connection: TcpStream, kept: &Mutex<Kept>) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = connection.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..read]);
        while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let request = String::from_utf8_lossy(&seen[..end]).into_owned();
            seen.drain(..end + 4);
            let answer = format!(
                "HTTP/1.1 {}\r\nContent-Length: 2\r\n\r\nok",
                status(&request, kept)
            );
            if connection.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn status(request: &str, kept: &Mutex<Kept>) -> &'static str {
    let mut words = request.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or("/"));
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    match method {
        Some("PUT") => {
            let zone = path.split('/').nth(1).unwrap_or("").to_owned();
            if !kept.zones.insert(zone) {
                kept.paths.insert(path.to_owned());
            }
            "200 OK"
        }
        _ if path == "/" || kept.paths.contains(path) => "200 OK",
        _ => "404 Not Found",
    }
}
