//! `loadtest gate`: whether finished runs are slower than their baseline.

use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;
use super::baseline::{open, read};
use super::style::Style;
use crate::baseline::{Baselines, Fingerprint, Metric, Place, samples};
use crate::gate::regression::{MOST_METRICS, judge};
use crate::gate::{ExitCode, Verdict};
use crate::report::console::{self, Colours};
use crate::report::summary::Baseline;
use crate::report::{Summary, against, folder};

const EXAMPLES: &str = "\
Examples:
  loadtest gate reports/checkout-… --baseline git:loadtest-baselines@origin
  loadtest gate reports/checkout-1 reports/checkout-2 reports/checkout-3 --baseline dir:/srv/baselines
      Three runs of one candidate: what one leaves undecided, three often decide
  loadtest gate reports/checkout-… --baseline dir:/srv/baselines --margin 20% --metric journey:buy/p95 --record

A whole run is one sample: its figures are compared with those of earlier runs of the same scenario,
machine and topology, by how much such runs differ anyway. A metric fails when it is surely slower than
allowed, passes when it surely is not, and is inconclusive otherwise: run the candidate again and give
all its folders. The verdict goes into the last folder's summary.json and all its reports.

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
    /// How much slower is allowed
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    margin: f64,
    /// What is compared (repeatable, at most 6); steady/p50, steady/p95 and steady/p99 unless told
    #[arg(long = "metric", value_name = "SCOPE/FIGURE")]
    metrics: Vec<Metric>,
    /// With fewer runs in the baseline nothing is judged
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    min_runs: u16,
    /// Add the candidate's runs to the baseline when they pass
    #[arg(long)]
    record: bool,
    /// Inconclusive exits 5 instead of 0
    #[arg(long)]
    strict: bool,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text
        .strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(percent) if (0.0..=1_000.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("write a percentage, such as 10%".to_owned()),
    }
}

/// Judges, writes the reports of the last folder anew, and returns the verdict.
///
/// # Errors
/// A folder or the place cannot be used.
pub(super) fn run(args: &GateArgs) -> anyhow::Result<ExitCode> {
    if args.metrics.len() > MOST_METRICS {
        let many =
            format!("at most {MOST_METRICS} metrics: each one more makes the others less certain");
        return Err(UsageError(many).into());
    }
    let mut runs: Vec<(PathBuf, Summary)> = Vec::new();
    for folder in &args.folders {
        runs.push((folder.clone(), read(folder)?));
    }
    runs.sort_by(|a, b| a.1.run.id.cmp(&b.1.run.id));
    let candidates: Vec<Summary> = runs.iter().map(|(_, run)| run.clone()).collect();
    one_candidate(&candidates)?;
    let baselines = open(&args.baseline)?;
    let compared = compare(args, &baselines, &candidates)?;

    let (folder, mut last) = runs
        .pop()
        .unwrap_or_else(|| unreachable!("clap asks for one"));
    let code = against::judge(&mut last, compared, args.strict);
    folder::write(&beside(&folder), &last)?;
    let colours = Colours::wanted(Style::of_stdout().is_colour());
    print!("{}", console::render(&last, colours));
    if let Some(why) = last
        .baseline
        .as_ref()
        .and_then(|baseline| baseline.not_judged.as_ref())
    {
        println!("  against the baseline nothing was judged: {why}");
    }
    if args.record && last.verdict == Verdict::Pass {
        for run in candidates {
            let recording = args
                .folders
                .iter()
                .find(|folder| folder.ends_with(&run.run.id));
            let recording =
                recording.and_then(|folder| std::fs::read(folder.join("run.hlog")).ok());
            let kept = baselines.add(&run, recording).map_err(anyhow::Error::new)?;
            println!("  kept {kept} in {}", args.baseline);
        }
    }
    Ok(code)
}

/// Runs of different scenarios, machines or topologies are not runs of one candidate.
fn one_candidate(runs: &[Summary]) -> anyhow::Result<()> {
    let Some((first, others)) = runs.split_first() else {
        return Ok(());
    };
    for other in others {
        let differences = Fingerprint::of(first).differences(&Fingerprint::of(other));
        if !differences.is_empty() {
            return Err(UsageError(format!(
                "{} and {} are no runs of one candidate: {}",
                first.run.id,
                other.run.id,
                differences.join("; ")
            ))
            .into());
        }
    }
    Ok(())
}

fn compare(
    args: &GateArgs,
    baselines: &Baselines,
    candidates: &[Summary],
) -> anyhow::Result<Baseline> {
    let last = candidates
        .last()
        .unwrap_or_else(|| unreachable!("clap asks for one"));
    let mut found = baselines.runs_for(last)?;
    // The candidate may be kept already: it is no baseline of itself.
    found.runs.retain(|run| {
        candidates
            .iter()
            .all(|candidate| candidate.run.id != run.run.id)
    });
    let usual = Metric::usual();
    let metrics = if args.metrics.is_empty() {
        &usual
    } else {
        &args.metrics
    };
    let needed = usize::from(args.min_runs);
    let mut not_judged = None;
    let mut regressions = Vec::new();
    let invalid = candidates
        .iter()
        .find(|run| run.verdict == Verdict::Invalid);
    if let Some(invalid) = invalid {
        not_judged = Some(format!("{} is invalid: {}", invalid.run.id, invalid.reason));
    } else if found.runs.len() < needed {
        not_judged = Some(too_few(baselines, last, found.runs.len(), needed)?);
    } else {
        regressions = judge(&samples(metrics, &found.runs, candidates), args.margin);
        if regressions.is_empty() {
            let names: Vec<String> = metrics.iter().map(ToString::to_string).collect();
            not_judged = Some(format!(
                "none of {} was measured on both sides",
                names.join(", ")
            ));
        }
    }
    let names = |runs: &[Summary]| runs.iter().map(|run| run.run.id.clone()).collect();
    Ok(Baseline {
        place: args.baseline.to_string(),
        fingerprint: Fingerprint::of(last).digest(),
        runs: names(&found.runs),
        candidates: names(candidates),
        epoch: found
            .epoch
            .map(|epoch| format!("{} ({})", epoch.since, epoch.why)),
        not_judged,
        regressions,
        envelope: against::envelope(&found.runs),
    })
}

fn too_few(
    baselines: &Baselines,
    run: &Summary,
    found: usize,
    needed: usize,
) -> anyhow::Result<String> {
    let mut why =
        format!("the baseline has {found} comparable runs of the {needed} that are needed");
    for mismatch in baselines.mismatches(run)? {
        why += &format!("; not comparable: {mismatch}");
    }
    Ok(why)
}

/// The folder that a summary's reports are in.
fn beside(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.to_owned()
    } else {
        path.parent().map(PathBuf::from).unwrap_or_default()
    }
}
