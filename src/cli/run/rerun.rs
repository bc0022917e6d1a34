//! `loadtest run --baseline`: runs, judges as `loadtest gate` does, and runs again while that
//! cannot tell.

use std::sync::Arc;

use clap::Args;

use super::{Interrupts, RunArgs, Wish, listen, play_alone, runtime};
use crate::baseline::Place;
use crate::cli::regression::{Finished, Judge, RegressionArgs};
use crate::cli::style::Style;
use crate::gate::{Ending, ExitCode, GateVerdict, Verdict};
use crate::report::Summary;
use crate::report::summary::Baseline;
use crate::scenario::{self, Scenario};

/// What a run is compared with.
#[derive(Debug, Args)]
pub(in crate::cli) struct AgainstArgs {
    /// Then judge as `loadtest gate` does: dir:FOLDER, git:BRANCH or git:BRANCH@REMOTE
    #[arg(long, value_name = "PLACE")]
    baseline: Option<Place>,
    /// While that is inconclusive run again, at most so many times
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(..=20), requires = "baseline")]
    reruns: u8,
    #[command(flatten)]
    regression: RegressionArgs,
}

impl AgainstArgs {
    /// Where the baseline is, if the run is compared with one.
    pub(super) fn place(&self) -> Option<&Place> {
        self.baseline.as_ref()
    }
}

/// Runs until the comparison with the baseline is decided, or there were as many runs as allowed.
///
/// # Errors
/// What kept a run from running or reporting, or the place from being used.
pub(super) fn run(
    args: &RunArgs,
    against: &AgainstArgs,
    place: &Place,
    scenario: Scenario,
) -> anyhow::Result<ExitCode> {
    // A place that cannot be used is told before anything is started.
    let judge = Judge::open(place, &against.regression)?;
    let interrupts = listen()?;
    runtime()?.block_on(until_decided(args, against, &judge, scenario, &interrupts))
}

async fn until_decided(
    args: &RunArgs,
    against: &AgainstArgs,
    judge: &Judge<'_>,
    first: Scenario,
    interrupts: &Interrupts,
) -> anyhow::Result<ExitCode> {
    let most = usize::from(against.reruns) + 1;
    let mut runs: Vec<Finished> = Vec::new();
    let mut scenario = Arc::new(first);
    loop {
        let finished = play_alone(args, Arc::clone(&scenario), interrupts.clone()).await?;
        let Some(summary) = finished.summary else {
            return Ok(finished.code);
        };
        let is_whole = summary.ending == Ending::Completed;
        if !is_whole || finished.code == ExitCode::UndoFailed {
            return Ok(finished.code);
        }
        runs.push((finished.folder, summary));
        let (judged, code) = judge.judge(&runs, args.strict)?;
        tell(&judged, runs.len());
        if !is_undecided(&judged) || runs.len() == most {
            warn(&judged, runs.len(), args.strict);
            judge.record(&runs, judged.verdict)?;
            return Ok(code);
        }
        if interrupts.wish() > Wish::Finish {
            return Ok(ExitCode::Interrupted);
        }
        eprintln!(
            "\nthe comparison with the baseline is inconclusive: run {} of at most {most}",
            runs.len() + 1
        );
        // Read anew for a seed of its own, unless the file or the command line has one.
        if let Ok(again) = scenario::load(&args.file, &args.overrides.overrides()) {
            scenario = Arc::new(again);
        }
    }
}

/// Whether more runs could tell what these could not: no metric is surely worse, one may be.
fn is_undecided(run: &Summary) -> bool {
    let baseline = run.baseline.as_ref();
    let verdicts = || {
        baseline
            .into_iter()
            .flat_map(|of| &of.regressions)
            .map(|of| of.verdict)
    };
    run.verdict == Verdict::Inconclusive && verdicts().any(|of| of == GateVerdict::Inconclusive)
}

/// What the comparison came to.
fn tell(run: &Summary, runs: usize) {
    let Some(baseline) = &run.baseline else {
        return;
    };
    println!("\nBASELINE  {}", about(baseline, runs));
    if let Some(why) = &baseline.not_judged {
        println!("  nothing was judged: {why}");
    }
    let style = Style::of_stdout();
    for regression in &baseline.regressions {
        let mark = match regression.verdict {
            GateVerdict::Pass => style.good("✓"),
            GateVerdict::Fail => style.bad("✗"),
            GateVerdict::Inconclusive => style.warn("?"),
        };
        println!("  {mark} {}", regression.explanation);
    }
    println!("  {}: {}", run.verdict.word(), run.reason);
}

fn about(baseline: &Baseline, runs: usize) -> String {
    let plural = if runs == 1 { "" } else { "s" };
    format!(
        "{runs} run{plural} beside {} of {}",
        baseline.runs.len(),
        baseline.place
    )
}

/// What is still undecided is a warning, or a failure for those who asked for certainty.
fn warn(run: &Summary, runs: usize, strict: bool) {
    if is_undecided(run) && !strict {
        eprintln!(
            "{} still inconclusive after {runs} runs, which is no failure without --strict",
            Style::of_stderr().warn("warning:")
        );
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Cli;

    #[test]
    fn what_is_about_a_baseline_needs_one() {
        let parse = |more: &[&str]| {
            let words = ["loadtest", "run", "shop.toml"].iter().chain(more);
            Cli::try_parse_from(words)
                .map(drop)
                .map_err(|error| error.kind())
        };
        for more in [
            ["--margin", "5%"],
            ["--reruns", "1"],
            ["--metric", "run/p99"],
        ] {
            let missing = Err(clap::error::ErrorKind::MissingRequiredArgument);
            assert_eq!(parse(&more), missing, "{more:?}");
            let [option, value] = more;
            assert_eq!(parse(&[option, value, "--baseline", "dir:kept"]), Ok(()));
        }
        assert_eq!(parse(&[]), Ok(()));
    }
}
