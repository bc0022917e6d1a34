//! `loadtest validate`: reads scenarios and tells every mistake of every file at once.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::override_args::OverrideArgs;
use super::scenario_file;
use crate::scenario::Scenario;

const EXAMPLES: &str = "\
Examples:
  loadtest validate scenarios/checkout.toml
  loadtest validate scenarios/*.toml                             all files, all mistakes
  loadtest validate shop.toml --set load.0.max_users=50          as a run would see it
  loadtest validate shop.toml -t https://shop.example --no-faults

Nothing is started. Exit code 0 if all files are sound, else 2.";

/// What `validate` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// What a run would change
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
}

/// Checks all files: one line for each that is sound, mistakes to standard error.
///
/// # Errors
/// None today; a handler of the command line all the same.
pub(super) fn run(args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let mut sound = true;
    for file in &args.files {
        match scenario_file::load(file, &overrides) {
            Some(scenario) => println!("{}: ok ({})", file.display(), summary(&scenario)),
            None => sound = false,
        }
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// `2 journeys, 6 steps, 3 faults, 5 gates, 3 canaries at 20/s, 100 s`
fn summary(scenario: &Scenario) -> String {
    let mut text = String::new();
    for (count, word) in [
        (scenario.journeys.len(), "journey"),
        (scenario.steps.len(), "step"),
        (scenario.faults.len(), "fault"),
        (scenario.gates.len(), "gate"),
    ] {
        let plural = if count == 1 { "" } else { "s" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{count} {word}{plural}, ");
    }
    if let Some(canary) = &scenario.canary {
        let count = canary.writers.len();
        let plural = if count == 1 { "y" } else { "ies" };
        let _ = write!(text, "{count} canar{plural} at {}/s, ", canary.rate);
    }
    let seconds = scenario.load_length().as_secs_f64();
    let _ = write!(text, "{} s", (seconds * 1e3).round() / 1e3);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Overrides, surroundings::Nowhere};
    use std::path::Path;

    fn read(text: &str) -> Scenario {
        let path = Path::new("a.toml");
        let reading = scenario::parse(text, path, &Overrides::default(), &Nowhere);
        reading.unwrap().scenario
    }

    #[test]
    fn a_summary_counts_with_singulars_and_plurals() {
        let text = r#"
target = "http://127.0.0.1:8080"
load = { users = { count = 2, for = "1500ms" } }
journey = { name = "a", steps = [{ get = "/" }, { get = "/b" }] }
"#;
        let line = summary(&read(text));
        assert_eq!(line, "1 journey, 2 steps, 0 faults, 0 gates, 1.5 s");
    }

    #[test]
    fn a_summary_tells_of_canaries_that_nobody_wrote_down() {
        let text = r#"
target = { stack = "local", zones = ["a", "b"] }
load = { users = { count = 2, for = "60s" } }
journey = { name = "a", steps = { get = "/" } }
fault = { kind = "db-failover", at = "9s" }
"#;
        let line = summary(&read(text));
        let expected = "1 journey, 1 step, 1 fault, 0 gates, 2 canaries at 20/s, 60 s";
        assert_eq!(line, expected);
    }
}
