//! The run that is committed as a sample: whole, in step with the schema, and silent about the
//! machine that it was made on.

use loadtest::gate::Verdict;
use loadtest::report::{Summary, folder};

use super::schema::complaints;
use super::support::repository;

const FILES: [&str; 4] = ["report.html", "summary.json", "summary.md", "junit.xml"];

fn text(file: &str) -> String {
    let path = repository(&format!("reports/sample/{file}"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn it_shows_what_a_run_is_for() {
    let path = repository("reports/sample");
    let sample: Summary = folder::read(path.as_ref()).expect("a summary of this version");
    assert_eq!(sample.verdict, Verdict::Pass);
    let kinds: Vec<&str> = (sample.faults.iter())
        .map(|fault| fault.kind.as_str())
        .collect();
    assert_eq!(kinds, ["pod-kill", "db-failover", "zone-drain"]);
    assert_eq!(sample.ledger.expect("a ledger").lost, 0);
    let json = serde_json::from_str(&text("summary.json")).expect("JSON");
    assert_eq!(complaints(&json), Vec::<String>::new());
    let page = text("report.html");
    for told in [&sample.reason, "Response times, all of them"] {
        assert!(page.contains(told), "renew it: see reports/README.md");
    }
}

#[test]
fn it_tells_nothing_of_its_machine() {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut secret = vec![
        "/home/",
        "/root",
        "/Users/",
        "/tmp",
        "/work/",
        "postgres://",
    ];
    // A name such as `localhost` or `build` is in many texts anyway.
    secret.extend(Some(host.trim()).filter(|host| host.len() > 9));
    for file in FILES {
        let text = text(file);
        for word in &secret {
            let found = text.find(word).map(|at| {
                let around = text.char_indices().map(|(index, _)| index);
                let from = around.clone().filter(|index| *index + 80 >= at).min();
                let to = around.filter(|index| *index <= at + 80).max();
                &text[from.unwrap_or(0)..to.unwrap_or(at)]
            });
            assert_eq!(found, None, "`{word}` in {file}");
        }
    }
}
