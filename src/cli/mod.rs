//! The command line: one file per subcommand.

mod ab;
mod app;
mod baseline;
mod capacity;
mod chaos;
mod compare;
mod drill;
mod gate;
mod init;
mod internal;
mod ladder;
mod override_args;
mod quantities;
mod regression;
mod report;
mod results;
mod run;
mod scenario_file;
mod selftest;
mod stack;
pub mod style;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::gate as verdicts;

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
  loadtest drill scenarios/game-day.toml               a game day: people, a runbook, a console
  loadtest validate scenarios/*.toml                   every mistake of every file at once
  loadtest init my.toml                                a commented scenario that runs
  loadtest compare reports/checkout-1 reports/checkout-2   what is different between two runs
  loadtest ab shop.toml --a http://old --b http://new  is the new one slower?
  loadtest capacity shop.toml --to 2000/s              how much does it carry?
  loadtest ladder scenarios/ladder.toml                what does each rung buy, from one server to many?
  loadtest selftest                                    does it measure rightly on this machine?
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
    #[command(after_help = run::EXAMPLES)]
    Run(Box<run::RunCommand>),
    /// Hold a game day: plan, typed confirmation, console, report
    #[command(after_help = drill::EXAMPLES)]
    Drill(Box<drill::DrillArgs>),
    /// Check scenario files and report every mistake at once
    Validate(validate::ValidateArgs),
    /// Write a commented scenario that runs
    Init(init::InitArgs),
    /// Start, show or stop the bundled shop and its infrastructure
    Stack(stack::StackCommand),
    /// Say what faults would do; put back what a killed run left broken
    Chaos(chaos::ChaosCommand),
    /// Make the reports of a run folder again from its summary.json
    Report(report::ReportArgs),
    /// Lay finished runs side by side
    Compare(compare::CompareArgs),
    /// Judge finished runs against their baseline
    Gate(gate::GateArgs),
    /// Keep runs to compare later ones with
    Baseline(baseline::BaselineCommand),
    /// Measure two versions in turn: is b slower than a?
    Ab(Box<ab::AbArgs>),
    /// Find the highest rate that a target holds, with everything up or during a fault
    Capacity(Box<capacity::CapacityArgs>),
    /// Climb from one server to many, and say what each rung bought
    Ladder(Box<ladder::LadderArgs>),
    /// Prove on this machine that what is reported is what happened
    Selftest(selftest::SelftestArgs),
    /// Run one part of the shop by itself, as in a container
    App(app::AppCommand),
    /// A process of the stack; started by the control plane
    #[command(hide = true)]
    Internal(internal::InternalCommand),
}

/// Does what the command line asks for.
#[must_use]
pub fn dispatch(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Run(args) => finish(run::run(&args)),
        Command::Drill(args) => finish(drill::run(*args)),
        Command::Validate(args) => finish(validate::run(&args)),
        Command::Init(args) => finish(init::run(&args)),
        Command::Stack(command) => command.run(),
        Command::Chaos(command) => finish(chaos::run(command)),
        Command::Report(args) => finish(report::run(&args)),
        Command::Compare(args) => finish(compare::run(&args)),
        Command::Gate(args) => finish(gate::run(&args)),
        Command::Baseline(command) => finish(baseline::run(&command)),
        Command::Ab(args) => finish(ab::run(&args)),
        Command::Capacity(args) => finish(capacity::run(&args)),
        Command::Ladder(args) => finish(ladder::run(&args)),
        Command::Selftest(args) => finish(selftest::run(&args)),
        Command::App(command) => finish(app::run(command)),
        Command::Internal(command) => command.run(),
    }
}

/// The exit code; an error is told on standard error first.
fn finish(result: anyhow::Result<impl Into<ExitCode>>) -> ExitCode {
    result.map(Into::into).unwrap_or_else(|error| {
        eprintln!("{} {error:#}", style::Style::of_stderr().bad("error:"));
        if error.chain().any(<dyn std::error::Error>::is::<UsageError>) {
            verdicts::ExitCode::Usage.into()
        } else {
            verdicts::ExitCode::Internal.into()
        }
    })
}

/// The user asked for something that cannot be done as asked: exit code 2, nothing was started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);
