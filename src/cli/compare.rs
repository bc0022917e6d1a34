//! `loadtest compare`: runs side by side.

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::baseline::read;
use crate::baseline::Fingerprint;
use crate::gate::ExitCode;
use crate::report::compare::{self, Comparison, Input};
use crate::report::markdown::plain;
use crate::report::{Summary, folder, html};

const EXAMPLES: &str = "\
Examples:
  loadtest compare reports/checkout-1 reports/checkout-2
      The second relative to the first: compare.html, compare.md, and the same on the terminal
  loadtest compare reports/checkout-* -o /tmp/three.html
  loadtest compare main/summary.json branch/summary.json
      Without run.hlog beside it a summary is compared as well, but without intervals

The first run is the reference. Runs of different scenarios, machines or topologies are compared
all the same, with what differs in the first line. To judge a change, and not only look at it,
use `loadtest gate` (against earlier runs) or `loadtest ab` (both versions in turn).

Exit codes: 0 compared, whatever it shows · 2 a run cannot be read";

/// Lay finished runs side by side
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompareArgs {
    /// Run folders, or summary.json files; the first is the reference
    #[arg(value_name = "DIR", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Where the page goes; its Markdown is written beside it
    #[arg(short, long, value_name = "FILE", default_value = "compare.html")]
    out: PathBuf,
}

/// Reads the runs, writes both pages, and shows the summary.
///
/// # Errors
/// A run cannot be read, or a page cannot be written.
pub(super) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let runs: Vec<Summary> = (args.runs.iter())
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let mut differences: Vec<Vec<String>> = Vec::new();
    for run in &runs {
        differences.push(
            runs.first()
                .map_or_else(Vec::new, |first| differ(first, run)),
        );
    }
    let mut inputs = Vec::new();
    for ((run, path), differences) in runs.into_iter().zip(&args.runs).zip(differences) {
        let recorded = compare::read(folder::of(path), &run);
        inputs.push(Input {
            recorded: recorded.map_err(|error| UsageError(error.to_string()))?,
            run,
            differences,
        });
    }
    let comparison = Comparison::of(inputs);
    let markdown = compare::markdown(&comparison);
    folder::atomically(&args.out, html::compare::render(&comparison).as_bytes())?;
    folder::atomically(&args.out.with_extension("md"), markdown.as_bytes())?;
    print!("{}", plain(&markdown));
    println!("\npage: {}", args.out.display());
    Ok(ExitCode::Pass)
}

/// Why a run is not comparable with the first one.
fn differ(first: &Summary, run: &Summary) -> Vec<String> {
    let mut differences = Fingerprint::of(first).differences(&Fingerprint::of(run));
    // Runs that differ only in their seed are comparable.
    let options = |run: &Summary| -> Vec<String> {
        let given = run.run.overrides.iter();
        given
            .filter(|option| !option.starts_with("--seed"))
            .cloned()
            .collect()
    };
    let (ours, theirs) = (options(first), options(run));
    if !differences.is_empty() && ours != theirs {
        let shown = |options: &[String]| match options {
            [] => "none".to_owned(),
            options => format!("`{}`", options.join(" ")),
        };
        differences.push(format!(
            "its options are {}, not {}",
            shown(&theirs),
            shown(&ours)
        ));
    }
    differences
}
