//! `loadtest ladder`: from one server to many, and what each rung bought.

mod climb;
mod told;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use target_app::api::StackSpec;

use super::UsageError;
use super::capacity::precision;
use super::override_args::OverrideArgs;
use super::quantities::{duration, now_unix_seconds, rate};
use super::run::{listen, runtime};
use super::{results, scenario_file, stack};
use crate::gate::ExitCode;
use crate::ladder::result::Ladder;
use crate::ladder::rungs::{self, Part};
use crate::report::{self, folder, html};
use crate::scenario::{Scenario, Target};

const EXAMPLES: &str = "\
Examples:
  loadtest ladder scenarios/ladder.toml
      All rungs from one server to many; some minutes in all
  loadtest ladder scenarios/ladder.toml --rungs 2..4
      The second to the fourth only
  loadtest ladder scenarios/ladder.toml --step-duration 20s --hold 40s --precision 5%
      Longer steps, surer figures
  loadtest ladder shop.toml --rung three-zone --rung mine/six-pods.toml
      A ladder of topologies of your own

Each rung is a topology of the local stack. The stack is started as that says, the highest rate
that holds the scenario's limits is searched for as `capacity` does, and the stack is taken down.
Pods and databases have stated times and limits there, so the result does not hang on this
machine's cores. The result is in ladder.json, ladder.html and ladder.md in a folder of its own,
with each rung's capacity.html and reports below it.

Ctrl-C ends the climb; what was measured by then is written.

Exit codes: 0 climbed · 2 wrong usage · 3 not even the lowest rate held on a rung
  4 a rung's runs said nothing of the stack · 130 interrupted";

/// Climb from one server to many, and say what each rung bought
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LadderArgs {
    /// The scenario; its loads keep their shares of the rate
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Climb these only, numbered from 1: 3, 2..4, 5.. or ..3
    #[arg(long, value_name = "PART")]
    rungs: Option<Part>,
    /// A rung of a ladder of your own, instead of the bundled ones (repeatable, from the bottom up)
    #[arg(long = "rung", value_name = "NAME|FILE.toml")]
    own: Vec<String>,
    /// The lowest rate to try: iterations of all arrivals together
    #[arg(long, value_name = "RATE", default_value = "5/s", value_parser = rate)]
    from: f64,
    /// The highest rate to try; without it until one fails
    #[arg(long, value_name = "RATE", value_parser = rate)]
    to: Option<f64>,
    /// How far apart what holds and what fails may be, 1% to 50%
    #[arg(long, value_name = "PERCENT", default_value = "20%", value_parser = precision)]
    precision: f64,
    /// How long each rate is measured
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    step_duration: Duration,
    /// How long the rate rises before that
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    warm_up: Duration,
    /// How long a rung's result is held in the end
    #[arg(long, value_name = "TIME", default_value = "8s", value_parser = duration)]
    hold: Duration,
    /// Makes data, think times and arrivals repeatable
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Change any value of the file, such as `slo.p99=300ms` (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Where the folder of the result goes
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Threads that generate load
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
}

/// A rung that is to be climbed.
struct Planned {
    number: usize,
    /// As it was named.
    topology: String,
    description: String,
    spec: StackSpec,
    /// The scenario on it.
    scenario: Scenario,
    /// What makes the scenario's stack this one.
    sets: Vec<String>,
}

/// Climbs, writes what was found, and answers what it comes to.
///
/// # Errors
/// What kept the first rung from being climbed, or the result from being written.
pub(super) fn run(args: &LadderArgs) -> anyhow::Result<ExitCode> {
    if let Some(to) = args.to.filter(|to| *to < args.from) {
        let from = args.from;
        return Err(UsageError(format!("--from {from}/s is above --to {to}/s")).into());
    }
    let Some(planned) = args.plan()? else {
        return Ok(ExitCode::Usage);
    };
    let name = planned
        .first()
        .map_or("ladder", |rung| rung.scenario.name.as_str());
    let name = match name.contains("ladder") {
        true => name.to_owned(),
        false => format!("ladder-{name}"),
    };
    let place = folder::create(&args.out, &name, now_unix_seconds())?;
    let climb = climb::Climb {
        args,
        place: &place,
    };
    let ladder = runtime()?.block_on(climb.go(&planned, listen()?))?;
    let (page, markdown) = pages(&ladder);
    results::write(&place, "ladder", &ladder, (&page, &markdown))?;
    Ok(ladder.exit_code())
}

/// Writes what is known by now.
fn keep(place: &Path, ladder: &Ladder) -> anyhow::Result<()> {
    let (page, markdown) = pages(ladder);
    results::keep(place, "ladder", ladder, (&page, &markdown))
}

fn pages(ladder: &Ladder) -> (String, String) {
    (
        html::ladder::render(ladder),
        report::ladder::markdown(ladder),
    )
}

impl LadderArgs {
    /// The rungs to climb; none when the scenario has mistakes, which have been told.
    fn plan(&self) -> anyhow::Result<Option<Vec<Planned>>> {
        let topologies: Vec<String> = match self.own.as_slice() {
            [] => rungs::BUNDLED.iter().map(ToString::to_string).collect(),
            own => own.to_vec(),
        };
        let numbers = match &self.rungs {
            None => 1..=topologies.len(),
            Some(part) => part
                .of(topologies.len())
                .map_err(|why| UsageError(format!("--rungs: {why}")))?,
        };
        let mut planned = Vec::new();
        for number in numbers {
            let topology = topologies[number - 1].clone();
            let description = stack::topology(&topology)?.description;
            let sets = self.sets_on(&topology)?;
            let overrides = OverrideArgs {
                seed: self.seed,
                sets: sets.clone(),
                ..OverrideArgs::default()
            };
            let Some(scenario) = scenario_file::load(&self.file, &overrides.overrides()) else {
                return Ok(None);
            };
            let Target::Stack(target) = &scenario.target else {
                let file = self.file.display();
                let why = format!(
                    "{file}: a ladder is climbed on the bundled stack: set target.stack = \"local\""
                );
                return Err(UsageError(why).into());
            };
            planned.push(Planned {
                number,
                topology,
                description,
                spec: target.spec.clone(),
                scenario,
                sets,
            });
        }
        Ok(Some(planned))
    }

    /// The changes of the scenario that put it on a rung.
    fn sets_on(&self, topology: &str) -> anyhow::Result<Vec<String>> {
        // A file is beside the scenario in a scenario, and where we are on a command line.
        let named = match topology.ends_with(".toml") {
            true => std::path::absolute(topology)?.display().to_string(),
            false => topology.to_owned(),
        };
        let on = format!("target.topology={named}");
        Ok(self.sets.iter().cloned().chain([on]).collect())
    }
}
