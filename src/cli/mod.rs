//! The command line: one file per subcommand.

<<<<<<< HEAD
mod chaos;
mod init;
mod internal;
mod report;
mod run;
mod stack;
pub mod style;
mod validate;

use clap::{Parser, Subcommand};

use crate::gate::ExitCode;

/// Load testing and failover chaos in one tool, on one clock.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  loadtest run scenarios/checkout.toml                 the bundled shop, three faults, one report
  loadtest run scenarios/smoke.toml -t http://host:80  the same language against any HTTP system
  loadtest validate scenarios/*.toml                   every mistake of every file at once
  loadtest init my.toml                                a commented scenario that runs
  loadtest chaos recover                               put back what a killed run left broken

Exit codes:
  0 pass · 1 internal error · 2 wrong usage or scenario, nothing started · 3 a gate failed
  4 the run is invalid · 5 inconclusive under --strict · 6 a fault could not be undone · 130 interrupted"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario: load, faults, report, verdict
    Run(Box<run::RunArgs>),
    /// Check scenario files and report every mistake at once
    Validate(validate::ValidateArgs),
    /// Write a commented scenario that runs
    Init(init::InitArgs),
    /// Start, show or stop the bundled shop and its infrastructure
    Stack(stack::StackArgs),
    /// Look at a scenario's faults before a run, and put back what a killed run left broken
    Chaos(chaos::ChaosArgs),
    /// Make the reports of a run folder again from its summary.json
    Report(report::ReportArgs),
    /// A process of the stack; started by the control plane
    #[command(hide = true)]
    Internal(internal::InternalArgs),
}

/// Does what the command line asks for.
///
/// # Errors
/// Whatever stopped it; [`complain`] turns it into words and an exit code.
pub fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Stack(args) => stack::run(&args),
        Command::Chaos(args) => chaos::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Internal(args) => internal::run(&args),
    }
}

/// Says what went wrong on standard error, and which exit code that means.
#[must_use]
pub fn complain(error: &anyhow::Error) -> ExitCode {
    let style = style::Style::of_stderr();
    eprintln!("{} {error:#}", style.bad("error:"));
    if error.is::<UsageError>() || error.chain().any(|cause| cause.is::<UsageError>()) {
        ExitCode::Usage
    } else {
        ExitCode::Internal
    }
}

/// The user asked for something that cannot be done as asked: exit code 2, nothing was started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
=======
pub mod internal;
pub mod stack;
>>>>>>> control
