//! `loadtest chaos check`: whether everything is there that the faults of a scenario need.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::super::override_args::OverrideArgs;
use super::super::scenario_file;
use super::reach::Reach;
use crate::gate;
use crate::provider::{Permission, Provider};
use crate::scenario::{FaultKind, Scenario};

const EXAMPLES: &str = "\
Examples:
  loadtest chaos check shop-on-eks.toml          which rights its faults need, and which are missing
  loadtest chaos check scenarios/checkout.toml --set fault.0.provider=kubernetes

Nothing is changed. Exit code 0 if nothing is missing, 2 if something is.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The running stack to look at, instead of the scenario's
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// What a run would change
    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(super) async fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let Some(scenario) = scenario_file::load(&args.file, &args.overrides.overrides()) else {
        return Ok(gate::ExitCode::Usage.into());
    };
    let reach = Reach::of(&scenario, args.stack.as_deref()).await?;
    let mut missing = false;
    for provider in reach.providers() {
        let checked = check(provider, &scenario).await;
        print!("{}", checked.text);
        missing |= checked.missing;
    }
    let kinds: BTreeSet<_> = scenario.faults.iter().map(|fault| fault.provider).collect();
    for why in kinds
        .into_iter()
        .filter_map(|kind| reach.provider(kind).err())
    {
        println!("not looked at: {why}");
    }
    Ok(if missing {
        gate::ExitCode::Usage.into()
    } else {
        ExitCode::SUCCESS
    })
}

/// What was found at one provider.
struct Checked {
    text: String,
    missing: bool,
}

async fn check(provider: &Arc<dyn Provider>, scenario: &Scenario) -> Checked {
    let kinds: Vec<FaultKind> = (scenario.faults.iter())
        .filter(|fault| fault.provider == provider.kind())
        .map(|fault| fault.kind.clone())
        .collect();
    let mut text = format!("{}\n", provider.place());
    let problems = match provider.snapshot().await {
        Ok(now) => now.problems,
        Err(error) => {
            let _ = writeln!(text, "  cannot be looked at: {error}");
            return Checked {
                text,
                missing: true,
            };
        }
    };
    for problem in &problems {
        let _ = writeln!(text, "  not healthy: {problem}");
    }
    match provider.permissions(&kinds).await {
        Ok(mut permissions) => {
            permissions.sort();
            permissions.dedup();
            text += &rights(&permissions);
            Checked {
                missing: permissions.iter().any(|right| right.held == Some(false)),
                text,
            }
        }
        Err(error) => {
            let _ = writeln!(text, "  its rights cannot be asked: {error}");
            Checked {
                text,
                missing: true,
            }
        }
    }
}

fn rights(permissions: &[Permission]) -> String {
    if permissions.is_empty() {
        return "  ok: nothing has to be granted here\n".to_owned();
    }
    let mut text = String::new();
    for right in permissions {
        let held = match right.held {
            Some(true) => "ok     ",
            Some(false) => "MISSING",
            None => "unknown",
        };
        let _ = writeln!(text, "  {held}  {}  (for {})", right.what, right.needed_for);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stands_out() {
        let right = |what: &str, held| Permission {
            what: what.into(),
            needed_for: "pod-evict".into(),
            held,
        };
        insta::assert_snapshot!(rights(&[
            right("create pods/eviction in namespace shop", Some(false)),
            right("list pods in namespace shop", Some(true)),
            right("rds:RebootDBInstance", None),
        ]), @r"
  MISSING  create pods/eviction in namespace shop  (for pod-evict)
  ok       list pods in namespace shop  (for pod-evict)
  unknown  rds:RebootDBInstance  (for pod-evict)
");
    }
}
