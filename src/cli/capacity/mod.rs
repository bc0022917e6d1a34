//! `loadtest capacity`: the highest rate of arrivals at which the limits hold.

mod step;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::override_args::OverrideArgs;
use super::quantities::{duration, now_unix_seconds, rate};
use super::regression::percent;
use super::results;
use super::run::{Interrupts, Wish, listen, runtime};
use super::scenario_file;
use crate::capacity::result::{self, Capacity, End};
use crate::capacity::search::{Bounds, Next, next};
use crate::capacity::steps::{Unfit, held_fault, highest_rate, limit_time, limits};
use crate::gate::{ExitCode, Verdict};
use crate::report::{self, folder, html};
use crate::scenario::{FaultId, Gate, Scenario};
use step::Stepped;

const EXAMPLES: &str = "\
Examples:
  loadtest capacity shop.toml -t http://127.0.0.1:8080
      Doubles from 10/s until a limit is missed, halves the distance to 5 %, holds the result
  loadtest capacity scenarios/checkout.toml --from 20/s --to 400/s --step-duration 20s --hold 2m
  loadtest capacity scenarios/zone-outage.toml --during 'lose zone a'
      How much is left with a zone gone: the fault is injected and held during each step

What has to hold are [slo] and the scenario's gates on response times and errors that look at
the steady phase or at the whole run. Every step is a run of its own with a warm-up, and keeps
its report. A step in which the generator was the bottleneck ends the search, and is never told
as the target's limit. The result is in capacity.json, capacity.html and capacity.md in a folder
of its own.

Exit codes: 0 found · 2 wrong usage · 3 even the lowest rate fails
  4 a step said nothing of the target · 6 a fault could not be undone · 130 interrupted";

/// Find the highest rate that a target holds, with everything up or during a fault
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CapacityArgs {
    /// The scenario; its loads keep their shares of the rate
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The lowest rate to try: iterations of all arrivals together
    #[arg(long, value_name = "RATE", default_value = "10/s", value_parser = rate)]
    pub(super) from: f64,
    /// The highest rate to try; without it until one fails
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(super) to: Option<f64>,
    /// How far apart what holds and what fails may be, 1% to 50%
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = precision)]
    pub(super) precision: f64,
    /// How long each rate is measured
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(super) step_duration: Duration,
    /// How long the rate rises before that
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(super) warm_up: Duration,
    /// How long the result is held in the end
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(super) hold: Duration,
    /// Hold this fault of the scenario during each step
    #[arg(long, value_name = "FAULT")]
    pub(super) during: Option<String>,
    /// From the fault's start until what is measured begins
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, requires = "during")]
    pub(super) settle: Duration,
    /// Load this system instead of the scenario's target
    #[arg(short, long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// Use the stack that `stack up --name NAME` started, instead of a fresh one for each step
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub(super) stack: Option<String>,
    /// Makes data, think times, arrivals and targets repeatable
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Change any value of the file, such as `slo.p99=300ms` (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
    /// Do what `force = true` in the file asks for also on Kubernetes and AWS
    #[arg(long)]
    pub(super) force: bool,
    /// Where the folder of the result goes
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    pub(super) out: PathBuf,
    /// Threads that generate load
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) workers: u16,
}

pub(super) fn precision(text: &str) -> Result<f64, String> {
    match percent(text)? {
        precision if (0.01..=0.5).contains(&precision) => Ok(precision),
        _ => Err("it must be 1% to 50%".to_owned()),
    }
}

impl CapacityArgs {
    fn overrides(&self) -> OverrideArgs {
        OverrideArgs {
            target: self.target.clone(),
            seed: self.seed,
            sets: self.sets.clone(),
            force: self.force,
            ..OverrideArgs::default()
        }
    }

    fn bounds(&self) -> Result<Bounds, UsageError> {
        if let Some(to) = self.to.filter(|to| *to < self.from) {
            let (from, to) = (self.from, to);
            return Err(UsageError(format!("--from {from}/s is above --to {to}/s")));
        }
        Ok(Bounds {
            from: self.from,
            to: self.to,
            precision: self.precision,
        })
    }
}

/// Everything that stays the same from step to step.
struct Search<'a> {
    args: &'a CapacityArgs,
    scenario: &'a Scenario,
    during: Option<FaultId>,
    limits: Vec<Gate>,
    bounds: Bounds,
    /// The folder of the result.
    place: &'a Path,
}

/// Searches, writes the result, and answers what it comes to.
///
/// # Errors
/// What kept the first step from running, or the result from being written.
pub(super) fn run(args: &CapacityArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = scenario_file::load(&args.file, &args.overrides().overrides()) else {
        return Ok(ExitCode::Usage);
    };
    let prepared = prepare(args, &scenario)?;
    let name = format!("capacity-{}", scenario.name);
    let place = folder::create(&args.out, &name, now_unix_seconds())?;
    let search = prepared.at(&place);
    let (result, code) = runtime()?.block_on(search.go(listen()?))?;
    let (page, markdown) = pages(&result);
    results::write(&place, "capacity", &result, (&page, &markdown))?;
    Ok(code)
}

/// What a search needs to know before anything is started.
struct Prepared<'a> {
    args: &'a CapacityArgs,
    scenario: &'a Scenario,
    during: Option<FaultId>,
    limits: Vec<Gate>,
    bounds: Bounds,
}

fn prepare<'a>(args: &'a CapacityArgs, scenario: &'a Scenario) -> anyhow::Result<Prepared<'a>> {
    let unfit = |error: Unfit| UsageError(format!("{}: {error}", args.file.display()));
    highest_rate(scenario).map_err(unfit)?;
    let during = args.during.as_deref();
    let during = during
        .map(|name| held_fault(scenario, name))
        .transpose()
        .map_err(unfit)?;
    let limits = limits(scenario);
    let bounds = args.bounds()?;
    if !limit_time(&limits) {
        eprintln!(
            "note: neither [slo] nor a gate limits the response time, so capacity is where errors begin; \
             --set slo.p99=500ms sets a limit"
        );
    }
    Ok(Prepared {
        args,
        scenario,
        during,
        limits,
        bounds,
    })
}

impl<'a> Prepared<'a> {
    fn at(self, place: &'a Path) -> Search<'a> {
        Search {
            args: self.args,
            scenario: self.scenario,
            during: self.during,
            limits: self.limits,
            bounds: self.bounds,
            place,
        }
    }
}

/// Searches for another command, and leaves the result's files in `place`.
///
/// # Errors
/// As `loadtest capacity` itself.
pub(super) async fn search(
    args: &CapacityArgs,
    scenario: &Scenario,
    place: &Path,
    interrupts: Interrupts,
) -> anyhow::Result<(Capacity, ExitCode)> {
    let (result, code) = prepare(args, scenario)?.at(place).go(interrupts).await?;
    let (page, markdown) = pages(&result);
    results::keep(place, "capacity", &result, (&page, &markdown))?;
    Ok((result, code))
}

fn pages(result: &Capacity) -> (String, String) {
    (
        html::capacity::render(result),
        report::capacity::markdown(result),
    )
}

impl Search<'_> {
    async fn go(&self, interrupts: Interrupts) -> anyhow::Result<(Capacity, ExitCode)> {
        let mut result = self.nothing_yet();
        let end = loop {
            let tried: Vec<_> = result.steps.iter().map(result::Step::tried).collect();
            let (rate, kind) = match next(&self.bounds, &tried) {
                Next::Done(conclusion) => break End::Known(conclusion),
                Next::Try(rate, kind) => (rate, kind),
            };
            if interrupts.wish() > Wish::Finish {
                break End::Interrupted;
            }
            told::begins(result.steps.len() + 1, rate, kind, self.args);
            match self.step(rate, kind, &interrupts).await {
                Ok(Stepped::Tried { step, target }) => {
                    told::ends(&step);
                    result.target = target;
                    result.steps.push(step);
                }
                Ok(Stepped::Interrupted) => break End::Interrupted,
                Ok(Stepped::Dirty) => break End::Dirty,
                Err(error) if result.steps.is_empty() => return Err(error),
                // What is known by now must not get lost with what went wrong since.
                Err(error) => result.steps.push(step::not_run(rate, kind, &error)),
            }
        };
        Ok(result.concluded(end))
    }

    fn nothing_yet(&self) -> Capacity {
        let slo = self.scenario.slo.p99;
        Capacity {
            schema_version: result::SCHEMA_VERSION,
            verdict: Verdict::Inconclusive,
            reason: String::new(),
            exit_code: 0,
            scenario: self.scenario.name.clone(),
            target: String::new(),
            during: self.args.during.clone(),
            limits: self.limits.iter().map(|gate| gate.text.clone()).collect(),
            p99_limit_us: slo.map(|limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)),
            bounds: self.bounds,
            rate: None,
            fails_at: None,
            knee: None,
            steps: Vec::new(),
            tool: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
        }
    }
}
