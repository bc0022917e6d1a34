//! `loadtest chaos recover|plan`: putting back what a run left broken, and saying what a run's
//! faults would do.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::chaos::journal::Index;
use crate::chaos::recover::{Recovery, Scope, survey};
use crate::provider::local::LocalFinder;

/// Wrong usage, or something that is for the user to put right.
const EXIT_USAGE: u8 = 2;
/// Something could not be taken back: the environment is dirty.
const EXIT_DIRTY: u8 = 6;
/// For one change.
const UNDO_LIMIT: Duration = Duration::from_secs(120);

const EXAMPLES: &str = "\
Examples:
  loadtest chaos recover                          undo whatever killed runs left behind
  loadtest chaos recover --dry-run                only say what that would be
  loadtest chaos recover reports/checkout-…       from the journal of this run
  loadtest chaos recover --stack default --yes    whatever is open on this stack, without asking";

/// Faults without a run: what they would do, and what a killed run left broken.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ChaosCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Undo what a run left broken that was killed: lists it first, and can be repeated.
    ///
    /// Works from the run's journal, or from the infrastructure's own memory, or both. Runs that
    /// still go on are left alone. Exits 0 when nothing is left broken, 6 when something could not
    /// be undone; the commands for doing it by hand are then printed.
    #[command(after_help = EXAMPLES)]
    Recover(Recover),
}

#[derive(Debug, Args)]
struct Recover {
    /// The run folder whose journal says what to undo; all unfinished journals unless told.
    #[arg(value_name = "RUN_FOLDER", conflicts_with = "stack")]
    run_folder: Option<PathBuf>,
    /// Undo whatever is open on this stack.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Only list what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask. Without a terminal nothing is asked anyway.
    #[arg(long, short)]
    yes: bool,
}

impl ChaosCommand {
    /// Does what was asked and answers the exit code; errors are printed.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let acted = match self.action {
            Action::Recover(asked) => recover(&asked),
        };
        acted.unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            ExitCode::from(EXIT_USAGE)
        })
    }
}

impl Recover {
    fn scope(&self) -> Scope {
        match (&self.run_folder, &self.stack) {
            (Some(folder), _) => Scope::RunFolder(folder.clone()),
            (None, Some(stack)) => Scope::Stack(stack.clone()),
            (None, None) => Scope::Everything,
        }
    }
}

fn recover(asked: &Recover) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let survey = survey(&asked.scope(), &Index::of_user(), &LocalFinder)
            .await
            .map_err(anyhow::Error::msg)?;
        println!("{}", survey.describe());
        if survey.is_empty() || asked.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        if !asked.yes && !confirmed()? {
            println!("nothing was done");
            return Ok(ExitCode::SUCCESS);
        }
        let recovery = survey.recover(UNDO_LIMIT).await;
        print!("{}", told(&recovery));
        Ok(match recovery.failures.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(EXIT_DIRTY),
        })
    })
}

/// Asks on a terminal. Elsewhere nobody could answer, and undoing is the safe direction.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(true);
    }
    print!("undo this? [Y/n] ");
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
        let _ = writeln!(text, "done: {done}");
    }
    for failure in &recovery.failures {
        let _ = writeln!(text, "FAILED: {}", failure.words);
        let _ = writeln!(text, "  by hand:");
        for command in &failure.by_hand {
            let _ = writeln!(text, "    {command}");
        }
    }
    text
}
