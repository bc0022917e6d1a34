//! `loadtest stack purge`: the CDN of a stack forgets.

use std::process::ExitCode;

use clap::Args;
use target_app::client::Client;
use target_app::control;

use crate::cli::UsageError;

/// What is to be forgotten.
#[derive(Debug, Args)]
pub(super) struct Purge {
    /// How the paths begin; `/` is all of them.
    #[arg(default_value = "/", value_name = "PREFIX")]
    prefix: String,
    /// Name of the stack.
    #[arg(long, default_value = "default")]
    name: String,
}

/// Has the stack's edge forget, and says how much.
pub(super) async fn run(purge: &Purge) -> anyhow::Result<ExitCode> {
    let Purge { prefix, name } = purge;
    let handle = control::find(name)?.ok_or_else(|| {
        UsageError(format!(
            "no stack named '{name}' is running: `loadtest stack up --topology two-zone` starts one with a CDN"
        ))
    })?;
    let purged = Client::new(&handle).purge(prefix).await?;
    let answers = purged.answers;
    let plural = if answers == 1 { "" } else { "s" };
    println!("{answers} answer{plural} under {prefix} forgotten");
    Ok(ExitCode::SUCCESS)
}
