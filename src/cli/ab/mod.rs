//! `loadtest ab`: two versions measured in turn.

mod pairs;
mod server;
mod sides;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::override_args::OverrideArgs;
use super::quantities::{self, duration};
use super::regression::{metrics, percent};
use super::results;
use super::run::{listen, runtime};
use super::scenario_file;
use crate::baseline::Metric;
use crate::gate::ExitCode;
use crate::report::{ab as report, folder, html};
use pairs::Bout;
use sides::Versions;

const EXAMPLES: &str = "\
Examples:
  loadtest ab shop.toml --a http://old:8080 --b http://new:8080
  loadtest ab shop.toml -t http://127.0.0.1:8080 --a-cmd './main 8080' --b-cmd './branch 8080'
      Each command is started before its run, and its process group ended after it
  loadtest ab pool-10.toml pool-50.toml -d 60s --pairs 8 --metric journey:buy/p95 --margin 5%
      Two scenarios, such as the same one against two configurations of the stack

Runs both in turn, in the order A B B A …, and looks only at the ratio of each pair: a machine
that is slow today is slow for both. It reads: b is 1.12× a (1.05–1.19, 6 pairs). The result is
in ab.json, ab.html and ab.md in a folder of its own, with the folders of all runs.

Two revisions of the bundled shop cannot be compared so: it is part of this binary.

Exit codes: 0 no worse than allowed, or inconclusive · 3 b is worse · 4 too few valid pairs
  5 inconclusive under --strict · 6 a fault could not be undone · 130 interrupted";

/// Measure two versions in turn: is b slower than a?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AbArgs {
    /// The scenario; or a's and b's
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    files: Vec<PathBuf>,
    /// Where a answers
    #[arg(long, value_name = "URL", requires = "b", conflicts_with_all = ["a_cmd", "target"])]
    a: Option<String>,
    /// Where b answers
    #[arg(long, value_name = "URL", requires = "a")]
    b: Option<String>,
    /// Starts a, which then answers at the scenario's target
    #[arg(long, value_name = "COMMAND", requires = "b_cmd")]
    a_cmd: Option<String>,
    /// Starts b, which then answers at the same place
    #[arg(long, value_name = "COMMAND", requires = "a_cmd")]
    b_cmd: Option<String>,
    /// How long a command may take until its server answers
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    ready_within: Duration,
    /// How many times each is run, at least 4
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(4..=100))]
    pairs: u16,
    /// How much worse than a b may be
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    margin: f64,
    /// What is compared (repeatable, at most 6); steady/p50, steady/p95 and steady/p99 unless told
    #[arg(long = "metric", value_name = "SCOPE/FIGURE")]
    metrics: Vec<Metric>,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Where the folder of the result goes
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Threads that generate load
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Inconclusive exits 5 instead of 0
    #[arg(long)]
    strict: bool,
}

impl AbArgs {
    fn urls(&self) -> Option<[&String; 2]> {
        Some([self.a.as_ref()?, self.b.as_ref()?])
    }

    fn commands(&self) -> Option<[&String; 2]> {
        Some([self.a_cmd.as_ref()?, self.b_cmd.as_ref()?])
    }
}

/// Runs all pairs, writes the result, and answers what it comes to.
///
/// # Errors
/// What kept a run from running or reporting. A verdict is no error.
pub(super) fn run(args: &AbArgs) -> anyhow::Result<ExitCode> {
    let metrics = metrics(&args.metrics)?;
    // Both are read for their mistakes and warnings before anything is started.
    let mut scenarios = Vec::new();
    for file in &args.files {
        let Some(scenario) = scenario_file::load(file, &args.overrides.overrides()) else {
            return Ok(ExitCode::Usage);
        };
        scenarios.push(scenario);
    }
    let first = scenarios.first().context("clap asks for one")?;
    let versions = Versions::of(args, first)?;
    let name = format!("ab-{}", first.name);
    let place = folder::create(&args.out, &name, quantities::now_unix_seconds())?;
    let bout = Bout {
        args,
        versions: &versions,
        metrics: &metrics,
        scenario: &first.name,
        place: &place,
    };
    let interrupts = listen()?;
    let (ab, code) = runtime()?.block_on(bout.hold(interrupts))?;
    let told = (html::ab::render(&ab), report::markdown(&ab));
    results::write(&place, "ab", &ab, (&told.0, &told.1))?;
    Ok(code)
}
