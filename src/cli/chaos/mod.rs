//! `loadtest chaos`: faults without a run.

mod check;
mod plan;
mod reach;
mod recover;

pub(super) use reach::Reach;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

/// Faults without a run.
#[derive(Debug, Args)]
pub(super) struct ChaosCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what the faults of a scenario would do, and change nothing
    Plan(plan::PlanArgs),
    /// Say whether all rights are there that the faults of a scenario need
    Check(check::CheckArgs),
    /// Put back what a run left broken that was killed
    Recover(recover::RecoverArgs),
}

/// Does what was asked.
///
/// # Errors
/// What was asked for cannot be done; nothing was changed then.
pub(super) fn run(command: ChaosCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    match command.action {
        Action::Check(args) => runtime.block_on(check::run(&args)),
        Action::Plan(args) => runtime.block_on(plan::run(&args)),
        Action::Recover(args) => runtime.block_on(recover::run(&args)),
    }
}
