//! What every process of a stack writes into its log: JSON, one object a line, in which a request is
//! found by its id.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use target_app::api::{Action, StackStatus};
use target_app::postgres::Binaries;

use crate::harness::{User, eventually};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Every process there is, in one zone; the shop answers nothing but errors.
const TOPOLOGY: &str = r#"
description = "x"
[stack]
zones = ["a"]
replicas = 1
products = 5
customers = 5
mail = true
cdn = true
mischief = { errors_ppm = 1000000 }
"#;

/// All lines of all logs.
fn lines(user: &User, status: &StackStatus) -> Vec<Value> {
    let folder = std::fs::read_dir(status.root.join("logs")).unwrap();
    let logs = folder.map(|entry| entry.unwrap().path());
    let control = user.stacks().join("default.log");
    logs.chain([control]).flat_map(|log| read(&log)).collect()
}

fn read(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    // A line may be on its way.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let object = |line: &str| {
        let read = serde_json::from_str(line);
        read.unwrap_or_else(|error| panic!("{}: {error}: {line}", log.display()))
    };
    whole.lines().map(object).collect()
}

/// Status and request id of the answer to one request.
async fn asked(url: &str, id: Option<&str>) -> (u16, String) {
    let request = reqwest::Client::new().get(format!("{url}/api/products/1"));
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let request = match id {
        Some(id) => request.header("x-request-id", id),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap();
    (answer.status().as_u16(), id.to_owned())
}

#[tokio::test]
async fn every_line_is_json_and_a_failed_request_is_found_by_its_id() {
    let user = User::new();
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(TOPOLOGY.as_bytes()).unwrap();
    let stack = user.up(&["--topology", file.path().to_str().unwrap()]);
    let status = stack.status().await;
    let found = |process: &str, id: &str| {
        eventually("the request's line", || {
            let line = |line: &Value| line["process"] == process && line["request_id"] == id;
            lines(&user, &status).into_iter().find(line)
        })
    };

    // By a pod: the edge passes the id on, whoever made it.
    let given = asked(&status.edge_url, Some("from-the-test")).await;
    assert_eq!(given, (500, "from-the-test".into()));
    let (_, made) = asked(&status.edge_url, None).await;
    assert_eq!(made.len(), 32, "{made}");
    for id in ["from-the-test", &made] {
        let line = found("shop-1", id);
        assert_eq!(
            (&line["trace_id"], &line["status"]),
            (&TRACE.into(), &500.into())
        );
    }

    // By the edge itself, when there is nobody to ask.
    let pods = vec!["shop-1".into()];
    stack.change("hang", Action::HangPods { pods }).await;
    let edge = format!("{}/api/orders", status.edge_url);
    let refused = loop {
        let answer = reqwest::Client::new()
            .get(&edge)
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
            .send()
            .await
            .unwrap();
        if answer.headers().contains_key("x-edge-error") {
            break answer;
        }
    };
    let id = refused.headers()["x-request-id"].to_str().unwrap();
    let line = found("edge", id);
    assert_eq!(
        (&line["trace_id"], &line["path"]),
        (&TRACE.into(), &"/api/orders".into())
    );
    assert_eq!(line["status"], refused.status().as_u16());

    let mut processes = BTreeSet::new();
    for line in lines(&user, &status) {
        for field in ["timestamp", "level", "target", "process"] {
            assert!(line[field].is_string(), "no {field}: {line}");
        }
        processes.insert(line["process"].as_str().unwrap().to_owned());
    }
    let all = [
        "control of default",
        "edge",
        "mail-sink",
        "shop-1",
        "task-runner-1",
    ];
    assert_eq!(processes, all.map(String::from).into());

    // PostgreSQL 14 can log text only.
    if Binaries::find(None).unwrap().major >= 15 {
        for node in &status.database.nodes {
            let log = status.root.join(format!("database/{}.json", node.name));
            let lines = read(&log);
            assert!(!lines.is_empty(), "{}", log.display());
            for line in lines {
                for field in ["timestamp", "error_severity", "message"] {
                    assert!(line[field].is_string(), "no {field}: {line}");
                }
            }
        }
    }
}
