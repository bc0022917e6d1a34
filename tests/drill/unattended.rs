//! The rehearsal: nobody is asked, and the report has what a drill's report has.

use std::fs;

use crate::scenario;
use crate::support::Bench;

#[test]
fn a_rehearsal_puts_hypothesis_beside_result_and_its_log_cannot_be_touched() {
    let bench = Bench::new();
    bench.file("two.toml", &scenario("14s"));
    let said = bench.loadtest(["drill", "two.toml", "--yes"]).exits(0);
    assert!(said.out().contains("blast radius") || said.out().contains("targets"));

    let summary = bench.summary();
    assert_eq!(summary["drill"]["attended"], false);
    assert_eq!(summary["drill"]["runbook"][0]["step"], "Say that it begins");
    assert_eq!(summary["faults"][0]["hypothesis"], "Nobody notices.");
    assert!(
        summary["faults"][1]["accepted_us"].is_u64(),
        "{}",
        summary["faults"][1]
    );
    let command = summary["run"]["command"].as_str().expect("a command");
    assert!(
        command.starts_with("loadtest drill two.toml") && command.ends_with("--yes"),
        "{command}"
    );

    let folder = bench.run_folder();
    let markdown = fs::read_to_string(folder.join("summary.md")).expect("summary.md");
    let row = |fault: &str| {
        let begins = format!("| {fault} | ");
        let found = markdown.lines().find(|line| line.starts_with(&begins));
        found
            .unwrap_or_else(|| panic!("a row of {fault} in\n{markdown}"))
            .to_owned()
    };
    assert!(markdown.contains("### Hypothesis and result"), "{markdown}");
    let dies = row("a pod dies");
    // Whether anybody was on that pod just then is chance.
    let felt = dies.contains("recovered in") || dies.contains("the SLO was never missed");
    assert!(dies.contains("Nobody notices.") && felt, "{dies}");
    assert!(
        dies.contains("✅") && dies.contains("all 2 gates held"),
        "{dies}"
    );
    assert!(row("a pod hangs").contains("no gate asks"), "{markdown}");
    let html = fs::read_to_string(folder.join("report.html")).expect("report.html");
    assert!(html.contains("id=\"drill\"") && html.contains("Nobody notices."));

    let dir = folder.display().to_string();
    let verified = bench.loadtest(["report", &dir, "--verify"]).exits(0).out();
    let end = summary["events"]["sha256"]
        .as_str()
        .expect("the chain's end");
    assert!(verified.contains(end), "{verified}");
    tampered_with(&bench, &dir);
}

/// Each line that somebody touches is found, the last one by what the summary knows.
fn tampered_with(bench: &Bench, dir: &str) {
    let path = bench.run_folder().join("events.jsonl");
    let text = fs::read_to_string(&path).expect("events.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 5, "{text}");
    for touched in [0, lines.len() / 2, lines.len() - 1] {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines[touched] = lines[touched].replacen("\"at_us\":", "\"at_us\":1", 1);
        fs::write(&path, lines.join("\n") + "\n").expect("writable");
        let said = bench.loadtest(["report", dir, "--verify"]).exits(4).out();
        let named = format!("line {} is not", touched + 1);
        assert!(said.contains(&named), "{named} in {said}");
    }
    fs::write(&path, lines[..lines.len() - 1].join("\n") + "\n").expect("writable");
    let said = bench.loadtest(["report", dir, "--verify"]).exits(4).out();
    assert!(said.contains("not the last one"), "{said}");
}

#[test]
fn without_a_terminal_it_says_so_and_touches_nothing() {
    let bench = Bench::new();
    bench.file("two.toml", &scenario("14s"));
    let said = bench.loadtest(["drill", "two.toml"]).exits(2);
    assert!(said.err().contains("--yes"), "{}", said.err());
    assert!(!bench.path().join("reports").exists());
}

#[test]
fn without_faults_there_is_nothing_to_drill() {
    let bench = Bench::new();
    bench.file("two.toml", &scenario("14s"));
    let said = bench
        .loadtest(["drill", "two.toml", "--yes", "--no-faults"])
        .exits(2);
    assert!(said.err().contains("nothing to drill"), "{}", said.err());
}
