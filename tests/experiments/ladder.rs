//! `ladder`: which rungs are climbed, and that all files tell the same. How much a rung carries is
//! a matter of what it states, and is not asserted here.

use loadtest::report::markdown::plain;
use serde_json::Value;

use super::support::{Bench, repository};

const SHORT: [&str; 6] = [
    "--from=2/s",
    "--to=2/s",
    "--step-duration=2s",
    "--warm-up=500ms",
    "--hold=2s",
    "--seed=7",
];

fn result(bench: &Bench) -> Value {
    let text = std::fs::read_to_string(bench.run_folder().join("ladder.json"));
    serde_json::from_str(&text.expect("ladder.json")).expect("JSON")
}

#[test]
fn two_rungs_are_climbed_and_told() {
    let bench = Bench::new();
    let scenario = repository("scenarios/ladder.toml");
    let words = ["ladder", &scenario, "--rungs=2..3"];
    let said = bench.loadtest(words.into_iter().chain(SHORT)).exits(0);
    let result = result(&bench);
    let rungs = result["rungs"].as_array().expect("rungs");
    let named: Vec<_> = rungs
        .iter()
        .map(|rung| (&rung["number"], &rung["name"]))
        .collect();
    assert_eq!(
        named,
        [
            (&2.into(), &"apart".into()),
            (&3.into(), &"load balancer".into())
        ]
    );
    let folder = bench.run_folder();
    for rung in rungs {
        assert_eq!(rung["rate"], 2.0, "{rung}");
        let search = folder.join(rung["folder"].as_str().expect("a folder"));
        assert!(search.join("capacity.html").exists());
        let text = std::fs::read_to_string(search.join("capacity.json")).expect("a search");
        let capacity: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(capacity["rate"], rung["rate"]);
        // Both steps were on the rung's own stack.
        for step in capacity["steps"].as_array().expect("steps") {
            let run = search.join(step["folder"].as_str().expect("a folder"));
            let text = std::fs::read_to_string(run.join("summary.json")).expect("a summary");
            let summary: Value = serde_json::from_str(&text).expect("JSON");
            let told = summary["run"]["command"].as_str().expect("a command");
            let topology = rung["topology"].as_str().expect("a topology");
            assert!(
                told.contains(&format!("target.topology={topology}")),
                "{told}"
            );
        }
    }
    assert_eq!(
        (&rungs[0]["bought"], &rungs[1]["bought"]),
        (&Value::Null, &1.0.into())
    );
    let page = std::fs::read_to_string(folder.join("ladder.html")).expect("a page");
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ladder.html");
    std::fs::write(kept, &page).expect("the target folder is writable");
    for told in ["chart-ladder", "slept and not computed", "80ms a request"] {
        assert!(page.contains(told), "{told}");
    }
    let markdown = std::fs::read_to_string(folder.join("ladder.md")).expect("markdown");
    assert!(
        said.out().starts_with(&plain(&markdown)),
        "the same on the terminal"
    );
}

#[test]
fn what_is_no_ladder_is_refused() {
    let bench = Bench::new();
    let scenario = repository("scenarios/ladder.toml");
    bench.file(
        "url.toml",
        "target = \"http://127.0.0.1:9\"\nload = { arrivals = { rate = \"1/s\", for = \"1s\" } }\n\
         journey = { name = \"j\", steps = { get = \"/\" } }\n",
    );
    for (words, told) in [
        (
            vec!["ladder", &scenario, "--rungs=12"],
            "the ladder has rungs 1..",
        ),
        (vec!["ladder", &scenario, "--rungs=x"], "names no rungs"),
        (
            vec!["ladder", &scenario, "--rung=nowhere"],
            "there is no topology",
        ),
        (
            vec!["ladder", &scenario, "--to=1/s"],
            "--from 5/s is above --to 1/s",
        ),
        (vec!["ladder", "url.toml"], "target"),
    ] {
        let said = bench.loadtest(words.iter().copied()).exits(2);
        assert!(said.err().contains(told), "{words:?}: {}", said.err());
    }
    assert!(
        !bench.path().join("reports").exists(),
        "nothing was started"
    );
}
