//! `loadtest chaos plan`: what the faults of a scenario would do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::super::override_args::OverrideArgs;
use super::super::scenario_file;
use super::reach::Reach;
use crate::chaos::plan::{self, Depth};
use crate::gate;

const EXAMPLES: &str = "\
Examples:
  loadtest chaos plan scenarios/checkout.toml                   order, times, what can be said
  loadtest stack up && loadtest chaos plan scenarios/checkout.toml   exact targets on that stack
  loadtest chaos plan scenarios/checkout.toml --stack big --seed 7
  loadtest chaos plan shop-on-eks.toml --dry-run                let the infrastructure judge each call
  loadtest run shop-on-eks.toml --plan 3f2a9c1b44d0e7a5         only if nothing has changed since

Nothing is changed, and no more than the right to read is needed (for --dry-run: the faults' own
rights). Exit code 0 if nothing is refused, 2 if a fault would be.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The running stack to resolve targets on, instead of the scenario's
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Ask the infrastructure itself whether it would accept each call: EC2's DryRun, Kubernetes'
    /// server-side dry run
    #[arg(long)]
    dry_run: bool,
    /// What a run would change
    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(super) async fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = scenario_file::load(&args.file, &args.overrides.overrides()) else {
        return Ok(gate::ExitCode::Usage.into());
    };
    let reach = Reach::of(&scenario, args.stack.as_deref()).await?;
    let depth = match args.dry_run {
        true => Depth::Rehearsal,
        false => Depth::Calls,
    };
    let planned = plan::resolve(&scenario, |kind| reach.provider(kind), depth).await;
    print!("{}", planned.describe());
    if let Some(hash) = planned.hash() {
        // Without the seed another run would pick other targets.
        let mut same = args.overrides.overrides();
        same.seed = Some(scenario.seed);
        let mut options = same.to_options();
        options.extend(args.stack.as_ref().map(|name| format!("--stack={name}")));
        println!(
            "\nplan {hash}\n`loadtest run {} {} --plan {hash}` starts only if nothing of this has changed",
            args.file.display(),
            options
                .iter()
                .map(|option| quoted(option))
                .collect::<Vec<_>>()
                .join(" ")
        );
    }
    Ok(if planned.is_refused() {
        gate::ExitCode::Usage.into()
    } else {
        ExitCode::SUCCESS
    })
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_=./:,@%+".contains(char);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn options_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("--seed=42"), "--seed=42");
        assert_eq!(
            quoted("--set=a.0='p95 < 1s'"),
            r"'--set=a.0='\''p95 < 1s'\'''"
        );
    }
}
