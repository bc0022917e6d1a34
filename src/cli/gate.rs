//! `loadtest gate`: whether finished runs are slower than their baseline.

use std::path::PathBuf;

use clap::Args;

use super::baseline::read;
use super::regression::{Finished, Judge, RegressionArgs};
use super::style::Style;
use crate::baseline::Place;
use crate::gate::ExitCode;
use crate::report::console::{self, Colours};

const EXAMPLES: &str = "\
Examples:
  loadtest gate reports/checkout-… --baseline git:loadtest-baselines@origin
  loadtest gate reports/checkout-1 reports/checkout-2 reports/checkout-3 --baseline dir:/srv/baselines
      Three runs of one candidate: what one leaves undecided, three often decide
  loadtest gate reports/checkout-… --baseline dir:/srv/baselines --margin 20% --metric journey:buy/p95 --record

A whole run is one sample: its figures are compared with those of earlier runs of the same scenario,
machine and topology, by how much such runs differ anyway. A metric fails when it is surely slower than
allowed, passes when it surely is not, and is inconclusive otherwise: run the candidate again and give
all its folders, or let `loadtest run --baseline` do both. The verdict goes into the last folder's
summary.json and all its reports.

Exit codes: 0 pass, or inconclusive · 3 slower · 4 a run is invalid · 5 inconclusive under --strict";

/// Judge finished runs against their baseline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GateArgs {
    /// Run folders of one candidate
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Where baselines are kept: dir:FOLDER, git:BRANCH or git:BRANCH@REMOTE
    #[arg(long, value_name = "PLACE", env = "LOADTEST_BASELINE")]
    baseline: Place,
    #[command(flatten)]
    regression: RegressionArgs,
    /// Inconclusive exits 5 instead of 0
    #[arg(long)]
    strict: bool,
}

/// Judges, writes the reports of the last folder anew, and returns the verdict.
///
/// # Errors
/// A folder or the place cannot be used.
pub(super) fn run(args: &GateArgs) -> anyhow::Result<ExitCode> {
    let mut runs: Vec<Finished> = Vec::new();
    for folder in &args.folders {
        runs.push((folder.clone(), read(folder)?));
    }
    runs.sort_by(|a, b| a.1.run.id.cmp(&b.1.run.id));
    let judge = Judge::open(&args.baseline, &args.regression)?;
    let (last, code) = judge.judge(&runs, args.strict)?;
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    print!("{}", console::render(&last, colours));
    if let Some(why) = last
        .baseline
        .as_ref()
        .and_then(|baseline| baseline.not_judged.as_ref())
    {
        println!("  against the baseline nothing was judged: {why}");
    }
    judge.record(&runs, last.verdict)?;
    Ok(code)
}
