//! Files that are wrong, each with the messages it must get.
//!
//! Every file in `scenarios/wrong` ends with what must be said about it, one comment a mistake:
//! `# expect LINE:COLUMN message`, and `| help` where there is more to say.

use std::fs;
use std::path::Path;

use loadtest::scenario::{self, Mistake, Mistakes, Overrides, Reading, Severity};

use super::toml_files;

fn read(path: &Path) -> Result<Reading, Mistakes> {
    scenario::read(path, &Overrides::default())
}

/// A mistake as the corpus writes it, with paths as seen from the repository.
fn expectation(mistake: &Mistake) -> String {
    let here = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    let severity = match mistake.severity {
        Severity::Mistake => "",
        Severity::Warning => "warning ",
        Severity::Note => "note ",
    };
    let place = format!("{}:{}", mistake.line, mistake.column);
    let help = mistake.help.as_ref().map(|help| format!(" | {help}"));
    let text = format!(
        "# expect {severity}{place} {}{}",
        mistake.message,
        help.unwrap_or_default()
    );
    text.replace(&here, "")
}

#[test]
fn every_wrong_scenario_gets_its_message() {
    let files = toml_files("tests/scenarios/wrong");
    assert!(files.len() >= 45, "the corpus has {} files", files.len());
    let mut failures = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let expected: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("# expect "))
            .collect();
        let told: Vec<String> = match read(path) {
            Ok(_) => vec!["nothing: it was taken for sound".to_owned()],
            Err(mistakes) => mistakes.0.iter().map(expectation).collect(),
        };
        if expected.is_empty() || told != expected {
            let name = path.file_name().unwrap().to_string_lossy();
            failures.push(format!("== {name}\n{}\n", told.join("\n")));
        }
    }
    let text = failures.join("\n");
    assert!(
        failures.is_empty(),
        "these files got other messages:\n{text}"
    );
}

#[test]
fn shipped_scenarios_are_sound_and_without_warnings() {
    let files = toml_files("scenarios");
    assert!(!files.is_empty());
    for path in files {
        let reading = read(&path).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(reading.warnings.0, [], "{}", path.display());
    }
}
