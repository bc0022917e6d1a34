//! Every example of the handbook is one that the language accepts.
//!
//! A block that begins with ```` ```toml ```` is read as it stands where it has a target, a load and
//! a journey; what it leaves out is put in.

use std::fs;

use loadtest::scenario::Overrides;

use super::{parse_with, repository};

struct Example {
    line: usize,
    text: String,
}

fn examples(handbook: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (index, line) in handbook.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (None, "```toml") => {
                open = Some(Example {
                    line: index + 2,
                    text: String::new(),
                });
            }
            (Some(_), "```") => examples.extend(open.take()),
            (Some(example), line) => {
                example.text.push_str(line);
                example.text.push('\n');
            }
            (None, _) => {}
        }
    }
    examples
}

/// The example as a whole scenario.
fn complete(example: &str) -> String {
    let lines: Vec<&str> = example.lines().map(str::trim).collect();
    let has = |starts: &[&str]| {
        lines
            .iter()
            .any(|line| starts.iter().any(|start| line.starts_with(start)))
    };
    let mut text = String::new();
    // Keys of the top level must stand before any table.
    if !has(&["[target]", "target ="]) {
        text.push_str("target = \"local\"\n");
    }
    if !has(&["[data.", "data ="]) && example.contains("customers.") {
        text.push_str("data.customers.csv = \"data/customers.csv\"\n");
    }
    let journeys = has(&["[[journey]]", "journey = {", "journey = ["]);
    let steps = has(&["[[journey.step]]"]);
    let loads = has(&["[[load]]", "load ="]);
    if steps && !journeys {
        text.push_str("[[journey]]\nname = \"buy\"\n");
    }
    text.push_str(example);
    if !loads {
        text.push_str("\n[[load]]\njourney = \"buy\"\narrivals = [{ from = \"1/s\", to = \"9/s\", over = \"10s\" }, { rate = \"9/s\", for = \"90s\" }]\n");
    }
    for name in ["buy", "browse"] {
        let wanted = name == "buy" || example.contains("browse");
        if wanted && !journeys && !steps {
            text.push_str(&format!("\n[[journey]]\nname = \"{name}\"\n[[journey.step]]\nname = \"place order\"\npost = \"/\"\nledger = {{ key = \"${{uuid()}}\", read_back = \"/\" }}\n"));
        }
    }
    for name in ["lose a pod", "database fails over", "drain zone b"] {
        let mentioned =
            example.contains(&format!("\"{name}\"")) || example.contains(&format!("fault:{name}"));
        if mentioned && !example.contains(&format!("name = \"{name}\"")) {
            text.push_str(&format!(
                "\n[[fault]]\nname = \"{name}\"\nkind = \"pod-kill\"\nat = \"30s\"\n"
            ));
        }
    }
    text
}

#[test]
fn every_example_is_accepted() {
    let mut count = 0;
    let mut failures = Vec::new();
    for page in ["scenarios.md", "deploys.md", "task-manager.md"] {
        let page = format!("docs/{page}");
        let handbook = fs::read_to_string(repository(&page)).unwrap();
        for example in examples(&handbook) {
            count += 1;
            let text = complete(&example.text);
            if let Err(mistakes) = parse_with(&text, &Overrides::default()) {
                failures.push(format!("{page}:{}\n{mistakes}", example.line));
            }
        }
    }
    assert!(count >= 15, "the handbook has {count} examples");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
