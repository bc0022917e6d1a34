//! `loadtest chaos plan`: what the faults of a scenario would do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use target_app::client::Client;
use target_app::control;

use super::super::UsageError;
use super::super::override_args::OverrideArgs;
use super::super::scenario_file;
use crate::chaos::plan;
use crate::gate;
use crate::provider::local::LocalProvider;
use crate::provider::{Provider, Providers, Snapshot};
use crate::scenario::{ProviderKind, Scenario, Target};

const EXAMPLES: &str = "\
Examples:
  loadtest chaos plan scenarios/checkout.toml                   order, times, what can be said
  loadtest stack up && loadtest chaos plan scenarios/checkout.toml   exact targets on that stack
  loadtest chaos plan scenarios/checkout.toml --stack big --seed 7

Nothing is changed. Exit code 0 if nothing is refused, 2 if a fault would be.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The running stack to resolve targets on, instead of the scenario's
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// What a run would change
    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(super) async fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = scenario_file::load(&args.file, &args.overrides.overrides()) else {
        return Ok(gate::ExitCode::Usage.into());
    };
    let local = look(args.stack.as_deref(), &scenario).await?;
    let plan = plan::describe(&scenario, |kind| match kind {
        ProviderKind::Local => local.clone(),
        _ => Err(match Providers::new().get(kind) {
            Err(why) => why,
            Ok(provider) => format!("{} is not looked at", provider.place()),
        }),
    });
    print!("{}", plan.text);
    Ok(if plan.refused {
        gate::ExitCode::Usage.into()
    } else {
        ExitCode::SUCCESS
    })
}

/// The stack as it is now; inside: why that cannot be told. A stack that was asked for by name has
/// to be there.
async fn look(
    asked: Option<&str>,
    scenario: &Scenario,
) -> anyhow::Result<Result<Snapshot, String>> {
    let name = match (asked, &scenario.target) {
        (Some(name), _) => name,
        (None, Target::Stack(stack)) => &stack.spec.name,
        (None, Target::Url(_)) => return Ok(Err("the target is not a stack".to_owned())),
    };
    let Some(handle) = control::find(name)? else {
        let missing =
            format!("no stack `{name}` runs: `loadtest stack up --name {name}` starts one");
        return match asked {
            Some(_) => Err(UsageError(missing).into()),
            None => Ok(Err(missing)),
        };
    };
    let provider = LocalProvider::of(Client::new(&handle));
    Ok(Ok(provider.snapshot().await?))
}
