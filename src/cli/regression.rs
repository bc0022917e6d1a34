//! Judging runs against their baseline, for every command that does.

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::baseline::open;
use crate::baseline::{Baselines, Fingerprint, Metric, Place, RefusedRun, samples};
use crate::gate::regression::{MOST_METRICS, judge};
use crate::gate::{ExitCode, Verdict};
use crate::report::summary::Baseline;
use crate::report::{Summary, against, folder};

/// How runs are compared with earlier ones.
#[derive(Debug, Clone, Args)]
pub(super) struct RegressionArgs {
    /// How much slower is allowed
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent, requires = "baseline")]
    pub(super) margin: f64,
    /// What is compared (repeatable, at most 6); steady/p50, steady/p95 and steady/p99 unless told
    #[arg(long = "metric", value_name = "SCOPE/FIGURE", requires = "baseline")]
    pub(super) metrics: Vec<Metric>,
    /// With fewer runs in the baseline nothing is judged
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..), requires = "baseline")]
    pub(super) min_runs: u16,
    /// Add the candidate's runs to the baseline when they pass
    #[arg(long, requires = "baseline")]
    pub(super) record: bool,
}

/// Reads `10%` as 0.1.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text
        .strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(percent) if (0.0..=1_000.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("write a percentage, such as 10%".to_owned()),
    }
}

/// Those that were asked for, or the usual ones.
///
/// # Errors
/// There are more than can be told apart from chance.
pub(super) fn metrics(asked: &[Metric]) -> anyhow::Result<Vec<Metric>> {
    if asked.len() > MOST_METRICS {
        let many =
            format!("at most {MOST_METRICS} metrics: each one more makes the others less certain");
        return Err(UsageError(many).into());
    }
    Ok(match asked {
        [] => Metric::usual(),
        asked => asked.to_vec(),
    })
}

/// A finished run and its folder.
pub(super) type Finished = (PathBuf, Summary);

/// A baseline, and how it is compared with.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    place: &'a Place,
    args: &'a RegressionArgs,
    metrics: Vec<Metric>,
    baselines: Baselines,
}

impl<'a> Judge<'a> {
    /// Opens the place.
    ///
    /// # Errors
    /// It cannot be used, or too many metrics were asked for.
    pub(super) fn open(place: &'a Place, args: &'a RegressionArgs) -> anyhow::Result<Self> {
        Ok(Self {
            place,
            args,
            metrics: metrics(&args.metrics)?,
            baselines: open(place)?,
        })
    }

    /// Judges the runs of one candidate, in order of time, and writes the reports of the last one
    /// anew. Answers its summary with the verdict, and the exit code.
    ///
    /// # Errors
    /// They are no runs of one candidate, or the place or the folder cannot be used.
    pub(super) fn judge(
        &self,
        runs: &[Finished],
        strict: bool,
    ) -> anyhow::Result<(Summary, ExitCode)> {
        let candidates: Vec<Summary> = runs.iter().map(|(_, run)| run.clone()).collect();
        one_candidate(&candidates)?;
        let Some((folder, last)) = runs.last() else {
            return Err(UsageError("there is no run to judge".to_owned()).into());
        };
        let mut judged = last.clone();
        let compared = self.compare(&candidates, last)?;
        let code = against::judge(&mut judged, compared, strict);
        folder::write(folder::of(folder), &judged)?;
        Ok((judged, code))
    }

    /// Keeps the runs, if that was asked for and the verdict on them is a pass.
    ///
    /// # Errors
    /// The place cannot be written.
    pub(super) fn record(&self, runs: &[Finished], verdict: Verdict) -> anyhow::Result<()> {
        if !self.args.record || verdict != Verdict::Pass {
            return Ok(());
        }
        for (folder, run) in runs {
            let recording = std::fs::read(folder::of(folder).join("run.hlog")).ok();
            match self.baselines.add(run, recording) {
                Ok(kept) => println!("  kept {kept} in {}", self.place),
                // One of several that passed together may not have passed alone.
                Err(refused @ RefusedRun::NotPassed { .. }) => println!("  not kept: {refused}"),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn compare(&self, candidates: &[Summary], last: &Summary) -> anyhow::Result<Baseline> {
        let mut found = self.baselines.runs_for(last)?;
        // The candidate may be kept already: it is no baseline of itself.
        found.runs.retain(|run| {
            candidates
                .iter()
                .all(|candidate| candidate.run.id != run.run.id)
        });
        let needed = usize::from(self.args.min_runs);
        let mut not_judged = None;
        let mut regressions = Vec::new();
        let invalid = candidates
            .iter()
            .find(|run| run.verdict == Verdict::Invalid);
        if let Some(invalid) = invalid {
            not_judged = Some(format!("{} is invalid: {}", invalid.run.id, invalid.reason));
        } else if found.runs.len() < needed {
            not_judged = Some(self.too_few(last, found.runs.len(), needed)?);
        } else {
            let samples = samples(&self.metrics, &found.runs, candidates);
            regressions = judge(&samples, self.args.margin);
            if regressions.is_empty() {
                let names: Vec<String> = self.metrics.iter().map(ToString::to_string).collect();
                not_judged = Some(format!(
                    "none of {} was measured on both sides",
                    names.join(", ")
                ));
            }
        }
        let names = |runs: &[Summary]| runs.iter().map(|run| run.run.id.clone()).collect();
        Ok(Baseline {
            place: self.place.to_string(),
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

    fn too_few(&self, run: &Summary, found: usize, needed: usize) -> anyhow::Result<String> {
        let mut why =
            format!("the baseline has {found} comparable runs of the {needed} that are needed");
        for mismatch in self.baselines.mismatches(run)? {
            why += &format!("; not comparable: {mismatch}");
        }
        Ok(why)
    }
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
