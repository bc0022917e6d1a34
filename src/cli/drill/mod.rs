//! `loadtest drill`: a run with people: plan, typed confirmation, console, report.

mod board;
mod confirm;
mod console;
mod keys;
mod lanes;
mod screen;
mod terminal;
#[cfg(test)]
mod testing;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::chaos::Reach;
use super::run::{self, Attendance, Progress, RunArgs, Stage};
use super::style::Style;
use crate::chaos::plan::{self, Depth};
use crate::gate::ExitCode;
use crate::provider::Snapshot;
use crate::scenario::Scenario;
use board::Board;
use screen::Palette;

/// A look at the start must not keep anybody waiting: lanes begin empty then.
const LOOK: Duration = Duration::from_secs(10);

/// What `drill` takes.
#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Rehearse: faults go by the scenario's times, nothing is asked, no terminal is needed
    #[arg(long)]
    yes: bool,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  loadtest drill scenarios/game-day.toml               plan, confirmation, console, report
  loadtest drill scenarios/game-day.toml --yes         the same unattended: a rehearsal
  loadtest drill shop-on-eks.toml --plan 3f2a9c1b44d0e7a5   only what `chaos plan` has shown

In the console faults wait for you, whatever their times:
  i inject the next fault   n noticed   m mitigated   t note   d step done
  a abort and undo          q end       ? help

A wrong phrase at the confirmation touches nothing and exits 2. Every key press is in events.jsonl,
which `loadtest report DIR --verify` checks.";

/// Holds a drill to its end.
///
/// # Errors
/// What kept it from beginning or reporting. A verdict is no error.
pub(super) fn run(args: DrillArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = args.run.scenario() else {
        return Ok(ExitCode::Usage);
    };
    if scenario.faults.is_empty() {
        return Err(UsageError(
            "there is nothing to drill: the scenario has no faults (`loadtest run` loads without any)"
                .into(),
        )
        .into());
    }
    let on_a_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !args.yes && !on_a_terminal {
        return Err(UsageError(
            "a drill is followed on a terminal, and there is none here\n  next: start it on one, or \
             rehearse without anybody: --yes goes by the scenario's times and asks nothing"
                .into(),
        )
        .into());
    }
    let runtime = run::runtime()?;
    let hash = runtime.block_on(show_plan(&scenario, args.run.stack()))?;
    let attendance = match args.yes {
        true => Attendance::Rehearsed,
        false => Attendance::Attended,
    };
    if !args.yes && !confirm::ask(&scenario, std::io::stdin().lock(), std::io::stdout())? {
        println!("nothing was touched");
        return Ok(ExitCode::Usage);
    }
    // What was confirmed is what is hit, or nothing.
    let args = args.run.into_drill(attendance, hash);
    let scenario = Arc::new(scenario);
    let interrupts = run::listen()?;
    let bell = interrupts.clone();
    let attended = Arc::clone(&scenario);
    let attend = async move |stage: &Stage, progress: Progress| {
        if attendance == Attendance::Rehearsed {
            return Ok((progress, None));
        }
        let board = Board::new(&attended, &stage.target, &look(stage).await);
        let palette = Palette {
            colour: Style::of_stdout().is_colour(),
        };
        let (progress, operator) = console::open(board, palette, &bell)?;
        Ok((progress, Some(operator)))
    };
    let finished = runtime.block_on(run::play(&args, scenario, interrupts, attend))?;
    Ok(finished.code)
}

/// Prints what is going to happen; answers the hash of it, where targets are known already.
async fn show_plan(scenario: &Scenario, stack: Option<&str>) -> anyhow::Result<Option<String>> {
    let reach = Reach::of(scenario, stack).await?;
    let planned = plan::resolve(scenario, |kind| reach.provider(kind), Depth::Calls).await;
    print!("{}", planned.describe());
    if planned.is_refused() {
        return Err(UsageError(
            "a fault of this drill would be refused, so nothing was touched; the plan says why"
                .into(),
        )
        .into());
    }
    Ok(planned.hash())
}

/// The infrastructure as it is at the start, as far as it lets itself be looked at.
async fn look(stage: &Stage) -> Vec<Snapshot> {
    let mut seen = Vec::new();
    for provider in stage.providers.iter() {
        if let Ok(Ok(snapshot)) = tokio::time::timeout(LOOK, provider.snapshot()).await {
            seen.push(snapshot);
        }
    }
    seen
}
