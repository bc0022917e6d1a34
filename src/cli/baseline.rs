//! `loadtest baseline`: the runs that others are compared with.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::UsageError;
use crate::baseline::{Baselines, Place, RefusedRun};
use crate::gate::ExitCode;
use crate::report::{Summary, folder};

const EXAMPLES: &str = "\
Examples:
  loadtest baseline add reports/checkout-… --baseline git:loadtest-baselines@origin
  loadtest baseline list --baseline dir:/srv/baselines
  loadtest baseline accept reports/checkout-… --baseline dir:/srv/baselines --why 'prices are checked twice since #412'

A place is dir:FOLDER, git:BRANCH (an orphan branch of this repository, without touching the working
tree), or git:BRANCH@REMOTE, which is fetched first and pushed afterwards. Runs are kept by scenario
and fingerprint: scenario and overrides, the machine that made the load, the target's topology.";

/// The runs that others are compared with
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BaselineCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Keep a run that passed, to compare later ones with
    Add(AddArgs),
    /// Say what is kept, and how much of it counts
    List(ListArgs),
    /// Begin anew with this run: what is slower or faster since then is as intended
    Accept(AcceptArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Run folders
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Where baselines are kept
    #[arg(long, value_name = "PLACE", env = "LOADTEST_BASELINE")]
    baseline: Place,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Where baselines are kept
    #[arg(long, value_name = "PLACE", env = "LOADTEST_BASELINE")]
    baseline: Place,
}

#[derive(Debug, Args)]
struct AcceptArgs {
    /// The run folder to begin anew with
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where baselines are kept
    #[arg(long, value_name = "PLACE", env = "LOADTEST_BASELINE")]
    baseline: Place,
    /// Why the change is intended: it is kept with the run
    #[arg(long, value_name = "TEXT")]
    why: String,
}

/// Does what was asked.
///
/// # Errors
/// The place or a run folder cannot be used.
pub(super) fn run(command: &BaselineCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Add(args) => add(args),
        Action::List(args) => list(args),
        Action::Accept(args) => accept(args),
    }
}

/// The baselines at a place, or what is wrong with it.
pub(super) fn open(place: &Place) -> anyhow::Result<Baselines> {
    Baselines::open(place).map_err(|error| {
        UsageError(format!("the baselines at {place} cannot be used: {error}")).into()
    })
}

/// A run folder's summary.
pub(super) fn read(folder: &Path) -> anyhow::Result<Summary> {
    folder::read(folder)
        .map_err(|error| UsageError(format!("{:#}", anyhow::Error::new(error))).into())
}

fn recording(folder: &Path) -> Option<Vec<u8>> {
    std::fs::read(folder.join("run.hlog")).ok()
}

fn add(args: &AddArgs) -> anyhow::Result<ExitCode> {
    let baselines = open(&args.baseline)?;
    // All are looked at before any is kept.
    let runs: Vec<Summary> = (args.folders.iter())
        .map(|folder| read(folder))
        .collect::<Result<_, _>>()?;
    for (run, folder) in runs.iter().zip(&args.folders) {
        let kept = kept(baselines.add(run, recording(folder)))?;
        println!("kept {kept} in {}", args.baseline);
    }
    Ok(ExitCode::Pass)
}

fn kept<T>(result: Result<T, RefusedRun>) -> anyhow::Result<T> {
    result.map_err(|error| match error {
        RefusedRun::NotPassed { .. } => UsageError(error.to_string()).into(),
        RefusedRun::Store(error) => anyhow::Error::new(error).context("the run was not kept"),
    })
}

fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let listed = open(&args.baseline)?.list().context("cannot list them")?;
    if listed.is_empty() {
        println!("nothing is kept in {}", args.baseline);
    }
    for one in listed {
        println!(
            "{}  {}  {} runs, {} of them count, the last {}",
            one.scenario,
            one.fingerprint,
            one.runs.len(),
            one.counting,
            one.runs.last().map_or("–", String::as_str)
        );
    }
    Ok(ExitCode::Pass)
}

fn accept(args: &AcceptArgs) -> anyhow::Result<ExitCode> {
    let run = read(&args.folder)?;
    let baselines = open(&args.baseline)?;
    let epoch = kept(baselines.accept(&run, recording(&args.folder), &args.why))?;
    println!(
        "from {} on runs are compared with that one and later ones: {}",
        epoch.since, epoch.why
    );
    Ok(ExitCode::Pass)
}
