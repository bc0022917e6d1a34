//! `loadtest run`: load, faults, report, verdict.

mod books;
mod canary;
mod conclude;
mod conduct;
mod event_log;
mod facts;
mod folder;
mod interrupt;
mod narrate;
mod observer;
mod progress;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::cli::override_args::OverrideArgs;
use crate::cli::scenario_file;
use crate::cli::style::Style;
use crate::gate::ExitCode;
use crate::report::Summary;
use crate::report::console::{self, Colours};
use crate::scenario::Scenario;
use folder::RunFolder;
use interrupt::{Interrupts, Wish};
use progress::Progress;
use stage::Stage;

/// What `run` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loadtest run scenarios/checkout.toml
  loadtest run scenarios/checkout.toml -d 30s --no-faults        shorter, load only
  loadtest run shop.toml -t https://shop.staging.example -s 0.5  half the load, another target
  loadtest run shop.toml --set gate.0.expect='p95 < 150ms' -o /tmp/runs

Ctrl-C once stops the load, undoes what is open and still reports; twice undoes and leaves.")]
pub(super) struct RunArgs {
    /// The scenario
    file: PathBuf,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Where the run folder goes
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Use the stack that `stack up --name NAME` started
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Threads that generate load
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// An inconclusive run exits 5 instead of 0
    #[arg(long)]
    strict: bool,
    /// Revision of what is tested, for the report
    #[arg(long, value_name = "REV", env = "LOADTEST_REVISION")]
    revision: Option<String>,
    /// No progress, only the closing summary
    #[arg(short, long)]
    quiet: bool,
}

/// Runs a scenario to its end.
///
/// # Errors
/// What kept it from running or reporting. A verdict is no error.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = scenario_file::load(&args.file, &args.overrides.overrides()) else {
        return Ok(ExitCode::Usage);
    };
    let interrupts = Interrupts::listen()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("loadtest")
        .enable_all()
        .build()
        .context("the tool's own threads cannot be started")?;
    runtime.block_on(play(args, Arc::new(scenario), interrupts))
}

async fn play(
    args: &RunArgs,
    scenario: Arc<Scenario>,
    mut interrupts: Interrupts,
) -> anyhow::Result<ExitCode> {
    let folder = RunFolder::create(&args.out, &scenario.name)?;
    let mut progress = Progress::new(length(&scenario), args.quiet);
    progress.say(&format!(
        "{} → {}",
        scenario.source.path.display(),
        folder.path().display()
    ));

    let stage = tokio::select! {
        stage = Stage::set(&scenario, args.stack.as_deref(), folder.id(), &mut progress) => stage?,
        // Dropping the future takes down what was started.
        () = interrupts.at_least(Wish::StopAndReport) => return Ok(ExitCode::Interrupted),
    };

    let played =
        conduct::conduct(args, &scenario, &stage, &folder, &mut interrupts, progress).await;
    let code = match played {
        Ok(played) if interrupts.wish() == Wish::Leave => Ok(played.code_without_report()),
        Ok(played) => conclude::conclude(args, &scenario, &stage, &folder, played).await,
        Err(error) => Err(error),
    };
    // Whatever happened, what was started for this run does not outlive it.
    let struck = stage.strike().await;
    let code = code?;
    struck?;
    Ok(code)
}

/// Prints the closing summary.
fn close(summary: &Summary, folder: &RunFolder) {
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    print!("{}", console::render(summary, colours));
    println!("  report   {}", folder.path().join("report.html").display());
}

/// How long the schedules run.
fn length(scenario: &Scenario) -> Duration {
    scenario.load_length()
}
