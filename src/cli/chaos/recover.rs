//! `loadtest chaos recover`: putting back what a run left broken.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::{UsageError, scenario_file};
use crate::chaos::journal::Index;
use crate::chaos::recover::{Recovery, Scope, survey};
use crate::gate;
use crate::provider::{self, Everywhere};
use crate::scenario::Overrides;

/// For one change.
const UNDO_LIMIT: Duration = Duration::from_secs(120);

const EXAMPLES: &str = "\
Examples:
  loadtest chaos recover                          undo whatever killed runs left behind
  loadtest chaos recover --dry-run                only say what that would be
  loadtest chaos recover reports/checkout-…       from the journal of this run
  loadtest chaos recover --stack default --yes    whatever is open on this stack, without asking
  loadtest chaos recover --scenario eks.toml      from labels and tags in the cluster and the cloud
                                                  that this scenario names, journal or not

What it would do is listed first; doing it twice is the same as once. It works from the run's
journal, from the infrastructure's own memory, or both. Runs that still go on are left alone.
Exit code 0 if nothing is left broken, 6 if something could not be undone: the commands for doing
it by hand are then printed.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RecoverArgs {
    /// The run folder whose journal says what to undo; all unfinished journals unless told
    #[arg(value_name = "RUN_FOLDER", conflicts_with = "stack")]
    run_folder: Option<PathBuf>,
    /// Undo whatever is open on this stack, and repair it
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Undo whatever is open where the faults of this scenario act, from what the resources
    /// themselves remember: works without any journal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run_folder", "stack"])]
    scenario: Option<PathBuf>,
    /// Only list what would be done
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; without a terminal nothing is asked anyway
    #[arg(long, short)]
    yes: bool,
}

impl RecoverArgs {
    fn scope(&self) -> Scope {
        match (&self.run_folder, &self.stack) {
            (Some(folder), _) => Scope::RunFolder(folder.clone()),
            (None, Some(stack)) => Scope::Stack(stack.clone()),
            (None, None) => Scope::Everything,
        }
    }
}

pub(super) async fn run(args: &RecoverArgs) -> anyhow::Result<ExitCode> {
    let mut everywhere = Everywhere::default();
    if let Some(file) = &args.scenario {
        let Some(scenario) = scenario_file::load(file, &Overrides::default()) else {
            return Ok(gate::ExitCode::Usage.into());
        };
        let remote = provider::connect(&scenario).await.map_err(UsageError)?;
        everywhere.given = remote.iter().map(|provider| provider.place()).collect();
    }
    let found = survey(&args.scope(), &Index::of_user(), &everywhere)
        .await
        .map_err(UsageError)?;
    println!("{}", found.describe());
    if found.is_empty() || args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !confirmed()? {
        println!("nothing was done");
        return Ok(ExitCode::SUCCESS);
    }
    let recovery = found.recover(UNDO_LIMIT).await;
    print!("{}", told(&recovery));
    Ok(match recovery.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => gate::ExitCode::UndoFailed.into(),
    })
}

/// Asks on a terminal. Elsewhere nobody could answer, and undoing is the safe direction.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(true);
    }
    print!("do this? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}

/// What recovering came to, for people.
fn told(recovery: &Recovery) -> String {
    let mut text = String::new();
    for done in &recovery.done {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "done: {done}");
    }
    for failure in &recovery.failures {
        let _ = writeln!(text, "FAILED: {}\n  by hand:", failure.words);
        for command in &failure.by_hand {
            let _ = writeln!(text, "    {command}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::recover::Failure;

    #[test]
    fn a_failure_is_told_with_the_commands_for_a_person() {
        let recovery = Recovery {
            done: vec!["lose a pod: undone at stack `default`".into()],
            failures: vec![Failure {
                words: "drain: stack `default` failed to undo the change: busy".into(),
                by_hand: vec!["loadtest chaos recover --stack default".into()],
            }],
        };
        insta::assert_snapshot!(told(&recovery), @r#"
done: lose a pod: undone at stack `default`
FAILED: drain: stack `default` failed to undo the change: busy
  by hand:
    loadtest chaos recover --stack default
"#);
    }
}
